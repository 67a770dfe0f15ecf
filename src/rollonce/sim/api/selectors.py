"""Label and field selectors (apimachinery/pkg/labels/selector.go, pkg/fields/selector.go)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rollonce.sim.api import eventviews, labelselectors, status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

Predicate = Callable[[Mapping[str, str]], bool]
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
    every = labelselectors.parse(text)
    return lambda found: all(each.holds(found) for each in every)


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


def fields(text: str, kind: Kind) -> Callable[[Object], bool]:
    """A field selector; raises a 400 where the field is none that may be selected by."""
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        for operator in ("!=", "==", "="):
            name, found, value = part.partition(operator)
            if found:
                break
        else:
            raise status.bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        asked, name = name, _stored_name(name, kind)
        if name not in _METADATA and name not in _FIELDS.get(kind.resource, ()):
            if kind.resource in _FIELDS:
                raise status.bad_request(f"field label not supported: {asked}")
            raise status.bad_request(
                f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"'
            )
        tests.append((name, operator != "!=", value))
    return lambda thing: all((_field(thing, name) == value) is equal for name, equal, value in tests)


def _stored_name(name: str, kind: Kind) -> str:
    """A field of an Event is selected by its name in the version that is asked for."""
    if not eventviews.is_view(kind):
        return name
    head, _, rest = name.partition(".")
    core = eventviews.CORE_NAMES.get(head, head)
    if core in ("source", "count", "message") or head in ("involvedObject", "reportingComponent", "source"):
        raise status.bad_request(f"field label not supported: {name}")
    return f"{core}.{rest}" if rest else core


def _field(thing: Object, path: str) -> str:
    if path == "source" and "involvedObject" in thing:
        # pkg/registry/core/event/strategy.go, ToSelectableFields
        return str((thing.get("source") or {}).get("component") or thing.get("reportingComponent") or "")
    value: Any = thing
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
