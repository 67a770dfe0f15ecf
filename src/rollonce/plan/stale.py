"""Whether a plan that was made earlier still holds."""

from __future__ import annotations

from collections.abc import Iterable

from rollonce.model.deploy import DEPLOY_ID
from rollonce.model.workload import Workload
from rollonce.plan import changepart
from rollonce.plan.changepart import ChangePart
from rollonce.plan.operation import Operation, Plan, Skip
from rollonce.plan.planfile import Entry, PlanFile, digest


def reasons(file: PlanFile, live: Iterable[Workload], again: Plan) -> tuple[str, ...]:
    """What is not any more as it was when the plan was made, a line each; none where the plan holds.

    `again` is the plan for the same edits as of now, with planfile.LATER as the time of restarts.
    """
    there = {workload.key: workload for workload in live}
    operations = {operation.key: operation for operation in again.operations}
    lines: list[str] = []
    for entry in file.entries:
        workload, operation = there.get(entry.key), operations.get(entry.key)
        lines += [f"{entry.key}: {words}" for words in _moved(entry, workload, operation)]
    return tuple(lines)


def _moved(entry: Entry, workload: Workload | None, operation: Operation | None) -> list[str]:
    if workload is None:
        return ["it is not there any more"] if entry.uid else []
    if not entry.uid:
        return ["it was not there, and is now"]
    if workload.uid != entry.uid:
        return ["it was deleted and made anew, or is that of another cluster"]
    parts = [] if isinstance(operation, Skip | None) else [changepart.of(change) for change in operation.changes]
    found = [*_fields_moved(entry.changes, parts)]
    other = workload.annotation(DEPLOY_ID)
    if other != entry.deploy_id:
        found.append(f"deploy {other} changed it" if other else "its deploy id was taken away")
    if not found and digest(workload) != entry.template:
        found.append("a part of its pod template changed that this plan does not touch")
    return found


def _fields_moved(then: Iterable[ChangePart], now: Iterable[ChangePart]) -> list[str]:
    before, after = ({part.place: part for part in parts} for parts in (then, now))
    lines = []
    for place in before | after:
        old, new = before.get(place), after.get(place)
        if old is None and new is not None:
            lines.append(f"{new.words} was as wanted, and is {_value(new.old)} now")
        elif new is None and old is not None:
            lines.append(f"{old.words} was {_value(old.old)}, and is as wanted now")
        elif old is not None and new is not None and old != new:
            lines.append(f"{old.words} was {_value(old.old)}, and is {_value(new.old)} now")
    return lines


def _value(value: str | None) -> str:
    return "not there" if value is None else value
