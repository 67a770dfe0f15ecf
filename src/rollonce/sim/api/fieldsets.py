"""Sets of fields, as managedFields holds them (sigs.k8s.io/structured-merge-diff: typed/tofieldset.go, compare.go).

A path is a tuple of elements in their written form: `f:spec`, `k:{"name":"agent"}`, `v:"x"`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from rollonce.sim.api.schema import PLAIN, Field, atomic, fields, key_default
from rollonce.sim.api.status import encode

Path = tuple[str, ...]
Paths = frozenset[Path]
# Not owned by anybody (apimachinery/pkg/util/managedfields/internal/stripmeta.go).
STRIPPED: Final = frozenset({
    "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
    "resourceVersion",
})  # fmt: skip


class _Missing:
    pass


MISSING: Final = _Missing()


@dataclass(slots=True)
class Comparison:
    """What differs between two objects."""

    added: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)

    @property
    def taken(self) -> set[Path]:
        """What the writer of the second one takes."""
        return self.added | self.modified


def element(item: Any, how: Field) -> str:
    """The path element of an item of an associative list or of a set."""
    if not how.keys:
        return "v:" + encode(item).decode()
    found = item if isinstance(item, dict) else {}
    keys = {key: found[key] if found.get(key) is not None else key_default(how, key) for key in sorted(how.keys)}
    return "k:" + encode({key: value for key, value in keys.items() if value is not None}).decode()


def is_list(value: Any, how: Field) -> bool:
    """Whether a value is a list whose items are owned one by one."""
    return isinstance(value, list) and (how.set or bool(how.keys)) and not how.atomic


def stripped(thing: dict[str, Any]) -> dict[str, Any]:
    """An object less what nobody owns."""
    metadata = {name: value for name, value in (thing.get("metadata") or {}).items() if name not in STRIPPED}
    rest = {name: value for name, value in thing.items() if name not in ("apiVersion", "kind", "metadata")}
    return {"metadata": metadata, **rest}


def collect(thing: dict[str, Any], type_: str) -> Paths:
    """All fields that an object names."""
    found: set[Path] = set()
    _collect_map(stripped(thing), type_, (), found)
    return frozenset(found)


def _collect_map(value: dict[str, Any], type_: str, path: Path, found: set[Path]) -> None:
    known = fields(type_)
    for name, child in value.items():
        how, at = known.get(name, PLAIN), (*path, f"f:{name}")
        if is_list(child, how):
            for item in child:
                inner = (*at, element(item, how))
                found.add(inner)
                if isinstance(item, dict) and not atomic(how.type):
                    _collect_map(item, how.type, inner, found)
        elif isinstance(child, dict) and child and not how.atomic:
            _collect_map(child, how.type, at, found)
        elif path or name != "metadata":
            found.add(at)


def compare(before: dict[str, Any], after: dict[str, Any], type_: str) -> Comparison:
    """What was added, removed and changed, less what nobody owns."""
    comparison = Comparison()
    _compare_map(stripped(before), stripped(after), type_, (), comparison)
    return comparison


def _compare_map(before: Any, after: Any, type_: str, path: Path, to: Comparison) -> None:
    known = fields(type_)
    one = before if isinstance(before, dict) else {}
    other = after if isinstance(after, dict) else {}
    for name in one.keys() | other.keys():
        left, right = one.get(name, MISSING), other.get(name, MISSING)
        if left is right or (left == right and type(left) is type(right)):
            continue
        _compare(left, right, known.get(name, PLAIN), (*path, f"f:{name}"), to)


def _compare(left: Any, right: Any, how: Field, path: Path, to: Comparison) -> None:
    shown = right if right is not MISSING and right is not None else left
    open_ = left is MISSING or right is MISSING or left is None or right is None or type(left) is type(right)
    if open_ and is_list(shown, how):
        _compare_list(left, right, how, path, to)
    elif open_ and isinstance(shown, dict) and not how.atomic:
        _compare_map(left, right, how.type, path, to)
    elif left is not MISSING and right is not MISSING:
        to.modified.add(path)
        return
    if left is MISSING:
        to.added.add(path)
    elif right is MISSING:
        to.removed.add(path)


def _compare_list(left: Any, right: Any, how: Field, path: Path, to: Comparison) -> None:
    one = {element(item, how): item for item in left} if isinstance(left, list) else {}
    other = {element(item, how): item for item in right} if isinstance(right, list) else {}
    for name in one.keys() | other.keys():
        before, after = one.get(name, MISSING), other.get(name, MISSING)
        if before is not MISSING and after is not MISSING and not isinstance(after, dict):
            continue
        at = (*path, name)
        if before is not MISSING and after is not MISSING and atomic(how.type):
            if before != after:
                to.modified.add(at)
            continue
        if (isinstance(before, dict) or isinstance(after, dict)) and not atomic(how.type):
            _compare_map(before, after, how.type, at, to)
        if before is MISSING:
            to.added.add(at)
        elif after is MISSING:
            to.removed.add(at)


class Written(dict[str, Any]):
    """A FieldsV1 that was written here, and the paths that it was written from."""

    __slots__ = ("paths",)
    paths: Paths


def decode(written: Any) -> Paths:
    """Reads a FieldsV1."""
    if type(written) is Written:
        return written.paths
    found: set[Path] = set()

    def walk(node: dict[str, Any], path: Path) -> None:
        for name, child in node.items():
            if name == ".":
                found.add(path)
            elif not child:
                found.add((*path, name))
            else:
                walk(child, (*path, name))

    walk(written or {}, ())
    return frozenset(found)


@lru_cache(4096)
def write(paths: Paths) -> Written:
    """A FieldsV1; objects of one kind mostly have the same, which is not to be changed."""
    root = Written()
    root.paths = paths
    # In order, what is above another path comes before it.
    for path in sorted(paths):
        node: dict[str, Any] = root
        for step in path[:-1]:
            inner = node.get(step)
            if inner is None:
                inner = node[step] = {}
            elif not inner:
                inner["."] = {}
            node = inner
        node[path[-1]] = {}
    return root


def named(paths: Paths, type_: str) -> Paths:
    """The set with every declared field that is above one of it (fieldpath.Set.EnsureNamedFieldsAreMembers)."""
    found = set(paths)
    for path in paths:
        inside = type_
        for depth, step in enumerate(path[:-1]):
            if step[0] == "f":
                field = fields(inside).get(step[2:])
                if field is None:
                    break
                found.add(path[: depth + 1])
                inside = field.type
    return frozenset(found)


def order(path: Path) -> list[tuple[int, int, str]]:
    """Sorts as a set is walked: at each step the fields themselves before what is inside of others."""
    last = len(path) - 1
    return [(int(at != last), _RANK[step[0]], step) for at, step in enumerate(path)]


_RANK = {"f": 0, "k": 1, "v": 2, "i": 3}


def shown(path: Path) -> str:
    """As errors name a field: `.spec.template.spec.containers[name="agent"].image`."""
    parts = []
    for step in path:
        mark, text = step[0], step[2:]
        if mark == "f":
            parts.append(f".{text}")
        elif mark == "k":
            inner = ",".join(f"{key}={encode(value).decode()}" for key, value in msgspec.json.decode(text).items())
            parts.append(f"[{inner}]")
        else:
            parts.append(f"[={text}]")
    return "".join(parts)
