"""What was read, one frozen value per object, before anything is made of it.

Times are aware and in UTC, None where the object has none or an absurd one.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from rollonce.history.template import Template
from rollonce.model.workload import Workload, WorkloadKey


class Subject(Struct, frozen=True, order=True, cache_hash=True):
    """A workload in one of several clusters; `cluster` is empty where only one is audited."""

    cluster: str
    key: WorkloadKey

    def __str__(self) -> str:
        return f"{self.cluster}: {self.key}" if self.cluster else str(self.key)


class ManagedWrite(Struct, frozen=True):
    """One entry of a workload's managedFields: the last write of a manager by an operation.

    `owned` holds the paths below the pod template that it owns, in the form of `template.Template`.
    """

    manager: str
    operation: str
    at: datetime | None
    owned: frozenset[str]


class Live(Struct, frozen=True):
    """A workload as it is now. `overdue` tells that its controller has given up on the current rollout."""

    subject: Subject
    workload: Workload
    created: datetime | None
    template: Template
    writes: tuple[ManagedWrite, ...]
    history_limit: int
    overdue: bool
    observed_revision: int


class SnapshotKind(StrEnum):
    """What the API keeps of a former pod template."""

    REPLICA_SET = "ReplicaSet"
    CONTROLLER_REVISION = "ControllerRevision"


class Snapshot(Struct, frozen=True):
    """A ReplicaSet or ControllerRevision with a controlling owner that is a workload.

    `numbers` are the revisions that it was, ascending; `deploy_id` is that of the last of them. `replicas` is how
    many pods the workload wanted then (None where it is not remembered); `controller_wrote` is the last time that its
    controller wrote the ReplicaSet itself: for an old one, when it was scaled down.
    """

    kind: SnapshotKind
    subject: Subject
    name: str
    owner_uid: str
    created: datetime | None
    numbers: tuple[int, ...]
    template: Template
    deploy_id: str
    replicas: int | None
    controller_wrote: datetime | None


class Pod(Struct, frozen=True):
    """A pod of a workload. `snapshot` is the name of its ReplicaSet, or the hash of its ControllerRevision."""

    cluster: str
    namespace: str
    name: str
    owner: str
    snapshot: str
    created: datetime | None
    ready_at: datetime | None
    trouble: str


class Occurrence(Struct, frozen=True):
    """An Event about a workload or one of its pods; `kind` and `name` are of the object that it regards."""

    cluster: str
    namespace: str
    kind: str
    name: str
    reason: str
    note: str
    first: datetime | None
    last: datetime | None


class Write(Struct, frozen=True):
    """A successful write to a workload, from an API audit log.

    `template` is the pod template after it, None where the log has no bodies; `undo` tells that it was
    `kubectl rollout undo`; `deploy_id` is the one that the object carried after it.
    """

    subject: Subject
    at: datetime
    user: str
    user_agent: str
    manager: str
    verb: str
    template: Template | None
    undo: bool
    deploy_id: str


class Release(Struct, frozen=True):
    """One revision of a helm release."""

    cluster: str
    namespace: str
    name: str
    number: int
    status: str
    at: datetime | None


class Rejected(Struct, frozen=True, order=True):
    """An item that could not be used, and why."""

    what: str
    why: str


class Gap(Struct, frozen=True, order=True):
    """A source that is missing, what that costs, and what would help."""

    source: str
    cost: str
    hint: str = ""


class Evidence(Struct, frozen=True):
    """Everything that was read. `skipped` counts items of other kinds, and audit entries of stages that end nothing."""

    lives: tuple[Live, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    pods: tuple[Pod, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    writes: tuple[Write, ...] = ()
    releases: tuple[Release, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    gaps: tuple[Gap, ...] = ()
    skipped: tuple[tuple[str, int], ...] = ()
