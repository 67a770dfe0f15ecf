"""What a plan does with one workload: skip it, patch it, or refuse to touch it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from rollonce.model.workload import Role, Workload, WorkloadKey
from rollonce.plan.difference import Difference
from rollonce.plan.field import EnvField, MetadataField, ResourceField
from rollonce.plan.objects import ObjectApply, ObjectOperation


class Disruption(StrEnum):
    """What a change costs, least first."""

    NONE = "none"  # nothing restarts
    ROLL = "roll"  # pods are replaced while others serve
    OUTAGE = "outage"  # pods are replaced with nobody serving


@dataclass(frozen=True, slots=True)
class Cost:
    """Predicted disruption of a change here, why, and risks that do not change the class."""

    disruption: Disruption
    why: str
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One container's image before and after."""

    container: str
    role: Role
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ValueChange:
    """Another field before and after, as it may be shown; None where it is not there.

    Values that look like credentials are hidden here already, so that no report can show one.
    `role` is that of the container, if it is in one.
    """

    field: EnvField | ResourceField | MetadataField
    role: Role | None
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """Any other value of the pod template before and after, as JSON that may be shown; None where there is none."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """A value of the workload outside of its pod template before and after, as `TemplateChange`."""

    path: str
    old: str | None
    new: str | None


Change = ImageChange | ValueChange | TemplateChange | ObjectChange


class Note(StrEnum):
    """Why something that was named is left alone in a workload that is there."""

    ABSENT_CONTAINER = "absent-container"
    NO_RESTART = "no-restart"
    REPLICAS = "replicas"
    LEFT_ALONE = "left-alone"


@dataclass(frozen=True, slots=True)
class Remark:
    """A reason with its detail, for something skipped within a workload."""

    reason: Note
    detail: str


class SkipReason(StrEnum):
    """Why nothing is sent to a workload."""

    CONVERGED = "converged"
    ABSENT = "absent"
    NO_CONTAINER = "no-container"
    NOT_MEANT = "not-meant"


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is sent. `workload` is None where there is none of that name."""

    key: WorkloadKey
    reason: SkipReason
    detail: str
    workload: Workload | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """One conditional patch. `operations` is the JSON Patch (RFC 6902) as it is sent.

    `in_template` tells whether it changes the pod template; `differences` are those that a part of a
    template makes there (`--patch`).
    """

    key: WorkloadKey
    workload: Workload
    changes: tuple[Change, ...]
    operations: bytes = field(repr=False)
    cost: Cost
    in_template: bool
    differences: tuple[Difference, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Apply:
    """One server-side apply of a whole manifest, `body` as it is sent, to a workload that is there.

    `expected` is the template that the API server makes of it. `changes` are none where only the ownership of fields
    does. `takes` is the patch before it that moves the ownership of a client-side apply, None where there is none;
    `force` where fields of others are taken over, each of which was named.
    """

    key: WorkloadKey
    workload: Workload
    changes: tuple[Change, ...]
    body: bytes = field(repr=False)
    cost: Cost
    in_template: bool
    expected: bytes = field(repr=False)
    force: bool = False
    takes: bytes | None = field(default=None, repr=False)
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Create:
    """A server-side apply of a workload that is not there. `expected` as for `Apply`, None where nothing was tried."""

    key: WorkloadKey
    changes: tuple[Change, ...]
    body: bytes = field(repr=False)
    cost: Cost
    expected: bytes | None = field(repr=False)
    remarks: tuple[Remark, ...] = ()

    @property
    def in_template(self) -> bool:
        """A new workload has a new template."""
        return True


def images(changes: Iterable[Change]) -> tuple[ImageChange, ...]:
    """Those of the changes that are of images."""
    return tuple(change for change in changes if isinstance(change, ImageChange))


class RefuseReason(StrEnum):
    """Why a change that is wanted is not made."""

    MANAGED = "managed"
    SECOND_ROLL = "second-roll"
    SELECTOR = "selector"
    DELETING = "deleting"
    OWNED = "owned-by-others"
    NO_HISTORY = "no-history"


@dataclass(frozen=True, slots=True)
class Refuse:
    """A change is wanted and not made; `hint` is the way out."""

    key: WorkloadKey
    workload: Workload
    reason: RefuseReason
    detail: str
    changes: tuple[Change, ...]
    hint: str
    remarks: tuple[Remark, ...] = ()


Write = Patch | Apply | Create
Operation = Skip | Write | Refuse


def before(write: Write) -> Workload | None:
    """The workload that a write rests on, None where there is none yet."""
    return None if isinstance(write, Create) else write.workload


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation per workload, in the order of their keys, and what no operation tells.

    `objects` has those of the manifests that are no workloads, in the order of their sending.
    """

    operations: tuple[Operation, ...]
    warnings: tuple[str, ...] = ()
    objects: tuple[ObjectOperation, ...] = ()

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Those that write single fields."""
        return tuple(o for o in self.operations if isinstance(o, Patch))

    @property
    def writes(self) -> tuple[Write, ...]:
        """The operations that write."""
        return tuple(o for o in self.operations if isinstance(o, Patch | Apply | Create))

    @property
    def object_writes(self) -> tuple[ObjectApply, ...]:
        """The other objects that are written."""
        return tuple(o for o in self.objects if isinstance(o, ObjectApply))

    @property
    def refusals(self) -> tuple[Refuse, ...]:
        """The changes that are wanted and not made."""
        return tuple(o for o in self.operations if isinstance(o, Refuse))
