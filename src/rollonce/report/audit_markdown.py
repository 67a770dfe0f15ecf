"""An audit as markdown: for the summary of a CI run, a comment, a ticket."""

from __future__ import annotations

from collections.abc import Sequence

from rollonce.history import review as reviews
from rollonce.history.nouns import Certainty, Finding
from rollonce.history.review import Review
from rollonce.report import audit_text, spans

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#"})


def lines(review: Review, *, interrupted: bool = False) -> list[str]:
    """The whole report."""
    told = [f"**{_plain(audit_text.headline(review, interrupted=interrupted))}**"]
    if review.findings:
        told += ["", *_table(review)]
        told += _findings(review, "Redundant rolls", review.findings)
    if review.open:
        told += _findings(review, "Not counted: these may be rollbacks, or changes by somebody else", review.open)
    limits = audit_text.limits(review)
    if limits:
        told += ["", "### What could be seen", "", *(f"- {_plain(line)}" for line in limits if line)]
    return told


def _table(review: Review) -> list[str]:
    rows = ["| workload | rolls | redundant | outage | reduced |", "| --- | ---: | ---: | --- | --- |"]
    for each in reviews.by_workload(review):
        if each.redundant:
            outage, reduced = spans.likely(each.cost.outage), spans.likely(each.cost.reduced)
            rows.append(f"| {_plain(each.name)} | {each.rolls} | {each.redundant} | {outage} | {reduced} |")
    return rows


def _findings(review: Review, heading: str, findings: Sequence[Finding]) -> list[str]:
    told = ["", f"### {heading}"]
    for finding in findings:
        name = reviews.title(review, finding.subject)
        told += ["", f"- **{_plain(name)}** {spans.time(finding.roll.when.at)}, deploy {_plain(finding.deploy)}"]
        told.append(f"  - {_plain(finding.why)} ({finding.certainty})")
        steps = [*finding.earlier[-1:], finding.roll]
        told.append(f"  - written by {_plain(', then '.join(audit_text.writers(roll) for roll in steps))}")
        told.append(f"  - took {_plain(audit_text.cost(finding.cost))}")
        if finding.certainty is Certainty.UNKNOWN:
            continue
        told.append(f"  - cure: {_plain(finding.cure.words)}")
        if finding.cure.command:
            told += ["", "    ```sh", f"    {finding.cure.command}", "    ```"]
    return told


def _plain(text: str) -> str:
    return text.translate(_SPECIAL)
