"""`rollonce --version`: what starting costs before any work, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import sys

from bench.lab import ROLLONCE, Lab
from bench.process import Command
from bench.result import Bound, Figure, Goal, Result, Row
from bench.rounds import Side, Spread, take

NAME = "version"
OURS = "rollonce --version"
BARE = "python -c pass"


def measure(lab: Lab) -> Result:
    """Raises SideFailed. No server is asked."""
    commands = {
        OURS: Command([ROLLONCE, "--version"], os.environ),
        BARE: Command([sys.executable, "-c", "pass"], os.environ),
    }
    sides = [Side(name, command.run) for name, command in commands.items()]
    samples = take(NAME, sides, lab.sizes.starts, list(commands.values()))
    return Result(
        NAME,
        f"{lab.sizes.starts} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(OURS, Spread.of(1000 * s.seconds for s in samples[OURS]), "ms", Goal(Bound.AT_MOST, 100)),
            Figure(BARE, Spread.of(1000 * s.seconds for s in samples[BARE]), "ms"),
        ],
    )
