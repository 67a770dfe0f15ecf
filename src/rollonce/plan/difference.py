"""From a live pod template and what it is to become, both as JSON, to the writes that lead from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rollonce.model import amount, credential
from rollonce.plan.jsonpatch import Operation, add, below, remove

_ABSENT = object()
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is added, removed or replaced, at a JSON pointer below the template.

    `words` is the place for people, with names instead of indices; `old` and `new` are JSON as it may
    be shown, None where there is none.
    """

    pointer: str
    words: str
    value: bytes | None = field(repr=False)
    replaces: bool
    old: str | None
    new: str | None

    def operation(self, template: str) -> Operation:
        """The write, where the template stands at that pointer."""
        path = template + self.pointer
        if self.value is None:
            return remove(path)
        value = msgspec.Raw(self.value)
        return {"op": "replace", "path": path, "value": value} if self.replaces else add(path, value)

    def holds(self, template: object) -> bool:
        """Whether the template, decoded, has this value there, in whatever form the API server keeps it."""
        wanted = None if self.value is None else _decode(self.value)
        return _alike(wanted, _find(template, self.pointer), "/resources" in self.pointer)


def between(live: bytes, wanted: bytes) -> tuple[Difference, ...]:
    """The differences of two templates; no one of them lies within another.

    Elements of a list are compared one by one where names show that they are the same ones; else the
    list is replaced as a whole.
    """
    return tuple(_between("", "", _decode(live), _decode(wanted), ""))


def all_hold(template: bytes, differences: tuple[Difference, ...]) -> bool:
    """Whether a template has become what the differences say."""
    if not differences:
        return True
    decoded = _decode(template)
    return all(difference.holds(decoded) for difference in differences)


def kept(expected: bytes, found: bytes) -> bool:
    """Whether a template still has everything that another one has; somebody may have added to it."""
    return all(d.value is not None and not d.replaces for d in between(expected, found))


def shown(value: Any, owner: str) -> str:
    """A value as it may be shown; `owner` is the name of the element that it is the `value` of."""
    return _shown(value, owner) or '""'


def _between(pointer: str, words: str, old: Any, new: Any, owner: str) -> list[Difference]:
    """`owner` is the name of the element around, which tells whose `value` it is."""
    if isinstance(old, dict) and isinstance(new, dict):
        return _of_maps(pointer, words, old, new, str(new.get("name", owner)))
    if isinstance(old, list) and isinstance(new, list) and _same_elements(old, new):
        return _of_lists(pointer, words, old, new)
    if type(old) is type(new) and old == new:
        return []
    return [_difference(pointer, words, old, new, owner)]


def _of_maps(pointer: str, words: str, old: dict[str, Any], new: dict[str, Any], owner: str) -> list[Difference]:
    found = []
    for key in sorted(old.keys() | new.keys()):
        inner = (below(pointer, key), f"{words}.{key}" if words else key)
        if key in old and key in new:
            found += _between(*inner, old[key], new[key], owner)
        else:
            found.append(_difference(*inner, old.get(key, _ABSENT), new.get(key, _ABSENT), owner))
    return found


def _same_elements(old: list[Any], new: list[Any]) -> bool:
    """Whether the elements of `old` are, by their names, the first ones of `new`."""

    def names(items: list[Any]) -> list[object]:
        return [item.get("name") if isinstance(item, dict) else None for item in items]

    return len(old) <= len(new) and None not in names(new) and names(old) == names(new)[: len(old)]


def _of_lists(pointer: str, words: str, old: list[Any], new: list[Any]) -> list[Difference]:
    found = []
    for i, item in enumerate(new):
        inner = (f"{pointer}/{i}", f"{words}[{item['name']}]")
        if i < len(old):
            found += _between(*inner, old[i], item, item["name"])
        else:
            found.append(_difference(*inner, _ABSENT, item, item["name"]))
    return found


def _difference(pointer: str, words: str, old: Any, new: Any, owner: str) -> Difference:
    value = None if new is _ABSENT else _encode(new)
    replaces = old is not _ABSENT
    return Difference(pointer, words, value, replaces, _shown(old, owner), _shown(new, owner))


def _shown(value: Any, owner: str) -> str | None:
    if value is _ABSENT:
        return None
    masked = _masked(value, owner)
    return masked if isinstance(masked, str) else _encode(masked).decode()


def _masked(value: Any, owner: str) -> Any:
    """The value with what looks like a credential hidden: by form, or by the name of the element that it is in."""
    match value:
        case dict():
            name = str(value.get("name", ""))
            return {key: _masked(inner, name if key == "value" else "") for key, inner in value.items()}
        case list():
            return [_masked(inner, "") for inner in value]
        case str() if owner and credential.looks_like_one(owner, value):
            return credential.HIDDEN
        case str() if credential.by_form(value):
            return credential.HIDDEN
    return value


def alike(one: Any, other: Any) -> bool:
    """Whether two templates, or parts of them, are the same to the API server; amounts are compared as text."""
    return _alike(one, other, False)


def _alike(wanted: Any, found: Any, of_resources: bool) -> bool:
    """Equality as the API server has it: it drops what is empty, and writes amounts in a form of its own."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = wanted.keys() | found.keys()
        return all(_alike(wanted.get(k), found.get(k), of_resources or k == "resources") for k in keys)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(
            _alike(*pair, of_resources) for pair in zip(wanted, found, strict=True)
        )
    if _is_empty(wanted) or _is_empty(found):
        return _is_empty(wanted) and _is_empty(found)
    if of_resources and isinstance(wanted, str | int | float) and isinstance(found, str | int | float):
        return amount.equal(wanted, found)
    return type(wanted) is type(found) and bool(wanted == found)


def _is_empty(value: Any) -> bool:
    return value is _ABSENT or value is None or (isinstance(value, str | list | dict) and not value)


def _find(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(name, _ABSENT)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return _ABSENT
    return document
