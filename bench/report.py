"""Results as text for people, as JSON, and as the measured part of docs/benchmarks.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bench.machine import ROOT, Machine
from bench.result import Figure, Goal, Result, Row
from bench.rounds import Spread

VERSION = "rollonce.bench/v1"
DOCS = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin (python -m bench --write-docs) -->", "<!-- measured: end -->"
_HEAD = ("side", "median s", "min", "max", "client CPU s", "requests")


def lines(result: Result, *, judged: bool) -> Iterator[str]:
    """A table, and a line for each figure."""
    yield f"{result.name}: {result.subject}"
    yield from (f"  {line}" for line in _aligned([_HEAD, *map(_cells, result.rows)]))
    shown = [(figure.label, _spread(figure), *_goal(figure, judged=judged)) for figure in result.figures]
    yield from (f"  {line}" for line in _aligned(shown))


def summary(results: Iterable[Result], *, judged: bool) -> Iterator[str]:
    """Goal, measured, held or not."""
    rows = [
        (
            result.name,
            figure.label,
            *_goal(figure, judged=judged)[:1],
            _spread(figure),
            *_goal(figure, judged=judged)[1:],
        )
        for result in results
        for figure in result.figures
        if figure.goal
    ]
    yield from _aligned([("benchmark", "what", "goal", "measured", ""), *rows])


def document(machine: Machine, results: Sequence[Result], *, quick: bool) -> str:
    """Versioned JSON."""
    content = {
        "version": VERSION,
        "quick": quick,
        "machine": {
            "date": machine.date,
            "python": machine.python,
            "kubernetes": machine.kubernetes,
            "cores": machine.cores,
            "load": machine.load,
            "commit": machine.commit,
        },
        "benchmarks": [_benchmark(result) for result in results],
    }
    return json.dumps(content, indent=2) + "\n"


def write_docs(machine: Machine, results: Sequence[Result]) -> None:
    """Rewrites what stands between the two marks. Raises ValueError where they are missing."""
    text = DOCS.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{DOCS} has no single pair of marks")
    measured = "\n".join(_markdown(machine, results))
    pattern = f"{re.escape(BEGIN)}.*?{re.escape(END)}"
    DOCS.write_text(re.sub(pattern, lambda _: f"{BEGIN}\n{measured}\n{END}", text, flags=re.DOTALL))


def _markdown(machine: Machine, results: Sequence[Result]) -> Iterator[str]:
    yield f"{machine}.\n"
    yield from _markdown_table(("what", "goal", "median (min to max)", ""), _all_figures(results))
    for result in results:
        yield f"\n`{result.name}`: {result.subject}\n"
        yield from _markdown_table(_HEAD, map(_cells, result.rows))


def _all_figures(results: Iterable[Result]) -> Iterator[tuple[str, ...]]:
    for result in results:
        for figure in result.figures:
            goal, held = _goal(figure, judged=True)
            yield f"`{result.name}`: {figure.label}", goal, _spread(figure), held


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _benchmark(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "subject": result.subject,
        "sides": [
            {"side": row.side, "seconds": _numbers(row.seconds), "cpu": _numbers(row.cpu), "requests": row.requests}
            for row in result.rows
        ],
        "figures": [
            {
                "label": figure.label,
                "unit": figure.unit,
                "measured": _numbers(figure.measured),
                "goal": _bound(figure.goal),
                "held": figure.goal.held(figure.measured) if figure.goal else None,
            }
            for figure in result.figures
        ],
    }


def _bound(goal: Goal | None) -> dict[str, Any] | None:
    return None if goal is None else {"bound": goal.bound.value, "value": goal.value}


def _numbers(spread: Spread) -> dict[str, float]:
    values = {"median": spread.median, "min": spread.least, "max": spread.greatest}
    return {name: round(value, 4) for name, value in values.items()}


def _cells(row: Row) -> tuple[str, ...]:
    seconds, cpu = row.seconds, row.cpu
    numbers = (seconds.median, seconds.least, seconds.greatest, cpu.median)
    return (row.side, *(f"{number:.3f}" for number in numbers), row.requests)


def _spread(figure: Figure) -> str:
    m = figure.measured
    digits = {"": ".2f", "s": ".1f"}.get(figure.unit, ".0f")
    unit = f" {figure.unit}" if figure.unit else ""
    if m.least == m.greatest:
        return f"{m.median:{digits}}{unit}"
    return f"{m.median:{digits}}{unit} ({m.least:{digits}} to {m.greatest:{digits}})"


def _goal(figure: Figure, *, judged: bool) -> tuple[str, str]:
    if figure.goal is None:
        return "", ""
    unit = f" {figure.unit}" if figure.unit else ""
    verdict = "held" if figure.goal.held(figure.measured) else "NOT held"
    return f"{figure.goal.bound.value} {figure.goal.value:g}{unit}", verdict if judged else "not judged"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
