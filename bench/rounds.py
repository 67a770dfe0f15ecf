"""Rounds in turns, A B C A B C, so that the machine's drift hits all sides alike; ratios are taken within a round."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.process import Command, Sample

Samples = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do the work. `run` does it once; what it prepares and checks around the process is not in its time."""

    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of what the rounds gave."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of an odd number of values, so that the median is one of them."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])


def take(title: str, sides: Sequence[Side], rounds: int, warm_up: Sequence[Command]) -> Samples:
    """Runs `warm_up` unmeasured, for caches and bytecode, and then every side in `rounds` turns."""
    if rounds % 2 == 0:
        raise ValueError("an odd number of rounds has a median")
    say(f"{title}: warming up")
    for command in warm_up:
        command.run()
    samples: dict[str, list[Sample]] = {side.name: [] for side in sides}
    for number in range(1, rounds + 1):
        for side in sides:
            sample = side.run()
            samples[side.name].append(sample)
            say(f"{title}: round {number} of {rounds}: {side.name} {sample.seconds:.3f} s")
    return samples


def ratio(samples: Samples, upper: str, lower: str, *, scale: float = 1.0) -> Spread:
    """Seconds of `upper`, times `scale`, by those of `lower` in the same round."""
    pairs = zip(samples[upper], samples[lower], strict=True)
    return Spread.of(scale * above.seconds / below.seconds for above, below in pairs)


def cpu_ratio(samples: Samples, upper: str, lower: str) -> Spread:
    """The same of the time on the processor, which other processes disturb less."""
    pairs = zip(samples[upper], samples[lower], strict=True)
    return Spread.of(above.cpu / below.cpu for above, below in pairs)


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)
