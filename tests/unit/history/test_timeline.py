"""Objects become revisions in their order, with a time and what it is worth."""

from __future__ import annotations

from rollonce.history.nouns import Revision, Timeline
from tests.unit.history.pictures import NAMESPACE, NOON, Picture, judged, stamp, told


def only(picture: Picture) -> Timeline:
    """The one timeline."""
    [timeline] = picture.review().timelines
    return timeline


def revision(picture: Picture, number: int) -> Revision:
    """One of its revisions."""
    return next(each for each in only(picture).revisions if each.number == number)


def after_noon(each: Revision) -> tuple[float | None, float | None]:
    """Bounds of its time, in seconds after noon."""
    bounds = (each.when.earliest, each.when.latest)
    first, last = ((at - NOON).total_seconds() if at is not None else None for at in bounds)
    return first, last


def reused(retired: float | None = None) -> Picture:
    """A, B, A: the ReplicaSet of revision 1 is that of revision 3."""
    return Picture().revision(2, 60, "agent=b", retired=retired).revision(3, 0, "agent=a", former="1")


def test_a_reverted_template_has_its_old_number_too() -> None:
    assert [(r.number, r.reused) for r in only(reused()).revisions] == [(1, False), (2, False), (3, True)]


def test_the_creation_of_a_reused_replica_set_is_not_the_time_of_the_roll() -> None:
    third = revision(reused(), 3)
    assert (after_noon(third), third.when.certainty.value) == ((60, None), "inferred")


def test_that_its_predecessor_was_scaled_down_dates_it() -> None:
    third = revision(reused(retired=500), 3)
    assert (after_noon(third), third.when.certainty.value) == ((500, 500), "inferred")


def test_its_first_pod_bounds_it() -> None:
    assert after_noon(revision(reused().pod(1, 300), 3)) == (60, 300)


def test_an_event_tells_when_it_was_used_again() -> None:
    picture = reused()
    picture.others.append(
        {
            "kind": "Event",
            "metadata": {"name": "e", "namespace": NAMESPACE},
            "involvedObject": {"kind": "Deployment", "namespace": NAMESPACE, "name": "ceo"},
            "reason": "ScalingReplicaSet",
            "message": "Scaled up replica set ceo-1 from 0 to 1",
            "lastTimestamp": stamp(90),
        }
    )
    third = revision(picture, 3)
    assert (after_noon(third), third.when.certainty.value) == ((90, 90), "seen")


def test_the_audit_log_tells_when_it_was_used_again() -> None:
    picture = reused().logged(59, "ci", "agent=b").logged(90, "ci", "agent=a")
    assert after_noon(revision(picture, 3)) == (90, 90)


def test_a_write_of_the_same_second_before_its_predecessor_is_not_taken_for_it() -> None:
    picture = (
        reused().logged(59.2, "ci", "agent=a").logged(59.9, "ci", "agent=b").logged(90, "ann", "agent=a", undo=True)
    )
    found = picture.review()
    assert (after_noon(revision(picture, 3)), found.recoveries) == ((90, 90), 1)


def test_of_several_uses_each_finds_its_own_write() -> None:
    picture = Picture().revision(3, 120, "agent=c").revision(4, 0, "agent=a", former="1").revision(5, 240, "agent=b")
    picture.snapshots[-1]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "2"
    picture.snapshots[-1]["metadata"]["creationTimestamp"] = stamp(60)
    for at, images in ((60, "agent=b"), (120, "agent=c"), (180, "agent=a"), (240, "agent=b")):
        picture.logged(at - 0.5, "ci", images)
    assert [after_noon(r)[0] for r in only(picture).revisions] == [0, 59.5, 119.5, 179.5, 239.5]


def test_order_is_that_of_the_numbers_where_clocks_jump() -> None:
    picture = Picture().revision(1, 500, "agent=a").revision(2, 60, "agent=b")
    assert [r.number for r in only(picture).revisions] == [1, 2]
    assert "clocks" in revision(picture, 2).when.basis


def test_absurd_times_are_no_times() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 0, "agent=b").revision(3, 0, "agent=c")
    for snapshot, at in zip(picture.snapshots, ("1969-12-31T23:59:59Z", "soon", "2999-01-01T00:00:00Z"), strict=True):
        snapshot["metadata"]["creationTimestamp"] = at
    assert [r.when.certainty.value for r in only(picture).revisions] == ["unknown"] * 3


def test_two_that_claim_one_number_are_told_of() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    twin = picture.snapshots[-1] | {"metadata": picture.snapshots[-1]["metadata"] | {"name": "by-hand"}}
    found = judged([*picture.items(), twin])
    assert len(found.rolls) == 1
    assert any("revision 2 is that of" in each.why for each in found.rejected)


def test_an_object_that_comes_twice_counts_once() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    assert judged(picture.items() * 2).rolls == judged(picture.items()).rolls


def test_what_belonged_to_an_earlier_workload_of_that_name_is_passed_over() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    picture.snapshots[0]["metadata"]["ownerReferences"][0]["uid"] = "an older one"
    found = picture.review()
    assert [r.number for r in found.timelines[0].revisions] == [2]
    assert any("that is gone" in each.why for each in found.rejected)


def test_without_the_workload_its_replica_sets_still_tell() -> None:
    """Less rights, less certainty: the rolls are there, strategy and writers are not."""
    picture = Picture().revision(1, 0, "agent=x git-sync=x").revision(2, 60, "agent=y git-sync=x")
    items = picture.revision(3, 120, "agent=y git-sync=y").items()[1:]
    found = judged(items)
    assert told(found) == [(3, "split", "inferred")]
    assert found.findings[0].cost.basis.value == "nothing to tell from"
    assert found.findings[0].roll.writers[0].certainty.value == "unknown"


# --- StatefulSets and DaemonSets


def test_a_controller_revision_without_pods_to_tell_is_inferred() -> None:
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    assert [roll.certainty.value for roll in picture.review().rolls] == ["inferred"]


def test_pods_that_are_younger_than_the_revision_make_it_seen() -> None:
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b").pod(2, 61)
    assert [roll.certainty.value for roll in picture.review().rolls] == ["seen"]


def test_a_controller_revision_that_replaced_no_pod_is_no_roll() -> None:
    """Images changed in place, or a partition: the pods are older than the revision that they carry."""
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b").pod(2, 5)
    assert picture.review().rolls == ()


def test_a_revision_that_no_pod_has_yet_is_no_roll() -> None:
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b").pod(1, 5)
    assert picture.review().rolls == ()


def test_on_delete_rolls_nothing() -> None:
    picture = (
        Picture(kind="DaemonSet", strategy={"type": "OnDelete"}).revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    )
    assert picture.review().rolls == ()


def test_a_controller_revision_older_than_its_predecessor_was_used_again() -> None:
    """It loses its number: A was 1 and is 3, and nothing but the order of their making tells."""
    picture = Picture(kind="StatefulSet").revision(2, 60, "agent=b").revision(3, 0, "agent=a")
    assert [(r.number, r.reused) for r in only(picture).revisions] == [(1, False), (2, False), (3, True)]


def test_above_a_number_that_is_missing_any_controller_revision_may_have_been_used_again() -> None:
    """3 was moved to 4 or 5: both are younger than what is below, so that neither creation is the time of a roll."""
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    picture.revision(4, 120, "agent=c").revision(5, 180, "agent=d")
    assert [r.reused for r in only(picture).revisions] == [False, False, True, True]


def test_the_log_dates_what_may_have_been_used_again_where_only_one_write_fits() -> None:
    picture = Picture(kind="StatefulSet").revision(1, 0, "agent=a").revision(3, 60, "agent=b")
    assert after_noon(revision(picture.logged(60.5, "ci", "agent=b"), 3)) == (60.5, 60.5)
    picture.logged(90, "ci", "agent=a").logged(120, "ann", "agent=b")
    assert revision(picture, 3).when.certainty.value == "inferred"


def test_a_former_number_is_not_guessed_where_several_are_missing() -> None:
    picture = Picture(kind="StatefulSet").revision(4, 60, "agent=b").revision(5, 0, "agent=a")
    assert [r.number for r in only(picture).revisions] == [4, 5]
