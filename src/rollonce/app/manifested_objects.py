"""The objects of manifests that are no workloads: sent one after the other, in the order of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rollonce.app.applier import CONFLICT, Applier, FieldsOfOthers
from rollonce.errors import (
    AccessError,
    ApiRefusal,
    ConnectionLost,
    NamespaceAbsent,
    Redirected,
    RefusedManifest,
    ServerFault,
    UnreadableAnswer,
)
from rollonce.manifests.definitions import DEFINITION
from rollonce.model import credential
from rollonce.model.thing import ObjectKey
from rollonce.plan.objects import ObjectApply, ObjectOperation, ObjectSkip
from rollonce.rollout.outcome import Outcome, Verdict

MOST_ATTEMPTS = 5
# Seconds that a definition may take until it is served, and between two looks at it.
_PATIENCE = 30.0
_BETWEEN = 0.2
_ENDED = "the run ended before it was sent"
Tell = Callable[[ObjectKey, Outcome], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """How it ended for each object, and what ended it before its time, if anything did."""

    outcomes: Mapping[ObjectKey, Outcome] = field(default_factory=dict)
    interruption: KeyboardInterrupt | None = None

    @property
    def good(self) -> bool:
        """Whether all of them are there."""
        return self.interruption is None and all(outcome.good for outcome in self.outcomes.values())


def not_sent(operations: Iterable[ObjectOperation], why: str) -> dict[ObjectKey, Outcome]:
    """The outcomes where nothing is sent."""
    return {o.key: _skipped(o) if isinstance(o, ObjectSkip) else Outcome(Verdict.NOT_SENT, why) for o in operations}


def _skipped(skip: ObjectSkip) -> Outcome:
    return Outcome(Verdict.UNCHANGED, skip.detail)


def send(applier: Applier, operations: Iterable[ObjectOperation], tell: Tell) -> Sent:
    """Sends what is to be sent, until one is not taken or the user ends the run."""
    operations = tuple(operations)
    outcomes: dict[ObjectKey, Outcome] = {}
    try:
        for operation in operations:
            if applier.ports.brake.pulled:
                return Sent({**not_sent(operations, _ENDED), **outcomes}, KeyboardInterrupt())
            outcome = _skipped(operation) if isinstance(operation, ObjectSkip) else _one(applier, operation)
            outcomes[operation.key] = outcome
            if operation.key.kind == DEFINITION and outcome.sent:
                outcome = outcomes[operation.key] = _served(applier, operation, outcome)
            if isinstance(operation, ObjectApply):
                tell(operation.key, outcome)
            if not outcome.good:
                return Sent({**not_sent(operations, "an object before it was not taken"), **outcomes})
    except KeyboardInterrupt as interrupt:
        left = not_sent(operations, _ENDED)
        under_way = next((o.key for o in operations if o.key not in outcomes), None)
        if under_way is not None:
            left[under_way] = Outcome(Verdict.INTERRUPTED, "it was under way; whether it arrived is not known")
        return Sent({**left, **outcomes}, interrupt)
    return Sent(outcomes, KeyboardInterrupt() if applier.ports.brake.pulled else None)


def _one(applier: Applier, write: ObjectApply) -> Outcome:
    """Sends one. Where somebody wrote meanwhile, or the answer is lost, it is read and decided upon again."""
    words = ""
    for _ in range(MOST_ATTEMPTS):
        try:
            applier.send_object(write)
            return _good(write)
        except (ConnectionLost, ServerFault, UnreadableAnswer, Redirected) as error:
            words = error.fact
        except ApiRefusal as refusal:
            words = credential.without(refusal.fact, frozenset(applier.secrets(applier.thing(write.key))))
            if refusal.status != CONFLICT:
                return Outcome(Verdict.REJECTED, words)
        except (AccessError, RefusedManifest) as error:
            return Outcome(Verdict.REJECTED, error.fact)
        try:
            thing = applier.thing(write.key)
            again = applier.of_object(applier.tried(thing, applier.live(thing)))
        except FieldsOfOthers as others:
            fields = "; ".join(f"{one.field} belongs to {one.manager} now" for one in others.fields)
            return Outcome(Verdict.CONFLICT, fields)
        except (AccessError, RefusedManifest, NamespaceAbsent) as error:
            return Outcome(Verdict.UNKNOWN, f"{words}; reading it back failed: {error.fact}")
        if isinstance(again, ObjectSkip):
            return _good(write)
        write = again
    return Outcome(Verdict.CONFLICT, f"it changed under {MOST_ATTEMPTS} attempts; last answer: {words}")


def _served(applier: Applier, write: ObjectOperation, outcome: Outcome) -> Outcome:
    """Waits until what a CustomResourceDefinition defines is served, for its objects may come next."""
    clock, thing = applier.ports.clock, applier.thing(write.key)
    deadline = clock.now() + _PATIENCE
    while clock.now() < deadline and not applier.ports.brake.pulled:
        try:
            if _is_established(applier.live(thing)):
                return outcome
        except AccessError as error:
            return replace(outcome, detail=f"{outcome.detail}; whether it is served is not known: {error.fact}")
        clock.sleep(_BETWEEN)
    return Outcome(Verdict.TIMED_OUT, f"it is there, and after {_PATIENCE:g} s still not established", sent=True)


def _is_established(definition: Any) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Established" and c.get("status") == "True" for c in conditions)


def _good(write: ObjectApply) -> Outcome:
    if write.creates:
        return Outcome(Verdict.CREATED, "it was not there", sent=True)
    return Outcome(Verdict.CHANGED, "applied" if write.fields else "only who owns its fields changed", sent=True)
