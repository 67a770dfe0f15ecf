"""Who wrote a roll, and how sure that is."""

from __future__ import annotations

from rollonce.history.nouns import Writer
from tests.unit.history.pictures import NAMESPACE, Picture, judged, stamp


def writers(picture: Picture, number: int) -> list[tuple[str, str]]:
    """(manager, certainty) of a roll's writers."""
    return [(w.manager, w.certainty.value) for w in _of(picture, number)]


def _of(picture: Picture, number: int) -> tuple[Writer, ...]:
    return next(roll.writers for roll in picture.review().rolls if roll.after.number == number)


def two() -> Picture:
    """Revision 2 changes the agent, revision 3 git-sync."""
    picture = Picture().revision(1, 0, "agent=a git-sync=a").revision(2, 60, "agent=b git-sync=a")
    return picture.revision(3, 120, "agent=b git-sync=b")


def test_the_manager_that_owns_the_field_and_wrote_last_in_between_is_seen() -> None:
    picture = two().wrote("kubectl-set", 60, "agent").wrote("kubectl", 118, "agent", "git-sync", operation="Apply")
    assert writers(picture, 2) == [("kubectl-set", "seen")]
    assert writers(picture, 3) == [("kubectl", "seen")]


def test_a_manager_that_has_written_again_since_is_inferred() -> None:
    picture = two().wrote("kubectl-set", 500, "agent")
    assert writers(picture, 2) == [("kubectl-set", "inferred")]
    assert "audit log" in _of(picture, 2)[0].settle


def test_an_apply_that_came_later_may_own_what_others_had_changed() -> None:
    picture = two().wrote("kubectl", 500, "agent", operation="Apply")
    assert writers(picture, 2) == [("", "unknown")]


def test_an_apply_that_came_before_the_next_revision_may_own_what_another_one_had_changed() -> None:
    """That one has written something else since."""
    picture = two().wrote("kubectl", 60, "agent", operation="Apply").wrote("kubectl-patch", 500, "agent")
    assert writers(picture, 2) == [("kubectl", "inferred"), ("kubectl-patch", "inferred")]


def test_an_older_write_than_the_revision_before_made_nothing() -> None:
    picture = two().wrote("old", 10, "git-sync").wrote("new", 300, "git-sync")
    assert writers(picture, 3) == [("new", "inferred")]


def test_two_managers_in_between_are_both_told() -> None:
    picture = two().wrote("one", 100, "git-sync").wrote("two", 110, "git-sync")
    assert writers(picture, 3) == [("one", "inferred"), ("two", "inferred")]


def test_a_field_that_was_changed_since_has_no_known_writer() -> None:
    picture = two().revision(4, 180, "agent=c git-sync=b").wrote("later", 180, "agent")
    assert writers(picture, 2) == [("", "unknown")]


def test_the_audit_log_tells_user_and_agent() -> None:
    picture = two().logged(59.5, "ci", "agent=b git-sync=a", manager="kubectl-set")
    [writer] = _of(picture, 2)
    assert (writer.manager, writer.user, writer.certainty.value) == ("kubectl-set", "ci", "seen")
    assert writer.user_agent.startswith("kubectl/")


def test_a_write_that_changed_nothing_is_not_taken_for_the_one_that_did() -> None:
    picture = two().logged(59, "ci", "agent=b git-sync=a").logged(59.5, "ann", "agent=b git-sync=a")
    assert [w.user for w in _of(picture, 2)] == ["ci"]


def test_an_audit_log_without_bodies_infers_by_time() -> None:
    picture = two().logged(59, "ci", "", bodies=False).logged(118, "ann", "", bodies=False)
    assert [(w.user, w.certainty.value) for w in _of(picture, 3)] == [("ann", "inferred")]


def test_two_writes_without_bodies_in_between_settle_nothing() -> None:
    picture = two().logged(80, "ci", "", bodies=False).logged(118, "ann", "", bodies=False)
    assert [w.user for w in _of(picture, 3)] == [""]


def test_a_helm_release_that_was_made_right_before_names_helm() -> None:
    picture = two()
    items = picture.items()
    items[0]["metadata"]["annotations"]["meta.helm.sh/release-name"] = "agents"
    labels = {"owner": "helm", "name": "agents", "version": "7", "status": "deployed"}
    meta = {"name": "r", "namespace": NAMESPACE, "creationTimestamp": stamp(119), "labels": labels}
    items.append({"kind": "Secret", "type": "helm.sh/release.v1", "metadata": meta, "data": {"release": "x"}})
    found = judged(items)
    assert [str(w) for w in found.rolls[-1].writers] == ["helm"]
    assert "revision 7" in found.rolls[-1].writers[0].basis
