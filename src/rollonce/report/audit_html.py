"""An audit as one HTML page: sentence, timeline, worst workloads, every redundant roll, what was not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape

from rollonce.history import narrative, template
from rollonce.history import review as reviews
from rollonce.history.evidence import Subject
from rollonce.history.nouns import Certainty, Deploy, Finding, Roll
from rollonce.history.review import Review
from rollonce.report import audit_text, spans
from rollonce.report.page import chart, shell
from rollonce.report.page.chart import Bar, Column, Mark

# What a page still shows at once; all of it is in -o json.
LANES = 60
COLUMNS = 80
TOLD = 400
ROWS = 50
LISTED = 3000

_RollId = tuple[Subject, int]


class _Ids:
    """An id for what is told about each roll, in the order of the rolls."""

    def __init__(self, review: Review) -> None:
        self._numbers = {(roll.subject, roll.after.number): n for n, roll in enumerate(review.rolls, 1)}
        # The first finding about a roll is the text that its bar leads to.
        self._told = {_of(finding.roll) for finding in (*review.findings, *review.open)[:TOLD]}

    def finding(self, roll: Roll) -> str:
        return f"redundant-{self._numbers[_of(roll)]}"

    def row(self, roll: Roll) -> str:
        return f"roll-{self._numbers[_of(roll)]}"

    def target(self, roll: Roll) -> str:
        return self.finding(roll) if _of(roll) in self._told else self.row(roll)


def render(review: Review, *, interrupted: bool = False) -> bytes:
    """The page; equal evidence gives equal bytes."""
    headline = audit_text.headline(review, interrupted=interrupted)
    body = [f"<h1>{escape(headline)}</h1>", *_facts(review)]
    if review.rolls:
        ids = _Ids(review)
        body += [*_timeline(review, ids), *_worst(review)]
        body += _told(review, ids, review.findings, "Redundant rolls", "finding")
        body += _told(
            review, ids, review.open, "Not counted: these may be rollbacks, or changes by somebody else", "open"
        )
        body += _every_roll(review, ids)
    limits = [line for line in audit_text.limits(review) if line]
    if limits:
        body += ["<h2>What can be seen, and what not</h2>", "<ul>", *(f"<li>{escape(each)}</li>" for each in limits)]
        body.append("</ul>")
    return shell.render(f"rollonce audit, {spans.time(review.question.now)}", body)


def _of(roll: Roll) -> _RollId:
    return roll.subject, roll.after.number


def _facts(review: Review) -> Iterator[str]:
    for line in audit_text.cost_line(review):
        yield f"<p>{escape(line)}</p>"
    yield f'<p class="soft">As of {spans.time(review.question.now)}.</p>'


# --- the timeline


def _timeline(review: Review, ids: _Ids) -> Iterator[str]:
    ranked = {each.name: n for n, each in enumerate(reviews.by_workload(review))}
    names = {roll.subject: reviews.title(review, roll.subject) for roll in review.rolls}
    subjects = sorted(names, key=lambda subject: (ranked[names[subject]], subject))
    lanes = subjects[:LANES]
    visible = set(lanes)
    shown = [deploy for deploy in review.deploys if any(roll.subject in visible for roll in deploy.rolls)]
    columns = sorted(shown, key=_begin)[-COLUMNS:]
    bars = [bar for n, deploy in enumerate(columns) for bar in _bars(review, ids, deploy, n, lanes)]
    yield "<h2>Timeline</h2>"
    yield (
        '<p class="soft">A lane is a workload, a column a deploy, a bar a roll: as long as it took, to scale within '
        "its deploy. Point at a bar, or tab to it, for what changed and who wrote it; its link leads to all that is "
        "known.</p>"
    )
    yield chart.legend()
    picture = chart.render([names[each] for each in lanes], [_column(each) for each in columns], bars)
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="Timeline">{picture}</div>'
    left_out = []
    if len(subjects) > LANES:
        left_out.append(f"{len(subjects) - LANES} more workloads, none of them worse than these")
    if len(shown) > COLUMNS:
        left_out.append(f"{len(shown) - COLUMNS} earlier deploys")
    if left_out:
        yield f'<p class="soft">Not in the picture: {escape(" and ".join(left_out))}.</p>'


def _begin(deploy: Deploy) -> tuple[bool, float, str]:
    """Deploys whose time is not known stand first."""
    times = [roll.when.at for roll in deploy.rolls if roll.when.at is not None]
    return bool(times), min(times).timestamp() if times else 0.0, deploy.name


def _column(deploy: Deploy) -> Column:
    times = [roll.when.at for roll in deploy.rolls if roll.when.at is not None]
    when = f"{min(times):%Y-%m-%d %H:%M}" if times else "time not known"
    # A deploy that is named after its time would say it twice.
    return Column("" if deploy.name.startswith(f"{when[:10]}") else deploy.name, when)


def _bars(review: Review, ids: _Ids, deploy: Deploy, column: int, lanes: Sequence[Subject]) -> Iterator[Bar]:
    places = {subject: n for n, subject in enumerate(lanes)}
    times = [roll.when.at for roll in deploy.rolls if roll.when.at is not None]
    begin = min(times, default=None)
    marks = _marks(review)
    for roll in sorted(deploy.rolls, key=lambda roll: (roll.subject, roll.after.number)):
        if roll.subject not in places:
            continue
        cost = review.costs[_of(roll)]
        mark = marks.get(_of(roll), Mark.NEEDED)
        start = _since(begin, roll.when.at)
        seconds = cost.outage.likely or cost.reduced.likely
        which = f"{reviews.title(review, roll.subject)} {narrative.numbers(roll)}"
        words = f"{which}, {spans.time(roll.when.at)}: {_what(roll)}"
        if mark is not Mark.NEEDED:
            words += f" ({mark})"
        yield Bar(places[roll.subject], column, start, seconds, mark, cost.outage.likely > 0, ids.target(roll), words)


def _marks(review: Review) -> Mapping[_RollId, Mark]:
    marks = {_of(roll): Mark.RECOVERY for roll in review.rolls if roll.recovery is not None}
    marks |= {_of(finding.roll): Mark.OPEN for finding in review.open}
    return marks | {_of(finding.roll): Mark.REDUNDANT for finding in review.findings}


def _since(begin: datetime | None, at: datetime | None) -> float:
    return (at - begin).total_seconds() if begin is not None and at is not None else 0.0


def _what(roll: Roll) -> str:
    if roll.before is None:
        return "what changed is not known"
    return ", ".join(narrative.change(each) for each in roll.changes) or "nothing that is compared"


# --- the text


def _worst(review: Review) -> Iterator[str]:
    worst = [each for each in reviews.by_workload(review) if each.redundant]
    if not worst:
        return
    yield "<h2>Workloads, worst first</h2>"
    yield shell.table(audit_text.HEAD, (audit_text.row(each) for each in worst[:ROWS]))
    if len(worst) > ROWS:
        yield f"<p>and {len(worst) - ROWS} more workloads</p>"


def _told(review: Review, ids: _Ids, findings: Sequence[Finding], title: str, name: str) -> Iterator[str]:
    if not findings:
        return
    yield f"<h2>{escape(title)}</h2>"
    by_deploy: dict[str, list[Finding]] = {}
    for finding in findings[:TOLD]:
        by_deploy.setdefault(finding.deploy, []).append(finding)
    for deploy in review.deploys:
        mine = by_deploy.get(deploy.name)
        if mine:
            yield f"<h3>deploy {escape(deploy.name)}</h3>"
            yield f'<p class="soft">Known by {escape(deploy.by)}: {escape(deploy.why)}.</p>'
            for finding in mine:
                yield from _finding(review, ids, finding, name)
    if len(findings) > TOLD:
        yield f"<p>and {len(findings) - TOLD} more, all in <code>-o json</code></p>"


def _finding(review: Review, ids: _Ids, finding: Finding, name: str) -> Iterator[str]:
    roll = finding.roll
    doubt = "" if finding.certainty is Certainty.SEEN else f" ({finding.certainty})"
    yield f'<article class="{name}" id="{ids.finding(roll)}">'
    yield f"<h3>{escape(reviews.title(review, finding.subject))}, {spans.time(roll.when.at)}{doubt}</h3>"
    yield f"<p>{escape(finding.why)}</p>"
    yield _steps([*finding.earlier, roll])
    yield "<dl>"
    yield f"<dt>kind</dt><dd>{escape(finding.kind)}</dd>"
    yield f"<dt>took</dt><dd>{escape(audit_text.cost(finding.cost))}</dd>"
    yield f"<dt>cure</dt><dd>{escape(finding.cure.words)}"
    if finding.cure.command:
        yield f"<pre>{escape(finding.cure.command)}</pre>"
    yield "</dd>"
    for each in finding.settle:
        yield f"<dt>to settle it</dt><dd>{escape(each)}</dd>"
    yield "</dl></article>"


def _steps(rolls: Sequence[Roll]) -> str:
    """The rolls of one workload in one deploy, a row a field."""
    rows = []
    for roll in rolls:
        for each in roll.changes or (None,):
            fields = (template.label(each.path), each.old, each.new) if each is not None else ("not known", None, None)
            values = ["(unset)" if value is None else value for value in fields]
            rows.append((narrative.numbers(roll), spans.time(roll.when.at), *values, audit_text.writers(roll)))
    return shell.table(["revision", "when", "field", "before", "after", "written by"], rows)


def _every_roll(review: Review, ids: _Ids) -> Iterator[str]:
    yield "<h2>Every roll</h2>"
    rolls: dict[Subject, list[Roll]] = {}
    for roll in review.rolls[:LISTED]:
        rolls.setdefault(roll.subject, []).append(roll)
    for subject, mine in rolls.items():
        n = "1 roll" if len(mine) == 1 else f"{len(mine)} rolls"
        yield f"<details><summary>{escape(reviews.title(review, subject))}: {n}</summary>"
        for roll in mine:
            yield f'<section id="{ids.row(roll)}">'
            yield f"<p><strong>{narrative.numbers(roll)}</strong>, {spans.time(roll.when.at)}{_recovery(roll)}</p>"
            yield _steps([roll])
            yield f"<p>took {escape(audit_text.cost(review.costs[_of(roll)]))}</p></section>"
        yield "</details>"
    if len(review.rolls) > LISTED:
        yield f"<p>and {len(review.rolls) - LISTED} more, all in <code>-o json</code></p>"


def _recovery(roll: Roll) -> str:
    return f": a recovery, {escape(roll.recovery.why)}" if roll.recovery is not None else ""
