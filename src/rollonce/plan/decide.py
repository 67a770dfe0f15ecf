"""From what lives and what is wanted to one operation per workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rollonce.model.deploy import DEPLOY_ID, Deploy
from rollonce.model.nearest import nearest
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan import cost, managed, patch
from rollonce.plan.desired import Desired, Wanted, absent_containers, wanted
from rollonce.plan.operation import (
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
)

SKIPPING = "already on target images, skipping"


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
    wants = wanted(workload, wish.desired)
    remarks = _remarks(workload, wish.desired)
    if not wants:
        return Skip(workload.key, SkipReason.NO_CONTAINER, "it has none of the named containers", workload, remarks)
    changes = _changes(wants)
    if not changes:
        return Skip(workload.key, SkipReason.CONVERGED, SKIPPING, workload, remarks)
    refusal = _refusal(workload, wish, changes, remarks)
    if refusal is not None:
        return refusal
    operations = patch.build(workload, wants, wish.deploy)
    return Patch(workload.key, workload, changes, operations, cost.of_change(workload), remarks)


def wanted_containers(workload: Workload, wish: Wish) -> frozenset[str]:
    """Names of the containers that an edit is meant for."""
    return frozenset(want.container.name for want in wanted(workload, wish.desired))


def reaches(workload: Workload, wish: Wish) -> bool:
    """Whether every image that is wanted of the workload is there."""
    return not any(want.differs for want in wanted(workload, wish.desired))


def _changes(wants: Iterable[Wanted]) -> tuple[ImageChange, ...]:
    return tuple(
        ImageChange(w.container.name, w.container.role, w.container.image, w.image) for w in wants if w.differs
    )


def _remarks(workload: Workload, desired: Desired) -> tuple[Remark, ...]:
    names = [c.name for c in workload.containers]
    remarks = []
    for edit in absent_containers(workload, desired.images):
        close = nearest(edit.container, names)
        guess = f'; the nearest name is "{close}"' if close else ""
        remarks.append(Remark(Note.ABSENT_CONTAINER, f'no container "{edit.container}", skipped{guess}'))
    return tuple(remarks)


def _refusal(
    workload: Workload, wish: Wish, changes: tuple[ImageChange, ...], remarks: tuple[Remark, ...]
) -> Refuse | None:
    def refuse(reason: RefuseReason, detail: str, hint: str) -> Refuse:
        return Refuse(workload.key, workload, reason, detail, changes, hint, remarks)

    if workload.deleting:
        return refuse(RefuseReason.DELETING, "it is being deleted", "leave it out, or wait until it is gone")
    who = "" if wish.policy.force_managed else managed.manager(workload)
    if who:
        return refuse(
            RefuseReason.MANAGED,
            f"{who} and would put the change back, which is a second roll",
            "change it where it is managed, or pass --force-managed",
        )
    rolls = not isinstance(workload.behaviour, CronJob)
    if rolls and not wish.policy.again and workload.annotation(DEPLOY_ID) == wish.deploy.id:
        return refuse(
            RefuseReason.SECOND_ROLL,
            f"deploy {wish.deploy.id} has changed it already, and a second change would roll it twice in one deploy",
            "find the step that changes it a second time (its images are above), or pass --again",
        )
    return None
