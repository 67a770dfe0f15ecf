"""Redundant rolls: in one deploy a workload rolled k > 1 times; k - 1 of them are redundant, recoveries aside."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rollonce.history import build, cost, narrative, recovery
from rollonce.history.evidence import Subject
from rollonce.history.nouns import (
    By,
    Certainty,
    Cost,
    Cure,
    Deploy,
    Finding,
    FindingKind,
    Link,
    Member,
    Revision,
    Roll,
    Timeline,
)
from rollonce.history.template import RESTARTED_AT

# So many rolls of the same fields in one deploy are no two steps any more: somebody keeps changing them back.
_CHURN = 4
# Nobody rolls back so often in one deploy.
_TURNS = 3

_WORDS = {
    FindingKind.SPLIT: "a split",
    FindingKind.BOUNCE: "a bounce",
    FindingKind.REWRITE: "a rewrite",
    FindingKind.RESTART: "a restart after the change",
    FindingKind.CHURN: "churn",
    FindingKind.UNKNOWN: "a second roll",
}


def find(
    timelines: Iterable[Timeline], deploys: Iterable[Deploy], costs: Mapping[tuple[Subject, int], Cost]
) -> tuple[Finding, ...]:
    """Every redundant roll, in the order of deploys and of rolls within them; `costs` has what each roll took.

    One of certainty `unknown` may be a rollback as well: it is told of, and not counted.
    """
    known = {timeline.subject: timeline for timeline in timelines}
    findings: list[Finding] = []
    for deploy in deploys:
        for subject, members in _by_subject(deploy.members).items():
            if len(members) > 1:
                findings += _of_workload(deploy, members, known[subject], costs)
    return tuple(findings)


def _by_subject(members: Sequence[Member]) -> dict[Subject, list[Member]]:
    found: dict[Subject, list[Member]] = {}
    for member in members:
        if member.roll.recovery is None:
            found.setdefault(member.roll.subject, []).append(member)
    return found


def _of_workload(
    deploy: Deploy, members: list[Member], timeline: Timeline, costs: Mapping[tuple[Subject, int], Cost]
) -> Iterator[Finding]:
    rolls = [member.roll for member in members]
    churns = _churns(rolls)
    links: list[Link] = []
    doubted = False
    for index in range(1, len(rolls)):
        roll, earlier = rolls[index], tuple(rolls[:index])
        if (link := members[index].link) is not None:
            links.append(link)
        kind = FindingKind.CHURN if churns else classify(roll, earlier, timeline.revisions)
        certainty, settle = _certainty(roll, kind, links, (earlier, timeline.revisions))
        # After a rollback a deploy of its own begins: where it may have been one, time alone joins nothing to it.
        if doubted and links and links[-1].by is By.TIME and certainty is not Certainty.UNKNOWN:
            certainty = Certainty.UNKNOWN
            settle = (*settle, f"whether {narrative.numbers(rolls[index - 1])} was a rollback would tell it too")
            doubted = False
        else:
            doubted = certainty is Certainty.UNKNOWN
        yield Finding(
            kind=kind,
            deploy=deploy.name,
            roll=roll,
            earlier=earlier,
            certainty=certainty,
            why=f"{narrative.evidence(roll, earlier)}: {_WORDS[kind]}",
            settle=settle,
            cost=costs.get((roll.subject, roll.after.number), cost.NOTHING),
            cure=cure(kind, roll, earlier),
        )


def classify(roll: Roll, earlier: Sequence[Roll], revisions: Sequence[Revision]) -> FindingKind:
    """How a roll relates to the workload's earlier rolls of its deploy."""
    if roll.before is None:
        return FindingKind.UNKNOWN
    if _returns(roll, earlier) or _makes_again(roll, earlier, revisions):
        return FindingKind.BOUNCE
    if roll.paths == {RESTARTED_AT}:
        return FindingKind.RESTART
    if any(each.before is None for each in earlier) and not _completes_build(roll, earlier):
        return FindingKind.UNKNOWN
    before = frozenset[str]().union(*(each.paths for each in earlier))
    if roll.paths & before:
        return FindingKind.REWRITE
    return FindingKind.SPLIT


def _returns(roll: Roll, earlier: Sequence[Roll]) -> bool:
    """Whether the template is one that the workload had in this deploy, or at its beginning."""
    had = {each.after.template.digest for each in earlier}
    had |= {each.before.template.digest for each in earlier if each.before is not None}
    return roll.after.template.digest in had


def _completes_build(roll: Roll, earlier: Sequence[Roll]) -> bool:
    """Whether it brings only images of a build that others had already in this deploy, in the place of another build.

    Then it is likely, also where the beginning of the deploy is gone, that these images had not changed in it yet.
    """
    had = [build.of_image(image) for image in earlier[-1].after.template.images.values()]
    for change in roll.changes:
        old, new = (build.of_image(image or "") if change.container else None for image in (change.old, change.new))
        if old is None or new is None or build.same(old, new):
            return False
        if not any(each is not None and build.same(each, new) for each in had):
            return False
    return True


def _makes_again(roll: Roll, earlier: Sequence[Roll], revisions: Sequence[Revision]) -> bool:
    """Whether a standing value was put back in this deploy, and this roll changes it once more.

    A standing value is one that the field had in a revision before the deploy, other than the last one: the static
    tag of a manifest that is applied at each deploy.
    """
    first = earlier[0]
    if first.before is None:
        return False
    older = [r for r in revisions if r.number < first.before.number]
    for path in roll.paths:
        for each in earlier:
            standing = each.after.value(path) if path in each.paths else None
            if standing is not None and any(r.value(path) == standing for r in older):
                return True
    return False


def _churns(rolls: Sequence[Roll]) -> bool:
    """Whether the same fields changed again and again."""
    if len(rolls) < _CHURN:
        return False
    common = rolls[1].paths.intersection(*(roll.paths for roll in rolls[2:]))
    return bool(common)


def _turns(rolls: Sequence[Roll]) -> int:
    """How many of the rolls go back to a template that the deploy had."""
    return sum(_returns(roll, rolls[:index]) for index, roll in enumerate(rolls) if index)


def _certainty(
    roll: Roll, kind: FindingKind, links: Sequence[Link], known: tuple[tuple[Roll, ...], tuple[Revision, ...]]
) -> tuple[Certainty, tuple[str, ...]]:
    earlier, revisions = known
    settle: list[str] = []
    if any(link.certainty is not Certainty.SEEN for link in links):
        by = "a deploy id" if links[-1].by is not By.ID else "a deploy id that every step brings anew"
        settle.append(f"{by}, or an API audit log (--api-audit-log FILE), would tell whether both are of one deploy")
    if roll.certainty is not Certainty.SEEN:
        settle.append("its pods of that time, or an API audit log, would tell whether pods were replaced")
    if kind is FindingKind.UNKNOWN or any(each.before is None for each in earlier):
        settle.append("a larger revisionHistoryLimit would have kept the revision before")
    if kind is FindingKind.REWRITE and revisions[0].number > 1:
        settle.append("older revisions would tell whether a standing value was put back, which would make it a bounce")
    if kind is FindingKind.BOUNCE and roll.before is not None and _returns(roll, earlier):
        settle.append(
            f"whether revision {roll.before.number} had failed, and this was a rollback, nothing tells any more"
        )
    if recovery.possible(roll, revisions) and kind is not FindingKind.RESTART:
        settle.append("an API audit log (--api-audit-log FILE) would tell whether it was kubectl rollout undo")
        to_and_fro = kind is FindingKind.CHURN and _turns((*earlier, roll)) >= _TURNS
        if not to_and_fro and not (links and links[-1].by is By.BUILD):
            return Certainty.UNKNOWN, tuple(settle)
    return (Certainty.INFERRED if settle else Certainty.SEEN), tuple(settle)


def cure(kind: FindingKind, roll: Roll, earlier: Sequence[Roll]) -> Cure:
    """What would have made one roll of the deploy's rolls."""
    match kind:
        case FindingKind.SPLIT | FindingKind.REWRITE | FindingKind.UNKNOWN:
            words = "make all changes in one write, before the steps that made them one by one"
        case FindingKind.BOUNCE:
            words = "give the step that puts the old value back the new one, or make the change before it in one write"
        case FindingKind.RESTART:
            return Cure("leave the restart out: the change of the template has restarted every pod")
        case FindingKind.CHURN:
            managers = sorted({w.manager for each in (*earlier, roll) for w in each.writers if w.manager})
            who = f": {', '.join(managers)}" if managers else ""
            return Cure(f"let one writer own these fields; they were changed again and again{who}")
    return Cure(words, _converge(roll, earlier))


def _converge(roll: Roll, earlier: Sequence[Roll]) -> str:
    """The converge that brings every image of the deploy at once; empty where more than images changed."""
    changed = {c.path: c for each in (*earlier, roll) for c in each.changes}
    if any(not c.container for c in changed.values()):
        return ""
    images = roll.after.template.images
    pairs = [f"{name}={images[name]}" for name in sorted({c.container for c in changed.values()}) if name in images]
    if not pairs:
        return ""
    key = roll.subject.key
    words = ["rollonce", "converge", str(key), *pairs, "-n", key.namespace]
    if roll.subject.cluster:
        words += ["--context", roll.subject.cluster]
    return shlex.join(words)
