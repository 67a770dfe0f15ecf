"""The document of `converge -o json`, version `rollonce.converge/v1`. Its bytes are stable for equal runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from rollonce.app.news import Result
from rollonce.errors import ExitCode
from rollonce.model.deploy import Deploy
from rollonce.model.workload import Workload
from rollonce.plan import changepart
from rollonce.plan.changepart import ChangePart
from rollonce.plan.objects import ObjectApply, ObjectOperation, ObjectSkip
from rollonce.plan.operation import Apply, Change, Create, Operation, Patch, Plan, Refuse, Remark, Skip, before
from rollonce.rollout.line import Pace
from rollonce.rollout.outcome import Outcome
from rollonce.status.diagnosis import Finding

VERSION = "rollonce.converge/v1"


class DeployPart(Struct, rename="camel"):
    """Which deploy the run belongs to; `source` is given, ci or generated."""

    id: str
    source: str
    system: str
    commit: str


class CostPart(Struct, rename="camel"):
    """Predicted disruption (none, roll, outage), why, and named risks."""

    disruption: str
    why: str
    risks: list[str]


class RemarkPart(Struct, rename="camel"):
    """What was skipped within a workload, with its reason."""

    reason: str
    detail: str


class OutcomePart(Struct, rename="camel"):
    """How it ended; `sent` tells whether a patch of this run is in the object."""

    verdict: str
    detail: str
    sent: bool


class TroublePart(Struct, rename="camel"):
    """What kept a rollout from getting on, where it was found and in which words."""

    trouble: str
    where: str
    words: str


class WorkloadPart(Struct, rename="camel"):
    """One workload: what was planned, and how it ended (null in a dry run where something was planned).

    `wave` counts from 1, and is null where all begin at once.
    """

    kind: str
    namespace: str
    name: str
    uid: str | None
    operation: Literal["patch", "apply", "create", "skip", "refuse"]
    reason: str | None
    detail: str | None
    hint: str | None
    changes: list[ChangePart]
    cost: CostPart | None
    remarks: list[RemarkPart]
    wave: int | None
    outcome: OutcomePart | None
    troubles: list[TroublePart]


class ObjectPart(Struct, rename="camel"):
    """An object among the manifests that is no workload. `fields` are the places of what changes, never values."""

    kind: str
    namespace: str | None
    name: str
    operation: Literal["apply", "create", "skip"]
    detail: str | None
    fields: list[str]
    outcome: OutcomePart | None


class Document(Struct, rename="camel", omit_defaults=True):
    """The whole run. `undone` is there where what failed was put back (`--undo-on-failure`): the same of that."""

    version: str
    deploy: DeployPart
    dry_run: bool
    workloads: list[WorkloadPart]
    objects: list[ObjectPart]
    warnings: list[str]
    patches_sent: int
    exit_code: int
    undone: msgspec.Raw | None = None


def render(document: Document) -> bytes:
    """The document, indented, with a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def document(
    plan: Plan,
    deploy: Deploy,
    result: Result,
    pace: Pace | None = None,
    *,
    dry_run: bool,
    exit_code: ExitCode,
    undone: Document | None = None,
) -> Document:
    """The whole run."""
    waves = pace.numbers if pace is not None else {}
    outcomes, objects = result.outcomes, result.objects
    return Document(
        version=VERSION,
        deploy=DeployPart(deploy.id, deploy.source.value, deploy.system, deploy.commit),
        dry_run=dry_run,
        workloads=[
            _workload(o, waves.get(o.key), outcomes.get(o.key), result.troubles.get(o.key, ())) for o in plan.operations
        ],
        objects=[_object(operation, objects.get(operation.key)) for operation in plan.objects],
        warnings=list(plan.warnings),
        patches_sent=sum(outcome.sent for outcome in (*outcomes.values(), *objects.values())),
        exit_code=int(exit_code),
        undone=None if undone is None else msgspec.Raw(msgspec.json.encode(undone)),
    )


def _workload(
    operation: Operation, wave: int | None, outcome: Outcome | None, troubles: Iterable[Finding]
) -> WorkloadPart:
    match operation:
        case Patch(changes=changes, cost=cost) | Apply(changes=changes, cost=cost) | Create(changes=changes, cost=cost):
            part = _part(operation, before(operation), _name(operation), changes)
            part.cost = CostPart(cost.disruption.value, cost.why, list(cost.risks))
        case Skip(workload=workload, reason=skipped, detail=detail):
            part = _part(operation, workload, "skip", ())
            part.reason, part.detail = skipped.value, detail
        case Refuse(workload=workload, reason=refused, detail=detail, changes=changes, hint=hint):
            part = _part(operation, workload, "refuse", changes)
            part.reason, part.detail, part.hint = refused.value, detail, hint
        case _ as never:
            assert_never(never)
    part.wave, part.outcome = wave, _outcome(outcome)
    part.troubles = [TroublePart(found.trouble.value, found.where, found.words) for found in troubles]
    return part


def _name(write: Patch | Apply | Create) -> Literal["patch", "apply", "create"]:
    match write:
        case Patch():
            return "patch"
        case Apply():
            return "apply"
        case Create():
            return "create"


def _object(operation: ObjectOperation, outcome: Outcome | None) -> ObjectPart:
    key = operation.key
    part = ObjectPart(key.kind, key.namespace or None, key.name, "skip", None, [], _outcome(outcome))
    match operation:
        case ObjectApply(fields=fields, creates=creates):
            part.operation, part.fields = "create" if creates else "apply", list(fields)
        case ObjectSkip(detail=detail):
            part.detail = detail
        case _ as never:
            assert_never(never)
    return part


def _outcome(outcome: Outcome | None) -> OutcomePart | None:
    return None if outcome is None else OutcomePart(outcome.verdict.value, outcome.detail, outcome.sent)


def _part(
    operation: Operation,
    workload: Workload | None,
    name: Literal["patch", "apply", "create", "skip", "refuse"],
    changes: Sequence[Change],
) -> WorkloadPart:
    key = operation.key
    return WorkloadPart(
        kind=key.kind.title,
        namespace=key.namespace,
        name=key.name,
        uid=workload.uid if workload else None,
        operation=name,
        reason=None,
        detail=None,
        hint=None,
        changes=[changepart.of(change) for change in changes],
        cost=None,
        remarks=[_remark(remark) for remark in operation.remarks],
        wave=None,
        outcome=None,
        troubles=[],
    )


def _remark(remark: Remark) -> RemarkPart:
    return RemarkPart(remark.reason.value, remark.detail)
