"""Everything that is said about a history: timelines, deploys, findings, and their sums over a period."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollonce.history import cost, deploys, findings, timeline
from rollonce.history.evidence import Evidence, Gap, Rejected, Subject
from rollonce.history.nouns import Certainty, Cost, Deploy, Finding, Roll, Timeline


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the evidence.

    `now` is the time of the audit; `since` the beginning of the period, None for all that can be seen. `deploy_id`
    limits the findings to one deploy, empty for all.
    """

    now: datetime
    since: datetime | None = None
    window: timedelta = deploys.DEFAULT_WINDOW
    deploy_id: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Rolls and redundant rolls of one workload, namespace, writer, deploy or day, and what the redundant ones took."""

    name: str
    rolls: int
    redundant: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class Review:
    """The answer.

    `rolls`, `findings` and `open` are those of the period (and of the deploy that was asked for); `open` are rolls
    that may be redundant or a rollback, which nothing tells. `costs` has the cost of each roll. `spread` tells that the
    workloads lie in several namespaces.
    """

    question: Question
    timelines: tuple[Timeline, ...]
    deploys: tuple[Deploy, ...]
    rolls: tuple[Roll, ...]
    findings: tuple[Finding, ...]
    open: tuple[Finding, ...]
    costs: Mapping[tuple[Subject, int], Cost]
    rejected: tuple[Rejected, ...]
    gaps: tuple[Gap, ...]
    skipped: tuple[tuple[str, int], ...]
    spread: bool = False

    @property
    def recoveries(self) -> int:
        """How many of the rolls put right what another had broken."""
        return sum(roll.recovery is not None for roll in self.rolls)

    @property
    def total(self) -> Cost:
        """What the redundant rolls took together."""
        return cost.total(finding.cost for finding in self.findings)

    @property
    def horizon(self) -> datetime | None:
        """The time of the oldest revision that can be seen."""
        return min((t.horizon for t in self.timelines if t.horizon is not None), default=None)


def review(evidence: Evidence, question: Question) -> Review:
    """Judge the evidence. Its order does not matter."""
    timelines, lost = timeline.build(evidence, question.now)
    groups = deploys.group(timelines, question.window)
    asked = [g for g in groups if not question.deploy_id or g.deploy_id == question.deploy_id]
    rolls = {(roll.subject, roll.after.number) for group in asked for roll in group.rolls if _within(roll, question)}
    costs = {(t.subject, number): each for t in timelines for number, each in cost.of(t).items()}
    found = [f for f in findings.find(timelines, asked, costs) if (f.subject, f.roll.after.number) in rolls]
    counted = [roll for t in timelines for roll in t.rolls if (t.subject, roll.after.number) in rolls]
    return Review(
        question=question,
        timelines=timelines,
        deploys=tuple(g for g in asked if any((r.subject, r.after.number) in rolls for r in g.rolls)),
        rolls=tuple(counted),
        findings=tuple(f for f in found if f.certainty is not Certainty.UNKNOWN),
        open=tuple(f for f in found if f.certainty is Certainty.UNKNOWN),
        costs=costs,
        rejected=tuple(sorted({*evidence.rejected, *lost})),
        gaps=tuple(sorted(set(evidence.gaps))),
        skipped=tuple(sorted(evidence.skipped)),
        spread=len({each.subject.key.namespace for each in timelines}) > 1,
    )


def _within(roll: Roll, question: Question) -> bool:
    """Whether a roll lies in the period; one whose time is not known does, for nothing says otherwise."""
    at = roll.when.at
    return question.since is None or at is None or at >= question.since


def by_workload(review: Review) -> tuple[Sum, ...]:
    """Sums per workload."""
    return _sums(review, lambda roll: [title(review, roll.subject)])


def by_namespace(review: Review) -> tuple[Sum, ...]:
    """Sums per namespace."""
    return _sums(review, lambda roll: [_place(roll.subject)])


def by_writer(review: Review) -> tuple[Sum, ...]:
    """Sums per writer; a roll whose writer is not settled counts as unknown."""
    return _sums(review, lambda roll: [str(roll.writers[0]) if len(roll.writers) == 1 else "unknown"])


def by_deploy(review: Review) -> tuple[Sum, ...]:
    """Sums per deploy."""
    names = {(roll.subject, roll.after.number): deploy.name for deploy in review.deploys for roll in deploy.rolls}
    return _sums(review, lambda roll: [names[roll.subject, roll.after.number]])


def by_day(review: Review) -> tuple[Sum, ...]:
    """Sums per day, in UTC."""
    return _sums(review, lambda roll: [str(roll.when.at.date()) if roll.when.at else "unknown"])


def worst(review: Review) -> Subject:
    """The workload with the most redundant rolls, of equal ones the one that they cost most. There has to be one."""
    found: dict[Subject, list[Finding]] = {}
    for finding in review.findings:
        found.setdefault(finding.subject, []).append(finding)
    spans = {subject: cost.total(each.cost for each in mine).outage.likely for subject, mine in found.items()}
    return min(found, key=lambda subject: (-len(found[subject]), -spans[subject], subject))


def title(review: Review, subject: Subject) -> str:
    """A workload's name, with its namespace where there are several, and its cluster."""
    name = f"{subject.key.namespace}/{subject.key}" if review.spread else str(subject.key)
    return f"{subject.cluster}: {name}" if subject.cluster else name


def _place(subject: Subject) -> str:
    return f"{subject.cluster}: {subject.key.namespace}" if subject.cluster else subject.key.namespace


def _sums(review: Review, names: Callable[[Roll], Iterable[str]]) -> tuple[Sum, ...]:
    """Worst first: by redundant rolls, then by what they took."""
    rolls: dict[str, int] = {}
    for roll in review.rolls:
        for name in names(roll):
            rolls[name] = rolls.get(name, 0) + 1
    costs: dict[str, list[Cost]] = {}
    for finding in review.findings:
        for name in names(finding.roll):
            costs.setdefault(name, []).append(finding.cost)
    sums = [Sum(name, n, len(costs.get(name, ())), cost.total(costs.get(name, ()))) for name, n in rolls.items()]
    return tuple(sorted(sums, key=lambda s: (-s.redundant, -s.cost.outage.likely, -s.cost.pod_seconds.likely, s.name)))
