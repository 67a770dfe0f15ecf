"""Which write of the API audit log brought which revision; and other mistakes that random histories have shown."""

from __future__ import annotations

from datetime import timedelta

from rollonce.history.review import Review
from tests.unit.history.pictures import Picture, opened, told

WINDOW = timedelta(seconds=30)


def users(found: Review) -> dict[int, list[tuple[str, str]]]:
    """Revision -> (user, certainty) of its writers."""
    return {roll.after.number: [(w.user, w.certainty.value) for w in roll.writers] for roll in found.rolls}


def test_what_was_used_again_is_not_dated_by_its_first_write() -> None:
    """2 is gone, so that the write of 1 and that of 3 have one template; the numbers between tell them apart."""
    picture = Picture().revision(2, 60, "agent=b").revision(3, 0, "agent=a", former="1")
    picture.logged(0, "ann", "agent=a").logged(60, "bob", "agent=b").logged(120, "cid", "agent=a")
    assert users(picture.review()) == {2: [("bob", "seen")], 3: [("cid", "seen")]}


def test_a_change_that_is_put_back_at_once_leaves_two_writers() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b")
    picture.logged(0, "ann", "agent=a").logged(60.1, "bob", "agent=b")
    picture.logged(60.3, "bob", "agent=a").logged(60.5, "cid", "agent=b")
    assert users(picture.review()) == {2: [("bob", "inferred"), ("cid", "inferred")]}


def test_a_write_that_was_replaced_at_once_is_not_taken_for_a_later_one() -> None:
    """b and back within the same sync made nothing; the roll to b came with the write after."""
    picture = Picture().revision(1, 0, "agent=a").revision(2, 90, "agent=b")
    picture.logged(0, "ann", "agent=a").logged(60, "bob", "agent=b").logged(60.2, "bob", "agent=a")
    picture.logged(90, "cid", "agent=b")
    assert users(picture.review()) == {2: [("cid", "seen")]}


def test_two_writes_of_one_roll_are_both_its_writers() -> None:
    """The second came before the controller had acted upon the first; each has changed an image of the revision."""
    picture = Picture().revision(1, 0, "agent=a side=a").revision(2, 60, "agent=b side=b")
    picture.logged(0, "ann", "agent=a side=a").logged(60, "bob", "agent=b side=a", manager="helm")
    picture.logged(60.002, "cid", "agent=b side=b", manager="kubectl-set")
    assert users(picture.review()) == {2: [("bob", "seen"), ("cid", "seen")]}


def test_an_id_that_was_left_behind_joins_nothing_by_itself() -> None:
    """Each hotfix inherits the id of the deploy before; they are deploys of their own, and not of that one."""
    picture = Picture().revision(1, 0, "agent=a").revision(2, 1000, "agent=b", deploy="run-2")
    for number, at, image in ((3, 2000, "c"), (4, 2010, "d"), (5, 9000, "e"), (6, 9010, "f")):
        picture.revision(number, at, f"agent={image}", deploy="run-2")
    found = picture.review(window=WINDOW)
    assert [[roll.after.number for roll in deploy.rolls] for deploy in found.deploys] == [[2], [3, 4], [5, 6]]


def test_putting_the_old_build_back_within_a_deploy_is_a_bounce() -> None:
    """The build that was there before is no build that somebody deploys."""
    picture = Picture().revision(2, 60, "agent=4f2c111-1187").revision(3, 0, "agent=4f2b111-1186", former="1")
    picture.logged(0, "ci", "agent=4f2b111-1186").logged(60, "ci", "agent=4f2c111-1187")
    picture.logged(70, "ci", "agent=4f2b111-1186")
    assert told(picture.review()) == [(3, "bounce", "inferred")]


def test_an_image_that_may_have_been_there_before_parts_no_deploys() -> None:
    """What 5 changed is gone: that its image names another build is no evidence that it brought that."""
    picture = Picture().revision(5, 0, "agent=4f2b111-1186", env={"MODE": "b"})
    picture.revision(6, 5, "agent=4f2c111-1187", env={"MODE": "b"})
    found = picture.review(window=WINDOW)
    assert (len(found.deploys), told(found), opened(found)) == (1, [], [6])


def test_a_controller_revision_of_the_same_second_may_have_been_used_again() -> None:
    """Of 2 and 3 nothing tells which was made first, and 1 is gone: 3 may be a rollback to it."""
    found = Picture(kind="StatefulSet").revision(2, 0, "agent=b").revision(3, 0, "agent=a").review()
    assert [each.reused for each in found.timelines[0].revisions] == [False, True]
    assert told(found) == []
