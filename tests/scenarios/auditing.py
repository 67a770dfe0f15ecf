"""What audit says of a world, and the story's pipeline to say it of."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.scenarios import fleet
from tests.scenarios.backends import Real
from tests.scenarios.world import World, image

CEO = "deployment/agent-ceo"


def environment(world: World) -> dict[str, str]:
    assert isinstance(world.backend, Real)
    return world.backend.environment("admin")


def next_second() -> None:
    """Timestamps of the API have whole seconds: two steps within one could be told apart by no reader of them."""
    time.sleep(1.05 - time.time() % 1)


class Auditor:
    """What audit says of a world, from all that it may see and from parts of it."""

    def __init__(self, world: World, log: Path) -> None:
        self.world = world
        self.log = log

    def __call__(self, *arguments: str, user: str = "reader", log: bool = False) -> Any:
        """The document of a live audit."""
        given = ["--api-audit-log", str(self.log)] if log else []
        run = self.world.rollonce("audit", "-n", self.world.namespace, "-o", "json", *given, *arguments, user=user)
        assert run.code in (0, 6), run.err
        return run.json()

    def both(self) -> list[Any]:
        """With the API's audit log, and without it."""
        return [self(log=True), self()]


def findings(document: Any) -> list[tuple[int, str, str]]:
    """(revision, kind, certainty) of the redundant rolls."""
    return [(f["after"], f["kind"], f["certainty"]) for f in document["findings"]]


def writers(document: Any) -> dict[int, list[tuple[str | None, str | None]]]:
    """Revision -> (manager, user) of its writers."""
    return {
        roll["after"]: [(w["manager"], w["user"]) for w in roll["writers"]]
        for workload in document["workloads"]
        for roll in workload["rolls"]
    }


def two_steps(world: World, old: str = "4f2b-1186", new: str = "4f2c-1187") -> None:
    """The story's pipeline: set image for the agent, then the manifest with all images."""
    world.has(fleet.ceo(old))
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', new)}", user="deployer")
    world.settled(CEO)
    next_second()
    world.apply(fleet.ceo(new))
    world.settled(CEO)
