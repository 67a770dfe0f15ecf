"""Label selectors, for objects that no server selects: `app=a,tier!=test`, `app in (a,b)`, `app`, `!app`.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rollonce.errors import MalformedSelector

_KEY = r"[A-Za-z0-9][-A-Za-z0-9_./]*"
_VALUE = r"[-A-Za-z0-9_.]*"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUALS = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_COMMA = re.compile(r",(?![^()]*\))")


@dataclass(frozen=True, slots=True)
class Requirement:
    """The label is one of the values, or (not `wanted`) is not. No values means any value."""

    label: str
    values: frozenset[str] | None
    wanted: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; one that is absent is not one of any values."""
        there = self.label in labels
        if self.values is not None:
            there = there and labels[self.label] in self.values
        return there is self.wanted


def parse(text: str, *, act: str) -> tuple[Requirement, ...]:
    """The requirements, all of which must hold. Raises MalformedSelector."""
    return tuple(_requirement(part.strip(), text, act) for part in _COMMA.split(text) if part.strip())


def _requirement(part: str, text: str, act: str) -> Requirement:
    if found := _SET.fullmatch(part):
        values = frozenset(value.strip() for value in found[3].split(","))
        return Requirement(found[1], values, found[2] == "in")
    if found := _EQUALS.fullmatch(part):
        return Requirement(found[1], frozenset({found[3]}), found[2] != "!=")
    if found := _EXISTS.fullmatch(part):
        return Requirement(found[2], None, not found[1])
    raise MalformedSelector(
        f"{part!r} in -l {text!r} is no requirement",
        act=act,
        hint="a selector is such as app=agent,tier!=test or 'app in (a,b)'",
    )


def matches(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Whether labels meet all requirements."""
    return all(requirement.holds(labels) for requirement in requirements)
