"""Converge from manifests: read, try, decide; then other objects first, one after the other, and the workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import msgspec

from rollonce.app import fleet as fleets
from rollonce.app import manifested_objects
from rollonce.app.applier import Applier, FieldsOfOthers, Tried
from rollonce.app.conduct import Conductor, Listener, Result
from rollonce.app.converge import Options as Run
from rollonce.app.converge import Prepared as Decided
from rollonce.app.fleet import Fleet, Scope
from rollonce.app.ports import Ports
from rollonce.errors import ApiRefusal, Forbidden, RollonceError
from rollonce.manifests import placed
from rollonce.manifests.manifest import Manifest
from rollonce.manifests.placed import Placed
from rollonce.model import autoscaler, decode
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan import conflicts, folding, unmatched
from rollonce.plan.conflicts import Foreign
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Plan, Write, before
from rollonce.rollout.step import Terms

NOT_FOUND = 404
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Source:
    """The manifests of a run. `said` tells that the namespace was asked for; `taken` are fields to take over."""

    manifests: tuple[Manifest, ...]
    namespace: str
    said: bool = False
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what carries it out. Nothing was written yet."""

    decided: Decided
    applier: Applier

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.decided.plan


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
        unmatched.check_containers([folding.workload(t) for t in workloads], (), run.wish.desired, act=run.act)
    live, scopes = _live(ports, things)
    autoscaled, warnings = _autoscaled(ports, workloads)
    made = frozenset(t.key.name for t in things if t.manifest.kind == "Namespace")
    applier = Applier(ports, run.wish, {t.key: t for t in things}, source.taken, autoscaled, made)
    tried = _tried(ports, applier, things, live, run.act)
    fleet = Fleet(tuple(t.workload for t in tried if t.workload is not None), {}, scopes)
    fleet, more = _with_claims(ports, applier, fleet, tried)
    known = {workload.key: workload for workload in fleet.workloads}
    plan = _plan(applier, tried, known)
    decided = Decided(run, fleet, replace(plan, warnings=(*warnings, *more)), {})
    return Prepared(decided, applier)


def _plan(applier: Applier, tried: Iterable[Tried], known: dict[WorkloadKey, Workload]) -> Plan:
    operations, objects = [], []
    for one in tried:
        if one.folded.thing.kind is None:
            objects.append(applier.of_object(one))
        else:
            operations.append(applier.of_workload(replace(one, workload=known.get(one.folded.thing.workload_key))))
    ordered = sorted(operations, key=lambda o: (o.key.namespace, o.key.kind_name, o.key.name))
    return Plan(tuple(ordered), (), tuple(objects))


def _catalogue(ports: Ports, manifests: Iterable[Manifest]) -> placed.Catalogue:
    wanted = sorted({manifest.api_version for manifest in manifests})
    served = ports.client.versions() if any(v != "v1" for v in wanted) else frozenset({"v1"})
    asked = [version for version in wanted if version in served]
    found = ports.fanout.gather([_bind(ports.client.kinds, version) for version in asked])
    return dict(zip(asked, found, strict=True))


def _live(ports: Ports, things: Sequence[Placed]) -> tuple[list[Any], tuple[Scope, ...]]:
    """What is there of each, None where nothing is; and from where the workloads can be watched."""
    groups: dict[tuple[str, str], list[Placed]] = {}
    for thing in things:
        groups.setdefault((str(thing.resource), thing.key.namespace), []).append(thing)
    # Only of workloads are there many: a list of all Secrets would be more than was asked for.
    many = [group for group in groups.values() if group[0].kind is not None and len(group) > fleets.FEW]
    listed = ports.fanout.gather([_bind(_listed, (ports, group[0])) for group in many])
    found: dict[Any, Any] = {}
    scopes: list[Scope] = []
    for group, (there, scope) in zip(many, listed, strict=True):
        found |= {thing.key: there.get(thing.key.name) for thing in group}
        scopes.append(scope)
    single = [thing for thing in things if thing.key not in found]
    read = ports.fanout.gather([_bind(_one, (ports, thing)) for thing in single])
    found |= {thing.key: live for thing, live in zip(single, read, strict=True)}
    scopes += [Scope(t.kind, t.key.namespace, t.key.name, "") for t in single if t.kind is not None]
    return [found[thing.key] for thing in things], tuple(scopes)


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
    try:
        return _decode(ports.client.get(thing.resource, thing.namespace, thing.key.name))
    except ApiRefusal as refusal:
        if refusal.status != NOT_FOUND:
            raise
        return None


def _autoscaled(ports: Ports, workloads: Iterable[Placed]) -> tuple[frozenset[WorkloadKey], tuple[str, ...]]:
    """The workloads that an autoscaler scales, and what could not be found out."""
    scaled = (Kind.DEPLOYMENT, Kind.STATEFUL_SET)
    meant = [t for t in workloads if t.kind in scaled and "replicas" in (_decode(t.manifest.body).get("spec") or {})]
    spaces = sorted({thing.key.namespace for thing in meant})

    def targets(namespace: str) -> tuple[set[WorkloadKey], str]:
        try:
            listing = ports.client.list(autoscaler.AUTOSCALERS, namespace)
        except Forbidden as refusal:
            return set(), f"whether an autoscaler sets replicas in namespace {namespace} is not known: {refusal.fact}"
        named = (autoscaler.target(raw) for raw in listing.items)
        return {WorkloadKey(kind, namespace, name) for kind, name in named}, ""

    parts = ports.fanout.gather([_bind(targets, namespace) for namespace in spaces])
    return frozenset(key for keys, _ in parts for key in keys), tuple(words for _, words in parts if words)


def _tried(ports: Ports, applier: Applier, things: Sequence[Placed], live: Sequence[Any], act: str) -> list[Tried]:
    def trying(thing: Placed, there: Any) -> Callable[[], Tried | FieldsOfOthers]:
        def attempt() -> Tried | FieldsOfOthers:
            try:
                return applier.tried(thing, there)
            except FieldsOfOthers as others:
                return others

        return attempt

    results = ports.fanout.gather([trying(*pair) for pair in zip(things, live, strict=True)])
    others: list[Foreign] = [one for r in results if isinstance(r, FieldsOfOthers) for one in r.fields]
    if others:
        raise conflicts.error(others, act)
    return [result for result in results if isinstance(result, Tried)]


def _with_claims(
    ports: Ports, applier: Applier, fleet: Fleet, tried: Iterable[Tried]
) -> tuple[Fleet, tuple[str, ...]]:
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

    The watches are opened before the first write. Where another object is not taken, no workload is sent.
    Raises errors of the cluster only while nothing was sent.
    """
    run, plan = prepared.decided.options, prepared.plan
    # What is wanted is in the manifests by now: nothing is looked for beside what the server made of them.
    wish = Wish(Desired(()), run.wish.deploy, run.wish.policy)
    conductor = Conductor(ports, plan, Terms(wish, run.wait), listen, prepared.applier)
    if plan.refusals:
        objects = manifested_objects.not_sent(plan.objects, "workloads are refused")
        return replace(conductor.send_nothing(), objects=objects)
    try:
        conductor.open_watches(prepared.decided.fleet.scopes)
    except RollonceError as error:
        conductor.close()
        raise error.doing(run.act) from error.__cause__
    sent = manifested_objects.send(prepared.applier, plan.objects, tell)
    if sent.interruption is not None or not all(outcome.good for outcome in sent.outcomes.values()):
        conductor.close()
        why = "the run ended before it was sent" if sent.interruption else "an object before it was not taken"
        return Result(conductor.send_nothing(why).outcomes, sent.interruption, sent.outcomes)
    return replace(conductor.run(run.timeout), objects=sent.outcomes)
