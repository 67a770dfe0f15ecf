"""Every arrow of the executor's diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollonce.model.workload import OnDelete, Recreate, StatefulSet, Workload
from rollonce.plan import decide
from rollonce.plan.operation import Patch, Skip, SkipReason, images
from rollonce.rollout import step as executor
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
from rollonce.rollout.step import MOST_ATTEMPTS, Terms
from tests.unit.builders import AVAILABLE, BUSY, TOO_LATE, UNAVAILABLE, deployment, key, patch_for, wish, workload

WISH = wish("agent=a2", "git-sync=g2")
TERMS = Terms(WISH)
OLD = workload(images="agent=a1 git-sync=g1", annotations={"rollonce.dev/deploy-id": "run-1"})
OURS = {"rollonce.dev/deploy-id": "run-2"}
THEIRS = {"rollonce.dev/deploy-id": "run-3"}
TEXT_422 = "the server rejected our request due to an error in our request"
NO_WAIT = Terms(WISH, wait=False)


def patched(*, version: str = "101", generation: int = 2) -> Workload:
    """The object as the server answers our patch: the status is still the old one."""
    return workload(images="agent=a2 git-sync=g2", version=version, generation=generation, annotations=OURS)


ROLLED = replace(patched(version="110"), behaviour=deployment(seen=2))
HALF = replace(patched(version="105"), behaviour=deployment(seen=2, updated=0, conditions=(BUSY, AVAILABLE)))


def changed(images: str, annotations: dict[str, str] | None = None, *, version: str = "150") -> Workload:
    """What somebody else left."""
    return workload(
        images=images,
        version=version,
        generation=5,
        annotations=OLD.annotations if annotations is None else annotations,
    )


def go(*events: Event, terms: Terms = TERMS, first: Workload = OLD) -> tuple[State, Sequence[Effect]]:
    """The state after the events, and the effects of the last one."""
    state, effects = executor.begin(patch_for(first, terms.wish))
    for event in events:
        state, effects = executor.step(state, event, terms)
    return state, effects


def outcome(*events: Event, terms: Terms = TERMS, first: Workload = OLD) -> Outcome:
    state, effects = go(*events, terms=terms, first=first)
    assert isinstance(state, Ended), state
    assert effects == ()
    return state.outcome


def test_it_begins_by_sending_the_patch() -> None:
    patch = patch_for(OLD, WISH)
    assert executor.begin(patch) == (Sending(patch, OLD), (Send(patch),))


# --- Sending


def test_accepted_it_waits_for_the_rollout() -> None:
    state, effects = go(Accepted(patched()))
    assert isinstance(state, Rolling)
    assert effects == ()
    assert state.standing.message == "waiting for its controller to see the change"


def test_accepted_and_seen_complete_it_has_rolled() -> None:
    assert outcome(Accepted(patched()), Seen(HALF), Seen(ROLLED)) == Outcome(
        Verdict.ROLLED, "1 of 1 pod updated and ready", sent=True
    )


def test_a_status_from_before_the_change_ends_nothing() -> None:
    """Also where the old images are in it: it is no foreign write."""
    state, _ = go(Accepted(patched()), Seen(OLD), Seen(replace(OLD, resource_version="99")))
    assert isinstance(state, Rolling)


def test_a_patch_that_is_not_waited_for_is_sent() -> None:
    assert outcome(Accepted(patched()), terms=NO_WAIT) == Outcome(
        Verdict.SENT, "its rollout is not waited for", sent=True
    )


def test_a_cron_job_is_changed_and_nothing_rolls() -> None:
    report = workload("cronjob/report", "agent=a1")
    done = replace(report, containers=patched().containers[:1], annotations=OURS)
    assert outcome(Accepted(done), first=report) == Outcome(
        Verdict.CHANGED, "its next jobs run the new template", sent=True
    )


def test_a_fast_rollout_may_be_seen_before_the_answer() -> None:
    assert outcome(Seen(HALF), Seen(ROLLED), Accepted(patched())).verdict is Verdict.ROLLED


def test_what_was_seen_before_the_answer_and_then_an_older_one_is_not_forgotten() -> None:
    """As a watch that was opened anew may show it: of what was seen, the newest counts."""
    assert outcome(Seen(ROLLED), Seen(OLD), Accepted(patched())).verdict is Verdict.ROLLED


def test_what_was_seen_before_the_change_ends_nothing_either() -> None:
    state, _ = go(Seen(OLD), Accepted(patched()))
    assert isinstance(state, Rolling)


def test_a_deletion_may_be_seen_before_the_answer() -> None:
    assert outcome(Seen(HALF), Deleted("u1"), Accepted(patched())) == Outcome(
        Verdict.GONE, "it was deleted while its rollout was waited for", sent=True
    )


def test_what_was_made_anew_is_seen_before_the_answer() -> None:
    anew = replace(ROLLED, uid="u2", generation=1)
    assert outcome(Deleted("u1"), Seen(anew), Accepted(patched())).verdict is Verdict.GONE


def test_the_deletion_of_an_earlier_one_of_that_name_ends_nothing() -> None:
    state, _ = go(Deleted("u0"), Accepted(patched()), Deleted("u0"))
    assert isinstance(state, Rolling)


def test_a_plain_refusal_is_told_in_the_words_of_the_server() -> None:
    assert outcome(Rejected("quota exceeded", conflict=False)) == Outcome(Verdict.REJECTED, "quota exceeded")


@pytest.mark.parametrize(("event", "lost"), [(Rejected(TEXT_422, conflict=True), False), (Lost("reset"), True)])
def test_what_may_be_a_conflict_or_lost_is_read_again(event: Event, lost: bool) -> None:
    state, effects = go(Seen(HALF), Deleted("u0"), event)
    assert isinstance(state, Reading)
    assert (state.lost, state.attempt, state.seen, state.gone) == (lost, 1, HALF, "u0")
    assert effects == (ReadAgain(),)


def test_it_may_be_gone_when_the_patch_arrives() -> None:
    assert outcome(Missing()) == Outcome(Verdict.GONE, "it was deleted before the patch arrived")


@pytest.mark.parametrize(
    ("event", "verdict", "detail"),
    [
        (Stop(), Verdict.INTERRUPTED, ""),
        (TimeUp("not complete within 5 s"), Verdict.UNKNOWN, "not complete within 5 s: "),
    ],
)
def test_a_patch_under_way_at_the_end_is_not_known(event: Event, verdict: Verdict, detail: str) -> None:
    under_way = "the patch was under way; whether it arrived is not known"
    assert outcome(event) == Outcome(verdict, detail + under_way)
    assert outcome(Lost("reset"), event) == Outcome(verdict, f"{detail}reset; it was being read back")
    assert not outcome(event).good


def test_a_lost_watch_does_not_stop_an_answer_under_way() -> None:
    assert isinstance(go(Blind("watch lost"))[0], Sending)
    assert isinstance(go(Lost("reset"), Blind("watch lost"))[0], Reading)


# --- Reading


def test_after_a_lost_answer_ours_is_there() -> None:
    state, effects = go(Lost("reset"), Found(patched()))
    assert isinstance(state, Rolling)
    assert effects == ()
    assert outcome(Lost("reset"), Found(HALF), Seen(ROLLED)).verdict is Verdict.ROLLED
    assert outcome(Lost("reset"), Found(ROLLED)).verdict is Verdict.ROLLED


def test_after_a_lost_answer_ours_is_not_there_and_is_sent_again() -> None:
    state, effects = go(Lost("reset"), Found(OLD))
    assert isinstance(state, Sending)
    assert state.attempt == 2
    assert effects == (Send(patch_for(OLD, WISH)),)


def test_after_a_lost_answer_a_foreign_change_is_planned_anew() -> None:
    now = changed("agent=a9 git-sync=g2")
    state, effects = go(Lost("reset"), Found(now))
    assert effects == (Send(patch_for(now, WISH)),)
    assert isinstance(state, Sending)
    assert state.first == OLD


def test_rejected_and_unchanged_the_words_of_the_server_stand() -> None:
    assert outcome(Rejected("denied by policy", conflict=True), Found(OLD)) == Outcome(
        Verdict.REJECTED, "denied by policy"
    )


def test_rejected_while_only_the_status_moved_the_words_of_the_server_stand() -> None:
    """Nothing that the patch tests has changed, so that the same patch would be refused again."""
    moved = replace(OLD, resource_version="104", behaviour=deployment(available=0))
    assert outcome(Rejected("denied by policy", conflict=True), Found(moved)) == Outcome(
        Verdict.REJECTED, "denied by policy"
    )


def test_rejected_and_changed_it_is_planned_anew() -> None:
    now = changed("log=l1 agent=a1 git-sync=g1")
    _, effects = go(Rejected(TEXT_422, conflict=True), Found(now))
    assert effects == (Send(patch_for(now, WISH)),)


def test_somebody_else_may_have_put_the_images_in() -> None:
    now = replace(changed("agent=a2 git-sync=g2"), behaviour=deployment(seen=5))
    assert outcome(Rejected(TEXT_422, conflict=True), Found(now)) == Outcome(
        Verdict.UNCHANGED, "somebody else wrote meanwhile; now already on target images, skipping"
    )


def test_somebody_elses_rollout_is_waited_for() -> None:
    now = replace(changed("agent=a2 git-sync=g2"), behaviour=deployment(seen=4))
    state, _ = go(Rejected(TEXT_422, conflict=True), Found(now))
    assert isinstance(state, Rolling)
    assert state.before is None
    done = executor.step(state, Seen(replace(now, behaviour=deployment(seen=5))), TERMS)[0]
    assert done == Ended(Outcome(Verdict.SETTLED, "1 of 1 pod updated and ready"))


def test_the_end_of_somebody_elses_rollout_may_be_seen_before_it_was_read() -> None:
    """No other event follows: what was seen meanwhile is all that will ever be told."""
    now = replace(changed("agent=a2 git-sync=g2"), behaviour=deployment(seen=4))
    done = replace(now, resource_version="151", behaviour=deployment(seen=5))
    assert outcome(Rejected(TEXT_422, conflict=True), Seen(done), Found(now)).verdict is Verdict.SETTLED
    assert outcome(Rejected(TEXT_422, conflict=True), Deleted("u1"), Found(now)).verdict is Verdict.GONE


def test_another_deploy_meanwhile_is_a_conflict() -> None:
    assert outcome(Rejected(TEXT_422, conflict=True), Found(changed("agent=a3 git-sync=g1", THEIRS))) == Outcome(
        Verdict.CONFLICT, "deploy run-3 changed it meanwhile; it is left to that deploy"
    )


def test_another_deploy_that_wants_the_same_is_none() -> None:
    now = replace(changed("agent=a2 git-sync=g2", THEIRS), behaviour=deployment(seen=5))
    assert outcome(Rejected(TEXT_422, conflict=True), Found(now)).verdict is Verdict.UNCHANGED


def test_ours_overwritten_before_it_was_read_back_is_not_sent_a_second_time() -> None:
    ended = outcome(Lost("reset"), Found(changed("agent=a1 git-sync=g2", OURS)))
    assert ended.verdict is Verdict.CONFLICT
    assert "twice in one deploy" in ended.detail


def test_made_anew_meanwhile_it_is_another_one() -> None:
    assert outcome(Lost("reset"), Found(replace(OLD, uid="u2"))).verdict is Verdict.GONE


def test_reading_back_may_show_nothing_or_fail() -> None:
    assert outcome(Lost("reset"), Missing()) == Outcome(Verdict.GONE, "it was deleted meanwhile")
    assert outcome(Lost("reset"), Unreadable("refused")) == Outcome(
        Verdict.UNKNOWN, "reset; reading it back failed: refused"
    )


def test_what_was_seen_while_reading_counts() -> None:
    assert outcome(Lost("reset"), Seen(ROLLED), Found(patched())).verdict is Verdict.ROLLED
    assert outcome(Lost("reset"), Deleted("u1"), Found(patched())).verdict is Verdict.GONE
    assert outcome(Lost("reset"), Seen(HALF), Found(OLD), Accepted(patched()), Seen(ROLLED)).verdict is Verdict.ROLLED


def test_it_gives_up_after_the_fifth_attempt() -> None:
    """Each time somebody else is faster."""
    state, effects = executor.begin(patch_for(OLD, WISH))
    sent = 0
    while effects:
        sent += isinstance(effects[0], Send)
        now = changed(f"agent=x{sent} git-sync=g1", version=str(200 + sent))
        event = Rejected(TEXT_422, conflict=True) if isinstance(effects[0], Send) else Found(now)
        state, effects = executor.step(state, event, TERMS)
    assert sent == MOST_ATTEMPTS == 5
    assert state == Ended(Outcome(Verdict.CONFLICT, f"it changed under 5 attempts; last answer: {TEXT_422}"))


def test_it_gives_up_on_a_connection_that_never_holds() -> None:
    state, effects = executor.begin(patch_for(OLD, WISH))
    sent = 0
    while effects:
        sent += isinstance(effects[0], Send)
        state, effects = executor.step(state, Lost("reset") if isinstance(effects[0], Send) else Found(OLD), TERMS)
    assert sent == MOST_ATTEMPTS
    assert state == Ended(Outcome(Verdict.REJECTED, "sent 5 times without success; last answer: reset"))


# --- Rolling


def test_other_images_during_the_wait_are_a_conflict() -> None:
    assert outcome(Accepted(patched()), Seen(changed("agent=a1 git-sync=g2", OURS))) == Outcome(
        Verdict.CONFLICT, "somebody put other values in while its rollout was waited for", sent=True
    )
    assert outcome(Accepted(patched()), Seen(changed("agent=a3 git-sync=g3", THEIRS))) == Outcome(
        Verdict.CONFLICT, "deploy run-3 put other values in while its rollout was waited for", sent=True
    )


def test_a_container_that_an_admission_hook_put_back_is_a_conflict() -> None:
    odd = replace(patched(), containers=workload(images="agent=a2 git-sync=mirror/g1").containers)
    assert outcome(Accepted(odd)).verdict is Verdict.CONFLICT


def test_scaling_during_the_wait_is_none() -> None:
    scaled = replace(ROLLED, generation=3, behaviour=deployment(3, seen=3, current=2, conditions=(BUSY, AVAILABLE)))
    state, _ = go(Accepted(patched()), Seen(scaled))
    assert isinstance(state, Rolling)


def test_a_failure_that_the_api_tells_is_the_end() -> None:
    failed = replace(HALF, behaviour=deployment(seen=2, updated=0, conditions=(TOO_LATE, UNAVAILABLE)))
    assert outcome(Accepted(patched()), Seen(failed)) == Outcome(Verdict.FAILED, "has timed out progressing", sent=True)


def test_a_failure_from_before_our_change_is_not() -> None:
    behaviour = deployment(strategy=Recreate(), ready=0, available=0, conditions=(TOO_LATE, UNAVAILABLE))
    broken = replace(OLD, behaviour=behaviour)
    stopping = replace(behaviour, observed_generation=2, updated=0)
    state, _ = go(
        Accepted(replace(patched(), behaviour=behaviour)),
        Seen(replace(patched(version="103"), behaviour=stopping)),
        first=broken,
    )
    assert isinstance(state, Rolling)
    assert state.standing.message == "0 of 1 pod updated"


def test_a_failure_of_the_last_rollout_told_between_our_read_and_our_patch_is_not_ours() -> None:
    """The answer to the patch carries it already, and no controller can have seen the change by then."""
    late = deployment(strategy=Recreate(), ready=0, available=0, conditions=(TOO_LATE, UNAVAILABLE))
    busy = replace(late, conditions=(BUSY, UNAVAILABLE))
    state, _ = go(
        Accepted(replace(patched(), behaviour=late)),
        Seen(replace(patched(version="103"), behaviour=replace(late, observed_generation=2, updated=0))),
        first=replace(OLD, behaviour=busy),
    )
    assert isinstance(state, Rolling)


def test_a_failure_that_was_there_when_it_was_read_again_is_not_ours() -> None:
    late = deployment(strategy=Recreate(), seen=5, ready=0, available=0, conditions=(TOO_LATE, UNAVAILABLE))
    base = replace(changed("agent=a9 git-sync=g1"), behaviour=late)
    ours = replace(patched(version="151", generation=6), behaviour=late)
    stopping = replace(ours, resource_version="152", behaviour=replace(late, observed_generation=6, updated=0))
    state, _ = go(Rejected(TEXT_422, conflict=True), Found(base), Accepted(ours), Seen(stopping))
    assert isinstance(state, Rolling)


def test_our_own_failure_may_be_there_when_it_is_read_back() -> None:
    """What was read back late may be of a controller that has seen the change, failed and has nothing more to say."""
    failed = replace(patched(version="140"), behaviour=deployment(seen=2, updated=0, conditions=(TOO_LATE, AVAILABLE)))
    assert outcome(Lost("reset"), Found(failed)).verdict is Verdict.FAILED


def test_a_paused_one_is_held() -> None:
    paused = replace(HALF, behaviour=deployment(seen=2, updated=0, paused=True))
    assert outcome(Accepted(patched()), Seen(paused)) == Outcome(
        Verdict.HELD, "it is paused: 0 of 1 pod updated", sent=True
    )


def test_what_ends_the_waiting_tells_where_it_stood() -> None:
    rolling = (Accepted(patched()), Seen(HALF))
    assert outcome(*rolling, TimeUp("not complete within 5 s")) == Outcome(
        Verdict.TIMED_OUT, "not complete within 5 s: 0 of 1 pod updated", sent=True
    )
    assert outcome(*rolling, Stop()) == Outcome(
        Verdict.INTERRUPTED, "not waited for any longer: 0 of 1 pod updated", sent=True
    )
    assert outcome(*rolling, Blind("watch lost")) == Outcome(
        Verdict.UNKNOWN, "watch lost; last seen: 0 of 1 pod updated", sent=True
    )


def test_deleted_or_made_anew_during_the_wait_it_is_gone() -> None:
    assert outcome(Accepted(patched()), Deleted("u1")).verdict is Verdict.GONE
    assert outcome(Accepted(patched()), Seen(replace(ROLLED, uid="u2"))).verdict is Verdict.GONE


def test_being_deleted_it_is_never_complete() -> None:
    state, _ = go(Accepted(patched()), Seen(replace(ROLLED, deleting=True)))
    assert isinstance(state, Rolling)


@pytest.mark.parametrize("event", [Seen(OLD), Deleted("u1"), Stop(), TimeUp("x"), Blind("x"), Accepted(OLD)])
def test_the_end_is_the_end(event: Event) -> None:
    state = Ended(Outcome(Verdict.ROLLED, "done", sent=True))
    assert executor.step(state, event, TERMS) == (state, ())


# --- on target from the beginning


def follow(live: Workload, terms: Terms = TERMS) -> State:
    skip = decide.one(live, WISH)
    assert isinstance(skip, Skip), skip
    state, effects = executor.follow(skip, terms)
    assert effects == ()
    return state


TARGET = workload(images="agent=a2 git-sync=g2", annotations=OURS)
UNFINISHED = replace(TARGET, behaviour=deployment(updated=0, conditions=(BUSY, AVAILABLE)))
BROKEN = replace(TARGET, behaviour=deployment(ready=0, available=0, conditions=(TOO_LATE, UNAVAILABLE)))
PAUSED = replace(TARGET, behaviour=deployment(updated=0, paused=True))


def test_on_target_and_healthy_it_is_unchanged() -> None:
    assert follow(TARGET) == Ended(Outcome(Verdict.UNCHANGED, "already on target images, skipping"))


def test_a_rerun_does_not_turn_a_red_deploy_green() -> None:
    assert follow(BROKEN) == Ended(
        Outcome(
            Verdict.FAILED,
            "already on target images, skipping; but its last rollout failed: has timed out progressing",
        )
    )
    assert follow(PAUSED) == Ended(
        Outcome(Verdict.HELD, "already on target images, skipping; but it is paused: 0 of 1 pod updated")
    )


def test_an_unfinished_rollout_is_waited_for() -> None:
    state = follow(UNFINISHED)
    assert isinstance(state, Rolling)
    done = executor.step(state, Seen(TARGET), TERMS)[0]
    assert done == Ended(Outcome(Verdict.SETTLED, "1 of 1 pod updated and ready"))
    broken = executor.step(state, Seen(BROKEN), TERMS)[0]
    assert broken == Ended(Outcome(Verdict.FAILED, "has timed out progressing"))


def test_an_unfinished_rollout_may_be_left_alone() -> None:
    state = follow(UNFINISHED, NO_WAIT)
    assert isinstance(state, Ended)
    assert state.outcome.verdict is Verdict.UNFINISHED


def test_a_workload_without_the_named_containers_is_none_of_our_business() -> None:
    """A neighbour that is taken in by `--all` and is broken, or rolls, is neither judged nor waited for."""
    other = replace(BROKEN, containers=workload(images="web=w1").containers)
    for neighbour in (other, replace(other, behaviour=UNFINISHED.behaviour)):
        state = follow(neighbour)
        assert isinstance(state, Ended)
        assert state.outcome.verdict is Verdict.ABSENT


def test_a_container_that_is_taken_away_meanwhile_is_said() -> None:
    """Else the rest would be patched, and the run would claim what it planned."""
    ended = outcome(Rejected(TEXT_422, conflict=True), Found(changed("agent=a1 mirror=g1")))
    assert ended == Outcome(Verdict.CONFLICT, "somebody took away git-sync meanwhile; nothing was sent again")


def test_what_an_admission_hook_made_of_our_patch_is_no_success_without_waiting_either() -> None:
    pinned = replace(patched(), containers=changed("agent=a2@sha256:1 git-sync=g2").containers)
    assert outcome(Accepted(pinned), terms=NO_WAIT).verdict is Verdict.CONFLICT


def test_on_delete_changes_and_rolls_nothing() -> None:
    first = replace(OLD, behaviour=StatefulSet(OnDelete(), 1, observed_generation=1))
    taken = replace(patched(), behaviour=StatefulSet(OnDelete(), 1, observed_generation=1))
    seen = replace(taken, behaviour=StatefulSet(OnDelete(), 1, observed_generation=2))
    assert outcome(Accepted(taken), Seen(seen), first=first).verdict is Verdict.CHANGED


def test_an_absent_one_is_absent() -> None:
    state, effects = executor.follow(Skip(key("deployment/x"), SkipReason.ABSENT, "there is no deployment/x"), TERMS)
    assert (state, effects) == (Ended(Outcome(Verdict.ABSENT, "there is no deployment/x")), ())


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (go()[0], Found(OLD)),
        (go(Lost("reset"))[0], Accepted(OLD)),
        (go(Accepted(patched()))[0], Found(OLD)),
    ],
)
def test_an_answer_to_nothing_is_a_defect_of_the_driver(state: State, event: Event) -> None:
    with pytest.raises(AssertionError):
        executor.step(state, event, TERMS)


def test_the_patch_that_is_sent_again_is_still_one_of_the_plan() -> None:
    _, effects = go(Lost("reset"), Found(changed("agent=a9 git-sync=g2")))
    (effect,) = effects
    assert isinstance(effect, Send)
    assert isinstance(effect.patch, Patch)
    assert [(c.container, c.old, c.new) for c in images(effect.patch.changes)] == [("agent", "a9", "a2")]
