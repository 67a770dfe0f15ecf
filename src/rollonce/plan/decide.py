"""From what lives and what is wanted to one operation per workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rollonce.model.deploy import DEPLOY_ID, Deploy
from rollonce.model.edit import Place
from rollonce.model.nearest import nearest
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan import cost, managed, patch
from rollonce.plan.desired import Desired, absent_containers, restart_is_void, scope_takes, wanted
from rollonce.plan.field import ImageField, MetadataField, Wanted, shown
from rollonce.plan.operation import (
    Change,
    ImageChange,
    Note,
    Operation,
    Patch,
    Plan,
    Refuse,
    RefuseReason,
    Remark,
    Skip,
    SkipReason,
    ValueChange,
)

SKIPPING = "already on target images, skipping"
SKIPPING_ALL = "already as wanted, skipping"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user lifted."""

    force_managed: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that a decision rests on besides the live workload."""

    desired: Desired
    deploy: Deploy
    policy: Policy = Policy()


def decide(live: Iterable[Workload], absent: Mapping[WorkloadKey, str], wish: Wish) -> Plan:
    """The plan for a fleet. `absent` has the named workloads that do not exist, each with a detail."""
    operations: list[Operation] = [one(workload, wish) for workload in live]
    operations += [Skip(key, SkipReason.ABSENT, detail) for key, detail in absent.items()]
    return Plan(tuple(sorted(operations, key=lambda o: (o.key.namespace, o.key.kind_name, o.key.name))))


def one(workload: Workload, wish: Wish) -> Operation:
    """The operation for one live workload."""
    wants = _wants(workload, wish)
    remarks = _remarks(workload, wish.desired)
    if not wants:
        return _nothing_wanted(workload, wish.desired, remarks)
    changed = tuple(want for want in wants if want.differs)
    if not changed:
        words = SKIPPING if wish.desired.only_images else SKIPPING_ALL
        return Skip(workload.key, SkipReason.CONVERGED, words, workload, remarks)
    refusal = _refusal(workload, wish, changed, remarks)
    if refusal is not None:
        return refusal
    in_template = any(want.in_template for want in changed)
    return Patch(
        workload.key,
        workload,
        _changes(workload, changed),
        patch.build(workload, wants, wish.deploy),
        cost.of_change(workload) if in_template else cost.OF_METADATA,
        in_template,
        remarks,
    )


def wanted_containers(workload: Workload, wish: Wish) -> frozenset[str]:
    """Names of the containers that an edit is meant for."""
    fields = (want.field for want in _wants(workload, wish))
    return frozenset(field.container for field in fields if not isinstance(field, MetadataField))


def reaches(workload: Workload, wish: Wish) -> bool:
    """Whether everything that is wanted of the workload is true."""
    return not any(want.differs for want in _wants(workload, wish))


def _wants(workload: Workload, wish: Wish) -> tuple[Wanted, ...]:
    return wanted(workload, wish.desired, restarted_by="" if wish.policy.again else wish.deploy.id)


def _nothing_wanted(workload: Workload, desired: Desired, remarks: tuple[Remark, ...]) -> Skip:
    if any(scope_takes(edit, workload.key) for edit in desired.of_containers):
        reason, detail = SkipReason.NO_CONTAINER, "it has none of the named containers"
    else:
        reason, detail = SkipReason.NOT_MEANT, "nothing is wanted of it"
    return Skip(workload.key, reason, detail, workload, remarks)


def _changes(workload: Workload, changed: Iterable[Wanted]) -> tuple[Change, ...]:
    return tuple(_change(workload, want) for want in changed)


def _change(workload: Workload, want: Wanted) -> Change:
    field = want.field
    container = None if isinstance(field, MetadataField) else workload.container(field.container)
    role = container.role if container else None
    if isinstance(field, ImageField):
        if role is None:
            raise AssertionError(f"{workload.key} has no container {field.container}")
        return ImageChange(field.container, role, want.old or "", want.new or "")
    old = f"(from {want.source})" if want.source else shown(field, want.old)
    return ValueChange(field, role, old, shown(field, want.new))


def _remarks(workload: Workload, desired: Desired) -> tuple[Remark, ...]:
    names = [c.name for c in workload.containers]
    remarks = []
    # Several edits may name one container.
    for lacking in dict.fromkeys(e.container for e in absent_containers(workload, desired.of_containers)):
        close = nearest(lacking, names)
        guess = f'; the nearest name is "{close}"' if close else ""
        remarks.append(Remark(Note.ABSENT_CONTAINER, f'no container "{lacking}", skipped{guess}'))
    if restart_is_void(workload, desired):
        remarks.append(Remark(Note.NO_RESTART, "a CronJob has no pods to restart, skipped"))
    return tuple(remarks)


def _refusal(workload: Workload, wish: Wish, changed: tuple[Wanted, ...], remarks: tuple[Remark, ...]) -> Refuse | None:
    def refuse(reason: RefuseReason, detail: str, hint: str) -> Refuse:
        return Refuse(workload.key, workload, reason, detail, _changes(workload, changed), hint, remarks)

    if workload.deleting:
        return refuse(RefuseReason.DELETING, "it is being deleted", "leave it out, or wait until it is gone")
    held = [name for name in _pod_labels(changed) if name in workload.selector]
    if held:
        return refuse(
            RefuseReason.SELECTOR,
            f"it finds its pods by the label {', '.join(held)}, which may not change",
            "leave the label alone; a selector cannot be changed, only made anew with the workload",
        )
    who = "" if wish.policy.force_managed else managed.manager(workload)
    if who:
        return refuse(
            RefuseReason.MANAGED,
            f"{who} and would put the change back, which is a second roll",
            "change it where it is managed, or pass --force-managed",
        )
    rolls = not isinstance(workload.behaviour, CronJob) and any(want.in_template for want in changed)
    if rolls and not wish.policy.again and workload.annotation(DEPLOY_ID) == wish.deploy.id:
        return refuse(
            RefuseReason.SECOND_ROLL,
            f"deploy {wish.deploy.id} has changed it already, and a second change would roll it twice in one deploy",
            "find the step that changes it a second time (what differs is above), or pass --again",
        )
    return None


def _pod_labels(changed: Iterable[Wanted]) -> list[str]:
    fields = (want.field for want in changed)
    return [f.name for f in fields if isinstance(f, MetadataField) and f.place is Place.LABEL]
