"""A plan as Markdown, fit for a comment at a pull request: what changes and what it costs first, the rest folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rollonce.model.deploy import Deploy, Source
from rollonce.plan.operation import Change, Disruption, ImageChange, Plan, Refuse, Skip, Write
from rollonce.report import changes, objects_text
from rollonce.report.converge_text import spans_namespaces, title

# GitHub takes comments of 65,536 characters, and nobody reads that many.
MOST_ROWS = 200

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@-])")


def lines(plan: Plan, deploy: Deploy, heading: Sequence[str] = ()) -> list[str]:
    """The lines of the comment; `heading` says where the plan comes from."""
    wide = spans_namespaces(plan)
    known = "" if deploy.source is Source.GENERATED else f": deploy {_text(deploy.id)}"
    told = [f"### rollonce plan{known}", "", *(f"{_text(line)}\n" for line in heading), _summary(plan)]
    if plan.refusals:
        told += ["", *_refusals(plan.refusals, wide)]
    if plan.writes:
        told += ["", *_table(plan.writes, wide), "", *_folded("What it costs", _costs(plan.writes, wide))]
    if plan.objects:
        told += ["", *_folded("Other objects", _objects(plan, wide))]
    skips = [operation for operation in plan.operations if isinstance(operation, Skip)]
    quiet = [f"- {_code(title(skip.key, with_namespace=wide))}: {_text(skip.detail)}" for skip in skips]
    remarks = [
        f"- {_code(title(o.key, with_namespace=wide))}: {_text(remark.detail)}"
        for o in plan.operations
        for remark in o.remarks
    ]
    if quiet or remarks:
        told += ["", *_folded("What is left alone", [*quiet, *remarks])]
    return [*told, *(line for warning in plan.warnings for line in ("", f"> warning: {_text(warning)}"))]


def _summary(plan: Plan) -> str:
    if not plan.writes and not plan.refusals:
        n = len(plan.object_writes)
        if not n:
            return "Nothing changes, and nothing restarts."
        return f"**{n} other {'object changes' if n == 1 else 'objects change'}**, and nothing restarts."
    counted = Counter(patch.cost.disruption for patch in plan.writes)
    costs = ", ".join(f"{counted[cost]} {_COSTS[cost]}" for cost in reversed(Disruption) if counted[cost])
    n = len(plan.writes)
    told = f"**{n} {'workload changes' if n == 1 else 'workloads change'}**" + (f": {costs}." if costs else ".")
    return told if not plan.refusals else f"**Refused: nothing would be sent.** {told}"


_COSTS = {
    Disruption.NONE: "without a restart",
    Disruption.ROLL: "with pods replaced while others serve",
    Disruption.OUTAGE: "with an **outage**",
}


def _table(patches: tuple[Write, ...], wide: bool) -> list[str]:
    told = ["| workload | field | now | becomes | cost |", "| --- | --- | --- | --- | --- |"]
    rows = [(patch, i, change) for patch in patches for i, change in enumerate(patch.changes)]
    for patch, i, change in rows[:MOST_ROWS]:
        head = _code(title(patch.key, with_namespace=wide)) if i == 0 else ""
        cost = patch.cost.disruption.value if i == 0 else ""
        told.append(f"| {head} | {' | '.join(_cells(change))} | {cost} |")
    if len(rows) > MOST_ROWS:
        told += ["", f"and {len(rows) - MOST_ROWS} more changes"]
    return told


def _cells(change: Change) -> tuple[str, str, str]:
    container, old, new, what = changes.cells(change)
    if isinstance(change, ImageChange):
        what = f"image {what}" if what else "image"
    return _text(f"{container}: {what}" if container else what), _code(old), _code(new)


def _costs(patches: tuple[Write, ...], wide: bool) -> list[str]:
    told = []
    for patch in patches:
        risks = "".join(f"; {risk}" for risk in patch.cost.risks)
        told.append(
            f"- {_code(title(patch.key, with_namespace=wide))}: "
            f"{patch.cost.disruption}: {_text(patch.cost.why + risks)}"
        )
    return told


def _objects(plan: Plan, wide: bool) -> list[str]:
    return [
        f"- {_code(objects_text.title(o.key, with_namespace=wide))}: {_text(objects_text.words(o))}"
        for o in plan.objects
    ]


def _refusals(refusals: tuple[Refuse, ...], wide: bool) -> list[str]:
    told = []
    for refusal in refusals:
        head = _code(title(refusal.key, with_namespace=wide))
        told.append(f"- {head} is refused ({refusal.reason}): {_text(refusal.detail)}. {_text(refusal.hint)}")
    return told


def _folded(summary: str, inner: list[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *inner, "", "</details>"]


def _text(words: str) -> str:
    """Words in which nothing is markup, nobody is mentioned, and no row ends early."""
    return _SPECIAL.sub(r"\\\1", words.replace("\n", " "))


def _code(words: str) -> str:
    """Words as code, in a cell of a table: with a fence that is longer than any in them."""
    text = words.replace("\n", " ").replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}" if text else ""
