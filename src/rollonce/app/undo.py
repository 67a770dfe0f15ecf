"""Undo: what one deploy changed is put back, from the revisions that the cluster keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from rollonce.app import converge
from rollonce.app import fleet as fleets
from rollonce.app.carrier import Carrier
from rollonce.app.conduct import Conductor
from rollonce.app.fleet import Fleet
from rollonce.app.loosen import Loosener
from rollonce.app.merging import Read
from rollonce.app.news import Listener, Result
from rollonce.app.pacing import Pacing, pace
from rollonce.app.ports import Ports
from rollonce.errors import NothingToUndo, RollonceError
from rollonce.model import revision
from rollonce.model.deploy import DEPLOY_ID, Deploy, Source
from rollonce.model.kind import CONTROLLER_REVISIONS, REPLICA_SETS, Kind, Resource
from rollonce.model.reference import Named, Selection
from rollonce.model.revision import Revision
from rollonce.model.workload import Template, Workload, WorkloadKey
from rollonce.plan import decide, undoing
from rollonce.plan.decide import Policy, Wish
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Note, Operation, Plan, Refuse, RefuseReason, Remark, Skip, SkipReason
from rollonce.plan.undoing import Span
from rollonce.rollout.line import Pace
from rollonce.rollout.outcome import Verdict
from rollonce.rollout.step import Terms

KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)
_BACK = "already as it was before, skipping"
_READERS: Mapping[Resource, Callable[[bytes], Revision]] = {
    REPLICA_SETS: revision.of_replica_set,
    CONTROLLER_REVISIONS: revision.of_controller_revision,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is undone where; `wish` is that of `wish`. `timeout` in seconds, None: none.

    `keys` are the workloads where they are known one by one; the selection then is only their name.
    """

    selection: Selection
    deploy_id: str
    wish: Wish
    act: str
    allow_unmatched: bool = False
    wait: bool = True
    timeout: float | None = None
    pacing: Pacing = field(default_factory=Pacing)
    keys: tuple[WorkloadKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with what it rests on. Nothing was written yet. `spans` are by the uid of the workload."""

    options: Options
    fleet: Fleet
    plan: Plan
    spans: Mapping[str, Span]
    pace: Pace


def prepare(ports: Ports, options: Options) -> Prepared:
    """Read and decide; nothing is written.

    Raises NothingToUndo where nothing of the selection was changed by that deploy, errors of usage and of the cluster.
    """
    try:
        return _prepare(ports, options)
    except RollonceError as error:
        raise error.doing(options.act) from error.__cause__


def _prepare(ports: Ports, options: Options) -> Prepared:
    fleet = fleets.read_keys(ports, options.keys) if options.keys else fleets.read(ports, options.selection)
    if not options.allow_unmatched:
        fleets.check_matched(fleet, options.selection, act=options.act)
    revisions = _revisions(ports, fleet)
    found = {w.uid: _span(w, revisions.get(w.uid, ()), options.deploy_id) for w in fleet.workloads}
    spans = {uid: one for uid, one in found.items() if isinstance(one, Span)}
    named = frozenset(target for target in options.selection.targets if isinstance(target, Named))

    def planned(workload: Workload) -> Operation:
        why = found[workload.uid]
        if workload.key.kind is Kind.CRON_JOB and workload.annotation(DEPLOY_ID) == options.deploy_id:
            why = "a CronJob keeps no revisions: what it was before is not known"
        if isinstance(why, Span):
            return one(workload, why, options.wish)
        if why is None and workload.annotation(DEPLOY_ID) == options.wish.deploy.id:
            return Skip(workload.key, SkipReason.CONVERGED, _BACK, workload)
        if why is None:
            return Skip(workload.key, SkipReason.NOT_MEANT, f"deploy {options.deploy_id} has not changed it", workload)
        hint = "leave it out by naming the others, or converge it to what it was"
        return Refuse(workload.key, workload, RefuseReason.NO_HISTORY, why, (), hint)

    plan = _plan(planned, fleet, named)
    touched = any(not isinstance(o, Skip) or o.reason is SkipReason.CONVERGED for o in plan.operations)
    if not touched and not options.allow_unmatched:
        raise _nothing(fleet, options)
    unknown = frozenset(p.key.namespace for p in plan.patches if any(not c.access_modes for c in p.workload.claims))
    if unknown:
        fleet, warnings = fleets.with_claims(ports, fleet, unknown)
        plan = replace(_plan(planned, fleet, named), warnings=warnings)
    paced = pace(options.pacing, plan, allow_unmatched=options.allow_unmatched, act=options.act)
    return Prepared(options, fleet, plan, spans, paced)


def _span(workload: Workload, revisions: Sequence[Revision], deploy_id: str) -> Span | str | None:
    carries = workload.annotation(DEPLOY_ID) == deploy_id and workload.key.kind is not Kind.CRON_JOB
    return undoing.span(revisions, deploy_id, workload.template.raw if carries else None)


def _plan(planned: Callable[[Workload], Operation], fleet: Fleet, named: frozenset[Named]) -> Plan:
    operations = [planned(workload) for workload in fleet.workloads]
    # Of a whole namespace it is no news that most of it was not touched.
    told = [
        o
        for o in operations
        if not isinstance(o, Skip)
        or o.reason is not SkipReason.NOT_MEANT
        or Named(o.key.kind_name, o.key.name) in named
    ]
    told += [Skip(key, SkipReason.ABSENT, detail) for key, detail in fleet.absent.items()]
    return Plan(tuple(sorted(told, key=lambda o: (o.key.namespace, o.key.kind_name, o.key.name))))


def one(workload: Workload, span: Span, wish: Wish) -> Operation:
    """The operation that undoes the deploy's revision of one workload."""
    undone = undoing.back(workload.template.raw, span)
    operation = decide.one(workload, wish, _with(workload, undone.template))
    left = tuple(
        Remark(Note.LEFT_ALONE, f"{place} was changed since by somebody else, left alone") for place in undone.left
    )
    if isinstance(operation, Skip):
        words = _BACK if not left else "nothing of that deploy is left to undo"
        return replace(operation, detail=words, remarks=left)
    return replace(operation, remarks=left)


def _with(workload: Workload, template: bytes) -> Workload:
    return replace(workload, template=Template(raw=template))


def _revisions(ports: Ports, fleet: Fleet) -> dict[str, list[Revision]]:
    """The revisions of each workload, by its uid."""
    places: dict[tuple[Resource, str], None] = {}
    for workload in fleet.workloads:
        if workload.key.kind is Kind.DEPLOYMENT:
            places[REPLICA_SETS, workload.key.namespace] = None
        elif workload.key.kind is not Kind.CRON_JOB:
            places[CONTROLLER_REVISIONS, workload.key.namespace] = None

    def reading(resource: Resource, namespace: str) -> Callable[[], list[Revision]]:
        return lambda: [_READERS[resource](raw) for raw in ports.client.list(resource, namespace).items]

    found: dict[str, list[Revision]] = {}
    for part in ports.fanout.gather([reading(*place) for place in places]):
        for each in part:
            found.setdefault(each.owner, []).append(each)
    return found


def _nothing(fleet: Fleet, options: Options) -> NothingToUndo:
    ids = sorted({found for w in fleet.workloads if (found := w.annotation(DEPLOY_ID))})
    known = ", ".join(ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")
    return NothingToUndo(
        f"deploy {options.deploy_id} has changed nothing that is still there; "
        + (f"the last ones that did are {known}" if ids else "no workload carries a deploy id"),
        act=options.act,
        hint="correct the id, or the selection",
    )


def wish(deploy_id: str, policy: Policy = Policy()) -> Wish:  # noqa: B008 - a frozen value
    """It wants nothing but to be a deploy of its own."""
    return Wish(Desired(()), Deploy(f"{deploy_id}.undo.1", Source.GIVEN), policy)


class Extent(StrEnum):
    """How much is undone where a rollout has failed."""

    WORKLOAD = "workload"
    WAVE = "wave"
    DEPLOY = "deploy"


_FAILURES = frozenset({Verdict.FAILED, Verdict.TIMED_OUT})


def failed(result: Result, paced: Pace, extent: Extent) -> tuple[WorkloadKey, ...]:
    """The workloads to undo after a run: of those that it has patched, as many as the extent says."""
    sent = tuple(key for key, outcome in result.outcomes.items() if outcome.sent and key.kind in KINDS)
    broken = [key for key in sent if result.outcomes[key].verdict in _FAILURES]
    if not broken:
        return ()
    match extent:
        case Extent.WORKLOAD:
            return tuple(broken)
        case Extent.WAVE:
            waves = [wave for wave in paced.waves if any(key in wave for key in broken)] or [sent]
            return tuple(key for key in sent if any(key in wave for wave in waves))
        case Extent.DEPLOY:
            return sent
        case _ as never:
            assert_never(never)


def carry_out(ports: Ports, prepared: Prepared, listen: Listener) -> Result:
    """Send what the plan says and wait for the rollouts, as `converge.carry_out`.

    A StatefulSet that a pod of the undone revision holds back is freed of it (kubernetes/kubernetes#67250).
    """
    options, plan = prepared.options, prepared.plan

    def again(workload: Workload) -> Read:
        span = prepared.spans.get(workload.uid)
        return Read(
            workload, None if span is None else _with(workload, undoing.back(workload.template.raw, span).template)
        )

    carrier = Carrier(ports, options.wish, remerge=again)
    loosener = Loosener(ports, listen)
    conductor = Conductor(ports, plan, Terms(options.wish, options.wait), loosener.take, carrier, prepared.pace)
    return converge.conduct(ports, conductor, plan, prepared.fleet, timeout=options.timeout, act=options.act)
