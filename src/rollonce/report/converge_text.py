"""What a converge says on the way, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from rollonce.app.news import Event, Finished, Halted, Loosened, Progressed, Sent, Troubled, Unlooked, WaveBegun
from rollonce.model.deploy import Deploy, Source
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import WorkloadKey
from rollonce.plan.operation import Cost, ImageChange, Plan, Refuse, Skip, Write
from rollonce.report import changes, objects_text, table
from rollonce.rollout.line import Pace
from rollonce.rollout.outcome import Outcome, Verdict

_SHOWN = 3
_READ_AT_A_GLANCE = 10


def title(key: WorkloadKey, *, with_namespace: bool) -> str:
    """`deployment/x`, or `namespace/deployment/x` where a run spans several."""
    return f"{key.namespace}/{key}" if with_namespace else str(key)


def spans_namespaces(plan: Plan) -> bool:
    """Whether the objects of a plan lie in more than one namespace."""
    return len(_namespaces(plan)) > 1


def _namespaces(plan: Plan) -> list[str]:
    keys = (*(o.key.namespace for o in plan.operations), *(o.key.namespace for o in plan.objects))
    return sorted({namespace for namespace in keys if namespace})


def plan_lines(plan: Plan, deploy: Deploy, pace: Pace | None = None) -> list[str]:
    """The plan, before anything is done."""
    wide = spans_namespaces(plan)
    lines = [_deploy_line(deploy, plan)]
    if plan.objects:
        lines += ["", *objects_text.plan_lines(plan.objects, with_namespace=wide)]
    changing = plan.writes
    if changing:
        lines += ["", *_changes_table(changing, wide)]
    refused = plan.refusals
    if refused:
        lines += ["", *_refusals(refused, wide)]
    skipped = [o for o in plan.operations if isinstance(o, Skip)]
    if skipped:
        lines += ["", *(f"{title(s.key, with_namespace=wide)}: {s.detail}" for s in skipped)]
    lines += _remarks(plan, wide)
    if pace is not None and len(pace.waves) > 1:
        lines += ["", *_waves(pace, wide)]
    lines += [f"warning: {warning}" for warning in plan.warnings]
    return lines


def _waves(pace: Pace, wide: bool) -> Iterator[str]:
    for number, keys in enumerate(pace.waves, 1):
        yield f"wave {number}: {_some([title(key, with_namespace=wide) for key in keys])}"


def _deploy_line(deploy: Deploy, plan: Plan) -> str:
    commit = f", commit {deploy.commit[:12]}" if deploy.commit else ""
    origin = {Source.GIVEN: "", Source.CI: "", Source.GENERATED: " (generated)"}[deploy.source]
    spaces = _namespaces(plan)
    where = f"namespace {spaces[0]}" if len(spaces) == 1 else f"{len(spaces)} namespaces"
    return f"deploy {deploy.id}{origin}{commit}" + (f", {where}" if spaces else "")


def _changes_table(patches: Sequence[Write], wide: bool) -> list[str]:
    rows: list[list[str]] = []
    for patch in patches:
        head = title(patch.key, with_namespace=wide)
        cost = patch.cost.disruption.value
        for i, change in enumerate(patch.changes):
            rows.append([head if i == 0 else "", *changes.cells(change), cost if i == 0 else ""])
    only_images = all(isinstance(change, ImageChange) for patch in patches for change in patch.changes)
    what = "IMAGE" if only_images else "FIELD"
    lines = [*table.render(["WORKLOAD", "CONTAINER", "NOW", "BECOMES", what, "COST"], rows), ""] if rows else []
    return [*lines, *_costs(patches, wide)]


def _costs(patches: Iterable[Write], wide: bool) -> list[str]:
    """Each cost once, with the workloads that it is predicted for."""
    groups: dict[Cost, list[str]] = {}
    for patch in patches:
        groups.setdefault(patch.cost, []).append(title(patch.key, with_namespace=wide))
    lines = []
    for cost, who in groups.items():
        risks = "".join(f"; {risk}" for risk in cost.risks)
        lines.append(f"{cost.disruption}: {_some(who)}: {cost.why}{risks}")
    return lines


def _remarks(plan: Plan, wide: bool) -> list[str]:
    """Each remark once, with the workloads that it holds for."""
    groups: dict[str, list[str]] = {}
    for operation in plan.operations:
        for remark in operation.remarks:
            groups.setdefault(remark.detail, []).append(title(operation.key, with_namespace=wide))
    return [f"{_some(who)}: {detail}" for detail, who in groups.items()]


def _some(who: list[str]) -> str:
    more = f" and {len(who) - _SHOWN} more" if len(who) > _SHOWN else ""
    return ", ".join(who[:_SHOWN]) + more


def _refusals(refusals: Iterable[Refuse], wide: bool) -> list[str]:
    lines = []
    for refusal in refusals:
        lines.append(f"{title(refusal.key, with_namespace=wide)}: refused ({refusal.reason}): {refusal.detail}")
        lines += [f"  {changes.line(change)}" for change in refusal.changes]
        lines.append(f"  hint: {refusal.hint}")
    return lines


def event_line(event: Event, *, with_namespace: bool) -> str:
    """One line for one event of a run."""

    def who(key: WorkloadKey) -> str:
        return title(key, with_namespace=with_namespace)

    match event:
        case Sent(key=key, attempt=1):
            return f"{who(key)}: patch sent"
        case Sent(key=key, attempt=attempt):
            return f"{who(key)}: sent again (attempt {attempt})"
        case Progressed(key=key, standing=standing):
            return f"{who(key)}: {standing.message}"
        case Finished(key=key, outcome=outcome):
            return f"{who(key)}: {outcome.verdict}: {outcome.detail}"
        case WaveBegun(number=number, of=of, keys=keys):
            return f"wave {number} of {of}: {_some([who(key) for key in keys])}"
        case Loosened(key=key, pod=pod, words=words):
            return f"{who(key)}: pod {pod}: {words}" if pod else f"{who(key)}: {words}"
        case Troubled(key=key, finding=finding):
            return f"{who(key)}: {finding.trouble}: {finding.where}: {finding.words}"
        case Unlooked(namespace=namespace, why=why):
            return f"namespace {namespace}: why its rollouts take their time is not looked into: {why}"
        case Halted(why=why, left=left):
            return f"halted: {why}; {_count(left, 'workload')} not begun, what rolls is waited for"
        case _ as never:
            assert_never(never)


def summary_lines(
    plan: Plan,
    outcomes: Mapping[WorkloadKey, Outcome],
    objects: Mapping[ObjectKey, Outcome] | None = None,
    *,
    dry_run: bool,
) -> list[str]:
    """What was sent and what happened, at the end; `objects` has how it ended for what is no workload."""
    wide = spans_namespaces(plan)
    if dry_run:
        return [_dry_run_line(plan), *_bad_lines(outcomes, wide)]
    if plan.refusals:
        told = {key: outcome for key, outcome in outcomes.items() if outcome.verdict is not Verdict.NOT_SENT}
        return [f"nothing was sent: {_count(len(plan.refusals), 'workload')} refused", *_bad_lines(told, wide)]
    return [*_object_lines(objects or {}), *_workload_lines(plan, outcomes, wide)]


def _object_lines(objects: Mapping[ObjectKey, Outcome]) -> list[str]:
    if not objects:
        return []
    sent = sum(outcome.sent for outcome in objects.values())
    return [f"{_count(sent, 'object')} applied beside workloads; {_tally(objects.values())}"]


def _workload_lines(plan: Plan, outcomes: Mapping[WorkloadKey, Outcome], wide: bool) -> list[str]:
    if plan.objects and not outcomes:
        return []
    sent = sum(outcome.sent for outcome in outcomes.values())
    total = f"{_count(sent, 'patch', 'patches')} sent; {_tally(outcomes.values()) or 'nothing to do'}"
    # What went wrong was said when it happened; in a large fleet that is far up by now.
    far = len(outcomes) > _READ_AT_A_GLANCE
    return [total, *(_bad_lines(outcomes, wide) if far else []), *_unreached_lines(outcomes, wide)]


def _tally(outcomes: Iterable[Outcome]) -> str:
    tally: dict[Verdict, int] = {}
    for outcome in outcomes:
        tally[outcome.verdict] = tally.get(outcome.verdict, 0) + 1
    return ", ".join(f"{n} {verdict}" for verdict, n in sorted(tally.items()))


def _dry_run_line(plan: Plan) -> str:
    others = f" and {_count(len(plan.object_writes), 'other object')}" if plan.objects else ""
    return f"dry run: nothing was sent; {_count(len(plan.writes), 'workload')}{others} would be changed"


def problems(plan: Plan, outcomes: Mapping[WorkloadKey, Outcome]) -> list[tuple[str, str]]:
    """Title and text of what did not end well, and of what was refused; not of what only waited for those."""
    wide = spans_namespaces(plan)
    refused = [(title(r.key, with_namespace=wide), f"refused ({r.reason}): {r.detail}") for r in plan.refusals]
    bad = [
        (title(key, with_namespace=wide), f"{outcome.verdict}: {outcome.detail}")
        for key, outcome in outcomes.items()
        if not outcome.good and outcome.verdict is not Verdict.NOT_SENT
    ]
    return [*refused, *bad]


def _bad_lines(outcomes: Mapping[WorkloadKey, Outcome], wide: bool) -> list[str]:
    return [
        f"{title(key, with_namespace=wide)}: {outcome.verdict}: {outcome.detail}"
        for key, outcome in outcomes.items()
        if not outcome.good and outcome.verdict is not Verdict.NOT_SENT
    ]


def _unreached_lines(outcomes: Mapping[WorkloadKey, Outcome], wide: bool) -> list[str]:
    """What was not sent, each reason once."""
    groups: dict[str, list[str]] = {}
    for key, outcome in outcomes.items():
        if outcome.verdict is Verdict.NOT_SENT:
            groups.setdefault(outcome.detail, []).append(title(key, with_namespace=wide))
    return [f"{Verdict.NOT_SENT}: {_some(who)}: {why}" for why, who in groups.items()]


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
