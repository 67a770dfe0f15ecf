"""How somebody wants the workloads of a run to follow each other, and what that comes to for a plan."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce.model.wave import Wave
from rollonce.plan import waves
from rollonce.plan.operation import Plan
from rollonce.rollout.line import Pace


@dataclass(frozen=True, slots=True)
class Pacing:
    """As `Pace`, with the waves as they were written."""

    waves: tuple[Wave, ...] = ()
    concurrency: int | None = None
    pods_per_second: float | None = None
    keep_going: bool = False


def pace(pacing: Pacing, plan: Plan, *, allow_unmatched: bool, act: str) -> Pace:
    """The pace of this plan's workloads. Raises EmptyWave."""
    divided = waves.divide(plan, pacing.waves, allow_empty=allow_unmatched, act=act) if pacing.waves else ()
    return Pace(divided, pacing.concurrency, pacing.pods_per_second, pacing.keep_going)
