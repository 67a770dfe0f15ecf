"""The document of `audit -o json`, version `rollonce.audit/v1`. Its bytes are stable for equal evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from rollonce.errors import ExitCode
from rollonce.history import review as reviews
from rollonce.history.evidence import Subject
from rollonce.history.nouns import Cost, Deploy, Finding, Revision, Roll, Span, Timeline, Writer
from rollonce.history.review import Review, Sum
from rollonce.history.template import Change
from rollonce.report import longjson

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
    """The first line. `open` counts rolls that may be redundant or a rollback."""

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


def render(review: Review, *, exit_code: ExitCode, interrupted: bool = False) -> bytes:
    """The document, indented, with a newline at the end."""
    return b"".join(pieces(review, exit_code=exit_code, interrupted=interrupted))


def pieces(review: Review, *, exit_code: ExitCode, interrupted: bool = False) -> Iterator[bytes]:
    """The same, bit by bit: the history of a whole cluster is hundreds of megabytes."""
    question = review.question
    document = Document(
        version=VERSION,
        interrupted=interrupted,
        question=QuestionPart(
            _text(question.now), _time(question.since), question.window.total_seconds(), question.deploy_id or None
        ),
        summary=SummaryPart(
            len(review.rolls),
            len(review.findings),
            len(review.open),
            review.recoveries,
            _cost(review.total),
            _time(review.horizon),
        ),
        sums=SumsPart(
            _sums(reviews.by_workload(review)),
            _sums(reviews.by_namespace(review)),
            _sums(reviews.by_writer(review)),
            _sums(reviews.by_deploy(review)),
            _sums(reviews.by_day(review)),
        ),
        findings=[],
        open=[],
        deploys=[],
        workloads=[],
        gaps=[GapPart(gap.source, gap.cost, gap.hint or None) for gap in review.gaps],
        rejected=[RejectedPart(each.what, each.why) for each in review.rejected],
        skipped=dict(review.skipped),
        exit_code=int(exit_code),
    )
    lists: dict[str, Iterator[Struct]] = {
        "findings": map(_finding, review.findings),
        "open": map(_finding, review.open),
        "deploys": map(_deploy, review.deploys),
        "workloads": _workloads(review),
    }
    yield from longjson.pieces(document, lists)


def _workloads(review: Review) -> Iterator[WorkloadPart]:
    deploys = {(roll.subject, roll.after.number): deploy.name for deploy in review.deploys for roll in deploy.rolls}
    redundant = {(finding.subject, finding.roll.after.number) for finding in review.findings}

    def roll_part(roll: Roll) -> RollPart:
        key = roll.subject, roll.after.number
        cost = review.costs.get(key)
        return RollPart(
            before=roll.before.number if roll.before is not None else None,
            after=roll.after.number,
            when=_when(roll.after),
            certainty=roll.certainty.value,
            changes=_changes(roll.changes),
            writers=[_writer(writer) for writer in roll.writers],
            recovery=roll.recovery.why if roll.recovery is not None else None,
            deploy=deploys.get(key),
            redundant=key in redundant,
            cost=_cost(cost) if cost is not None else None,
        )

    for timeline in review.timelines:
        yield _workload(timeline, [roll_part(roll) for roll in timeline.rolls])


def _workload(timeline: Timeline, rolls: list[RollPart]) -> WorkloadPart:
    return WorkloadPart(
        _which(timeline.subject),
        timeline.lower_bound,
        _time(timeline.horizon),
        list(timeline.notes),
        [_revision(revision) for revision in timeline.revisions],
        rolls,
    )


def _revision(revision: Revision) -> RevisionPart:
    return RevisionPart(
        revision.number,
        revision.snapshot,
        _when(revision),
        revision.template.images,
        revision.template.digest,
        revision.deploy_id or None,
        revision.id_state.value,
        revision.reused,
        revision.replicas,
        revision.failed or None,
    )


def _finding(finding: Finding) -> FindingPart:
    roll = finding.roll
    return FindingPart(
        kind=finding.kind.value,
        workload=_which(finding.subject),
        deploy=finding.deploy,
        before=roll.before.number if roll.before is not None else None,
        after=roll.after.number,
        earlier=[each.after.number for each in finding.earlier],
        at=_time(roll.when.at),
        certainty=finding.certainty.value,
        why=finding.why,
        settle=list(finding.settle),
        changes=_changes(roll.changes),
        writers=[_writer(writer) for writer in roll.writers],
        cost=_cost(finding.cost),
        cure=CurePart(finding.cure.words, finding.cure.command or None),
    )


def _deploy(deploy: Deploy) -> DeployPart:
    return DeployPart(
        deploy.name,
        deploy.deploy_id or None,
        deploy.by.value,
        deploy.certainty.value,
        deploy.why,
        [
            MemberPart(
                _which(member.roll.subject),
                member.roll.after.number,
                LinkPart(member.link.by.value, member.link.certainty.value, member.link.why)
                if member.link is not None and member.link.joined
                else None,
            )
            for member in deploy.members
        ],
    )


def _which(subject: Subject) -> WhichPart:
    return WhichPart(subject.cluster or None, subject.key.kind.title, subject.key.namespace, subject.key.name)


def _when(revision: Revision) -> WhenPart:
    when = revision.when
    return WhenPart(_time(when.at), _time(when.earliest), _time(when.latest), when.certainty.value, when.basis)


def _changes(changes: Iterable[Change]) -> list[ChangePart]:
    return [ChangePart(change.path, change.container or None, change.old, change.new) for change in changes]


def _writer(writer: Writer) -> WriterPart:
    return WriterPart(
        writer.manager or None,
        writer.operation or None,
        writer.user or None,
        writer.user_agent or None,
        writer.certainty.value,
        writer.basis,
        writer.settle or None,
    )


def _sums(sums: Iterable[Sum]) -> list[SumPart]:
    return [SumPart(each.name, each.rolls, each.redundant, _cost(each.cost)) for each in sums]


def _cost(cost: Cost) -> CostPart:
    return CostPart(_span(cost.outage), _span(cost.reduced), _span(cost.pod_seconds), cost.basis.value, cost.why)


def _span(span: Span) -> SpanPart:
    return SpanPart(round(span.low, 1), round(span.likely, 1), round(span.high, 1))


def _time(at: datetime | None) -> str | None:
    return _text(at) if at is not None else None


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
