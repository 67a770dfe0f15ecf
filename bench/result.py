"""What a benchmark found, as values: rows of a table, and figures that may have a goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bench.process import Sample
from bench.rounds import Spread


class Bound(Enum):
    """Which way a goal looks."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on a median."""

    bound: Bound
    value: float

    def held(self, measured: Spread) -> bool:
        """Judged by the median."""
        if self.bound is Bound.AT_MOST:
            return measured.median <= self.value
        return measured.median >= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One line below a table. `unit` follows the numbers: empty for ratios, `s`, `ms`, `requests`."""

    label: str
    measured: Spread
    unit: str = ""
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One side in seconds; `requests` is a text, empty where no server is asked."""

    side: str
    seconds: Spread
    cpu: Spread
    requests: str = ""

    @classmethod
    def of(cls, side: str, samples: Sequence[Sample]) -> Row:
        """From the samples of all rounds; the requests are those of the last one."""
        counts = samples[-1].requests
        shown = "" if counts is None else f"{sum(counts.values())}: {_breakdown(counts)}"
        return cls(side, Spread.of(s.seconds for s in samples), Spread.of(s.cpu for s in samples), shown)


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark; `subject` says what was worked on, in how many rounds."""

    name: str
    subject: str
    rows: Sequence[Row]
    figures: Sequence[Figure]


def requests(label: str, samples: Sequence[Sample], goal: Goal | None = None) -> Figure:
    """How many requests the runs of one side sent."""
    counts = [sum((sample.requests or {}).values()) for sample in samples]
    return Figure(label, Spread.of(map(float, counts)), "requests", goal)


def _breakdown(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
