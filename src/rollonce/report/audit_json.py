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
from rollonce.report.audit_document import (
    VERSION,
    ChangePart,
    CostPart,
    CurePart,
    DeployPart,
    Document,
    FindingPart,
    GapPart,
    LinkPart,
    MemberPart,
    QuestionPart,
    RejectedPart,
    RevisionPart,
    RollPart,
    SpanPart,
    SummaryPart,
    SumPart,
    SumsPart,
    WhenPart,
    WhichPart,
    WorkloadPart,
    WriterPart,
)


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
