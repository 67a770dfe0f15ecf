"""Converge from manifests: read, try, decide; then other objects first, one after the other, and the workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from rollonce.app import fleet as fleets
from rollonce.app import manifested_objects
from rollonce.app.applier import Applier, FieldsOfOthers, Tried
from rollonce.app.carrier import Carrier
from rollonce.app.conduct import Conductor
from rollonce.app.fleet import Fleet, Scope
from rollonce.app.news import Listener, Result
from rollonce.app.pacing import Pacing, pace
from rollonce.app.ports import Ports
from rollonce.errors import ApiRefusal, Forbidden, RollonceError
from rollonce.manifests import definitions, placed
from rollonce.manifests.manifest import Manifest
from rollonce.manifests.placed import Placed
from rollonce.model import autoscaler
from rollonce.model.kind import Kind
from rollonce.model.reference import Named
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan import applying, configs, conflicts, folding, unmatched
from rollonce.plan.configs import Config, Reference
from rollonce.plan.conflicts import Foreign
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.plan.folding import Terms
from rollonce.plan.operation import Plan, Write, before
from rollonce.rollout import step
from rollonce.rollout.line import Pace

NOT_FOUND = 404
_ENDED = "the run ended before it was sent"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Source:
    """The manifests of a run. `said` tells that the namespace was asked for; `taken` are fields to take over.

    `roll_on_config` where a ConfigMap or Secret that changes is to roll the workloads that use it.
    """

    manifests: tuple[Manifest, ...]
    namespace: str
    said: bool = False
    taken: tuple[str, ...] = ()
    roll_on_config: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What else a run is asked for; `timeout` in seconds, None without a bound.

    `known` are workloads that edits may be for: that one of them is not among the manifests is no typo.
    """

    wish: Wish
    act: str
    known: tuple[Named, ...] = ()
    allow_unmatched: bool = False
    wait: bool = True
    timeout: float | None = None
    pacing: Pacing = field(default_factory=Pacing)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with what it rests on, and what carries it out. Nothing was written yet."""

    run: Run
    plan: Plan
    scopes: tuple[Scope, ...]
    applier: Applier
    pace: Pace


def prepare(ports: Ports, source: Source, run: Run) -> Prepared:
    """Read, try and decide; nothing is written.

    Raises MalformedManifest, UnservedKind, RefusedManifest, UnknownContainer, OwnedByOthers, and errors of access.
    """
    try:
        return _prepare(ports, source, run)
    except RollonceError as error:
        raise error.doing(run.act) from error.__cause__


def _prepare(ports: Ports, source: Source, run: Run) -> Prepared:
    catalogue = _catalogue(ports, source.manifests)
    things = placed.place(source.manifests, catalogue, source.namespace, said=source.said, act=run.act)
    things = tuple(sorted(things, key=lambda thing: thing.rank))
    workloads = [thing for thing in things if thing.kind is not None]
    if not run.allow_unmatched:
        given = [folding.workload(thing) for thing in workloads]
        missing = set(run.known) - {Named(workload.key.kind_name, workload.key.name) for workload in given}
        elsewhere = [WorkloadKey(one.kind_name, source.namespace, one.name) for one in missing]
        unmatched.check_containers(given, elsewhere, run.wish.desired, act=run.act)
    live, scopes = _live(ports, things)
    autoscaled, warnings = _autoscaled(ports, things)
    made = frozenset(t.key.name for t in things if t.manifest.kind == "Namespace" and live[t.key] is None)
    terms = Terms(run.wish, source.taken, autoscaled, {} if source.roll_on_config else None)
    applier = Applier(ports, {t.key: t for t in things}, terms, made)
    others = [thing for thing in things if thing.kind is None]
    # The config first: whether it changes tells what workloads are to carry.
    tried, owned = _tried(applier, others, live)
    if source.roll_on_config:
        applier = replace(applier, terms=replace(terms, configs=_configs(tried)))
    more_tried, more_owned = _tried(applier, workloads, live)
    tried += more_tried
    if owned or more_owned:
        raise conflicts.error([*owned, *more_owned], run.act)
    fleet = Fleet(tuple(t.workload for t in tried if t.workload is not None), {}, scopes)
    fleet, more = _with_claims(ports, applier, fleet, tried)
    known = {workload.key: workload for workload in fleet.workloads}
    plan = _plan(applier, tried, known)
    plan = replace(plan, warnings=(*warnings, *more))
    paced = pace(run.pacing, plan, allow_unmatched=run.allow_unmatched, act=run.act)
    return Prepared(run, plan, scopes, applier, paced)


def _plan(applier: Applier, tried: Iterable[Tried], known: dict[WorkloadKey, Workload]) -> Plan:
    operations, objects = [], []
    for one in tried:
        if one.folded.thing.kind is None:
            objects.append(applier.of_object(one))
        else:
            operations.append(applier.of_workload(replace(one, workload=known.get(one.folded.thing.workload_key))))
    ordered = sorted(operations, key=lambda o: (o.key.namespace, o.key.kind_name, o.key.name))
    return Plan(tuple(ordered), (), tuple(objects))


def _catalogue(ports: Ports, manifests: Sequence[Manifest]) -> placed.Catalogue:
    wanted = sorted({manifest.api_version for manifest in manifests})
    served = ports.client.versions() if any(v != "v1" for v in wanted) else frozenset({"v1"})
    asked = [version for version in wanted if version in served]
    found = ports.fanout.gather([_bind(ports.client.kinds, version) for version in asked])
    catalogue = dict(zip(asked, found, strict=True))
    for new in definitions.defined(manifests):
        catalogue.setdefault(new.api_version, {}).setdefault(new.kind, new)
    return catalogue


def _configs(tried: Iterable[Tried]) -> dict[str, dict[Reference, Config]]:
    """The ConfigMaps and Secrets of the run, by namespace."""
    found: dict[str, dict[Reference, Config]] = {}
    for one in tried:
        key = one.folded.thing.key
        if key.kind in configs.KINDS and not key.group:
            found.setdefault(key.namespace, {})[key.kind, key.name] = applying.config(one.folded, one.trial)
    return found


def _live(ports: Ports, things: Sequence[Placed]) -> tuple[dict[ObjectKey, Any], tuple[Scope, ...]]:
    """What is there of each, None where nothing is; and from where the workloads can be watched."""
    groups: dict[tuple[str, str], list[Placed]] = {}
    for thing in things:
        groups.setdefault((str(thing.resource), thing.key.namespace), []).append(thing)
    # Only of workloads are there many: a list of all Secrets would be more than was asked for.
    many = [group for group in groups.values() if group[0].kind is not None and len(group) > fleets.FEW]
    listed = ports.fanout.gather([_bind(_listed, (ports, group[0])) for group in many])
    found: dict[ObjectKey, Any] = {}
    scopes: list[Scope] = []
    for group, (there, scope) in zip(many, listed, strict=True):
        found |= {thing.key: there.get(thing.key.name) for thing in group}
        scopes.append(scope)
    single = [thing for thing in things if thing.key not in found]
    read = ports.fanout.gather([_bind(_one, (ports, thing)) for thing in single])
    found |= {thing.key: live for thing, live in zip(single, read, strict=True)}
    scopes += [Scope(t.kind, t.key.namespace, t.key.name, "") for t in single if t.kind is not None]
    return found, tuple(scopes)


def _listed(asked: tuple[Ports, Placed]) -> tuple[dict[str, Any], Scope]:
    ports, thing = asked
    if thing.kind is None:
        raise AssertionError(f"{thing.key} is no workload")
    listing = ports.client.list(thing.resource, thing.namespace)
    # A list names apiVersion and kind once, for all its items.
    head = {"apiVersion": thing.manifest.api_version, "kind": thing.manifest.kind}
    items = ({**head, **_decode(raw)} for raw in listing.items)
    scope = Scope(thing.kind, thing.key.namespace, "", listing.resource_version)
    return {item["metadata"]["name"]: item for item in items}, scope


def _one(asked: tuple[Ports, Placed]) -> Any:
    ports, thing = asked
    if thing.new:
        return None
    try:
        return _decode(ports.client.get(thing.resource, thing.namespace, thing.key.name))
    except ApiRefusal as refusal:
        if refusal.status != NOT_FOUND:
            raise
        return None


def _autoscaled(ports: Ports, things: Sequence[Placed]) -> tuple[frozenset[WorkloadKey], tuple[str, ...]]:
    """The workloads that an autoscaler scales, there or among the manifests, and what could not be found out."""
    scaled = (Kind.DEPLOYMENT, Kind.STATEFUL_SET)
    new = [(t.key.namespace, t.manifest.body) for t in things if t.resource.plural == autoscaler.AUTOSCALERS.plural]
    mine = {WorkloadKey(kind, space, name) for space, body in new for kind, name in (autoscaler.target(body),)}
    meant = [t for t in things if t.kind in scaled and "replicas" in (_decode(t.manifest.body).get("spec") or {})]
    spaces = sorted({thing.key.namespace for thing in meant})

    def targets(namespace: str) -> tuple[set[WorkloadKey], str]:
        try:
            listing = ports.client.list(autoscaler.AUTOSCALERS, namespace)
        except Forbidden as refusal:
            return set(), f"whether an autoscaler sets replicas in namespace {namespace} is not known: {refusal.fact}"
        named = (autoscaler.target(raw) for raw in listing.items)
        return {WorkloadKey(kind, namespace, name) for kind, name in named}, ""

    parts = ports.fanout.gather([_bind(targets, namespace) for namespace in spaces])
    known = mine.union(*(keys for keys, _ in parts))
    return frozenset(known), tuple(words for _, words in parts if words)


def _tried(
    applier: Applier, things: Sequence[Placed], live: Mapping[ObjectKey, Any]
) -> tuple[list[Tried], list[Foreign]]:
    """Each as the server takes it, and the fields that belong to others."""

    def trying(thing: Placed, there: Any) -> Callable[[], Tried | FieldsOfOthers]:
        def attempt() -> Tried | FieldsOfOthers:
            try:
                return applier.tried(thing, there)
            except FieldsOfOthers as others:
                return others

        return attempt

    results = applier.ports.fanout.gather([trying(thing, live[thing.key]) for thing in things])
    others = [one for r in results if isinstance(r, FieldsOfOthers) for one in r.fields]
    return [result for result in results if isinstance(result, Tried)], others


def _with_claims(ports: Ports, applier: Applier, fleet: Fleet, tried: Iterable[Tried]) -> tuple[Fleet, tuple[str, ...]]:
    """With the access modes of the claims of what rolls."""
    rolls = (applier.of_workload(t) for t in tried if t.workload is not None and t.workload.claims)
    unknown = frozenset(o.key.namespace for o in rolls if isinstance(o, Write) and o.in_template and _lacks(o))
    return fleets.with_claims(ports, fleet, unknown) if unknown else (fleet, ())


def _lacks(write: Write) -> bool:
    workload = before(write)
    return workload is not None and any(not claim.access_modes for claim in workload.claims)


def _bind(call: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: call(argument)


def carry_out(ports: Ports, prepared: Prepared, listen: Listener, tell: manifested_objects.Tell) -> Result:
    """Send what the plan says, and wait for the rollouts.

    The watches are opened before the first write. Where an object is not taken, nothing that comes after it is sent;
    what comes after the workloads is sent when all of them have come to a good end.
    Raises errors of the cluster only while nothing was sent.
    """
    run, plan = prepared.run, prepared.plan
    last = tuple(o for o in plan.objects if prepared.applier.thing(o.key).last)
    first = tuple(o for o in plan.objects if o not in last)
    # What is wanted is in the manifests by now: nothing is looked for beside what the server made of them.
    wish = Wish(Desired(()), run.wish.deploy, run.wish.policy)
    carrier = Carrier(ports, wish, prepared.applier)
    conductor = Conductor(ports, plan, step.Terms(wish, run.wait), listen, carrier, prepared.pace)
    if plan.refusals:
        objects = manifested_objects.not_sent(plan.objects, "workloads are refused")
        return replace(conductor.send_nothing(), objects=objects)
    try:
        conductor.open_watches(prepared.scopes)
    except RollonceError as error:
        conductor.close()
        raise error.doing(run.act) from error.__cause__
    sent = manifested_objects.send(prepared.applier, first, tell)
    if not sent.good:
        conductor.close()
        why = _ENDED if sent.interruption else "an object before it was not taken"
        left = {**sent.outcomes, **manifested_objects.not_sent(last, why)}
        return Result(conductor.send_nothing(why).outcomes, sent.interruption, left)
    result = conductor.run(run.timeout)
    if result.interruption is not None or not all(outcome.good for outcome in result.outcomes.values()):
        why = _ENDED if result.interruption else "a workload before it has not come to a good end"
        return replace(result, objects={**sent.outcomes, **manifested_objects.not_sent(last, why)})
    after = manifested_objects.send(prepared.applier, last, tell)
    return replace(result, interruption=after.interruption, objects={**sent.outcomes, **after.outcomes})
