"""The executor with patches of other fields than images, and with plans that were made before."""

from __future__ import annotations

from dataclasses import replace

from rollonce.model.workload import Workload
from rollonce.rollout import step as executor
from rollonce.rollout.events import Accepted, Event, Found, Lost, Rejected, Seen, Send
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.rollout.states import Ended, Rolling, Sending
from rollonce.rollout.step import Terms
from tests.unit.builders import TOO_LATE, UNAVAILABLE, deployment, patch_for, wish, workload
from tests.unit.plan.test_edits import LOG, thing
from tests.unit.plan.test_merging import agent, asked, part, patch_of, with_agent
from tests.unit.strategies import read

TEAM = Terms(wish("workload-label team=a"))
OLD = workload(images="agent=a1", labels={"team": "b"}, annotations={})
NEW = replace(OLD, labels={"team": "a"}, resource_version="101")
FIXED = Terms(wish("agent=a2"), fixed=True)
TEXT = "the server rejected our request"


def outcome(*events: Event, terms: Terms = TEAM, first: Workload = OLD) -> Outcome:
    state, _ = executor.begin(patch_for(first, terms.wish))
    for event in events:
        state, _ = executor.step(state, event, terms)
    assert isinstance(state, Ended), state
    return state.outcome


def test_metadata_is_changed_and_what_rolls_is_nothing() -> None:
    assert outcome(Accepted(NEW)) == Outcome(Verdict.CHANGED, "1 of 1 pod updated and ready", sent=True)
    no_wait = replace(TEAM, wait=False)
    assert outcome(Accepted(NEW), terms=no_wait).verdict is Verdict.SENT
    job = workload("cronjob/report", labels={})
    assert outcome(Accepted(replace(job, labels={"team": "a"})), first=job).verdict is Verdict.CHANGED


def test_what_is_seen_from_before_metadata_changed_is_no_overwriting() -> None:
    """Labels do not count in the generation, so the watch may still bring what was there before."""
    busy = deployment(updated=0)
    state, _ = executor.begin(patch_for(OLD, TEAM.wish))
    for event in (Accepted(replace(NEW, behaviour=busy)), Seen(replace(OLD, behaviour=busy))):
        state, _ = executor.step(state, event, TEAM)
    assert isinstance(state, Rolling)
    assert executor.step(state, Seen(NEW), TEAM)[0] == Ended(
        Outcome(Verdict.CHANGED, "1 of 1 pod updated and ready", sent=True)
    )


def test_an_earlier_rollout_that_failed_is_no_success_though_metadata_was_written() -> None:
    failed = deployment(updated=0, available=0, conditions=(TOO_LATE, UNAVAILABLE))
    ended = outcome(Accepted(replace(NEW, behaviour=failed)))
    assert (ended.verdict, ended.sent) == (Verdict.FAILED, True)


def test_a_lost_patch_of_metadata_is_known_by_its_values() -> None:
    assert outcome(Lost("reset"), Found(NEW)) == Outcome(Verdict.CHANGED, "1 of 1 pod updated and ready", sent=True)
    assert not outcome(Rejected(TEXT, conflict=True), Found(NEW)).sent


# --- a plan that was made before


def test_what_was_planned_before_is_not_planned_anew() -> None:
    first = workload(images="agent=a1", annotations={})
    moved = workload(images="agent=a9", annotations={}, version="150", generation=2)
    ended = outcome(Rejected(TEXT, conflict=True), Found(moved), terms=FIXED, first=first)
    assert ended == Outcome(
        Verdict.CONFLICT, "somebody wrote meanwhile, and the plan does not hold any more; make a new one"
    )


def test_what_was_planned_before_is_sent_once_more_where_it_was_lost_and_nothing_changed() -> None:
    first = workload(images="agent=a1", annotations={})
    state, _ = executor.begin(patch_for(first, FIXED.wish))
    for event in (Lost("reset"), Found(first)):
        state, effects = executor.step(state, event, FIXED)
    assert isinstance(state, Sending)
    assert [type(effect) for effect in effects] == [Send]


# --- a part of a template


def test_after_somebody_elses_write_the_new_trial_is_planned_from() -> None:
    before = thing([LOG])
    wanted = asked(part(agent(tty=True)))
    state, _ = executor.begin(patch_of(before, with_agent(before, tty=True), wanted))
    moved = thing([LOG], second=[LOG], resourceVersion="2")
    terms = Terms(wanted, wait=False)
    for event in (
        Rejected(TEXT, conflict=True),
        Found(read(moved), read(with_agent(moved, tty=True))),
    ):
        state, _ = executor.step(state, event, terms)
    assert isinstance(state, Sending)
    assert state.attempt == 2


def test_what_the_server_holds_is_compared_with_what_the_merge_made() -> None:
    before = thing([LOG])
    merged = with_agent(before, tty=True)
    wanted = asked(part(agent(tty=True)))
    for held, verdict in ((merged, Verdict.SENT), (before, Verdict.CONFLICT)):
        state, _ = executor.begin(patch_of(before, merged, wanted))
        state, _ = executor.step(state, Accepted(read(held)), Terms(wanted, wait=False))
        assert isinstance(state, Ended)
        assert state.outcome.verdict is verdict
