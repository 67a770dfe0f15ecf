"""Which rolls are taken to be of one deploy, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollonce.history import build
from tests.unit.history.pictures import Picture, judged, opened, told


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


def by_users(first: str, second: str) -> Picture:
    """Two steps within a minute that an API audit log knows."""
    picture = two(60)
    return picture.logged(3599, first, "agent=y git-sync=x").logged(3659, second, "agent=y git-sync=y")


def test_what_another_user_wrote_soon_after_a_deploy_is_told_of_and_not_counted() -> None:
    """It may be a hotfix."""
    found = by_users("ci", "ann").review()
    assert (told(found), opened(found)) == ([], [3])
    assert found.open[0].settle == (
        "60 s lie between them, within the window of 10 min, though ci wrote the first and ann the second: "
        "a deploy id that every step brings anew would tell whether both are of one deploy",
    )


def test_a_controller_that_writes_after_the_pipeline_is_counted() -> None:
    """Such as one that brings a cluster to what stands in git; it has a service account."""
    found = by_users("ci", "system:serviceaccount:argocd:application-controller").review()
    assert told(found) == [(3, "split", "inferred")]
    assert "though ci and system:serviceaccount:argocd" in found.deploys[-1].why


def test_a_log_that_names_both_users_is_not_asked_for_once_more() -> None:
    [finding] = by_users("ci", "ci").review().findings
    assert finding.settle == ("a deploy id would tell whether both are of one deploy",)


def test_what_was_edited_by_hand_soon_after_a_deploy_is_not_counted_either() -> None:
    def written(manager: str) -> Picture:
        return two(60, first="run-1", second="run-1").wrote("rollonce", 3600, "agent").wrote(manager, 3660, "git-sync")

    assert opened(written("kubectl-edit").review()) == [3]
    assert told(written("kubectl-set").review()) == [(3, "split", "inferred")]


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


def versions(*tags: str) -> Picture:
    """A roll for each version of the agent after the first, 20 s apart."""
    picture = Picture()
    for number, tag in enumerate(tags, 1):
        picture.revision(number, 3600 + 20 * number, f"agent={tag} git-sync=1.0")
    return picture


@pytest.mark.parametrize("tags", ["1.0.0 1.1.0 1.2.0", "v1 v2 v3", "20260301 20260302 20260303", "r-1 r-2 r-3"])
def test_a_second_new_version_of_an_image_begins_a_deploy(tags: str) -> None:
    picture = versions(*tags.split())
    assert link(picture) == (False, "build")
    assert told(picture.review()) == []


@pytest.mark.parametrize(
    "tags",
    [
        "1.0.0 1.1.0 1.0.0",  # back to what was before
        "1.0.0 1.1.0 stable",  # a moving tag is no version
        "1.0.0 1.1.0 1.1.0-alpine",  # made in another way: another name of the same, maybe
        "0.9.0 1.0.0 1.1.0 0.9.0",  # one that stood before the deploy
    ],
)
def test_what_is_no_second_new_version_does_not(tags: str) -> None:
    assert link(versions(*tags.split())) == (True, "time")


def test_two_tools_may_disagree_on_the_version_in_one_deploy() -> None:
    picture = versions("1.0.0", "1.1.0", "1.2.0")
    picture.logged(3639, "ci", "agent=1.1.0 git-sync=1.0", manager="kubectl-set")
    picture.logged(3659, "ci", "agent=1.2.0 git-sync=1.0", manager="helm")
    assert told(picture.review()) == [(3, "rewrite", "inferred")]


def test_another_image_in_a_version_of_its_own_is_a_split_all_the_same() -> None:
    picture = Picture().revision(1, 0, "agent=1.0 git-sync=3.0").revision(2, 3600, "agent=1.1 git-sync=3.0")
    assert link(picture.revision(3, 3640, "agent=1.1 git-sync=3.1")) == (True, "time")


def test_where_the_first_version_may_have_been_there_already_it_is_told_of_and_not_counted() -> None:
    """What revision 7 changed is gone: the agent (8 is another deploy), or its sidecar (8 is a split)."""
    picture = Picture().revision(7, 3600, "agent=1.1 git-sync=3.1").revision(8, 3640, "agent=1.2 git-sync=3.1")
    found = picture.review()
    assert (told(found), opened(found)) == ([], [8])
    assert found.open[0].settle == (
        "40 s lie between them, within the window of 10 min, though revision 7 may have brought another version of "
        "agent already: a deploy id that every step brings anew, or an API audit log (--api-audit-log FILE), would "
        "tell whether both are of one deploy",
        "a larger revisionHistoryLimit would have kept the revision before",
    )


def test_what_follows_upon_a_possible_second_version_is_redundant_in_any_case() -> None:
    picture = Picture().revision(7, 3600, "agent=1.1 git-sync=3.1").revision(8, 3640, "agent=1.2 git-sync=3.1")
    found = picture.revision(9, 3660, "agent=1.2 git-sync=3.2").review()
    assert ([number for number, _, _ in told(found)], opened(found)) == ([9], [8])


def test_deploys_that_overlap_are_told_apart_by_their_versions() -> None:
    """The second one begins while the first one is under way; and that it is another one is said."""
    pictures = []
    for place, name in enumerate(("ceo", "cso", "cto")):
        picture = Picture(name).revision(1, 0, "agent=1.0")
        begin = 3600 + 20 * place
        pictures.append(picture.revision(2, begin, "agent=1.1").revision(3, begin + 30, "agent=1.2"))
    found = judged([item for picture in pictures for item in picture.items()])
    assert [[roll.after.number for roll in deploy.rolls] for deploy in found.deploys] == [[2, 2, 2], [3, 3, 3]]
    assert found.deploys[1].why == (
        "near each other in time, in one namespace; another version of agent: 1.2, the roll before brought 1.1"
    )


def test_what_gets_another_version_than_all_of_a_deploy_is_no_part_of_it() -> None:
    """The next deploy begins with a workload that the first one did not touch."""
    at = {"ceo": {2: 3600, 3: 3645}, "cso": {2: 3602, 3: 3646}, "cto": {3: 3640}}
    items = []
    for name, rolls in at.items():
        picture = Picture(name)
        for number, (turn, seconds) in enumerate({1: 0, **rolls}.items(), 1):
            picture.revision(number, seconds, f"agent=1.{turn}")
        items += picture.items()
    found = judged(items)
    assert [sorted(roll.subject.key.name for roll in deploy.rolls) for deploy in found.deploys] == [
        ["ceo", "cso"],
        ["ceo", "cso", "cto"],
    ]


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
