"""Plays a scenario on one side."""

from __future__ import annotations

import json
from typing import Any, Protocol

from tests.differential import sight
from tests.differential.acts import Side, Workload
from tests.differential.scenario import Gap, Object, Scenario
from tests.differential.sight import Sight


class Stage(Side, Protocol):
    """A side that can be played on."""

    def settle(self, names: tuple[str, ...], calm: float) -> None:
        """Waits until none of these workloads, and nothing of theirs, has changed for `calm` seconds."""
        ...

    def things(self, name: str) -> dict[str, list[Object]]:
        """A workload and what is named after it, by resource."""
        ...


def play(stage: Stage, scenario: Scenario, run: str) -> tuple[Sight, ...]:
    """What is there in the end, one sight per workload; `run` makes the names of this run its own."""
    names = tuple(f"d{scenario.seed}x{run}-{place}" for place in range(len(scenario.fleet)))
    fleet = [
        Workload(stage, _named(manifest, names), name) for manifest, name in zip(scenario.fleet, names, strict=True)
    ]
    codes: list[list[list[int]]] = [[] for _ in fleet]
    for step in scenario.steps:
        codes[step.on].append(fleet[step.on].do(step))
        if step.gap is Gap.SETTLED:
            stage.settle(names, scenario.calm)
        elif step.gap is not Gap.AT_ONCE:
            stage.passed(step.seconds)
    sights = []
    for place, name in enumerate(names):
        # Every run of every side tells of the same name.
        found = json.loads(json.dumps(stage.things(name)).replace(name, f"@{place}"))
        scaled = any(step.act == "scale" and step.on == place for step in scenario.steps)
        sights.append(sight.of(found, f"@{place}", codes[place], scaled=scaled))
    return tuple(sights)


def _named(manifest: Object, names: tuple[str, ...]) -> Object:
    text = json.dumps(manifest)
    for place, name in enumerate(names):
        text = text.replace(f"@{place}", name)
    made: Any = json.loads(text)
    return dict(made)
