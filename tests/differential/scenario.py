"""A fleet and what is done to it, as a value that is written down before any side plays it.

In manifests and arguments the name of a workload is `@0`, `@1` ...: each run puts a name of its own there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

Object = dict[str, Any]


class Gap(StrEnum):
    """What is waited for after a step."""

    SETTLED = "settled"  # until nothing changes any more
    AT_ONCE = "at-once"  # nothing: the next write follows
    INSIDE = "inside"  # in the middle of the termination of pods
    AROUND = "around"  # near the end of it
    OUTSIDE = "outside"  # well after it


@dataclass(frozen=True, slots=True)
class Step:
    """One act on one workload of the fleet, and the gap after it; `seconds` counts for the timed gaps."""

    act: str
    on: int
    arguments: Object
    gap: Gap
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fleet, and the steps that both sides play.

    `calm` is the number of seconds without a change after which a side counts as settled: longer than any delay of
    the fleet.
    """

    seed: int
    fleet: tuple[Object, ...]
    steps: tuple[Step, ...]
    calm: float

    def to_json(self) -> str:
        """Stable bytes, to be kept."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """The inverse of `to_json`."""
        raw = json.loads(text)
        steps = tuple(Step(**{**step, "gap": Gap(step["gap"])}) for step in raw["steps"])
        return cls(raw["seed"], tuple(raw["fleet"]), steps, raw["calm"])

    def write(self, folder: Path) -> Path:
        """Writes it down as SEED.json."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.seed}.json"
        file.write_text(self.to_json())
        return file
