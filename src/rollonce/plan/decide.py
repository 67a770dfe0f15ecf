"""From what lives and what is wanted to one operation per workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rollonce.model.deploy import DEPLOY_ID, Deploy
from rollonce.model.edit import Place
from rollonce.model.nearest import nearest
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan import cost, difference, managed, patch
from rollonce.plan.desired import Desired, absent_containers, restart_is_void, scope_takes, wanted
from rollonce.plan.difference import Difference
from rollonce.plan.field import ImageField, MetadataField, Wanted, shown
from rollonce.plan.operation import (
    Apply,
    Change,
    Create,
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
    TemplateChange,
    ValueChange,
    Write,
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


# What the API server makes of a workload's template where a part of one is merged into it.
Merged = Mapping[WorkloadKey, Workload]


def decide(
    live: Iterable[Workload], absent: Mapping[WorkloadKey, str], wish: Wish, merged: Merged | None = None
) -> Plan:
    """The plan for a fleet. `absent` has the named workloads that do not exist, each with a detail.

    `merged` has each workload that a part of a template is meant for, with that part in it.
    """
    operations: list[Operation] = [one(workload, wish, (merged or {}).get(workload.key)) for workload in live]
    operations += [Skip(key, SkipReason.ABSENT, detail) for key, detail in absent.items()]
    return Plan(tuple(sorted(operations, key=lambda o: (o.key.namespace, o.key.kind_name, o.key.name))))


def one(workload: Workload, wish: Wish, merged: Workload | None = None) -> Operation:
    """The operation for one live workload; `merged` is what a part of a template makes of it, if one is for it."""
    base = workload if merged is None else with_template_of(workload, merged)
    wants = _wants(base, wish)
    remarks = remarks_of(base, wish.desired)
    if not wants and merged is None:
        return _nothing_wanted(workload, wish.desired, remarks)
    changed = tuple(want for want in wants if want.differs)
    found = _Changed(workload, base, wants, changed, _differences(workload, base, wants) if merged else ())
    if not found.in_template and all(want.in_template for want in changed):
        words = SKIPPING if wish.desired.only_images else SKIPPING_ALL
        return Skip(workload.key, SkipReason.CONVERGED, words, workload, remarks)
    why_not = refusal(workload, wish, _pod_labels(changed), in_template=found.in_template)
    if why_not is not None:
        return Refuse(workload.key, workload, why_not.reason, why_not.detail, found.shown, why_not.hint, remarks)
    if merged is None:
        operations = patch.build(workload, wants, wish.deploy)
    else:
        operations = patch.build_whole(workload, wants, wish.deploy, found.differences)
    price = cost.of_change(workload) if found.in_template else cost.OF_METADATA
    return Patch(workload.key, workload, found.shown, operations, price, found.in_template, found.differences, remarks)


@dataclass(frozen=True, slots=True)
class _Changed:
    """What changes: fields that differ from `base`, which is the live workload or that with a part merged into it.

    `differences` are those of its template from the live one, the fields' included; none without a part.
    """

    workload: Workload
    base: Workload
    wants: tuple[Wanted, ...]
    fields: tuple[Wanted, ...]
    differences: tuple[Difference, ...]

    @property
    def in_template(self) -> bool:
        if self.base is not self.workload:
            return bool(self.differences)
        return any(want.in_template for want in self.fields)

    @property
    def shown(self) -> tuple[Change, ...]:
        fields = _changes(self.base, self.fields)
        if self.base is self.workload:
            return fields
        by_part = difference.between(self.workload.template.raw, self.base.template.raw)
        return (*fields, *(TemplateChange(d.words, d.old, d.new) for d in by_part))


def _differences(workload: Workload, base: Workload, wants: tuple[Wanted, ...]) -> tuple[Difference, ...]:
    return difference.between(workload.template.raw, patch.template_after(base, wants))


def with_template_of(workload: Workload, merged: Workload) -> Workload:
    """The live workload with another template: of what a trial answers, only the template is asked for."""
    return replace(workload, containers=merged.containers, template=merged.template)


def wanted_containers(workload: Workload, wish: Wish) -> frozenset[str]:
    """Names of the containers that an edit is meant for."""
    fields = (want.field for want in _wants(workload, wish))
    return frozenset(field.container for field in fields if not isinstance(field, MetadataField))


def reaches(workload: Workload, wish: Wish, sent: Write | None = None) -> bool:
    """Whether every field that is wanted of the workload has its value, and what `sent` merged or applied is there."""
    if isinstance(sent, Apply | Create):
        return sent.expected is None or difference.kept(sent.expected, workload.template.raw)
    if any(want.differs for want in _wants(workload, wish)):
        return False
    return sent is None or difference.all_hold(workload.template.raw, sent.differences)


def keeps_template(workload: Workload, wish: Wish, sent: Write | None = None) -> bool:
    """As `reaches`, of the pod template alone."""
    if isinstance(sent, Apply | Create):
        return reaches(workload, wish, sent)
    if any(want.differs and want.in_template for want in _wants(workload, wish)):
        return False
    return sent is None or difference.all_hold(workload.template.raw, sent.differences)


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


def remarks_of(workload: Workload, desired: Desired) -> tuple[Remark, ...]:
    """What is skipped within a workload."""
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


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a change is not made, and the way out."""

    reason: RefuseReason
    detail: str
    hint: str


def refusal(workload: Workload, wish: Wish, labels: Iterable[str], *, in_template: bool) -> WhyNot | None:
    """Why a change is not made; `labels` are those of the pods that would change."""
    if workload.deleting:
        return WhyNot(RefuseReason.DELETING, "it is being deleted", "leave it out, or wait until it is gone")
    held = [name for name in labels if name in workload.selector]
    if held:
        return WhyNot(
            RefuseReason.SELECTOR,
            f"it finds its pods by the label {', '.join(held)}, which may not change",
            "leave the label alone; a selector cannot be changed, only made anew with the workload",
        )
    who = "" if wish.policy.force_managed else managed.manager(workload)
    if who:
        return WhyNot(
            RefuseReason.MANAGED,
            f"{who} and would put the change back, which is a second roll",
            "change it where it is managed, or pass --force-managed",
        )
    rolls = in_template and not isinstance(workload.behaviour, CronJob)
    if rolls and not wish.policy.again and workload.annotation(DEPLOY_ID) == wish.deploy.id:
        return WhyNot(
            RefuseReason.SECOND_ROLL,
            f"deploy {wish.deploy.id} has changed it already, and a second change would roll it twice in one deploy",
            "find the step that changes it a second time (what differs is above), or pass --again",
        )
    return None


def _pod_labels(changed: Iterable[Wanted]) -> list[str]:
    fields = (want.field for want in changed)
    return [f.name for f in fields if isinstance(f, MetadataField) and f.place is Place.LABEL]
