"""The merging of fields, read from the table."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce.sim.api.topology import TYPES


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is merged. `keys` of an associative list; `merge` and `strategy` of a strategic merge patch."""

    type: str = ""
    keys: tuple[str, ...] = ()
    set: bool = False
    atomic: bool = False
    merge: str = ""
    strategy: tuple[str, ...] = ()


PLAIN = Field()
# What a key is where an item leaves it out.
KEY_DEFAULTS = {"protocol": "TCP"}


def _read(text: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for row in text.split(";"):
        name, *marks = row.split()
        told = dict(mark.partition("=")[::2] for mark in marks)
        fields[name] = Field(
            told.get("t", ""),
            tuple(filter(None, told.get("k", "").split(","))),
            "set" in told,
            "atomic" in told,
            told.get("m", ""),
            tuple(filter(None, told.get("s", "").split(","))),
        )
    return fields


_FIELDS = {name: _read(text) for name, text in TYPES.items()}
_FALLBACK = {"metadata": Field(type="ObjectMeta")}
_NONE: dict[str, Field] = {}


def fields(type_: str) -> dict[str, Field]:
    """The fields of a type that are not merged plainly; of a kind that the table lacks, metadata at least."""
    if type_ in _FIELDS:
        return _FIELDS[type_]
    return _FALLBACK if type_ else _NONE
