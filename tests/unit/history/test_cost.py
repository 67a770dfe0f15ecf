"""What a roll took: observed, from other rolls, or from a profile; always with a range."""

from __future__ import annotations

from typing import Any

from rollonce.history.nouns import Cost
from tests.unit.history.pictures import Picture

CLAIM = {"name": "work", "persistentVolumeClaim": {"claimName": "work"}}


def cost(picture: Picture, number: int) -> Cost:
    """The cost of the roll to a revision."""
    return next(each for (_, revision), each in picture.review().costs.items() if revision == number)


def rolled(**more: Any) -> Picture:
    """Revision 2 was scaled down at 3600, revision 3 was made when its pod was gone, 12 s later."""
    picture = Picture(**more).revision(1, 0, "agent=a", retired=1800).revision(2, 1805, "agent=b", retired=3600)
    return picture.revision(3, 3612, "agent=c")


def test_the_last_recreate_is_observed_from_scaling_down_to_ready() -> None:
    each = cost(rolled().pod(3, 3612, 3642), 3)
    assert (each.outage.low, each.outage.likely, each.outage.high) == (40, 42, 44)
    assert each.basis.value == "observed"


def test_an_older_one_takes_its_start_from_other_rolls() -> None:
    """Its stop is observed (5 s); when its pod was ready nobody remembers: 30 s as in the last one."""
    each = cost(rolled().pod(3, 3612, 3642), 2)
    assert each.outage.likely == 35
    assert each.basis.value == "other rolls of this workload"


def test_without_any_observation_the_profile_of_its_volumes_counts() -> None:
    local, block = rolled(), rolled()
    block.volumes.append(CLAIM)
    assert cost(local, 3).basis.value == cost(block, 3).basis.value == "profile of its volumes"
    assert cost(block, 3).outage.likely > cost(local, 3).outage.likely
    assert "cloud block storage" in cost(block, 3).why


def test_a_pod_that_was_replaced_later_says_nothing_of_the_roll() -> None:
    assert cost(rolled().pod(3, 9000, 9005), 3).basis.value == "profile of its volumes"


def test_a_range_holds_its_value() -> None:
    for number in (2, 3):
        each = cost(rolled(), number)
        for span in (each.outage, each.reduced, each.pod_seconds):
            assert 0 <= span.low <= span.likely <= span.high


def test_a_rolling_update_that_never_goes_below_costs_no_capacity() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    each = cost(rolled(strategy=strategy, replicas=3), 3)
    assert (each.outage.high, each.reduced.high, each.pod_seconds.high) == (0, 0, 0)


def test_a_rolling_update_that_may_go_below_is_reduced_and_no_outage() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    each = cost(rolled(strategy=strategy, replicas=3), 3)
    assert each.outage.high == 0
    assert each.reduced.low > 0
    assert each.pod_seconds.likely == each.reduced.likely


def test_as_many_pods_count_as_there_were_then() -> None:
    picture = Picture(replicas=0).revision(1, 0, "agent=a").revision(2, 60, "agent=b", replicas=2)
    picture.revision(3, 120, "agent=c", replicas=0)
    assert cost(picture, 2).outage.likely > 0
    assert cost(picture, 2).pod_seconds.likely == 2 * cost(picture, 2).outage.likely
    assert cost(picture, 3).outage.high == 0


def test_a_stateful_set_of_one_is_out_and_of_three_is_reduced() -> None:
    one = cost(Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b"), 2)
    three = cost(Picture(kind="StatefulSet", replicas=3).revision(1, 0, "agent=a").revision(2, 60, "agent=b"), 2)
    assert one.outage.likely > 0
    assert (three.outage.high, three.reduced.likely) == (0, 3 * one.outage.likely)
