"""Sets of fields, as managedFields have them (FieldsV1), and fields of an object by such paths.

The form: https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#FieldsV1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

Path = tuple[str, ...]
Fields = dict[str, Any]
_decode = msgspec.json.Decoder().decode


def paths(fields: Fields) -> frozenset[Path]:
    """Every member of the set."""
    return frozenset(_paths(fields, ()))


def _paths(fields: Fields, at: Path) -> Iterator[Path]:
    for name, inner in fields.items():
        if name == ".":
            yield at
        elif inner:
            yield from _paths(inner, (*at, name))
        else:
            yield (*at, name)


def written(members: Iterable[Path]) -> Fields:
    """The form of a set: what is a member and has members below it has a dot among them."""
    fields: Fields = {}
    for path in sorted(members, key=len):
        node = fields
        for step in path[:-1]:
            inner = node.get(step)
            if inner is None:
                node[step] = inner = {}
            elif not inner:
                inner["."] = {}
            node = inner
        node[path[-1]] = {}
    return fields


def remove(document: Any, gone: Iterable[Path], kept: frozenset[Path]) -> None:
    """Takes fields out of an object, in place, but none that has something below it that is kept.

    A map goes only where nothing is left in it: what nobody owns stays.
    """
    for path in sorted(gone, key=len, reverse=True):
        if not any(other[: len(path)] == path for other in kept):
            _remove(document, path)


def _remove(document: Any, path: Path) -> None:
    trail: list[tuple[Any, Any]] = []
    for step in path:
        key = _index(document, step)
        if key is None:
            return
        trail.append((document, key))
        document = document[key]
    if isinstance(document, dict) and document and path[-1].startswith("f:"):
        return
    parent, key = trail[-1]
    del parent[key]
    # The server leaves no empty list or map behind that it has emptied itself.
    while not parent and len(trail) > 1:
        trail.pop()
        parent, key = trail[-1]
        del parent[key]


def _index(document: Any, step: str) -> Any:
    """Where an element of a path is in a map or list, None where it is not there."""
    form, _, name = step.partition(":")
    if form == "f":
        return name if isinstance(document, dict) and name in document else None
    if not isinstance(document, list):
        return None
    if form == "i":
        return int(name) if int(name) < len(document) else None
    wanted = _decode(name)
    for i, item in enumerate(document):
        if form == "v" and item == wanted:
            return i
        # A key that the object leaves to its default (protocol of a port) is no difference.
        if form == "k" and isinstance(item, dict) and all(item.get(k, v) == v for k, v in wanted.items()):
            return i
    return None
