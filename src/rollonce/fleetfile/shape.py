"""Shapes: what a part of a YAML file may look like. Checked by `checking`, published by `schema`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# What is wrong with a text, in words; None where nothing is.
Check = Callable[[str], "Fault | None"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, and what was meant, as far as that can be told."""

    words: str
    guess: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `pattern` (for the schema, and as good as `check` where that is None) has to match the whole of it."""

    about: str
    pattern: str = ""
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    about: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    about: str


@dataclass(frozen=True, slots=True)
class Version:
    """The number of the form itself."""

    about: str
    number: int


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number, one at least."""

    about: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list, with one item at least unless `may_be_empty`, and none twice."""

    about: str
    of: Text | Choice
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping whose keys are known, or nothing at all where none is required.

    At most one key of each of the `exclusive` groups may be there.
    """

    about: str
    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys are the user's names, with one entry at least."""

    about: str
    key: Text
    value: Shape


@dataclass(frozen=True, slots=True)
class Either:
    """A list, or a mapping."""

    about: str
    items: Items
    fields: Fields


Shape = Text | Choice | Flag | Version | Count | Items | Fields | Table | Either
