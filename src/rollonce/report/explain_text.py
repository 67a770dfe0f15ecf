"""The history of one workload as text: each revision with time, deploy, changes, writer, and how each is known."""

from __future__ import annotations

from rollonce.history import narrative
from rollonce.history import review as reviews
from rollonce.history.nouns import Finding, IdState, Link, Revision, Roll, Timeline
from rollonce.history.review import Review
from rollonce.report import audit_text, spans

_ID_WORDS = {
    IdState.NONE: "",
    IdState.FRESH: "first carried by this revision",
    IdState.INHERITED: "carried by a revision before as well, so it may have been left behind",
    IdState.TRAVELLED: "on a ReplicaSet that was used again, so it may be that of its first time",
    IdState.UNKNOWN: "what the revision before carried is not known, so it may have been left behind",
}


def lines(review: Review, number: int) -> list[str]:
    """Every timeline of the review; `number` limits it to one revision, 0 means all."""
    told: list[str] = []
    for timeline in review.timelines:
        told += [*_timeline(review, timeline, number), ""]
    return [*told[:-1], *audit_text.limits(review)]


def _timeline(review: Review, timeline: Timeline, number: int) -> list[str]:
    n = timeline.lower_bound
    times = "once" if n == 1 else f"{n} times"
    head = f"{reviews.title(review, timeline.subject)}: rolled {times} at least, {len(timeline.rolls)} can be seen"
    told = [head, *(f"  {note}" for note in timeline.notes)]
    rolls = {roll.after.number: roll for roll in timeline.rolls}
    for revision in timeline.revisions:
        if number in (0, revision.number):
            told += _revision(review, revision, rolls.get(revision.number))
    return told


def _revision(review: Review, revision: Revision, roll: Roll | None) -> list[str]:
    when = revision.when
    told = ["", f"  revision {revision.number}, {spans.time(when.at)} ({when.certainty}: {when.basis})"]
    if revision.deploy_id:
        told.append(f"    deploy id {revision.deploy_id}: {_ID_WORDS[revision.id_state]}")
    if revision.failed:
        told.append(f"    failed: {revision.failed}")
    if roll is None:
        images = ", ".join(f"{name} {narrative.version(image)}" for name, image in revision.template.images.items())
        return [*told, f"    {'made with' if revision.number == 1 else 'no roll:'} {images}"]
    return told + _roll(review, roll)


def _roll(review: Review, roll: Roll) -> list[str]:
    told = [f"    {narrative.evidence(roll, ())}"]
    for writer in roll.writers:
        named = f"written by {writer}" if writer.manager else "nobody is known to have written it"
        settle = f"; {writer.settle} would settle it" if writer.settle else ""
        told.append(f"    {named} ({writer.certainty}: {writer.basis}{settle})")
    if roll.recovery is not None:
        told.append(f"    a recovery ({roll.recovery.certainty}): {roll.recovery.why}")
    link, deploy = _deploy(review, roll)
    told.append(f"    deploy {deploy}" + (f": {link.why} ({link.certainty})" if link is not None else ""))
    cost = review.costs.get((roll.subject, roll.after.number))
    if cost is not None:
        told.append(f"    took {audit_text.cost(cost)}")
    finding = _finding(review, roll)
    if finding is not None:
        told.append(f"    redundant ({finding.certainty}): {finding.why}")
        told += [f"    to settle it: {each}" for each in finding.settle]
    return told


def _deploy(review: Review, roll: Roll) -> tuple[Link | None, str]:
    for deploy in review.deploys:
        for member in deploy.members:
            if member.roll.subject == roll.subject and member.roll.after.number == roll.after.number:
                return member.link, deploy.name
    return None, "unknown"


def _finding(review: Review, roll: Roll) -> Finding | None:
    both = (*review.findings, *review.open)
    same = (f for f in both if f.subject == roll.subject and f.roll.after.number == roll.after.number)
    return next(same, None)
