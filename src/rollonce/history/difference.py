"""What differs from one template to the next: the fields, as they may be shown, and whether two values are equal.

Only what is unequal is taken apart. Of the fields that ever change in a history each revision keeps a digest, so that
nothing is taken apart twice, and no credential stays.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from rollonce.history import credential
from rollonce.history.template import Change, Shape, Template, container, keyed

_ANY = msgspec.json.Decoder()
# Shapes that are held taken apart: the revisions of one workload are compared with each other, then those of the next.
_APART = 64
_ORDER = "(order)"

Json = dict[str, Any]
# Path, name (as credentials are known by it) and text of a field; None where it is not set.
Leaf = tuple[str, str, str]
Difference = Mapping[str, tuple[Leaf | None, Leaf | None]]
_Sides = tuple[dict[str, Leaf], dict[str, Leaf]]
_IMAGE = "image"
_ABSENT = object()
_NONE: Mapping[str, bytes] = {}


def between(old: Template, new: Template) -> Difference:
    """The fields that differ, by path. Not to be shown: they may be credentials."""
    images = dict(old.by_path), dict(new.by_path)
    moved = [path for path in images[0].keys() | images[1].keys() if images[0].get(path) != images[1].get(path)]
    before, after = ({path: (path, _IMAGE, side[path]) for path in moved if path in side} for side in images)
    if old.shape != new.shape:
        _below_the_top((_values(old.shape), _values(new.shape)), (before, after))
    pairs = {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys()}
    return {path: (one, two) for path, (one, two) in pairs.items() if one is None or two is None or one[2] != two[2]}


def shown(difference: Difference) -> tuple[Change, ...]:
    """The changes, sorted by path; what looks like a credential shows as `(not shown)`."""
    told = [path for path in difference if not path.endswith(_ORDER)] or difference
    return tuple(Change(path, *map(_shown, difference[path])) for path in sorted(told))


def _shown(leaf: Leaf | None) -> str | None:
    if leaf is None:
        return None
    _, name, text = leaf
    return credential.SHOWN if text and name != _IMAGE and credential.suspected(name, text) else text


def marks(steps: Sequence[Difference]) -> Sequence[Mapping[str, bytes]]:
    """Path -> digest of its value, for each revision of a history, of which `steps` are the differences.

    Of all fields that differ somewhere, but images of containers; without those that are not set.
    """
    fields = {path for step in steps for path in step if not container(path)}
    if not fields:
        return [_NONE] * (len(steps) + 1)
    found: list[dict[str, bytes]] = [{} for _ in range(len(steps) + 1)]
    for path in fields:
        leaf = next(step[path][0] for step in steps if path in step)
        for index, into in enumerate(found):
            if index and path in steps[index - 1]:
                leaf = steps[index - 1][path][1]
            if leaf is not None:
                into[path] = blake2b(leaf[2].encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return found


@lru_cache(maxsize=_APART)
def _values(shape: Shape) -> Json:
    values: Json = _ANY.decode(zlib.decompress(shape.packed))
    return values


def _walk(value: object, path: str, name: str) -> Iterator[Leaf]:
    match value:
        case dict() if value:
            for key, inner in value.items():
                yield from _walk(inner, _below(path, key), _said(value, key, name))
        case list() if value:
            keys = keyed(value, name)
            named = keys if keys is not None else [str(index) for index in range(len(value))]
            before: object = ""
            for key, item in zip(named, value, strict=True):
                yield from _walk(item, f"{path}[{key}]", _said_of_item(keys, before, name))
                before = item
            if keys is not None and len(keys) > 1:
                # The order of env and containers matters to the controllers' comparison.
                yield f"{path}{_ORDER}", "", ",".join(keys)
        case _:
            yield path, name, _text(value)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _said(value: Json, key: object, name: str) -> str:
    """An env variable's credential is known by the variable's name, not by the word "value"."""
    hides = name == "env" and key == "value" and isinstance(value.get("name"), str)
    return str(value["name"]) if hides else str(key)


def _said_of_item(keys: list[str] | None, before: object, name: str) -> str:
    """`--password` and its value may be two arguments."""
    return before if keys is None and isinstance(before, str) and before.startswith("-") else name


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _below_the_top(values: tuple[Json, Json], sides: _Sides) -> None:
    old, new = values
    for part in ("annotations", "labels"):
        for name, pair in _unequal(old["metadata"].get(part, {}), new["metadata"].get(part, {})):
            _differing(pair, f"metadata.{part}[{name}]", (name, name), sides)
    if old["spec"] != new["spec"]:
        _differing((old["spec"], new["spec"]), "", ("", ""), sides)


def _unequal(old: Json, new: Json) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The keys with unequal values, which are `_ABSENT` where there is none."""
    for key, one in old.items():
        two = new.get(key, _ABSENT)
        if two is _ABSENT or one != two:
            yield key, (one, two)
    yield from ((key, (_ABSENT, new[key])) for key in new.keys() - old.keys())


def _differing(values: tuple[Any, Any], path: str, names: tuple[str, str], into: _Sides) -> None:
    """The leaves of both sides below two values that are not equal."""
    old, new = values
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key, pair in _unequal(old, new):
            _differing(pair, _below(path, key), (_said(old, key, names[0]), _said(new, key, names[1])), into)
        return
    if isinstance(old, list) and isinstance(new, list) and old and new:
        one, two = keyed(old, names[0]), keyed(new, names[1])
        if one is not None and two is not None:
            for key, pair in _unequal(dict(zip(one, old, strict=True)), dict(zip(two, new, strict=True))):
                _differing(pair, f"{path}[{key}]", names, into)
            for keys, leaves in zip((one, two), into, strict=True):
                if len(keys) > 1:
                    leaves[f"{path}{_ORDER}"] = f"{path}{_ORDER}", "", ",".join(keys)
            return
    for value, name, leaves in zip(values, names, into, strict=True):
        if value is not _ABSENT:
            leaves.update((leaf[0], leaf) for leaf in _walk(value, path, name))
