"""Where and with what was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.controlplane import api
from tests.controlplane.description import ControlPlane

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Machine:
    """`commit` ends with `+ changes` where the checkout has some; `load` is that of the last minute at the start."""

    date: str
    python: str
    kubernetes: str
    cores: int
    load: float
    commit: str

    @classmethod
    def of(cls, plane: ControlPlane) -> Machine:
        """This one, now."""
        return cls(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            python=platform.python_version(),
            kubernetes=api.get(plane, "/version")["gitVersion"].removeprefix("v"),
            cores=len(os.sched_getaffinity(0)),
            load=round(os.getloadavg()[0], 1),
            commit=_commit(),
        )

    def __str__(self) -> str:
        return (
            f"{self.date}, Python {self.python}, Kubernetes {self.kubernetes}, {self.cores} cores"
            f" (load {self.load:g} before), commit {self.commit}"
        )


def _commit() -> str:
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head} + changes" if head and _git("status", "--porcelain", "--", "src") else head or "unknown"


def _git(*arguments: str) -> str:
    try:
        ended = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return ended.stdout.strip()
