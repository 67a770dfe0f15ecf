"""Converge: read, decide, ask, send one patch to each workload that differs, wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollonce.app import fleet as fleets
from rollonce.app import merging, rights
from rollonce.app.conduct import Conductor
from rollonce.app.fleet import Fleet
from rollonce.app.news import Listener, Result
from rollonce.app.pacing import Pacing, pace
from rollonce.app.ports import Ports
from rollonce.errors import RollonceError
from rollonce.model.reference import Selection
from rollonce.model.workload import WorkloadKey
from rollonce.plan import decide, unmatched
from rollonce.plan.decide import Merged, Wish
from rollonce.plan.operation import Plan, Skip
from rollonce.rollout import step as executor
from rollonce.rollout.line import Pace
from rollonce.rollout.outcome import Outcome
from rollonce.rollout.states import Ended
from rollonce.rollout.step import Terms


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for; `timeout` in seconds, None without a bound.

    `fixed` where it was planned before, and nothing else may be sent than that.
    """

    selection: Selection
    wish: Wish
    act: str
    allow_unmatched: bool = False
    strict: bool = False
    wait: bool = True
    timeout: float | None = None
    fixed: bool = False
    pacing: Pacing = field(default_factory=Pacing)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the read that it rests on, and what trials made of it. Nothing was written yet."""

    options: Options
    fleet: Fleet
    plan: Plan
    merged: Merged
    pace: Pace = field(default_factory=Pace)


def prepare(ports: Ports, options: Options) -> Prepared:
    """Read and decide; reads only.

    Raises errors of usage where a reference or pair matches nothing, and those of the cluster.
    """
    try:
        return _prepare(ports, options)
    except RollonceError as error:
        raise error.doing(options.act) from error.__cause__


def _prepare(ports: Ports, options: Options) -> Prepared:
    fleet = fleets.read(ports, options.selection)
    if options.strict:
        unmatched.check_absent(fleet.absent, act=options.act)
    if not options.allow_unmatched:
        fleets.check_matched(fleet, options.selection, act=options.act)
    return decided(ports, fleet, options)


def decided(ports: Ports, fleet: Fleet, options: Options) -> Prepared:
    """The plan for what was read.

    Raises errors of usage where an edit matches nothing, and those of the cluster.
    """
    desired = options.wish.desired
    reads = merging.all_of(ports, fleet.workloads, desired)
    merged = merging.by_key(reads)
    fleet = replace(fleet, workloads=tuple(read.workload for read in reads))
    if not options.allow_unmatched:
        act = f"{options.act}: {_size(fleet)}"
        there = [merged.get(workload.key, workload) for workload in fleet.workloads]
        unmatched.check_containers(there, fleet.absent, desired, act=act)
    plan = decide.decide(fleet.workloads, fleet.absent, options.wish, merged)
    doubts = tuple(fleet.doubt.splitlines())
    unknown = frozenset(p.key.namespace for p in plan.patches if any(not c.access_modes for c in p.workload.claims))
    if unknown:
        fleet, warnings = fleets.with_claims(ports, fleet, unknown)
        plan = decide.decide(fleet.workloads, fleet.absent, options.wish, merged)
        doubts += warnings
    plan = replace(plan, warnings=doubts)
    paced = pace(options.pacing, plan, allow_unmatched=options.allow_unmatched, act=options.act)
    return Prepared(options, fleet, plan, merged, paced)


def _size(fleet: Fleet) -> str:
    n = len(fleet.workloads)
    return "1 workload" if n == 1 else f"{n} workloads"


def foresee(prepared: Prepared) -> Mapping[WorkloadKey, Outcome]:
    """What is known of the outcomes without sending: the standing of what is already on target."""
    return standings(prepared.plan, prepared.options.wish)


def standings(plan: Plan, wish: Wish) -> Mapping[WorkloadKey, Outcome]:
    """The outcomes of what a plan skips."""
    terms = Terms(wish, wait=False)
    skips = (o for o in plan.operations if isinstance(o, Skip))
    states = {skip.key: executor.follow(skip, terms)[0] for skip in skips}
    return {key: state.outcome for key, state in states.items() if isinstance(state, Ended)}


def carry_out(ports: Ports, prepared: Prepared, listen: Listener) -> Result:
    """Send what the plan says and wait for the rollouts; the outcome of every workload that is not refused.

    Rights are asked for, and the watches opened, before the first write. A plan with refusals
    sends nothing. Raises errors of the cluster only while nothing was sent.
    """
    options, plan = prepared.options, prepared.plan
    terms = Terms(options.wish, options.wait, options.fixed)
    conductor = Conductor(ports, plan, terms, listen, pace=prepared.pace)
    return conduct(ports, conductor, plan, prepared.fleet, timeout=options.timeout, act=options.act)


def conduct(ports: Ports, conductor: Conductor, plan: Plan, fleet: Fleet, *, timeout: float | None, act: str) -> Result:
    """As `carry_out`, by a conductor of the caller's."""
    if plan.refusals:
        return conductor.send_nothing()
    try:
        rights.check_patch(ports, (p.key for p in plan.patches))
        conductor.open_watches(fleet.scopes)
    except RollonceError as error:
        conductor.close()
        raise error.doing(act) from error.__cause__
    return conductor.run(timeout)
