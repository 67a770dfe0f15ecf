"""The types of the document of `audit -o json`, version `rollonce.audit/v1`: what is published, and nothing else."""

from __future__ import annotations

from msgspec import Struct

VERSION = "rollonce.audit/v1"


class SpanPart(Struct, rename="camel"):
    """Seconds: the likely value and its range."""

    low: float
    likely: float
    high: float


class CostPart(Struct, rename="camel"):
    """What a roll took, or several together; `basis` is the weakest of theirs."""

    outage_seconds: SpanPart
    reduced_seconds: SpanPart
    pod_seconds: SpanPart
    basis: str
    why: str


class WhichPart(Struct, rename="camel"):
    """A workload; `cluster` is its context where several are audited."""

    cluster: str | None
    kind: str
    namespace: str
    name: str


class ChangePart(Struct, rename="camel"):
    """One field before and after; null where it is not set. What looks like a credential is `(not shown)`."""

    path: str
    container: str | None
    old: str | None
    new: str | None


class WriterPart(Struct, rename="camel"):
    """Who wrote a change, how sure that is (seen, inferred, unknown), and what would settle it."""

    manager: str | None
    operation: str | None
    user: str | None
    user_agent: str | None
    certainty: str
    basis: str
    settle: str | None


class WhenPart(Struct, rename="camel"):
    """A time or its bounds, RFC 3339 in UTC."""

    at: str | None
    earliest: str | None
    latest: str | None
    certainty: str
    basis: str


class RevisionPart(Struct, rename="camel"):
    """One revision; `deployIdState` says what the deploy id that it remembers is worth."""

    number: int
    snapshot: str
    when: WhenPart
    images: dict[str, str]
    template_digest: str
    deploy_id: str | None
    deploy_id_state: str
    reused: bool
    replicas: int | None
    failed: str | None


class RollPart(Struct, rename="camel"):
    """The step to `after`; `before` is null where that revision is gone, and `changes` is then empty."""

    before: int | None
    after: int
    when: WhenPart
    certainty: str
    changes: list[ChangePart]
    writers: list[WriterPart]
    recovery: str | None
    deploy: str | None
    redundant: bool
    cost: CostPart | None


class WorkloadPart(Struct, rename="camel"):
    """The history of one workload. `rollsAtLeast` is a lower bound over its whole life."""

    workload: WhichPart
    rolls_at_least: int
    horizon: str | None
    notes: list[str]
    revisions: list[RevisionPart]
    rolls: list[RollPart]


class LinkPart(Struct, rename="camel"):
    """Why a roll was taken to be of this deploy; null for the workload's first one of it."""

    by: str
    certainty: str
    why: str


class MemberPart(Struct, rename="camel"):
    """One roll of a deploy."""

    workload: WhichPart
    revision: int
    link: LinkPart | None


class DeployPart(Struct, rename="camel"):
    """Rolls of one release act, and how they were grouped."""

    name: str
    deploy_id: str | None
    by: str
    certainty: str
    why: str
    members: list[MemberPart]


class CurePart(Struct, rename="camel"):
    """What would have made one roll of them."""

    words: str
    command: str | None


class FindingPart(Struct, rename="camel"):
    """A redundant roll; `earlier` are the revisions of the rolls of this deploy before it."""

    kind: str
    workload: WhichPart
    deploy: str
    before: int | None
    after: int
    earlier: list[int]
    at: str | None
    certainty: str
    why: str
    settle: list[str]
    changes: list[ChangePart]
    writers: list[WriterPart]
    cost: CostPart
    cure: CurePart


class SumPart(Struct, rename="camel"):
    """Rolls, redundant ones, and what the redundant ones took together."""

    name: str
    rolls: int
    redundant: int
    cost: CostPart


class SumsPart(Struct, rename="camel"):
    """Sums of the period, worst first."""

    workload: list[SumPart]
    namespace: list[SumPart]
    writer: list[SumPart]
    deploy: list[SumPart]
    day: list[SumPart]


class QuestionPart(Struct, rename="camel"):
    """What was asked; `since` is null where all that can be seen counts."""

    now: str
    since: str | None
    window_seconds: float
    deploy_id: str | None


class SummaryPart(Struct, rename="camel"):
    """The first line. `open` counts rolls that may be redundant, or a rollback or somebody else's change."""

    rolls: int
    redundant: int
    open: int
    recoveries: int
    cost: CostPart
    horizon: str | None


class GapPart(Struct, rename="camel"):
    """A source that is missing, and what that costs."""

    source: str
    cost: str
    hint: str | None


class RejectedPart(Struct, rename="camel"):
    """An item that could not be used."""

    what: str
    why: str


class Document(Struct, rename="camel"):
    """The whole audit."""

    version: str
    interrupted: bool
    question: QuestionPart
    summary: SummaryPart
    sums: SumsPart
    findings: list[FindingPart]
    open: list[FindingPart]
    deploys: list[DeployPart]
    workloads: list[WorkloadPart]
    gaps: list[GapPart]
    rejected: list[RejectedPart]
    skipped: dict[str, int]
    exit_code: int
