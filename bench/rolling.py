"""A fleet that really rolls: requests, and the time until the client knows that the last pod is ready."""

from __future__ import annotations

from collections.abc import Sequence

from bench.lab import Lab
from bench.process import Sample
from bench.result import Bound, Figure, Goal, Result, Row, requests
from bench.rounds import Side, Spread, cpu_ratio, ratio, take

NAME = "rolling"
OURS = "rollonce"
KUBECTL = "kubectl set image, rollout status"


def measure(lab: Lab) -> Result:
    """Raises SideFailed."""
    sizes = lab.sizes
    fleet = lab.fleet(sizes.rolling, sizes.rolling_replicas)
    commands = {
        OURS: lambda tag: lab.rollonce(fleet, tag),
        KUBECTL: lambda tag: lab.script("roll_and_wait.sh", fleet.namespace, *fleet.pairs(tag)),
    }
    # The whole fleet need not roll for it.
    listing = lab.kubectl(fleet, "get", "deployment", "-o", "name")
    warm_up = [listing, lab.rollonce(fleet, fleet.next_tag(), "--dry-run")]
    sides = [Side(name, lab.converged(fleet, name, command)) for name, command in commands.items()]
    samples = take(NAME, sides, sizes.rolling_rounds, warm_up)
    return Result(
        NAME,
        f"{sizes.rolling} Deployments of {sizes.rolling_replicas} replicas, rolling; {sizes.rolling_rounds} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(f"{OURS} / {KUBECTL}", ratio(samples, OURS, KUBECTL), goal=Goal(Bound.AT_MOST, 1.0)),
            Figure(f"client CPU, {OURS} / {KUBECTL}", cpu_ratio(samples, OURS, KUBECTL)),
            Figure(f"last pod ready, {OURS}", _ready(samples[OURS]), "s"),
            Figure(f"last pod ready, {KUBECTL}", _ready(samples[KUBECTL]), "s"),
            requests(f"{OURS} sends", samples[OURS]),
            requests(f"{KUBECTL} sends", samples[KUBECTL]),
        ],
    )


def _ready(samples: Sequence[Sample]) -> Spread:
    return Spread.of(sample.last_ready for sample in samples if sample.last_ready is not None)
