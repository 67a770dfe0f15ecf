"""Recorded watch sequences of a real control plane, played to the executor: as they came, and disturbed.

What is true is known from the recorded pods alone (tests/recordings/recording.py).
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollonce.model import decode
from rollonce.model.deploy import Deploy, Source
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Patch, Skip
from rollonce.rollout import step as executor
from rollonce.rollout.events import Accepted, Deleted, Event, Seen
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.rollout.states import Ended, State
from rollonce.rollout.step import Terms
from tests.recordings import recording
from tests.recordings.recording import Recording
from tests.unit.builders import wants

# Read when tests are collected: their bodies may not open files.
RECORDINGS = recording.every()
KINDS = {kind.title: kind for kind in Kind}
ENDS = dict.fromkeys(RECORDINGS, Verdict.ROLLED) | {
    "deployment-fails": Verdict.FAILED,
    "deployment-paused": Verdict.HELD,
}
SUCCESS = (Verdict.ROLLED, Verdict.SETTLED, Verdict.UNCHANGED)


@dataclass(frozen=True)
class Told:
    """What a watch tells of the workload, and whether the pods were right at that moment of the recording."""

    object: dict[str, Any]
    true: bool


def told(name: str) -> tuple[list[Told], int]:
    """All that the watch tells of the workload, and which of it is the answer to our patch."""
    whole = RECORDINGS[name]
    first_true = whole.first_true
    seen: list[Told] = []
    answer = -1
    for index, event in enumerate(whole.events):
        if event.kind == whole.header.kind:
            answer = len(seen) if event.version == whole.header.patched else answer
            seen.append(Told(event.object, first_true is not None and index >= first_true))
    assert answer > 0, "a recording begins before the change"
    return seen, answer


STORIES = {name: told(name) for name in RECORDINGS}


def read(name: str, thing: dict[str, Any]) -> Workload:
    return decode.workload(KINDS[RECORDINGS[name].header.kind], json.dumps(thing).encode())


def terms_of(recorded: Recording, deploy: str = "run-2") -> Terms:
    return Terms(Wish(wants(f"agent={recorded.header.image}"), Deploy(deploy, Source.GIVEN)))


def sent(name: str, terms: Terms) -> State:
    """The state after our patch was taken."""
    seen, answer = STORIES[name]
    patch = decide.one(read(name, seen[answer - 1].object), terms.wish)
    assert isinstance(patch, Patch)
    state, _ = executor.begin(patch)
    return executor.step(state, Accepted(read(name, seen[answer].object)), terms)[0]


def outcome_of(state: State) -> Outcome | None:
    return state.outcome if isinstance(state, Ended) else None


@pytest.mark.parametrize("name", RECORDINGS)
def test_undisturbed_it_ends_as_the_api_says_and_not_before(name: str) -> None:
    terms = terms_of(RECORDINGS[name])
    seen, answer = STORIES[name]
    state, now = sent(name, terms), seen[answer]
    for now in seen[answer + 1 :]:
        if isinstance(state, Ended):
            break
        state, _ = executor.step(state, Seen(read(name, now.object)), terms)
    ended = outcome_of(state)
    assert ended is not None, state
    assert ended.verdict is ENDS[name], ended
    assert ended.sent
    assert now.true is (ended.verdict is Verdict.ROLLED)


@pytest.mark.parametrize("name", [name for name, end in ENDS.items() if end is Verdict.ROLLED])
def test_no_later_event_of_a_finished_rollout_is_anything_but_complete(name: str) -> None:
    """Whoever begins to look only then finds it on target and healthy."""
    terms = terms_of(RECORDINGS[name], deploy="run-3")
    last = read(name, STORIES[name][0][-1].object)
    skip = decide.one(last, terms.wish)
    assert isinstance(skip, Skip)
    ended = outcome_of(executor.follow(skip, terms)[0])
    assert ended is not None
    assert ended.verdict is Verdict.UNCHANGED


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_rerun_at_any_moment_is_no_earlier_a_success(name: str) -> None:
    """It finds the images on target and judges by the status alone."""
    terms = terms_of(RECORDINGS[name])
    seen, answer = STORIES[name]
    for now in seen[answer:]:
        skip = decide.one(read(name, now.object), terms.wish)
        assert isinstance(skip, Skip)
        ended = outcome_of(executor.follow(skip, terms)[0])
        if ended is not None and ended.verdict in SUCCESS:
            assert now.true, now.object["status"]


@st.composite
def disturbed(draw: st.DrawFn, name: str) -> list[tuple[Event, bool]]:
    """What may reach an observer, each with whether the pods were right by then.

    A status may come late (of an older moment, beside the newest spec), an event twice; what came while it was
    disconnected may be missing; and the workload may be deleted at any moment.
    """
    seen, answer = STORIES[name]
    events: list[tuple[Event, bool]] = []
    index = draw(st.integers(0, answer))
    while index < len(seen):
        now = copy.deepcopy(seen[index].object)
        match draw(st.sampled_from(["as it came"] * 5 + ["late", "late", "twice", "cut off", "deleted"])):
            case "late":
                now["status"] = seen[draw(st.integers(max(0, index - 6), index))].object.get("status", {})
            case "twice":
                events.append((Seen(read(name, now)), seen[index].true))
            case "cut off":
                # A snapshot of what is there then, after a 410 or a reconnect.
                index = draw(st.integers(index, len(seen) - 1))
                now = seen[index].object
            case "deleted" if draw(st.integers(0, 4)) == 0:
                return [*events, (Deleted(now["metadata"]["uid"]), False)]
            case _:
                pass
        events.append((Seen(read(name, now)), seen[index].true))
        index += 1
    return events


@pytest.mark.parametrize("name", RECORDINGS)
@settings(max_examples=60)
@given(data=st.data())
def test_disturbed_it_is_never_called_a_success_too_early(name: str, data: Any) -> None:
    """Events may also come before the answer to the patch has been read."""
    terms = terms_of(RECORDINGS[name])
    seen, answer = STORIES[name]
    patch = decide.one(read(name, seen[answer - 1].object), terms.wish)
    assert isinstance(patch, Patch)
    events = data.draw(disturbed(name))
    events.insert(data.draw(st.integers(0, len(events))), (Accepted(read(name, seen[answer].object)), False))
    state, _ = executor.begin(patch)
    true = False
    for event, now_true in events:
        true |= now_true
        state, _ = executor.step(state, event, terms)
        ended = outcome_of(state)
        if ended is not None:
            assert true or ended.verdict not in SUCCESS, ended
            assert ended.verdict is not Verdict.FAILED or ENDS[name] is Verdict.FAILED, ended
            return


@pytest.mark.parametrize("name", RECORDINGS)
@settings(max_examples=40)
@given(data=st.data())
def test_disturbed_a_rerun_is_never_called_a_success_too_early(name: str, data: Any) -> None:
    """A second run of the same deploy, begun at any moment after the patch: it sends nothing and waits."""
    terms = terms_of(RECORDINGS[name])
    seen, answer = STORIES[name]
    begin = data.draw(st.integers(answer, len(seen) - 1))
    skip = decide.one(read(name, seen[begin].object), terms.wish)
    assert isinstance(skip, Skip)
    state, _ = executor.follow(skip, terms)
    true = seen[begin].true
    for event, now_true in data.draw(disturbed(name)):
        true |= now_true
        state, _ = executor.step(state, event, terms)
        ended = outcome_of(state)
        if ended is not None:
            assert true or ended.verdict not in SUCCESS, ended
            return
