"""Which rolls are redundant, and of which kind."""

from __future__ import annotations

import pytest

from rollonce.history.nouns import FindingKind
from tests.unit.history.pictures import Picture, opened, stamp, told

BEFORE, AFTER = "4f2b-1186", "4f2c-1187"


def story() -> Picture:
    """Step one sets the agent's image, step two applies both; revisions 1142 and 1143."""
    picture = Picture("agent-ceo")
    picture.revision(1141, 0, f"agent={BEFORE} git-sync={BEFORE}", retired=3600)
    picture.revision(1142, 3600, f"agent={AFTER} git-sync={BEFORE}", retired=3840)
    picture.revision(1143, 3842, f"agent={AFTER} git-sync={AFTER}")
    picture.wrote("kubectl-set", 3599, "agent")
    return picture.wrote("kubectl", 3838, "agent", "git-sync", operation="Apply")


def test_the_story_is_a_split_and_reads_like_the_story() -> None:
    finding = story().only()
    assert finding.why == (
        "1142 -> 1143: agent unchanged; git-sync 4f2b-1186 -> 4f2c-1187, the build that agent already had in 1142: "
        "a split"
    )
    assert (finding.kind, finding.certainty.value) == (FindingKind.SPLIT, "seen")
    assert [str(roll.writers[0]) for roll in (*finding.earlier, finding.roll)] == ["kubectl-set", "kubectl"]
    assert finding.cure.command == (
        "rollonce converge deployment/agent-ceo agent=registry.example/agent:4f2c-1187 "
        "git-sync=registry.example/git-sync:4f2c-1187 -n agents"
    )


def test_a_variable_that_is_new_is_told_once() -> None:
    """Its name is the key of the list item, and says nothing that its value does not say."""
    picture = Picture().revision(1, 0, "agent=a-1001").revision(2, 60, "agent=b-1002")
    finding = picture.revision(3, 90, "agent=b-1002", env={"MODE": "quiet"}).only()
    assert "agent env MODE (unset) -> quiet" in finding.why
    assert "].name" not in finding.why


def test_a_variable_that_is_empty_is_told_by_its_name() -> None:
    first = Picture().revision(1, 0, "agent=a-1001").revision(2, 60, "agent=b-1002")
    first.revision(3, 90, "agent=b-1002", env={"MODE": ""})
    for container in first.snapshots[-1]["spec"]["template"]["spec"]["containers"]:
        for variable in container["env"]:
            del variable["value"]
    assert "MODE" in first.only().why


def test_one_roll_in_a_deploy_is_not_redundant() -> None:
    picture = Picture().revision(1, 0, "agent=a-1001").revision(2, 60, "agent=a-1002").revision(3, 90, "agent=a-1003")
    assert told(picture.review()) == []


def test_the_creation_is_no_roll() -> None:
    """Created and changed within a minute: the workload rolled once."""
    found = Picture().revision(1, 0, "agent=a").revision(2, 20, "agent=b").review()
    assert (len(found.rolls), told(found)) == (1, [])


def test_there_and_back_is_a_bounce() -> None:
    picture = Picture().revision(2, 60, "agent=b").revision(3, 90, "agent=a", former="1")
    picture.snapshots[-1]["metadata"]["creationTimestamp"] = stamp(0)
    picture.wrote("argocd-controller", 90, "agent")
    found = picture.pod(1, 90).review()
    assert told(found) == [(3, "bounce", "inferred")]


def test_a_standing_tag_that_each_deploy_puts_back_is_a_bounce() -> None:
    """Client-side apply of a manifest with a static tag, then set image: two rolls every deploy."""
    picture = Picture()
    picture.revision(2, 60, "agent=b-1001", retired=7200).revision(4, 7260, "agent=b-1002", retired=10800)
    picture.revision(5, 10800, "agent=stable", former="1,3")
    picture.snapshots[-1]["metadata"]["creationTimestamp"] = stamp(0)
    picture.revision(6, 10860, "agent=b-1003").pod(1, 10801)
    assert [(n, kind) for n, kind, _ in told(picture.review())] == [(4, "bounce"), (6, "bounce")]


def test_a_third_value_of_the_same_field_is_a_rewrite() -> None:
    picture = Picture().revision(1, 0, "agent=x").revision(2, 60, "agent=y").revision(3, 90, "agent=z")
    assert told(picture.review()) == [(3, "rewrite", "inferred")]


def test_a_restart_after_a_change_is_told_as_such() -> None:
    picture = Picture().revision(1, 0, "agent=x").revision(2, 60, "agent=y")
    found = picture.revision(3, 90, "agent=y", restarted=stamp(90)).review()
    assert told(found) == [(3, "restart-after-change", "inferred")]
    assert "leave the restart out" in found.findings[0].cure.words


def test_who_changes_the_same_field_again_and_again_churns() -> None:
    """A webhook that writes another value each time."""
    picture = Picture()
    for number in range(1, 8):
        picture.revision(number, 30 * number, "agent=x", env={"STAMP": f"{number}"})
    assert {kind for _, kind, _ in told(picture.review())} == {"churn"}


def test_a_deploy_of_k_rolls_has_k_less_one_redundant_ones() -> None:
    picture = Picture().revision(1, 0, "a=x b=x c=x").revision(2, 60, "a=y b=x c=x").revision(3, 120, "a=y b=y c=x")
    assert [n for n, _, _ in told(picture.revision(4, 180, "a=y b=y c=y").review())] == [3, 4]


# --- recoveries


def back() -> Picture:
    """A to B to A, by the same manager."""
    picture = Picture().revision(2, 60, "agent=b").revision(3, 0, "agent=a", former="1")
    return picture.pod(1, 90)


def test_undoing_by_its_deploy_id_is_a_recovery() -> None:
    picture = Picture().revision(1, 0, "agent=a", deploy="run-1").revision(2, 60, "agent=b", deploy="run-2")
    found = picture.revision(3, 90, "agent=c", deploy="run-2.undo.1").review()
    assert (told(found), found.recoveries) == ([], 1)


def test_going_back_from_a_failed_revision_is_a_recovery() -> None:
    found = back().pod(2, 61, waits="ImagePullBackOff").review()
    assert (told(found), opened(found), found.recoveries) == ([], [], 1)


def test_rollout_undo_is_known_by_the_audit_log() -> None:
    picture = back().logged(59, "ci", "agent=b").logged(89, "ann", "agent=a", undo=True)
    found = picture.review()
    assert (told(found), found.recoveries) == ([], 1)
    assert found.rolls[-1].writers[0].user == "ann"


def test_what_is_changed_and_put_back_at_once_after_a_rollout_undo_leaves_it_one() -> None:
    """Which of the writes the controller acted upon is open; that the undo was the first one to bring it is not."""
    picture = back().logged(59, "ci", "agent=b").logged(89, "ann", "agent=a", undo=True)
    picture.logged(89.4, "bob", "agent=c").logged(89.402, "bob", "agent=a")
    found = picture.review()
    assert (told(found), found.recoveries) == ([], 1)
    assert found.rolls[-1].recovery is not None
    assert found.rolls[-1].recovery.certainty.value == "inferred"


def test_rollout_undo_is_inferred_from_the_way_it_writes() -> None:
    """kubectl's other commands have managers of their own, and its server-side apply another operation."""
    found = back().wrote("kubectl", 89, "agent").review()
    assert found.rolls[-1].recovery is not None
    assert found.rolls[-1].recovery.certainty.value == "inferred"


def test_going_back_by_an_unknown_writer_is_not_counted_but_told() -> None:
    found = back().review()
    assert (told(found), opened(found)) == ([], [3])


def test_what_comes_after_a_possible_rollback_is_not_counted_either() -> None:
    """Were it one, then a deploy of its own would begin here."""
    picture = Picture().revision(1, 0, "agent=a git-sync=a").revision(2, 60, "agent=b git-sync=a")
    picture.revision(4, 120, "agent=b git-sync=a", restarted="now")
    picture.revision(3, 90, "agent=a git-sync=a", former="1")
    picture.snapshots[-1]["metadata"]["creationTimestamp"] = stamp(0)
    found = picture.review()
    assert (told(found), opened(found)) == ([], [3, 4])


def test_a_controller_revision_that_was_used_again_may_be_a_rollback() -> None:
    """What it was before is gone, and that it is older than its predecessor shows that it had been something."""
    found = Picture(kind="StatefulSet").revision(4, 60, "agent=b").revision(5, 0, "agent=a").pod(5, 70).review()
    assert (told(found), opened(found)) == ([], [5])


def test_a_build_that_both_may_have_brought_does_not_tell_it_from_a_rollback() -> None:
    """What the first one changed is gone; the second one may put back what had been before."""
    picture = Picture(kind="StatefulSet").revision(4, 60, "agent=4f2b-1186 git-sync=4f2c-1187")
    found = picture.revision(5, 0, "agent=4f2b-1186 git-sync=4f2b-1186").pod(5, 70).review()
    assert (told(found), opened(found)) == ([], [5])


def test_going_back_by_another_command_is_a_bounce() -> None:
    found = back().logged(59, "ci", "agent=b").logged(89, "ci", "agent=a").review()
    assert [(n, kind) for n, kind, _ in told(found)] == [(3, "bounce")]


def test_what_comes_after_a_recovery_is_another_deploy() -> None:
    picture = back().pod(2, 61, waits="CrashLoopBackOff")
    assert told(picture.revision(4, 120, "agent=c").review()) == []


def test_a_fix_of_what_had_failed_is_not_redundant() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b").revision(3, 120, "agent=c")
    assert told(picture.pod(2, 61, waits="CrashLoopBackOff").review()) == []


# --- what cannot be seen


def test_what_changed_before_the_oldest_revision_is_not_claimed() -> None:
    """The roll to 7 is known, its change is not; the roll to 8 is the second of the build all the same."""
    picture = (
        Picture().revision(7, 0, f"agent={AFTER} git-sync={BEFORE}").revision(8, 60, f"agent={AFTER} git-sync={AFTER}")
    )
    found = picture.review()
    assert [(roll.after.number, roll.before is None) for roll in found.rolls] == [(7, True), (8, False)]
    assert told(found) == [(8, "split", "inferred")]
    assert found.timelines[0].lower_bound == 7


def test_the_kind_is_not_claimed_where_what_the_first_roll_changed_is_gone() -> None:
    picture = Picture().revision(7, 0, "agent=x git-sync=x").revision(8, 60, "agent=y git-sync=x")
    assert told(picture.review()) == [(8, "unknown", "inferred")]


def test_a_hole_in_the_revisions_joins_nothing() -> None:
    picture = Picture().revision(1, 0, "agent=a").revision(2, 30, "agent=b").revision(4, 60, "agent=c")
    assert told(picture.review()) == []


@pytest.mark.parametrize("limit", [0, 1])
def test_the_highest_revision_less_one_is_a_lower_bound(limit: int) -> None:
    picture = Picture().revision(40 - limit, 0, "agent=a").revision(40, 3600, "agent=b")
    [timeline] = picture.review().timelines
    assert timeline.lower_bound == 39
    assert "are gone" in timeline.notes[0]
