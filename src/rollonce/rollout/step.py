"""One workload's way from its plan to its outcome.

    Sending --Accepted--> Rolling --Seen...--> Ended
       |  ^                  |
    Rejected, Lost           '--Deleted, TimeUp, Stop--> Ended
       v  |
    Reading --Found--> (ours is there: Rolling; it changed: plan again: Sending; else Ended)

Whoever drives it carries out the effects and feeds back what came of them. Only one effect is
ever under way for a workload.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from rollonce import status
from rollonce.model.deploy import DEPLOY_ID
from rollonce.model.workload import CronJob, DaemonSet, OnDelete, StatefulSet, Workload
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Apply, Create, Operation, Patch, Refuse, Skip, SkipReason, Write, before
from rollonce.rollout.events import (
    Accepted,
    Blind,
    Deleted,
    Effect,
    Event,
    Found,
    Lost,
    Missing,
    ReadAgain,
    Rejected,
    Seen,
    Send,
    Stop,
    TimeUp,
    Unreadable,
)
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.rollout.states import Ended, Reading, Rolling, Sending, State

MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole run: what is wanted, and whether rollouts are waited for.

    `fixed` where it was planned before, and nothing else may be sent than that.
    """

    wish: Wish
    wait: bool = True
    fixed: bool = False


_UNROLLED = "only its own labels and annotations changed, nothing rolls"
Step = tuple[State, tuple[Effect, ...]]


def begin(patch: Write) -> Step:
    """The way of a workload that is to be written."""
    return Sending(patch, before(patch)), (Send(patch),)


def follow(skip: Skip, terms: Terms) -> Step:
    """The way of a workload to which nothing is sent: its status, from the same read, decides."""
    if skip.workload is None or skip.reason in (SkipReason.NO_CONTAINER, SkipReason.NOT_MEANT):
        return _end(Verdict.ABSENT, skip.detail)
    standing = status.compute(skip.workload)
    match standing:
        case status.Complete():
            return _end(Verdict.UNCHANGED, skip.detail)
        case status.Failed(message=message):
            return _end(Verdict.FAILED, f"{skip.detail}; but its last rollout failed: {message}")
        case status.Held(message=message):
            return _end(Verdict.HELD, f"{skip.detail}; but {message}")
        case status.InProgress(message=message):
            if not terms.wait:
                return _end(Verdict.UNFINISHED, f"{skip.detail}; its last rollout is not finished: {message}")
            workload = skip.workload
            return Rolling(None, workload.uid, workload.generation, standing, None), ()
        case _ as never:
            assert_never(never)


def step(state: State, event: Event, terms: Terms) -> Step:
    """What comes of an event: the next state and what to do now."""
    match state, event:
        case Ended(), _:
            return state, ()
        case Sending() | Reading(), Seen(workload=workload):
            return replace(state, seen=_newer(state.seen, workload)), ()
        case Sending() | Reading(), Deleted(uid=uid):
            return replace(state, gone=uid), ()
        case Sending() | Reading(), Blind():
            return state, ()  # the answer under way comes by another connection
        case Sending(), _:
            return _sending(state, event, terms)
        case Reading(), _:
            return _reading(state, event, terms)
        case Rolling(), _:
            return _rolling(state, event, terms), ()
    raise AssertionError(f"no way from {state} by {event}")


def _sending(state: Sending, event: Event, terms: Terms) -> Step:
    def read(words: str, *, lost: bool) -> Step:
        again = Reading(state.patch, state.first, state.attempt, words, lost, state.seen, state.gone)
        return again, (ReadAgain(),)

    match event:
        case Accepted(workload=workload, sent=sent):
            return _waiting(state if sent is None else replace(state, patch=sent), workload, terms), ()
        case Rejected(words=words, conflict=True):
            return read(words, lost=False)
        case Rejected(words=words):
            return _end(Verdict.REJECTED, words)
        case Lost(words=words):
            return read(words, lost=True)
        case Missing():
            return _end(Verdict.GONE, "it was deleted before the patch arrived")
        case Stop():
            return _end(Verdict.INTERRUPTED, "the patch was under way; whether it arrived is not known")
        case TimeUp(words=words):
            return _end(Verdict.UNKNOWN, f"{words}: the patch was under way; whether it arrived is not known")
    raise AssertionError(f"not an answer to a patch: {event}")


def _reading(state: Reading, event: Event, terms: Terms) -> Step:
    match event:
        case Found(workload=workload, again=again) if again is not None:
            return _applied_anew(state, workload, again, terms)
        case Found(workload=workload, merged=merged):
            return _read_back(state, workload, merged, terms)
        case Missing() if isinstance(state.patch, Create) and state.attempt < MOST_ATTEMPTS:
            return Sending(state.patch, None, state.attempt + 1, state.seen, state.gone), (Send(state.patch),)
        case Missing():
            return _end(Verdict.GONE, "it was deleted meanwhile")
        case Unreadable(words=words):
            return _end(Verdict.UNKNOWN, f"{state.words}; reading it back failed: {words}")
        case Stop():
            return _end(Verdict.INTERRUPTED, f"{state.words}; it was being read back")
        case TimeUp(words=words):
            return _end(Verdict.UNKNOWN, f"{words}: {state.words}; it was being read back")
    raise AssertionError(f"not an answer to a read: {event}")


def _read_back(state: Reading, now: Workload, merged: Workload | None, terms: Terms) -> Step:
    """Ours is there: done. It changed: plan again. It did not: the server's words stand."""
    wish = terms.wish
    if _made_anew(state, now):
        return _end(Verdict.GONE, "it was deleted and made anew by somebody else meanwhile")
    # A patch that leaves the template alone has no deploy id to know it by.
    unmarked = state.lost and not state.patch.in_template
    mine = unmarked or now.annotation(DEPLOY_ID) == wish.deploy.id
    if mine and decide.reaches(now, wish, state.patch):
        return _waiting(state, now, terms), ()
    if _other_deploy(state.first, now, wish) and not decide.reaches(now, wish, state.patch):
        return _end(
            Verdict.CONFLICT,
            f"deploy {now.annotation(DEPLOY_ID)} changed it meanwhile; it is left to that deploy",
        )
    return _again(state, now, merged, terms)


def _made_anew(state: Reading, now: Workload) -> bool:
    return state.first is not None and now.uid != state.first.uid


def _applied_anew(state: Reading, now: Workload, operation: Operation, terms: Terms) -> Step:
    """As `_read_back` where a manifest is applied: a trial has told what it would change now."""
    if _made_anew(state, now):
        return _end(Verdict.GONE, "it was deleted and made anew by somebody else meanwhile")
    mine = not state.patch.in_template or now.annotation(DEPLOY_ID) == terms.wish.deploy.id
    match operation:
        case Skip() if mine and decide.reaches(now, terms.wish, state.patch):
            return _waiting(state, now, terms), ()
        case Skip():
            return _settled_by_others(state, operation, terms), ()
        case Refuse(detail=detail):
            arrived = state.lost and now.annotation(DEPLOY_ID) == terms.wish.deploy.id
            return Ended(Outcome(Verdict.CONFLICT, detail, sent=arrived)), ()
        case _ if _other_deploy(state.first, now, terms.wish):
            return _end(
                Verdict.CONFLICT,
                f"deploy {now.annotation(DEPLOY_ID)} changed it meanwhile; it is left to that deploy",
            )
        case _ if state.attempt >= MOST_ATTEMPTS:
            return _given_up(state, now)
        case Patch() | Apply() | Create():
            sending = Sending(operation, state.first, state.attempt + 1, state.seen, state.gone)
            return sending, (Send(operation),)
        case _ as never:
            assert_never(never)


def _again(state: Reading, now: Workload, merged: Workload | None, terms: Terms) -> Step:
    """Somebody wrote meanwhile, or our patch never arrived: decide anew, at most MOST_ATTEMPTS times."""
    first = state.first or now
    gone = decide.wanted_containers(first, terms.wish) - decide.wanted_containers(now, terms.wish)
    if gone:
        return _end(Verdict.CONFLICT, f"somebody took away {', '.join(sorted(gone))} meanwhile; nothing was sent again")
    operation = decide.one(now, terms.wish, merged)
    match operation:
        case Skip():
            return _settled_by_others(state, operation, terms), ()
        case Refuse(detail=detail):
            arrived = state.lost and now.annotation(DEPLOY_ID) == terms.wish.deploy.id
            return Ended(Outcome(Verdict.CONFLICT, detail, sent=arrived)), ()
        case Patch(operations=operations) if operations == _sent_before(state) and not state.lost:
            # Nothing that the patch tests has changed: it was not its tests that failed.
            return _end(Verdict.REJECTED, state.words)
        case Patch(operations=operations) if terms.fixed and operations != _sent_before(state):
            return _end(
                Verdict.CONFLICT, "somebody wrote meanwhile, and the plan does not hold any more; make a new one"
            )
        case Patch() | Apply() | Create():
            if state.attempt >= MOST_ATTEMPTS:
                return _given_up(state, now)
            sending = Sending(operation, state.first, state.attempt + 1, state.seen, state.gone)
            return sending, (Send(operation),)
        case _ as never:
            assert_never(never)


def _sent_before(state: Reading) -> bytes:
    return state.patch.operations if isinstance(state.patch, Patch) else state.patch.body


def _given_up(state: Reading, now: Workload) -> Step:
    known = before(state.patch)
    if known is not None and now.resource_version == known.resource_version:
        return _end(Verdict.REJECTED, f"sent {MOST_ATTEMPTS} times without success; last answer: {state.words}")
    return _end(Verdict.CONFLICT, f"it changed under {MOST_ATTEMPTS} attempts; last answer: {state.words}")


def _settled_by_others(reading: Reading, skip: Skip, terms: Terms) -> State:
    state, _ = follow(replace(skip, detail=f"somebody else wrote meanwhile; now {skip.detail}"), terms)
    if isinstance(state, Rolling) and skip.workload is not None:
        return _caught_up(state, reading, skip.workload, terms)
    return state


def _waiting(sent: Sending | Reading, accepted: Workload, terms: Terms) -> State:
    """The patch is in the object: wait for its rollout, if there is one and somebody wants to."""
    if not decide.reaches(accepted, terms.wish, sent.patch):
        words = "the server holds other values than we sent: an admission webhook, or a container that was added"
        return Ended(Outcome(Verdict.CONFLICT, words, sent=True))
    if not sent.patch.in_template:
        return _unrolled(sent, accepted, terms)
    if isinstance(accepted.behaviour, CronJob):
        verdict = Verdict.CREATED if isinstance(sent.patch, Create) else Verdict.CHANGED
        return Ended(Outcome(verdict, "its next jobs run the new template", sent=True))
    if not terms.wait:
        return Ended(Outcome(Verdict.SENT, "its rollout is not waited for", sent=True))
    # The answer to a patch carries the status of the rollout before, for no controller can have seen
    # the change by then. What is read back later may carry that of ours.
    earlier = before(sent.patch) if status.observed(accepted) else accepted
    floor, standing = accepted.generation, status.InProgress("sent", "patch sent")
    rolling = Rolling(earlier, accepted.uid, floor, standing, sent.patch)
    return _caught_up(rolling, sent, accepted, terms)


def _unrolled(sent: Sending | Reading, accepted: Workload, terms: Terms) -> State:
    """Only the workload's own metadata was written. As where nothing is, an earlier rollout has to be finished."""
    words = _UNROLLED if isinstance(sent.patch, Patch) else "its pod template stays as it is, nothing rolls"
    if isinstance(accepted.behaviour, CronJob):
        return Ended(Outcome(Verdict.CHANGED, words, sent=True))
    if not terms.wait:
        return Ended(Outcome(Verdict.SENT, f"{words}; its last rollout is not waited for", sent=True))
    floor, standing = accepted.generation, status.InProgress("sent", "patch sent")
    rolling = Rolling(None, accepted.uid, floor, standing, sent.patch)
    return _caught_up(rolling, sent, accepted, terms)


def _caught_up(rolling: Rolling, sent: Sending | Reading, accepted: Workload, terms: Terms) -> State:
    """The state after what was seen while the answer was under way: no other event may ever follow."""
    events: list[Event] = [Deleted(sent.gone)] if sent.gone else []
    events.append(Seen(accepted))
    if sent.seen is not None:
        events.append(Seen(sent.seen))
    state: State = rolling
    for event in events:
        if isinstance(state, Rolling):
            state = _rolling(state, event, terms)
    return state


def _rolling(state: Rolling, event: Event, terms: Terms) -> State:
    sent = state.sent is not None
    match event:
        case Seen(workload=workload):
            return _observed(state, workload, terms, sent=sent)
        case Deleted(uid=uid) if uid == state.uid:
            return Ended(Outcome(Verdict.GONE, "it was deleted while its rollout was waited for", sent))
        case TimeUp(words=words):
            return Ended(Outcome(Verdict.TIMED_OUT, f"{words}: {state.standing.message}", sent))
        case Stop():
            return Ended(Outcome(Verdict.INTERRUPTED, f"not waited for any longer: {state.standing.message}", sent))
        case Blind(words=words):
            return Ended(Outcome(Verdict.UNKNOWN, f"{words}; last seen: {state.standing.message}", sent))
        case Deleted():
            return state
    raise AssertionError(f"not an event of a rollout: {event}")


def _observed(state: Rolling, now: Workload, terms: Terms, *, sent: bool) -> State:
    if now.uid != state.uid:
        return Ended(Outcome(Verdict.GONE, "it was deleted and made anew while its rollout was waited for", sent))
    if now.generation < state.floor:
        return state  # from before the change
    if not _as_wanted(state, now, terms.wish):
        return Ended(Outcome(Verdict.CONFLICT, _overwritten(now, terms), sent))
    standing = status.compute(now, state.before)
    match standing:
        case status.Complete(message=message):
            return Ended(Outcome(_end_of_rollout(state.sent, now), message, sent))
        case status.Failed(message=message):
            return Ended(Outcome(Verdict.FAILED, message, sent))
        case status.Held(message=message):
            return Ended(Outcome(Verdict.HELD, message, sent))
        case status.InProgress():
            return replace(state, standing=standing)
        case _ as never:
            assert_never(never)


def _as_wanted(state: Rolling, now: Workload, wish: Wish) -> bool:
    if state.sent is None or state.sent.in_template:
        return decide.reaches(now, wish, state.sent)
    # Labels of the workload itself do not count in its generation: this may be from before they changed.
    return decide.keeps_template(now, wish, state.sent)


def _end_of_rollout(sent: Write | None, now: Workload) -> Verdict:
    if sent is None:
        return Verdict.SETTLED
    if isinstance(sent, Create):
        return Verdict.CREATED
    behaviour = now.behaviour
    by_hand = isinstance(behaviour, StatefulSet | DaemonSet) and isinstance(behaviour.strategy, OnDelete)
    return Verdict.CHANGED if by_hand or not sent.in_template else Verdict.ROLLED


def _overwritten(now: Workload, terms: Terms) -> str:
    other = now.annotation(DEPLOY_ID)
    who = f"deploy {other}" if other and other != terms.wish.deploy.id else "somebody"
    return f"{who} put other values in while its rollout was waited for"


def _other_deploy(first: Workload | None, now: Workload, wish: Wish) -> bool:
    theirs = now.annotation(DEPLOY_ID)
    return theirs is not None and theirs not in (first and first.annotation(DEPLOY_ID), wish.deploy.id)


def _newer(known: Workload | None, seen: Workload) -> Workload:
    return seen if known is None or seen.uid != known.uid or seen.generation >= known.generation else known


def _end(verdict: Verdict, detail: str) -> Step:
    return Ended(Outcome(verdict, detail)), ()
