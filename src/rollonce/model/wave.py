"""The waves of a run as somebody writes them: `deployment/a,deployment/b`, `track=canary`, `2`, `10%`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rollonce.errors import MalformedWave
from rollonce.model import reference, selector
from rollonce.model.reference import Named
from rollonce.model.selector import Requirement

_COUNT = re.compile(r"(\d+)(%?)")
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class ByName:
    """These workloads."""

    text: str
    names: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class ByLabel:
    """The workloads with these labels of their own (not of their pods)."""

    text: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class ByCount:
    """So many of the workloads that change."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ByShare:
    """So many percent of the workloads that change, rounded up."""

    text: str
    percent: int


Wave = ByName | ByLabel | ByCount | ByShare


def parse(text: str, *, act: str) -> Wave:
    """A wave. Raises MalformedWave, MalformedSelector, MalformedReference or UnknownKind."""
    text = text.strip()
    if found := _COUNT.fullmatch(text):
        number, share = int(found[1]), bool(found[2])
        if not number or (share and number > _WHOLE):
            raise _malformed(text, "takes no workload" if not number else "is more than all", act)
        return ByShare(text, number) if share else ByCount(text, number)
    if any(sign in text for sign in "=!(") or " in" in text:
        return ByLabel(text, selector.parse(text, act=act))
    if "/" in text:
        return ByName(text, tuple(reference.named(part.strip(), act=act) for part in text.split(",")))
    raise _malformed(text, "is no wave", act)


def _malformed(text: str, why: str, act: str) -> MalformedWave:
    return MalformedWave(
        f"{text!r} {why}",
        act=act,
        hint="a wave is deployment/x,deployment/y, or labels such as track=canary, or a number such as 2, or 10%",
    )
