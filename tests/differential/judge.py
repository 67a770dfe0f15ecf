"""Whether the simulated outcome is one that the real control plane shows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.differential import simulated
from tests.differential.play import play
from tests.differential.real import Real
from tests.differential.scenario import Scenario
from tests.differential.sight import Sight

RUNS = 20
# So many at once, until the simulated outcome was seen.
BATCHES = (1, 4, 15)


class Verdict(StrEnum):
    """How a workload of a scenario came out."""

    EQUAL = "equal"  # in the first run
    SEEN = "seen"  # in a later one: the real outcome depends on timing
    DIFFERENT = "different"  # in none


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one workload: after how many runs, how many outcomes these showed, and the first difference."""

    verdict: Verdict
    runs: int
    outcomes: int
    difference: str


def judge(real: Real, scenario: Scenario, *, runs: int = RUNS) -> list[Judgement]:
    """Plays the simulated side once and the real one until every workload was seen so, at most `runs` times."""
    return compare(real, scenario, play(simulated.Simulated(), scenario, "s"), runs=runs)


def compare(real: Real, scenario: Scenario, wanted: tuple[Sight, ...], *, runs: int = RUNS) -> list[Judgement]:
    """As `judge`, where the simulated side has been played already."""
    shown: list[list[Sight]] = [[] for _ in wanted]
    began = 0
    with ThreadPoolExecutor(max(BATCHES)) as players:
        for batch in BATCHES:
            chosen = range(began, min(began + batch, runs))
            began = chosen.stop
            for sights in players.map(lambda run: once(real, scenario, str(run)), chosen):
                for place, sight in enumerate(sights):
                    shown[place].append(sight)
            if all(sight in seen for sight, seen in zip(wanted, shown, strict=True)):
                break
    return [_judged(sight, seen) for sight, seen in zip(wanted, shown, strict=True)]


def once(real: Real, scenario: Scenario, run: str) -> tuple[Sight, ...]:
    """One run of the real side, cleared away."""
    with real.places:
        try:
            return play(real, scenario, run)
        finally:
            for place in range(len(scenario.fleet)):
                real.clear(f"d{scenario.seed}x{run}-{place}")


def _judged(wanted: Sight, seen: list[Sight]) -> Judgement:
    outcomes = len({json.dumps(sight, sort_keys=True) for sight in seen})
    if wanted in seen:
        verdict = Verdict.EQUAL if seen[0] == wanted else Verdict.SEEN
        return Judgement(verdict, seen.index(wanted) + 1, outcomes, "")
    nearest = min((differences(sight, wanted) for sight in seen), key=len)
    return Judgement(Verdict.DIFFERENT, len(seen), outcomes, "\n".join(nearest[:12]))


def differences(real: Any, sim: Any, path: str = "") -> list[str]:
    """Where two sights differ, one line each."""
    if isinstance(real, dict) and isinstance(sim, dict):
        return [
            line
            for name in sorted({*real, *sim})
            for line in differences(real.get(name, ABSENT), sim.get(name, ABSENT), f"{path}.{name}")
        ]
    if isinstance(real, list) and isinstance(sim, list) and len(real) == len(sim):
        pairs = enumerate(zip(real, sim, strict=True))
        return [line for n, (one, other) in pairs for line in differences(one, other, f"{path}[{n}]")]
    if real == sim:
        return []
    return [f"{path}: real {_short(real)} sim {_short(sim)}"]


ABSENT = "(absent)"


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) < 400 else f"{text[:400]}..."
