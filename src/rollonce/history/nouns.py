"""What the evidence means: revisions, rolls, deploys, findings, costs. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from rollonce.history.evidence import Live, Subject
from rollonce.history.template import Change, Template


class Certainty(StrEnum):
    """How sure a statement is."""

    SEEN = "seen"  # an object or a log entry says so
    INFERRED = "inferred"  # it follows from something that usually goes with it
    UNKNOWN = "unknown"


class When(Struct, frozen=True):
    """A time, or the bounds between which it lies; `basis` says where that comes from."""

    earliest: datetime | None
    latest: datetime | None
    certainty: Certainty
    basis: str

    @property
    def at(self) -> datetime | None:
        """The best single value: the later bound, for a roll begins before what shows it."""
        return self.latest or self.earliest


class IdState(StrEnum):
    """What the deploy id that a revision remembers is worth. An annotation alone is no evidence."""

    NONE = "none"
    FRESH = "fresh"  # first carried by this revision
    INHERITED = "inherited"  # a revision before carried it already
    TRAVELLED = "travelled"  # on an object that was used again: it may be that of its first time
    UNKNOWN = "unknown"  # what the revision before carried is not known, so that it may be inherited


class Revision(Struct, frozen=True):
    """One revision of a workload.

    `snapshot` names the object that holds it. `reused` tells that it had, or may have had, an earlier number, so that
    its creation is not the time of this revision. `replicas` is how many pods were wanted, None where nobody remembers.
    `failed` says how it is known that its pods did not come up, empty where it is not. `born` is when its first pods
    were asked for, `retired` when its ReplicaSet was scaled down, `ready` when pods became ready that are still there
    and were made with it: each only where something tells. `marks` has, by path, a digest of each field that changed
    somewhere in the history of the workload, and is set here.
    """

    number: int
    snapshot: str
    template: Template
    when: When
    deploy_id: str
    id_state: IdState
    reused: bool
    replicas: int | None
    failed: str
    born: datetime | None
    retired: datetime | None
    ready: tuple[datetime, ...]
    marks: Mapping[str, bytes]

    def value(self, path: str) -> str | bytes | None:
        """What a field that changed somewhere is equal by, None where it is not set. Not to be shown."""
        for known, image in self.template.by_path:
            if known == path:
                return image
        return self.marks.get(path)


class Writer(Struct, frozen=True):
    """Who wrote a change: a field manager; user and user agent where an API audit log tells."""

    manager: str
    certainty: Certainty
    basis: str
    operation: str = ""
    user: str = ""
    user_agent: str = ""
    settle: str = ""

    def __str__(self) -> str:
        who = self.manager or "unknown"
        return f"{who} ({self.user})" if self.user else who


class Recovery(Struct, frozen=True):
    """A roll that puts right what an earlier one broke; it is not redundant."""

    certainty: Certainty
    why: str


class Roll(Struct, frozen=True):
    """The step from one revision to the next.

    `before` is None where the revision before is gone: that it rolled is known, what changed is not.
    `writers` has one entry, or several where who it was is not settled.
    """

    subject: Subject
    before: Revision | None
    after: Revision
    changes: tuple[Change, ...]
    certainty: Certainty
    writers: tuple[Writer, ...]
    recovery: Recovery | None = None

    @property
    def when(self) -> When:
        """When it began."""
        return self.after.when

    @property
    def paths(self) -> frozenset[str]:
        """The fields that changed."""
        return frozenset(change.path for change in self.changes)


class Timeline(Struct, frozen=True):
    """The history of one workload, as far as it can be seen.

    `lower_bound` is how often it rolled in its life at least: its highest revision less one. `horizon` is the time of
    the oldest revision that is still there; `live` is None where the workload itself could not be read.
    """

    subject: Subject
    live: Live | None
    revisions: tuple[Revision, ...]
    rolls: tuple[Roll, ...]
    lower_bound: int
    horizon: datetime | None
    notes: tuple[str, ...] = ()


class By(StrEnum):
    """By what rolls were taken to be of one deploy."""

    ID = "deploy id"
    BUILD = "build"
    TIME = "time"
    ALONE = "alone"


class Link(Struct, frozen=True):
    """Why a roll belongs to the deploy of the roll before it, or does not (`joined` False)."""

    joined: bool
    by: By
    certainty: Certainty
    why: str


class Member(Struct, frozen=True):
    """A roll as part of a deploy, with its link to the workload's roll before; None for the first one."""

    roll: Roll
    link: Link | None


class Deploy(Struct, frozen=True):
    """Rolls of one release act, over all workloads, in the order of time.

    `name` is its deploy id, else its build, else its time. `deploy_id` is empty where no id is known that is
    more than an annotation left behind.
    """

    name: str
    deploy_id: str
    by: By
    certainty: Certainty
    why: str
    members: tuple[Member, ...]

    @property
    def rolls(self) -> tuple[Roll, ...]:
        """Its rolls."""
        return tuple(member.roll for member in self.members)


class FindingKind(StrEnum):
    """How a redundant roll came about."""

    SPLIT = "split"  # two steps, disjoint fields
    BOUNCE = "bounce"  # there and back, or a standing value put back and the change made again
    REWRITE = "rewrite"  # the same field, a third value
    RESTART = "restart-after-change"
    CHURN = "churn"  # a controller or webhook that never settles
    UNKNOWN = "unknown"  # more than one roll in a deploy, what one of them changed is gone


class Basis(StrEnum):
    """Where a cost comes from."""

    OBSERVED = "observed"
    SIBLINGS = "other rolls of this workload"
    PROFILE = "profile of its volumes"
    NONE = "nothing to tell from"


class Span(Struct, frozen=True):
    """Seconds, with a range: low <= likely <= high."""

    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def times(self, n: float) -> Span:
        """The span `n` times."""
        return Span(self.low * n, self.likely * n, self.high * n)


class Cost(Struct, frozen=True):
    """What a roll took: seconds with nobody serving, seconds with fewer pods than wanted, pods missing by seconds."""

    outage: Span
    reduced: Span
    pod_seconds: Span
    basis: Basis
    why: str


class Cure(Struct, frozen=True):
    """What would have made one roll of them: in words, and the command where there is one."""

    words: str
    command: str = ""


class Finding(Struct, frozen=True):
    """A redundant roll: the workload had rolled in this deploy already.

    `earlier` are the workload's rolls of this deploy before it, recoveries excluded. `settle` says what would make an
    inferred finding a seen one.
    """

    kind: FindingKind
    deploy: str
    roll: Roll
    earlier: tuple[Roll, ...]
    certainty: Certainty
    why: str
    settle: tuple[str, ...]
    cost: Cost
    cure: Cure

    @property
    def subject(self) -> Subject:
        """The workload that rolled."""
        return self.roll.subject
