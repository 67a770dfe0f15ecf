"""Which rolls are taken to be of one deploy, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollonce.history import build
from tests.unit.history.pictures import Picture, judged, told


def link(picture: Picture) -> tuple[bool, str]:
    """Whether the last roll was joined to the one before it, and by what."""
    found = picture.review()
    for deploy in found.deploys:
        for member in deploy.members:
            if member.roll.after.number == picture.number:
                assert member.link is not None
                return member.link.joined, member.link.by.value
    raise AssertionError("the last roll is in no deploy")


def two(gap: float, *, first: str = "", second: str = "", tags: tuple[str, str] = ("y", "y")) -> Picture:
    """Two rolls `gap` seconds apart: the agent, then git-sync."""
    picture = Picture().revision(1, 0, "agent=x git-sync=x", deploy="old")
    picture.revision(2, 3600, f"agent={tags[0]} git-sync=x", deploy=first)
    return picture.revision(3, 3600 + gap, f"agent={tags[0]} git-sync={tags[1]}", deploy=second)


def test_within_the_window_time_joins() -> None:
    assert link(two(599)) == (True, "time")
    assert link(two(601)) == (False, "time")


def test_a_roll_that_is_not_dated_well_enough_joins_nothing() -> None:
    """A ControllerRevision that was used again: some time between its neighbours, an hour and more apart."""
    picture = Picture(kind="StatefulSet").revision(2, 60, "agent=b").revision(3, 0, "agent=a")
    assert link(picture.revision(4, 7200, "agent=c")) == (False, "time")


def test_the_window_can_be_chosen() -> None:
    assert told(two(601).review(window=timedelta(minutes=20))) == [(3, "split", "inferred")]
    assert told(two(599).review(window=timedelta(minutes=5))) == []


def test_two_ids_are_two_deploys_however_near() -> None:
    assert link(two(5, first="run-1", second="run-2")) == (False, "deploy id")


def test_an_id_that_the_next_write_left_in_place_joins_where_time_agrees() -> None:
    assert link(two(60, first="run-1", second="run-1")) == (True, "deploy id")


def test_a_hotfix_on_another_day_inherits_a_stale_id_and_is_no_part_of_that_deploy() -> None:
    assert link(two(7200, first="run-1", second="run-1")) == (False, "deploy id")


def test_a_hotfix_of_another_build_is_none_either() -> None:
    picture = Picture().revision(1, 0, "agent=4f2b-1186").revision(2, 3600, "agent=4f2c-1187", deploy="run-1")
    assert link(picture.revision(3, 3660, "agent=4f2d-1188", deploy="run-1")) == (False, "deploy id")


def test_images_of_builds_of_their_own_do_not_part_a_deploy() -> None:
    """A sidecar that another repository builds, with tags of the same form."""
    picture = Picture().revision(1, 0, "agent=4f2b-1186 proxy=77aa-5001")
    picture.revision(2, 3600, "agent=4f2c-1187 proxy=77aa-5001")
    assert link(picture.revision(3, 3660, "agent=4f2c-1187 proxy=78bb-5002")) == (True, "time")


def test_later_deploys_that_carry_a_stale_id_are_not_put_together_by_it() -> None:
    picture = Picture().revision(1, 0, "agent=4f2b-1186 git-sync=4f2b-1186")
    picture.revision(2, 3600, "agent=4f2c-1187 git-sync=4f2c-1187", deploy="run-1")
    for number, at, images in (
        (3, 7200, "agent=4f2d-1188 git-sync=4f2c-1187"),
        (4, 7260, "agent=4f2d-1188 git-sync=4f2d-1188"),
        (5, 10800, "agent=4f2e-1189 git-sync=4f2d-1188"),
        (6, 10860, "agent=4f2e-1189 git-sync=4f2e-1189"),
    ):
        picture.revision(number, at, images, deploy="run-1")
    found = picture.review()
    assert told(found) == [(4, "split", "seen"), (6, "split", "seen")]
    assert [d.name for d in found.deploys] == ["run-1", "build 4f2d-1188", "build 4f2e-1189"]


def test_an_id_is_not_taken_for_new_after_a_revision_whose_id_is_not_known() -> None:
    """Revision 2 brought run-1; its ReplicaSet is revision 4 by now, and what it carried as 2 nobody remembers."""
    picture = Picture().revision(1, 0, "agent=x", deploy="run-0")
    picture.revision(3, 90, "agent=z", deploy="run-1").revision(4, 60, "agent=y", former="2", deploy="run-1")
    states = {r.number: r.id_state.value for r in picture.review().timelines[0].revisions}
    assert states == {1: "fresh", 2: "none", 3: "unknown", 4: "inherited"}


def test_our_own_second_write_with_the_id_joins_at_any_time() -> None:
    picture = two(7200, first="run-1", second="run-1").wrote("rollonce", 10799, "git-sync")
    assert link(picture) == (True, "deploy id")


def test_a_build_joins_over_an_hour() -> None:
    assert link(two(3600, tags=("4f2c-1187", "4f2c-1187"))) == (True, "build")


def test_two_builds_within_a_minute_are_two_deploys() -> None:
    picture = Picture().revision(1, 0, "agent=4f2b-1186 git-sync=4f2b-1186")
    picture.revision(2, 3600, "agent=4f2c-1187 git-sync=4f2b-1186")
    assert link(picture.revision(3, 3640, "agent=4f2c-1187 git-sync=4f2d-1188")) == (False, "build")


def test_that_two_users_wrote_is_told_where_only_time_connects_them() -> None:
    """The steps of a pipeline may have users of their own."""
    picture = two(60)
    picture.logged(3599, "ci", "agent=y git-sync=x").logged(3659, "ann", "agent=y git-sync=y")
    assert link(picture) == (True, "time")
    assert "though ann and ci wrote" in picture.review().deploys[-1].why


def test_an_id_begins_a_deploy_where_nothing_but_time_connects_it_with_what_was_before() -> None:
    assert link(two(60, second="run-2")) == (False, "deploy id")
    assert link(two(60, second="run-2", tags=("4f2c-1187", "4f2c-1187"))) == (True, "build")


def test_an_id_that_nobody_saw_come_is_that_of_two_rolls_that_share_it() -> None:
    """The revision before is gone: the gate of a pipeline finds its deploy all the same."""
    picture = Picture().revision(7, 0, "agent=y git-sync=x", deploy="run-1")
    picture.revision(8, 60, "agent=y git-sync=y", deploy="run-1")
    assert [n for n, _, _ in told(picture.review(deploy_id="run-1"))] == [8]


def test_a_build_that_comes_back_on_another_day_is_another_deploy() -> None:
    assert link(two(30000, tags=("4f2c-1187", "4f2c-1187"))) == (False, "time")


def test_a_deploy_goes_over_workloads() -> None:
    """One build in three workloads, an hour and more from the first to the last: one deploy."""
    pictures = [
        Picture(name).revision(1, 0, "agent=4f2b-1186").revision(2, 3600 + 2400 * place, "agent=4f2c-1187")
        for place, name in enumerate(("ceo", "cso", "cto"))
    ]
    found = judged([item for picture in pictures for item in picture.items()])
    assert [(deploy.name, len(deploy.rolls)) for deploy in found.deploys] == [("build 4f2c-1187", 3)]


def test_the_build_deployed_again_on_another_day_is_another_deploy() -> None:
    pictures = [
        Picture(name).revision(1, 0, "agent=4f2b-1186").revision(2, at, "agent=4f2c-1187")
        for name, at in (("ceo", 3600), ("cso", 60000))
    ]
    found = judged([item for picture in pictures for item in picture.items()])
    assert [deploy.name for deploy in found.deploys] == ["build 4f2c-1187", "build 4f2c-1187 (2)"]


def test_two_teams_at_the_same_time_are_not_mixed() -> None:
    """No ids, no builds, the same minute: who writes differs, so the deploys do."""
    one = Picture("web").revision(1, 0, "agent=v1").revision(2, 3600, "agent=v2").wrote("helm", 3600, "agent")
    other = Picture("api").revision(1, 0, "agent=v1").revision(2, 3610, "agent=v7").wrote("flux", 3610, "agent")
    assert len(judged([*one.items(), *other.items()]).deploys) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4f2c-1187", "4f2c-1187"),
        ("main-4f2c9d1e", "4f2c9d1"),
        ("4f2c9d1e-1187", "pr-4f2c9d1e"),
        ("build.20345", "release-20345"),
        ("1.2.3-g4f2c9d1", "1.2.4-g4f2c9d1"),
    ],
)
def test_tags_of_one_build(one: str, other: str) -> None:
    a, b = build.of_tag(one), build.of_tag(other)
    assert a is not None
    assert b is not None
    assert build.same(a, b)


@pytest.mark.parametrize(("one", "other"), [("4f2c-1187", "4f2d-1188"), ("4f2c9d1e", "5a2c9d1e"), ("1001", "1002")])
def test_tags_of_two_builds_that_are_made_alike(one: str, other: str) -> None:
    a, b = build.of_tag(one), build.of_tag(other)
    assert a is not None
    assert b is not None
    assert not build.same(a, b)
    assert build.comparable(a, b)


@pytest.mark.parametrize("tag", ["latest", "stable", "1.29.3", "v2", "main", "17-alpine", "20260302"])
def test_a_tag_that_names_no_build(tag: str) -> None:
    assert build.of_tag(tag) is None
