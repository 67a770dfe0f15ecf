"""Label and field selectors (apimachinery/pkg/labels/selector.go, pkg/fields/selector.go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rollonce.sim.api import status
from rollonce.sim.store import Object

Predicate = Callable[[Mapping[str, str]], bool]
_SET = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<op>==|!=|=|>|<)\s*(?P<value>[^\s!=,()]*)$")
_KEY = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$")
_METADATA = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS: dict[str, frozenset[str]] = {
    "pods": frozenset({
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    }),
    "events": frozenset({
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    }),
    "secrets": frozenset({"type"}),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "replicasets": frozenset({"status.replicas"}),
    "jobs": frozenset({"status.successful"}),
}  # fmt: skip


def labels(text: str) -> Predicate:
    """A label selector; raises a 400 where it cannot be read."""
    tests = [_requirement(part) for part in _split(text)]
    return lambda found: all(test(found) for test in tests)


def matches(selector: Mapping[str, Any] | None, found: Mapping[str, str]) -> bool:
    """A LabelSelector of an object; None selects nothing, an empty one everything."""
    if selector is None:
        return False
    if any(found.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], each.get("values") or ()
        held = {
            "In": key in found and found.get(key) in values,
            "NotIn": found.get(key) not in values or key not in found,
            "Exists": key in found,
            "DoesNotExist": key not in found,
        }
        if not held.get(each["operator"], False):
            return False
    return True


def fields(text: str, resource: str) -> Callable[[Object], bool]:
    """A field selector; raises a 400 where the field is none that may be selected by."""
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        for operator in ("!=", "==", "="):
            name, found, value = part.partition(operator)
            if found:
                break
        else:
            raise status.bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if name not in _METADATA and name not in _FIELDS.get(resource, ()):
            if resource in _FIELDS:
                raise status.bad_request(f"field label not supported: {name}")
            raise status.bad_request(
                f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"'
            )
        tests.append((name, operator != "!=", value))
    return lambda thing: all((_field(thing, name) == value) is equal for name, equal, value in tests)


def _field(thing: Object, path: str) -> str:
    value: Any = thing
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _split(text: str) -> list[str]:
    parts, depth, begun = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[begun:at])
            begun = at + 1
    parts.append(text[begun:])
    if parts == [""]:
        return []
    return [part.strip() for part in parts]


def _requirement(part: str) -> Predicate:
    if (found := _SET.match(part)) and _KEY.match(found["key"]):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if (found := _EQUAL.match(part)) and _KEY.match(found["key"]):
        key, value, op = found["key"], found["value"], found["op"]
        if op == "!=":
            return lambda labels: labels.get(key) != value
        if op in "<>":
            return lambda labels: _compare(labels.get(key), value, op)
        return lambda labels: labels.get(key) == value
    bare = part.removeprefix("!").strip()
    if _KEY.match(bare):
        wanted = not part.startswith("!")
        return lambda labels: (bare in labels) is wanted
    words = part.split()
    if not words:
        raise status.bad_request("found ',', expected: !, identifier, or 'end of string'")
    if len(words) > 1 and words[1] in ("in", "notin"):
        raise status.bad_request(f"unable to parse requirement: found '{words[2] if words[2:] else ''}' expected: '('")
    if len(words) > 1:
        expected = "in, notin, =, ==, !=, gt, lt"
        raise status.bad_request(f"unable to parse requirement: found '{words[1]}', expected: {expected}")
    raise status.bad_request(f"unable to parse requirement: found '{part}', expected: identifier")


def _compare(found: str | None, bound: str, operator: str) -> bool:
    try:
        return found is not None and (int(found) > int(bound) if operator == ">" else int(found) < int(bound))
    except ValueError:
        return False
