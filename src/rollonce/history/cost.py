"""What a roll took, phase by phase: observed where timestamps allow, else from other rolls, else from a profile.

A pod is missing from the moment its predecessor begins to terminate until it is ready itself. Two phases:

- *stop*: the old pods terminate, until the new ReplicaSet is made;
- *start*: schedule, detach and attach volumes, pull, start, readiness.

docs/how-it-works/cost-model.md has the formula and the sources of the profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rollonce.history.nouns import Basis, Cost, Roll, Span, Timeline
from rollonce.model import quantity
from rollonce.model.workload import DaemonSet, Deployment, Recreate, Rolling, StatefulSet, Workload
from rollonce.plan import cost as prediction
from rollonce.plan.operation import Disruption

# A phase that seems to take longer than this belongs to something else: a failed rollout, a broken clock.
_LONGEST = 3600.0
_TELLING = 3
_ONE_AT_A_TIME = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})


@dataclass(frozen=True, slots=True)
class _Profile:
    """Seconds of the phases, and what the figures are for."""

    stop: Span
    start: Span
    name: str


def _middle(low: float, high: float) -> Span:
    return Span(low, (low + high) / 2, high)


# Terminate 5 to 30; detach 10 to 60, schedule 0.1 to 2, attach 10 to 60, pull 5 to 60.
_BLOCK = _Profile(_middle(5, 30), _middle(25, 182), "volumes of cloud block storage")
# Terminate 1 to 30; schedule 0.1, mount 0 to 1, pull 0 to 30, container start 0 to 30.
_LOCAL = _Profile(_middle(1, 30), _middle(0.1, 61), "no volume that is detached")


@dataclass(frozen=True, slots=True)
class _Phase:
    """One phase of one roll."""

    span: Span
    basis: Basis
    words: str


NOTHING = Cost(Span(), Span(), Span(), Basis.NONE, "")


def of(timeline: Timeline) -> Mapping[int, Cost]:
    """Revision -> cost of the roll that made it."""
    stops = {roll.after.number: seconds for roll in timeline.rolls if (seconds := _stop(roll)) is not None}
    starts = {roll.after.number: seconds for roll in timeline.rolls if (seconds := _start(roll)) is not None}
    costs: dict[int, Cost] = {}
    # Nothing else of a roll tells what it took: rolls of which the same is known took the same.
    alike: dict[tuple[int | None, float | None, float | None], Cost] = {}
    for roll in timeline.rolls:
        number = roll.after.number
        known = roll.after.replicas, stops.get(number), starts.get(number)
        if known not in alike:
            alike[known] = _cost(roll, timeline, stops, starts)
        costs[number] = alike[known]
    return costs


def _stop(roll: Roll) -> float | None:
    """From the old ReplicaSet's scaling down to the new one: what terminating took, under Recreate."""
    before = roll.before
    return _seconds(before.retired, roll.after.born) if before is not None else None


def _start(roll: Roll) -> float | None:
    return _seconds(roll.after.born, min(roll.after.ready, default=None))


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    seconds = (end - begin).total_seconds()
    return max(seconds, 0.0) if -1.0 <= seconds <= _LONGEST else None


def _cost(roll: Roll, timeline: Timeline, stops: Mapping[int, float], starts: Mapping[int, float]) -> Cost:
    if timeline.live is None:
        return Cost(Span(), Span(), Span(), Basis.NONE, "the workload could not be read: its strategy is not known")
    workload = timeline.live.workload
    pods = workload.pods if roll.after.replicas is None else roll.after.replicas
    if pods == 0:
        return Cost(Span(), Span(), Span(), Basis.OBSERVED, "it had no pods")
    recreate = isinstance(workload.behaviour, Deployment) and isinstance(workload.behaviour.strategy, Recreate)
    profile = _profile(workload)
    # Only under Recreate does the new ReplicaSet wait until the old pods are gone.
    stop = _phase(roll, stops if recreate else {}, profile.stop, profile.name, "stopping")
    start = _phase(roll, starts, profile.start, profile.name, "starting")
    one = stop.span + start.span
    basis = max((stop.basis, start.basis), key=_weakness)
    return _total(workload, pods, one, basis, f"{stop.words}, {start.words}")


def _weakness(basis: Basis) -> int:
    return (Basis.OBSERVED, Basis.SIBLINGS, Basis.PROFILE, Basis.NONE).index(basis)


def _phase(roll: Roll, observed: Mapping[int, float], profile: Span, name: str, what: str) -> _Phase:
    number = roll.after.number
    if number in observed:
        seconds = observed[number]
        # Both ends are whole seconds.
        return _Phase(Span(max(seconds - 1, 0), seconds, seconds + 1), Basis.OBSERVED, f"{what} took {seconds:.0f} s")
    if observed:
        known = sorted(observed.values())
        # One or two rolls show no range: take twice as long, and half as long, for possible.
        wide = 1 if len(known) >= _TELLING else 2
        span = Span(max(known[0] / wide - 1, 0), _median(known), known[-1] * wide + 1)
        rolls = "one other roll" if len(known) == 1 else f"{len(known)} other rolls"
        return _Phase(span, Basis.SIBLINGS, f"{what} as in {rolls}")
    return _Phase(profile, Basis.PROFILE, f"{what} as usual with {name}")


def _median(ascending: Sequence[float]) -> float:
    n = len(ascending)
    return (ascending[(n - 1) // 2] + ascending[n // 2]) / 2


def _profile(workload: Workload) -> _Profile:
    modes = [claim.access_modes for claim in workload.claims]
    # A claim of unknown modes is taken for the usual one.
    detached = any(not each or _ONE_AT_A_TIME & set(each) for each in modes)
    return _BLOCK if detached else _LOCAL


def _total(workload: Workload, pods: int, one: Span, basis: Basis, why: str) -> Cost:
    if isinstance(workload.behaviour, Deployment | StatefulSet) and workload.behaviour.replicas != pods:
        # As many pods as it had then, which may be none today.
        workload = replace(workload, behaviour=replace(workload.behaviour, replicas=pods))
    disruption = prediction.of_change(workload)
    pod_seconds = one.times(pods)
    if disruption.disruption is Disruption.OUTAGE:
        return Cost(one, Span(), pod_seconds, basis, f"{disruption.why}; {why}")
    at_once = _missing_at_once(workload, pods)
    if at_once == 0:
        return Cost(Span(), Span(), Span(), basis, disruption.why)
    batches = -(-pods // at_once)
    surge = _has_surge(workload)
    # With a surge the controller may never have to go below what is wanted: nothing is the lower bound.
    low = 0.0 if surge else 1.0
    reduced, missing = one.times(batches), pod_seconds
    return Cost(
        Span(),
        Span(reduced.low * low, reduced.likely, reduced.high),
        Span(missing.low * low, missing.likely, missing.high),
        basis,
        f"{disruption.why}; {why}",
    )


def _missing_at_once(workload: Workload, pods: int) -> int:
    match workload.behaviour:
        case Deployment(strategy=Rolling(max_unavailable=unavailable)):
            return quantity.resolve(unavailable, pods, default="25%", round_up=False)
        case StatefulSet(strategy=Rolling()):
            return 1
        case DaemonSet(strategy=Rolling(max_surge=surge, max_unavailable=unavailable)):
            if quantity.resolve(surge, pods, default=0, round_up=True):
                return 0
            return max(quantity.resolve(unavailable, pods, default=1, round_up=True), 1)
        case _:
            return 0


def _has_surge(workload: Workload) -> bool:
    match workload.behaviour:
        case Deployment(strategy=Rolling(max_surge=surge), replicas=n):
            return quantity.resolve(surge, n, default="25%", round_up=True) > 0
        case _:
            return False


def total(costs: Iterable[Cost]) -> Cost:
    """The sum. Ranges are added end to end: the rolls of one workload are slow or fast together."""
    outage, reduced, pod_seconds = Span(), Span(), Span()
    bases = set()
    for cost in costs:
        outage, reduced, pod_seconds = outage + cost.outage, reduced + cost.reduced, pod_seconds + cost.pod_seconds
        bases.add(cost.basis)
    weakest = max(bases, key=_weakness, default=Basis.NONE)
    return Cost(outage, reduced, pod_seconds, weakest, "")
