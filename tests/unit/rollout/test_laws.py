"""Laws of the executor, for any sequence of events that is possible."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rollonce.rollout.outcome import Verdict
from rollonce.rollout.states import Ended
from rollonce.rollout.step import MOST_ATTEMPTS
from tests.unit.rollout.world import ACTS, CONTROLLER, WATCH, WIRE, World

ANNOTATIONS = st.sampled_from([None, {"team": "agents"}, {"rollonce.dev/deploy-id": "run-1"}])
# Long ones, for it takes a while until anything goes wrong; what is too much of one does nothing.
FATES = st.lists(st.sampled_from(ACTS), min_size=8, max_size=30)
# Without foreign writers, so that rollouts are reached often.
QUIET_FATES = st.lists(st.sampled_from((*WIRE, *WATCH, *CONTROLLER)), min_size=8, max_size=30)
# Rollouts that go wrong, ours and the one before.
SAD_FATES = st.lists(
    st.sampled_from(("perform", "answer", "see all", "observe", "progress", "fail")), min_size=8, max_size=20
)


def lived(annotations: dict[str, str] | None, fate: list[str]) -> World:
    """The world after that."""
    world = World(annotations)
    for word in fate:
        world.act(word)
    return world


@settings(max_examples=150)
@given(ANNOTATIONS, FATES)
def test_nothing_is_sent_after_ours_is_there(annotations: dict[str, str] | None, fate: list[str]) -> None:
    """Unless somebody changed the images since: that is theirs, and to be seen."""
    world = lived(annotations, fate)
    world.calm_down()
    assert not world.sent_for_nothing


@settings(max_examples=150)
@given(ANNOTATIONS, FATES | QUIET_FATES)
def test_it_always_ends(annotations: dict[str, str] | None, fate: list[str]) -> None:
    world = lived(annotations, fate)
    world.calm_down()
    assert isinstance(world.state, Ended), world.state
    assert world.sent <= MOST_ATTEMPTS


@settings(max_examples=200)
@given(ANNOTATIONS, FATES | QUIET_FATES)
def test_it_is_never_called_rolled_before_the_controller_has_finished(
    annotations: dict[str, str] | None, fate: list[str]
) -> None:
    world = lived(annotations, fate)
    if not isinstance(world.state, Ended):
        return
    outcome = world.state.outcome
    if outcome.verdict in (Verdict.ROLLED, Verdict.SETTLED, Verdict.UNCHANGED):
        assert world.finished
    if outcome.verdict is Verdict.ROLLED or outcome.sent:
        assert world.committed


@settings(max_examples=200)
@given(ANNOTATIONS, SAD_FATES | QUIET_FATES)
def test_it_is_never_called_failed_unless_the_rollout_of_our_images_was(
    annotations: dict[str, str] | None, fate: list[str]
) -> None:
    world = lived(annotations, fate)
    if isinstance(world.state, Ended) and world.state.outcome.verdict is Verdict.FAILED:
        assert world.failed


@given(st.lists(st.sampled_from(["lose request", "busy", "perform", "answer"]), max_size=60))
def test_with_the_wire_alone_against_it_there_is_one_change(fate: list[str]) -> None:
    world = lived({"team": "agents"}, fate)
    world.calm_down()
    assert isinstance(world.state, Ended)
    assert world.stored is not None
    assert world.stored["metadata"]["generation"] <= 2


@settings(max_examples=150)
@given(ANNOTATIONS, QUIET_FATES)
def test_nobody_is_blamed_where_nobody_else_writes(annotations: dict[str, str] | None, fate: list[str]) -> None:
    """Events from before the change hold other images too, and are no foreign write."""
    world = lived(annotations, fate)
    world.calm_down()
    assert isinstance(world.state, Ended)
    assert world.state.outcome.verdict not in (Verdict.CONFLICT, Verdict.GONE), world.state.outcome
