"""One control plane for all benchmarks, and the commands that are measured on it."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.fleet import Fleet
from bench.process import Command, Sample
from tests.controlplane.audit import Audit
from tests.controlplane.description import ControlPlane
from tests.controlplane.kubectl import Kubectl

HERE = Path(__file__).parent
# Not of system:masters: priority and fairness of the API server, and authorization, count for this user.
USER = "deployer"
ROLLONCE = Path(sys.executable).with_name("rollonce")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    deployments: int
    rounds: int
    helped: int
    rolling: int
    rolling_replicas: int
    rolling_rounds: int
    starts: int
    replica_sets: int


FULL = Sizes(
    deployments=500,
    rounds=5,
    helped=5,
    rolling=300,
    rolling_replicas=3,
    rolling_rounds=3,
    starts=21,
    replica_sets=100_000,
)
QUICK = Sizes(
    deployments=30, rounds=1, helped=1, rolling=10, rolling_replicas=3, rolling_rounds=1, starts=5, replica_sets=5_000
)


@dataclass(slots=True)
class Lab:
    """`home` is the HOME of every side, so that kubectl's discovery cache is warm and stays out of the user's own."""

    plane: ControlPlane
    audit: Audit
    home: Path
    sizes: Sizes
    _fleets: dict[tuple[int, int], Fleet] = field(default_factory=dict)
    _deploys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fleet(self, size: int, replicas: int) -> Fleet:
        """A fleet of that shape; benchmarks share it."""
        if (size, replicas) not in self._fleets:
            self._fleets[size, replicas] = Fleet(self.plane, f"bench-{size}-{replicas}", size, replicas)
        return self._fleets[size, replicas]

    def environment(self) -> Mapping[str, str]:
        """Of a side: the user's kubeconfig."""
        return Kubectl(self.plane, self.home).environment(USER)

    def rollonce(self, fleet: Fleet, tag: str, *options: str) -> Command:
        """`rollonce converge` of all Deployments; each call is a deploy of its own, also on a CI machine."""
        deploy = f"bench.{next(self._deploys)}"
        arguments: list[str | Path] = [ROLLONCE, "converge", "deployment", "--all", *fleet.pairs(tag)]
        return self._command(*arguments, "-n", fleet.namespace, "--deploy-id", deploy, *options)

    def warm_up(self, fleet: Fleet) -> list[Command]:
        """Fills kubectl's discovery cache, compiles bytecode, and lets the API server see both kinds of patch."""
        tags = [fleet.next_tag() for _ in range(2)]
        one = f"deployment/{fleet.names[0]}"
        return [
            self.kubectl(fleet, "set", "image", one, *fleet.pairs(tags[0])),
            self.rollonce(fleet, tags[1]),
        ]

    def kubectl(self, fleet: Fleet, *arguments: str) -> Command:
        """kubectl in the fleet's namespace."""
        return self._command(self.plane.kubectl, "-n", fleet.namespace, *arguments)

    def bare_loop(self, fleet: Fleet, tag: str) -> Command:
        """Server, certificate and token are handed over, for the loop reads no kubeconfig."""
        assert self.plane.authority is not None
        access = {"SERVER": self.plane.server, "AUTHORITY": str(self.plane.authority), "TOKEN": self.plane.tokens[USER]}
        arguments: list[str | Path] = [sys.executable, HERE / "bare_loop.py", fleet.namespace, *fleet.pairs(tag)]
        return Command(arguments, {**self.environment(), **access})

    def script(self, name: str, *arguments: str) -> Command:
        """A shell script of this folder, with KUBECTL in its environment."""
        return Command(["bash", HERE / name, *arguments], {**self.environment(), "KUBECTL": str(self.plane.kubectl)})

    def _command(self, *arguments: str | Path) -> Command:
        return Command(arguments, self.environment())

    def counted(self, command: Command) -> Sample:
        """Runs it and counts its requests by the audit log: one of a watch counts once."""
        mark = self.audit.mark()
        sample = command.run()
        entries = {entry.raw["auditID"]: entry for entry in self.audit.since(mark, user=USER)}
        counts = Counter(f"{entry.verb} {entry.resource or entry.uri}" for entry in entries.values())
        return replace(sample, requests=dict(counts))

    def converged(self, fleet: Fleet, side: str, command: Callable[[str], Command]) -> Callable[[], Sample]:
        """A side that brings the whole fleet to a new tag: waits before until nothing moves, checks afterwards."""

        def run() -> Sample:
            fleet.settle()
            tag = fleet.next_tag()
            begun = time.time()
            sample = self.counted(command(tag))
            if fleet.replicas:
                sample = replace(sample, last_ready=fleet.last_ready(tag, side) - begun)
            fleet.require(tag, side)
            return sample

        return run
