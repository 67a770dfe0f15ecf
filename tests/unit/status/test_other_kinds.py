"""Where the rollouts of StatefulSets, DaemonSets and CronJobs stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollonce import status
from rollonce.model.workload import DaemonSet, OnDelete, Rolling, StatefulSet
from rollonce.status import Complete, InProgress, Standing
from tests.unit.builders import workload

DB = StatefulSet(
    Rolling(),
    3,
    observed_generation=1,
    pods=3,
    updated=3,
    ready=3,
    available=3,
    current_revision="r2",
    update_revision="r2",
)
LOG = DaemonSet(Rolling(), observed_generation=1, desired=3, scheduled=3, updated=3, ready=3, available=3)


def of_set(behaviour: StatefulSet, generation: int = 1) -> Standing:
    return status.compute(workload("statefulset/db", behaviour=behaviour, generation=generation))


def of_daemons(behaviour: DaemonSet, generation: int = 1) -> Standing:
    return status.compute(workload("daemonset/log", behaviour=behaviour, generation=generation))


@pytest.mark.parametrize(
    ("behaviour", "standing"),
    [
        (DB, Complete("3 of 3 pods updated and ready")),
        (replace(DB, pods=2), InProgress("fewer-pods", "2 of 3 pods there")),
        (replace(DB, pods=4), InProgress("old-pods", "1 surplus pod still to go")),
        (replace(DB, pods=5), InProgress("old-pods", "2 surplus pods still to go")),
        (replace(DB, updated=1), InProgress("fewer-updated", "1 of 3 pods updated")),
        (replace(DB, ready=2), InProgress("fewer-ready", "2 of 3 pods ready")),
        (
            replace(DB, current_revision="r1"),
            InProgress("not-confirmed", "waiting for its controller to confirm the new revision"),
        ),
        (replace(DB, replicas=0, pods=0, updated=0, ready=0), Complete("0 of 0 pods updated and ready")),
        (replace(DB, replicas=0), InProgress("old-pods", "3 surplus pods still to go")),
    ],
)
def test_a_stateful_set_tells_the_first_thing_that_is_missing(behaviour: StatefulSet, standing: Standing) -> None:
    assert of_set(behaviour) == standing


def test_a_partition_holds_pods_back() -> None:
    held = replace(DB, strategy=Rolling(partition=2), updated=1, current_revision="r1")
    assert of_set(held) == Complete("1 of 3 pods updated, partition 2 holds the others back")
    assert of_set(replace(held, updated=0)) == InProgress("fewer-updated", "0 of 1 pod updated")
    assert of_set(replace(held, ready=2)) == InProgress("fewer-ready", "2 of 3 pods ready")


def test_a_partition_beyond_the_pods_rolls_nothing() -> None:
    held = replace(DB, strategy=Rolling(partition=9), updated=0, current_revision="r1")
    assert of_set(held) == Complete("0 of 3 pods updated, partition 9 holds the others back")


def test_seconds_of_readiness_count_where_they_are_asked_for() -> None:
    assert of_set(replace(DB, available=1)) == Complete("3 of 3 pods updated and ready")
    assert of_set(replace(DB, available=1, min_ready_seconds=10)) == InProgress(
        "fewer-available", "1 of 3 pods available"
    )


@pytest.mark.parametrize(
    ("behaviour", "standing"),
    [
        (LOG, Complete("3 of 3 pods updated and ready")),
        (replace(LOG, scheduled=2), InProgress("fewer-pods", "2 of 3 pods scheduled")),
        (replace(LOG, updated=1), InProgress("fewer-updated", "1 of 3 pods updated")),
        (replace(LOG, available=2), InProgress("fewer-available", "2 of 3 pods available")),
        (replace(LOG, ready=2), InProgress("fewer-ready", "2 of 3 pods ready")),
        (
            replace(LOG, desired=0, scheduled=0, updated=0, ready=0, available=0),
            Complete("0 of 0 pods updated and ready"),
        ),
    ],
)
def test_a_daemon_set_tells_the_first_thing_that_is_missing(behaviour: DaemonSet, standing: Standing) -> None:
    assert of_daemons(behaviour) == standing


def test_on_delete_rolls_nothing() -> None:
    answer = Complete("OnDelete: pods take the template when somebody deletes them")
    assert of_set(replace(DB, strategy=OnDelete(), updated=0)) == answer
    assert of_daemons(replace(LOG, strategy=OnDelete(), updated=0)) == answer


@pytest.mark.parametrize("seen", [None, 0, 4])
def test_a_status_that_lags_behind_says_nothing(seen: int | None) -> None:
    answer = InProgress("not-observed", "waiting for its controller to see the change")
    assert of_set(replace(DB, observed_generation=seen), 5) == answer
    assert of_daemons(replace(LOG, observed_generation=seen), 5) == answer


def test_a_cron_job_is_always_complete() -> None:
    assert status.compute(workload("cronjob/report")) == Complete("its next jobs run the template")
