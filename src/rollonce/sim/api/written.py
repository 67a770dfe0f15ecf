"""An object in the order in which Go writes it: what a refused patch shows."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api.schema import ANY, Shape, fields
from rollonce.sim.api.status import encode
from rollonce.sim.deferred import known


class AsWritten(dict[str, Any]):
    """A map in the order in which the server has written it; a copy of it, as a patch makes one, is a plain dict."""


def ordered(thing: Any, type_: str) -> Any:
    """An object of a type with its fields in the order of the struct, and maps by their keys."""
    return _ordered(thing, Shape("struct", type_))


def _ordered(value: Any, shape: Shape) -> Any:
    value = known(value)
    match value:
        case dict():
            table = fields(shape.name) if shape.form == "struct" else {}
            inner = shape.inner or ANY
            names = [name for name in table if name in value] + sorted(name for name in value if name not in table)
            return AsWritten(
                (name, _ordered(value[name], table[name].shape if name in table else inner)) for name in names
            )
        case list():
            return [_ordered(each, shape.inner or ANY) for each in value]
    return value


def text(patched: Any) -> str:
    """A patched object: what the patch has not looked into is as it was, all else goes by its keys."""
    return encode(_sorted(patched)).decode()


def _sorted(value: Any) -> Any:
    match value:
        case AsWritten():
            return {name: _sorted(each) for name, each in value.items()}
        case dict():
            return {name: _sorted(value[name]) for name in sorted(value)}
        case list():
            return [_sorted(each) for each in value]
    return value
