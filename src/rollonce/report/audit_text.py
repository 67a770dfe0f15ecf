"""An audit as text: a sentence, the table, each redundant roll with evidence and cure, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rollonce.history import narrative
from rollonce.history import review as reviews
from rollonce.history.evidence import Subject
from rollonce.history.nouns import Basis, Certainty, Cost, Finding, Roll, Timeline, Writer
from rollonce.history.review import Review, Sum
from rollonce.report import spans, table

HEAD = ["WORKLOAD", "ROLLS", "REDUNDANT", "OUTAGE", "REDUCED", "POD-SECONDS"]
_ROWS = 20
_NAMED = 5


def lines(review: Review, *, interrupted: bool = False) -> list[str]:
    """The whole report."""
    sums = reviews.by_workload(review)
    told = [_headline(review, sums, interrupted=interrupted)]
    told += cost_line(review)
    if review.findings:
        told += ["", *_table(sums)]
        told += _sums(review)
        told += ["", *_findings(review, review.findings)]
    if review.open:
        told += ["", "Not counted, for these may be rollbacks on purpose:", "", *_findings(review, review.open)]
    return [*told, *limits(review)]


def headline(review: Review, *, interrupted: bool = False) -> str:
    """The first line, in words."""
    return _headline(review, reviews.by_workload(review), interrupted=interrupted)


def _headline(review: Review, sums: Sequence[Sum], *, interrupted: bool) -> str:
    so_far = "So far: of" if interrupted else "Of"
    n, redundant = len(review.rolls), len(review.findings)
    which = f" of deploy {review.question.deploy_id}" if review.question.deploy_id else ""
    if not n:
        return f"No roll{which} can be seen{_period(review, ' in ')}."
    if not redundant:
        words = f"{'So far: none' if interrupted else 'None'} of {_count(n, 'roll')}{which}{_period(review, ' in ')}"
        return f"{words} was redundant."
    share = round(100 * redundant / n)
    verb = "was" if redundant == 1 else "were"
    words = f"{so_far} {_count(n, 'roll')}{which}{_period(review, ' in ')}, {redundant} {verb} redundant ({share}%)"
    return f"{words}: {_taken(review.total)}. Worst: {sums[0].name}, {sums[0].redundant}."


def _period(review: Review, word: str) -> str:
    since = review.question.since
    if since is None:
        return ""
    return f"{word}the last {_days(review.question.now - since)}"


def _days(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    if hours >= 48 and hours % 24 == 0:
        return f"{hours // 24} days"
    return _count(hours, "hour") if hours >= 1 else spans.seconds(span.total_seconds())


def _taken(cost: Cost) -> str:
    if cost.outage.likely >= 0.5:
        return f"{spans.seconds(cost.outage.likely)} of outage that no change needed"
    if cost.reduced.likely >= 0.5:
        return f"{spans.seconds(cost.reduced.likely)} with fewer pods than wanted, that no change needed"
    return "no outage, but pods replaced that no change needed"


def cost_line(review: Review) -> list[str]:
    """The range of the outage, and where it comes from; nothing where there was none."""
    cost = review.total
    if not review.findings or cost.outage.high == 0:
        return []
    how = {
        Basis.OBSERVED: "observed",
        Basis.SIBLINGS: "in part estimated from other rolls of the same workloads",
        Basis.PROFILE: "in part estimated from the profile of their volumes",
        Basis.NONE: "what cannot be estimated is left out",
    }[cost.basis]
    low, high = spans.seconds(cost.outage.low), spans.seconds(cost.outage.high)
    return [f"The outage lies between {low} and {high}: {how}." if low != high else f"The outage is {how}."]


def _table(sums: Sequence[Sum]) -> list[str]:
    worst = [each for each in sums if each.redundant]
    more = [f"and {len(worst) - _ROWS} more workloads"] if len(worst) > _ROWS else []
    return [*table.render(HEAD, [row(each) for each in worst[:_ROWS]]), *more]


def row(each: Sum) -> list[str]:
    """One row of the table under `HEAD`."""
    return [
        each.name,
        str(each.rolls),
        str(each.redundant),
        spans.likely(each.cost.outage),
        spans.likely(each.cost.reduced),
        f"{each.cost.pod_seconds.likely:.0f}",
    ]


def _sums(review: Review) -> list[str]:
    told = []
    for name, sums in (
        ("namespace", reviews.by_namespace(review)),
        ("writer", reviews.by_writer(review)),
        ("day", reviews.by_day(review)),
    ):
        worst = [each for each in sums if each.redundant]
        if len(sums) > 1 and worst:
            named = ", ".join(f"{each.name} {each.redundant} of {each.rolls}" for each in worst[:_NAMED])
            told.append(f"by {name}: {named}" + (" ..." if len(worst) > _NAMED else ""))
    return ["", *told] if told else []


def _findings(review: Review, findings: Sequence[Finding]) -> list[str]:
    """By deploy, the newest first, and within it by workload: each of its rolls, most of all the redundant ones."""
    groups: dict[str, dict[Subject, list[Finding]]] = {}
    for finding in findings:
        groups.setdefault(finding.deploy, {}).setdefault(finding.subject, []).append(finding)
    told: list[str] = []
    for deploy in reversed(review.deploys):
        for place, (subject, mine) in enumerate(groups.get(deploy.name, {}).items()):
            if not place:
                told += ["", f"deploy {deploy.name} (by {deploy.by}: {deploy.why})"]
            told += workload_lines(reviews.title(review, subject), mine)
    return told[1:]


def workload_lines(name: str, findings: Sequence[Finding]) -> list[str]:
    """The rolls of one workload in one deploy, the redundant ones with everything about them."""
    told = {finding.roll.after.number: finding_lines(finding) for finding in findings}
    for roll in findings[-1].earlier:
        line = f"    {spans.time(roll.when.at)}  {narrative.evidence(roll, ())}; by {writers(roll)}"
        told.setdefault(roll.after.number, [line])
    return [f"  {name}", *(line for _, lines in sorted(told.items()) for line in lines)]


def finding_lines(finding: Finding) -> list[str]:
    """One redundant roll: evidence, writer, cost, cure."""
    doubt = "" if finding.certainty is Certainty.SEEN else f" ({finding.certainty})"
    by = writers(finding.roll)
    told = [f"    {spans.time(finding.roll.when.at)}  {finding.why}{doubt}; by {by}"]
    told.append(f"      took {cost(finding.cost)}")
    # What may have been meant needs no cure.
    if finding.certainty is not Certainty.UNKNOWN:
        told.append(f"      cure: {finding.cure.words}")
        if finding.cure.command:
            told.append(f"        {finding.cure.command}")
    return told + [f"      to settle it: {each}" for each in finding.settle]


def writers(roll: Roll) -> str:
    """Who wrote a roll, and how sure that is."""
    known = [writer for writer in roll.writers if writer.manager]
    if not known:
        return "somebody unknown"
    doubt = "" if all(writer.certainty is Certainty.SEEN for writer in known) else " (inferred)"
    return " or ".join(_writer(writer) for writer in known) + doubt


def _writer(writer: Writer) -> str:
    agent = writer.user_agent.partition(" ")[0]
    who = ", ".join(part for part in (writer.user, agent) if part)
    return f"{writer.manager} ({who})" if who else writer.manager


def cost(each: Cost) -> str:
    """What a roll took, with its basis."""
    parts = []
    if each.outage.high:
        parts.append(f"{spans.likely(each.outage)} of outage")
    if each.reduced.high:
        parts.append(f"{spans.likely(each.reduced)} with fewer pods")
    words = " and ".join(parts) or "nothing that can be told"
    return f"{words}, {each.basis}: {each.why}" if each.why else words


def limits(review: Review) -> list[str]:
    """How far back it could see, what is missing, what was passed over."""
    told = [*_reach(review), *_recoveries(review)]
    told += [_gap(each.source, each.cost, each.hint) for each in review.gaps]
    told += [f"passed over: {each.what}: {each.why}" for each in review.rejected[:_ROWS]]
    if len(review.rejected) > _ROWS:
        told.append(f"passed over: {len(review.rejected) - _ROWS} more, see -o json")
    told += [f"skipped: {_count(n, what)}" for what, n in review.skipped]
    return ["", *told] if told else []


def _gap(source: str, lost: str, hint: str) -> str:
    return f"missing: {source}: {lost}" + (f"; {hint}" if hint else "")


def _recoveries(review: Review) -> list[str]:
    n = review.recoveries
    return [f"{_count(n, 'recovery', 'recoveries')}, which no count of redundant rolls has."] if n else []


def _reach(review: Review) -> list[str]:
    if not review.timelines:
        return ["There is no workload to audit."]
    told = []
    if review.horizon is not None:
        told.append(f"The oldest revision that can be seen is of {spans.time(review.horizon)}.")
    hidden = [t for t in review.timelines if _hidden(t) > 0]
    if hidden:
        worst = sorted(hidden, key=lambda t: (-_hidden(t), t.subject))[:_NAMED]
        named = ", ".join(_bound(review, each) for each in worst)
        more = f", and {len(hidden) - _NAMED} more workloads" if len(hidden) > _NAMED else ""
        told.append(f"Older revisions are gone: {named}{more}.")
    return told


def _hidden(timeline: Timeline) -> int:
    return timeline.lower_bound - len(timeline.rolls)


def _bound(review: Review, timeline: Timeline) -> str:
    """A highest revision less one is a lower bound of rolls."""
    name = reviews.title(review, timeline.subject)
    return f"{name} rolled {timeline.lower_bound} times at least, {len(timeline.rolls)} can be seen"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
