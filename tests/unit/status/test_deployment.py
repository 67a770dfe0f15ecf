"""Where a Deployment's rollout stands, decision by decision."""

from __future__ import annotations

import pytest

from rollonce import status
from rollonce.model.workload import Behaviour, Condition, Deployment, Recreate
from rollonce.status import Complete, Failed, Held, InProgress, Standing
from tests.unit.builders import AVAILABLE, BUSY, DONE, TOO_LATE, UNAVAILABLE, deployment, workload

QUOTA = Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: pods")
LATER = Condition("Progressing", "False", "ProgressDeadlineExceeded", "has timed out progressing", "10:10")


def of(behaviour: Behaviour, *, generation: int = 1, before: Deployment | None = None) -> Standing:
    earlier = workload(behaviour=before) if before else None
    return status.compute(workload(behaviour=behaviour, generation=generation), earlier)


@pytest.mark.parametrize(
    ("behaviour", "standing"),
    [
        (deployment(3, current=2), InProgress("fewer-pods", "2 of 3 pods there")),
        (deployment(1, current=0, updated=0), InProgress("fewer-pods", "0 of 1 pod there")),
        (deployment(3, updated=2), InProgress("fewer-updated", "2 of 3 pods updated")),
        (deployment(3, current=4), InProgress("old-pods", "1 old or surplus pod still to go")),
        (deployment(3, current=5), InProgress("old-pods", "2 old or surplus pods still to go")),
        (deployment(3, current=5, updated=5), InProgress("old-pods", "2 old or surplus pods still to go")),
        (deployment(3, available=1), InProgress("fewer-available", "1 of 3 pods available")),
        (deployment(3, ready=2), InProgress("fewer-ready", "2 of 3 pods ready")),
        (
            deployment(3, conditions=(BUSY, AVAILABLE)),
            InProgress("not-confirmed", "waiting for its controller to confirm the new pods"),
        ),
        (
            deployment(3, conditions=(AVAILABLE,)),
            InProgress("not-confirmed", "waiting for its controller to confirm the new pods"),
        ),
        (
            deployment(3, conditions=(DONE, UNAVAILABLE)),
            InProgress("not-confirmed", "waiting for its controller to call it available"),
        ),
        (
            deployment(3, conditions=(DONE,)),
            InProgress("not-confirmed", "waiting for its controller to call it available"),
        ),
        (deployment(3), Complete("3 of 3 pods updated and ready")),
        (deployment(1), Complete("1 of 1 pod updated and ready")),
        (deployment(0), Complete("0 of 0 pods updated and ready")),
        (deployment(1, strategy=Recreate()), Complete("1 of 1 pod updated and ready")),
        (deployment(0, current=2, updated=0), InProgress("old-pods", "2 old or surplus pods still to go")),
    ],
)
def test_the_first_thing_that_is_missing_is_told(behaviour: Deployment, standing: Standing) -> None:
    assert of(behaviour) == standing


def test_without_a_deadline_the_controller_keeps_no_word() -> None:
    behaviour = deployment(2, progress_deadline=2**31 - 1, conditions=(AVAILABLE,))
    assert of(behaviour) == Complete("2 of 2 pods updated and ready")


@pytest.mark.parametrize("seen", [None, 0, 6])
def test_a_status_that_lags_behind_says_nothing(seen: int | None) -> None:
    """Also a failure that it speaks of may be an older one."""
    for conditions in ((DONE, AVAILABLE), (TOO_LATE,)):
        assert of(deployment(seen=seen, conditions=conditions), generation=7) == InProgress(
            "not-observed", "waiting for its controller to see the change"
        )


def test_what_is_being_deleted_is_never_complete() -> None:
    assert status.compute(workload(deleting=True)) == InProgress("deleting", "it is being deleted")


def test_a_deadline_that_passed_is_a_failure_in_the_words_of_the_api() -> None:
    assert of(deployment(2, updated=1, conditions=(TOO_LATE,))) == Failed(
        "ProgressDeadlineExceeded", "has timed out progressing"
    )


def test_a_failure_from_before_the_change_is_no_news() -> None:
    """Under Recreate the new generation is observed long before the last rollout's condition goes away."""
    failed = deployment(1, ready=0, available=0, conditions=(TOO_LATE, UNAVAILABLE))
    now = deployment(1, current=0, updated=0, ready=0, available=0, seen=2, conditions=(TOO_LATE, UNAVAILABLE))
    assert of(now, generation=2, before=failed) == InProgress("fewer-pods", "0 of 1 pod there")
    assert isinstance(of(now, generation=2), Failed)


def test_the_same_words_at_another_time_are_news() -> None:
    failed = deployment(1, updated=0, conditions=(TOO_LATE, UNAVAILABLE))
    assert isinstance(of(deployment(1, updated=0, conditions=(LATER, UNAVAILABLE)), before=failed), Failed)


def test_a_failure_after_a_healthy_start_is_news() -> None:
    assert isinstance(of(deployment(1, updated=0, conditions=(LATER,)), before=deployment()), Failed)


def test_old_news_are_not_held_back_for_another_kind() -> None:
    earlier = workload("daemonset/x")
    assert isinstance(status.compute(workload(behaviour=deployment(conditions=(TOO_LATE,))), earlier), Failed)


def test_why_pods_cannot_be_made_is_said() -> None:
    assert of(deployment(2, current=1, conditions=(BUSY, QUOTA))) == InProgress(
        "fewer-pods", "1 of 2 pods there; FailedCreate: exceeded quota: pods"
    )
    assert of(deployment(2, current=1, conditions=(TOO_LATE, QUOTA))) == Failed(
        "ProgressDeadlineExceeded", "has timed out progressing (FailedCreate: exceeded quota: pods)"
    )


def test_a_trouble_that_is_over_is_not_said() -> None:
    over = Condition("ReplicaFailure", "False", "FailedCreate", "exceeded quota: pods")
    assert of(deployment(2, current=1, conditions=(BUSY, over))) == InProgress("fewer-pods", "1 of 2 pods there")


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (deployment(2, updated=0, paused=True), "it is paused: 0 of 2 pods updated"),
        (deployment(2, current=3, paused=True), "it is paused: 1 old or surplus pod still to go"),
    ],
)
def test_a_paused_one_with_something_pending_is_held(behaviour: Deployment, detail: str) -> None:
    assert of(behaviour) == Held("Paused", detail)


@pytest.mark.parametrize("conditions", [(DONE, AVAILABLE), (AVAILABLE,), (BUSY, AVAILABLE)])
def test_a_paused_one_with_nothing_pending_is_complete(conditions: tuple[Condition, ...]) -> None:
    assert of(deployment(2, paused=True, conditions=conditions)) == Complete("2 of 2 pods updated and ready")


def test_a_paused_one_still_scales() -> None:
    assert of(deployment(3, current=2, updated=2, ready=2, available=2, paused=True)) == InProgress(
        "fewer-pods", "2 of 3 pods there"
    )
