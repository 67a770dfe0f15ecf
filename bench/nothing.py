"""Everything is on target already: one LIST, and no other request."""

from __future__ import annotations

import math

from bench.lab import Lab
from bench.process import Command, Sample
from bench.result import Bound, Figure, Goal, Result, Row, requests
from bench.rounds import Side, Spread, ratio, take

NAME = "nothing"
OURS = "rollonce"
KUBECTL = "kubectl set image"
PAGE = 500
_LIST = "list deployments"


def measure(lab: Lab) -> Result:
    """Raises SideFailed."""
    sizes = lab.sizes
    fleet = lab.fleet(sizes.deployments, 0)
    tag = fleet.next_tag()
    warm_up = [*lab.warm_up(fleet), lab.rollonce(fleet, tag)]

    def again(name: str, command: Command) -> Side:
        def run() -> Sample:
            fleet.settle()
            sample = lab.counted(command)
            fleet.require(tag, name)
            return sample

        return Side(name, run)

    setting = lab.kubectl(fleet, "set", "image", "deployment", "--all", *fleet.pairs(tag))
    samples = take(NAME, [again(OURS, lab.rollonce(fleet, tag)), again(KUBECTL, setting)], sizes.rounds, warm_up)
    pages = math.ceil(sizes.deployments / PAGE)
    others = [sum((s.requests or {}).values()) - (s.requests or {}).get(_LIST, 0) for s in samples[OURS]]
    return Result(
        NAME,
        f"{sizes.deployments} Deployments, all on their target images; {sizes.rounds} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(f"{OURS} / {KUBECTL}", ratio(samples, OURS, KUBECTL)),
            requests(f"{OURS} sends in all", samples[OURS], Goal(Bound.AT_MOST, pages)),
            Figure(f"{OURS} sends beside the LIST", Spread.of(map(float, others)), "requests", Goal(Bound.AT_MOST, 0)),
        ],
    )
