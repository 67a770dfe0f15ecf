"""Holds what audit says against what is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.truth.ledger import Roll, Truth

UNKNOWN = "unknown"


@dataclass(slots=True)
class Verdict:
    """`wrong` has one line each; `counts` what was compared."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judge(truth: Truth, document: Any, *, logged: bool) -> Verdict:
    """The document of `audit -o json` of any number of namespaces; `logged` tells that it had the API audit log."""
    verdict = Verdict()
    place = (truth.kind, truth.namespace, truth.name)
    history = next((w for w in document["workloads"] if _place(w["workload"]) == place), None)
    if history is None:
        verdict.wrong.append("the workload is missing")
        return verdict
    found = {f["after"]: f for f in document["findings"] if _place(f["workload"]) == place}
    opened = {f["after"] for f in document["open"] if _place(f["workload"]) == place}
    rolls = {roll.number: roll for roll in truth.rolls}
    told = {roll["after"]: roll for roll in history["rolls"]}
    verdict.wrong += _sums(truth, history, told)
    for number, finding in found.items():
        verdict.wrong += _found(rolls.get(number), finding, truth, logged=logged)
    for roll in truth.rolls:
        if roll.kind and roll.sure and visible(roll, truth):
            verdict.counts["redundant"] += 1
            if roll.number in found:
                verdict.counts[f"redundant, found as {found[roll.number]['certainty']}"] += 1
            elif roll.number in opened:
                verdict.counts["redundant, told of and not counted"] += 1
                if logged and set(range(roll.earlier[0] - 1, roll.number + 1)) <= set(truth.shown):
                    verdict.wrong.append(f"revision {roll.number}, a {roll.kind}, is not counted")
            elif logged:
                verdict.wrong.append(f"revision {roll.number}, a {roll.kind}, is not found")
            else:
                verdict.counts["redundant, not found"] += 1
        elif roll.sure and not roll.kind:
            if roll.number in opened:
                verdict.counts["needed, told of and not counted"] += 1
            elif roll.number in found:
                verdict.counts[f"needed, called redundant as {found[roll.number]['certainty']}"] += 1
    for number, each in told.items():
        verdict.wrong += _written(rolls[number], each, verdict, logged=logged) if number in rolls else []
    verdict.counts["all"] += len(told)
    return verdict


def _place(workload: Any) -> tuple[str, str, str]:
    return workload["kind"].lower(), workload["namespace"], workload["name"]


def visible(roll: Roll, truth: Truth) -> bool:
    """Whether the API still shows that a roll was redundant: the deploy's roll before it, and all between them."""
    return set(range(roll.earlier[-1], roll.number + 1)) <= set(truth.shown)


def _whole(roll: Roll, truth: Truth) -> bool:
    """Whether the API still shows all that its kind follows from."""
    return set(range(1, roll.number + 1)) <= set(truth.shown)


def _sums(truth: Truth, history: Any, told: dict[int, Any]) -> Iterator[str]:
    real = {roll.number for roll in truth.rolls}
    shown = {number for number in truth.shown if number > 1}
    if truth.kind == "deployment" and set(told) != shown:
        yield f"rolls {sorted(told)}, and the API shows {sorted(shown)}"
    if not shown <= set(told) or not set(told) <= real:
        yield f"rolls {sorted(told)} of {sorted(real)}, and the API shows {sorted(shown)}"
    if history["rollsAtLeast"] > len(real) or (truth.kind == "deployment" and history["rollsAtLeast"] != len(real)):
        yield f"{history['rollsAtLeast']} rolls at least, and there were {len(real)}"


def _found(roll: Roll | None, finding: Any, truth: Truth, *, logged: bool) -> Iterator[str]:
    number, said, certainty = finding["after"], finding["kind"], finding["certainty"]
    if roll is None:
        yield f"revision {number} is called a {said}, and there was none"
        return
    if roll.recovery:
        yield f"revision {number} is called a {said}, and is a recovery"
        return
    if not roll.sure:
        return
    if certainty != "seen" and not finding["settle"]:
        yield f"revision {number} is {certainty}, and nothing is said to settle it"
    right = {roll.kind} if roll.kind else set()
    if not _whole(roll, truth):
        right.add(UNKNOWN)
        if certainty != "seen" and roll.kind:
            return
    if said not in right and (logged or certainty == "seen"):
        yield f"revision {number} is called a {said} ({certainty}), and is {roll.kind or 'needed'}"


def _written(roll: Roll, told: Any, verdict: Verdict, *, logged: bool) -> Iterator[str]:
    sure = [w for w in told["writers"] if w["certainty"] == "seen"]
    verdict.counts[f"writer {'seen' if sure else told['writers'][0]['certainty']}"] += 1
    for writer in told["writers"]:
        if writer["certainty"] == "inferred" and not writer["settle"] and not logged:
            yield f"the writer of revision {roll.number} is inferred, and nothing is said to settle it"
    for writer in sure:
        if writer["manager"] not in roll.managers:
            yield f"{writer['manager']} is seen to have written revision {roll.number}; it was {roll.managers}"
        if writer["user"] and writer["user"] not in roll.users:
            yield f"{writer['user']} is seen to have written revision {roll.number}; it was {roll.users}"
    # A change that was put back at once leaves two writes that may have made the revision: both are named then.
    named = {writer["manager"] for writer in told["writers"]}
    both = len(named) > 1 and named & set(roll.managers)
    if logged and len(sure) != 1 and roll.kind and len(roll.managers) == 1 and not both:
        yield f"the writer of revision {roll.number} is not seen: {told['writers']}"
