"""A fleet that runs nothing gets three new images a Deployment: what the client costs, and little else."""

from __future__ import annotations

from bench.lab import Lab
from bench.process import Sample
from bench.result import Bound, Figure, Goal, Result, Row
from bench.rounds import Side, cpu_ratio, ratio, take

NAME = "set-image"
OURS = "rollonce --no-wait"
WAITING = "rollonce, with wait"
LOOP = "bare loop"
KUBECTL = "kubectl set image"


def measure(lab: Lab) -> Result:
    """Raises SideFailed."""
    sizes = lab.sizes
    fleet = lab.fleet(sizes.deployments, 0)
    helper = f"shell helper, {sizes.helped} workloads"

    def helped() -> Sample:
        fleet.settle()
        tag = fleet.next_tag()
        return lab.counted(
            lab.script("helper.sh", fleet.namespace, *fleet.pairs(tag), "--", *fleet.names[: sizes.helped])
        )

    commands = {
        OURS: lambda tag: lab.rollonce(fleet, tag, "--no-wait"),
        LOOP: lambda tag: lab.bare_loop(fleet, tag),
        KUBECTL: lambda tag: lab.kubectl(fleet, "set", "image", "deployment", "--all", *fleet.pairs(tag)),
        WAITING: lambda tag: lab.rollonce(fleet, tag),
    }
    sides = [Side(name, lab.converged(fleet, name, command)) for name, command in commands.items()]
    samples = take(NAME, [*sides, Side(helper, helped)], sizes.rounds, lab.warm_up(fleet))
    times = sizes.deployments / sizes.helped
    return Result(
        NAME,
        f"{sizes.deployments} Deployments with three containers and zero replicas; {sizes.rounds} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(f"{OURS} / {LOOP}", ratio(samples, OURS, LOOP), goal=Goal(Bound.AT_MOST, 1.25)),
            Figure(f"{OURS} / {KUBECTL}", ratio(samples, OURS, KUBECTL), goal=Goal(Bound.AT_MOST, 0.5)),
            Figure(
                f"shell helper, extrapolated to {sizes.deployments} workloads / {OURS}",
                ratio(samples, helper, OURS, scale=times),
                goal=Goal(Bound.AT_LEAST, 80),
            ),
            Figure(
                f"shell helper, extrapolated to {sizes.deployments} workloads / {LOOP}",
                ratio(samples, helper, LOOP, scale=times),
            ),
            Figure(f"{WAITING} / {OURS}", ratio(samples, WAITING, OURS)),
            Figure(f"client CPU, {OURS} / {LOOP}", cpu_ratio(samples, OURS, LOOP)),
            Figure(f"client CPU, {OURS} / {KUBECTL}", cpu_ratio(samples, OURS, KUBECTL)),
        ],
    )
