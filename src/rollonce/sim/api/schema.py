"""What each field of a built-in type is, read from the table: its type, and how it is merged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from rollonce.sim.api.published import ALIASES, PLACES, TYPES

SCALARS = frozenset({
    "string", "bool", "int", "int32", "int64", "float64", "byte", "Quantity", "IntOrString", "Any", "Time", "MicroTime",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A type. `form` is list, map, struct or the name of a scalar, `inner` what is inside of a list or map, `name` a
    struct's or alias's name, `pointer` whether it can be absent though it is empty."""

    form: str
    name: str = ""
    inner: Shape | None = None
    pointer: bool = False

    @property
    def struct(self) -> str:
        """The struct that this is, or whose list or map it is; empty for scalars."""
        if self.form == "struct":
            return self.name
        return self.inner.struct if self.inner is not None and self.form == "list" else ""

    @property
    def told(self) -> str:
        """As Go's decoder names it in errors; the packages of all types are named v1."""
        if self.name:
            return f"v1.{self.name.rpartition('.')[2]}"
        if self.inner is not None:
            return ("[]" if self.form == "list" else "map[string]") + self.inner.told
        return "uint8" if self.form == "byte" else self.form


ANY = Shape("Any")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `keys` of an associative list; `merge` and `strategy` of a strategic merge patch; `omitted` where an
    empty value is not written, `zeroed` where that goes for a struct too; `enum` are the values that are published."""

    type: str = ""
    keys: tuple[str, ...] = ()
    set: bool = False
    atomic: bool = False
    merge: str = ""
    strategy: tuple[str, ...] = ()
    shape: Shape = ANY
    required: bool = False
    omitted: bool = True
    zeroed: bool = False
    enum: tuple[str, ...] = ()


PLAIN = Field()
# What a key is where an item leaves it out.
KEY_DEFAULTS = {"protocol": "TCP"}


# Published as atomic on the type itself (meta/v1/types.go), while no field of that type has a mark of its own.
_WHOLE = frozenset({"OwnerReference"})


@cache
def atomic(type_: str) -> bool:
    """Whether a struct is owned as a whole, wherever it is."""
    return type_ in _WHOLE or any(
        field.atomic and field.shape.form == "struct" and field.type == type_
        for table in map(fields, TYPES)
        for field in table.values()
    )


_ZEROS: dict[str, str | int] = {"string": "", "int32": 0, "int64": 0}


def key_default(how: Field, key: str) -> str | int | None:
    """What a key of an item is where the item leaves it out, None where the schema has nothing for it."""
    if key in KEY_DEFAULTS:
        return KEY_DEFAULTS[key]
    told = fields(how.type).get(key, PLAIN)
    return _ZEROS.get(told.shape.form) if told.required or how.type == "LocalObjectReference" else None


_MARK = re.compile(r"\*|\[\]|\{\}")


def _shape(text: str, name: str = "") -> Shape:
    if found := _MARK.match(text):
        rest = text[found.end() :]
        if found[0] == "*":
            inner = _shape(rest, name)
            return Shape(inner.form, inner.name, inner.inner, pointer=True)
        if found[0] == "[]" and rest == "byte":
            return Shape("bytes")
        return Shape("list" if found[0] == "[]" else "map", name, _shape(rest))
    if text in SCALARS:
        return Shape(text, name)
    if text in ALIASES:
        return _shape(ALIASES[text], name or text)
    return Shape("struct", text)


def _read(text: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for row in filter(None, text.split(";")):
        name, written, *marks = row.split()
        told = dict(mark.partition("=")[::2] for mark in marks)
        shape = _shape(written)
        fields[name] = Field(
            shape.struct,
            tuple(filter(None, told.get("k", "").split(","))),
            "set" in told,
            "atomic" in told,
            told.get("m", ""),
            tuple(filter(None, told.get("s", "").split(","))),
            shape,
            "!" in told,
            "o" in told or "z" in told,
            "z" in told,
            tuple(told["e"].replace("+", " ").split(",")) if "e" in told else (),
        )
    return fields


_PUBLISHED = {name: f"{place}.{name.rpartition('.')[2]}" for place, names in PLACES.items() for name in names.split()}
_FIELDS: dict[str, dict[str, Field]] = {}
_FALLBACK = {"metadata": Field(type="ObjectMeta", shape=Shape("struct", "ObjectMeta"))}
_NONE: dict[str, Field] = {}


def published(type_: str) -> str:
    """The name of a type in the published documents."""
    return _PUBLISHED[type_]


def known(type_: str) -> bool:
    """Whether the table has that type."""
    return type_ in TYPES


def fields(type_: str) -> dict[str, Field]:
    """The fields of a type; of a kind that the table lacks, metadata at least."""
    if type_ not in _FIELDS:
        if type_ not in TYPES:
            return _FALLBACK if type_ else _NONE
        _FIELDS[type_] = _read(TYPES[type_])
    return _FIELDS[type_]
