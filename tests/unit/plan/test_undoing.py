"""What a deploy did is undone; what others did since is left alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.model import revision
from rollonce.model.revision import Revision
from rollonce.plan import undoing
from rollonce.plan.undoing import Span

Object = dict[str, Any]


def template(**images: str) -> Object:
    """A container for each keyword."""
    return {
        "metadata": {"labels": {"app": "ceo"}},
        "spec": {"containers": [{"name": name.replace("_", "-"), "image": image} for name, image in images.items()]},
    }


def encoded(thing: Object) -> bytes:
    return json.dumps(thing).encode()


def undo(live: Object, made: Object, before: Object) -> tuple[Object, list[str]]:
    span = Span(Revision("u1", 2, "d1", encoded(made)), Revision("u1", 1, "", encoded(before)))
    undone = undoing.back(encoded(live), span)
    return json.loads(undone.template), undone.left


def test_what_the_deploy_set_comes_back() -> None:
    before, made = template(agent="a1", git_sync="g1"), template(agent="a2", git_sync="g2")
    assert undo(made, made, before) == (before, [])


def test_a_field_that_somebody_has_changed_since_is_left_and_named() -> None:
    before, made = template(agent="a1", git_sync="g1"), template(agent="a2", git_sync="g2")
    live = template(agent="a2", git_sync="g3")
    assert undo(live, made, before) == (template(agent="a1", git_sync="g3"), ["spec.containers[git-sync].image"])


def test_what_is_back_already_is_not_named() -> None:
    before, made = template(agent="a1"), template(agent="a2")
    assert undo(before, made, before) == (before, [])


def test_fields_that_the_deploy_did_not_touch_are_kept() -> None:
    before, made = template(agent="a1"), template(agent="a2")
    live = copy.deepcopy(made)
    live["spec"]["containers"][0]["env"] = [{"name": "LOG", "value": "debug"}]
    live["spec"]["containers"].append({"name": "proxy", "image": "p1"})
    found, left = undo(live, made, before)
    assert left == []
    assert found["spec"]["containers"] == [
        {"name": "agent", "image": "a1", "env": [{"name": "LOG", "value": "debug"}]},
        {"name": "proxy", "image": "p1"},
    ]


def test_variables_that_were_added_removed_and_changed() -> None:
    def with_env(*pairs: tuple[str, str]) -> Object:
        made = template(agent="a1")
        made["spec"]["containers"][0]["env"] = [{"name": name, "value": value} for name, value in pairs]
        return made

    before = with_env(("A", "1"), ("B", "1"), ("C", "1"))
    made = with_env(("A", "2"), ("C", "1"), ("NEW", "1"))
    live = with_env(("A", "2"), ("C", "9"), ("NEW", "1"), ("THEIRS", "1"))
    found, left = undo(live, made, before)
    assert {e["name"]: e["value"] for e in found["spec"]["containers"][0]["env"]} == {
        "A": "1", "B": "1", "C": "9", "THEIRS": "1",
    }  # fmt: skip
    assert left == []
    assert undo(made, made, before)[0] == before


def test_a_container_that_the_deploy_added_goes_and_one_that_it_took_away_comes_back_to_its_place() -> None:
    before, made = template(agent="a1", old="o1", git_sync="g1"), template(agent="a1", git_sync="g1", new="n1")
    assert undo(made, made, before) == (before, [])


def test_a_container_that_was_added_and_changed_since_is_left() -> None:
    before, made, live = template(agent="a1"), template(agent="a1", new="n1"), template(agent="a1", new="n2")
    assert undo(live, made, before) == (live, ["spec.containers[new]"])


def test_a_list_without_names_is_one_value() -> None:
    def with_arguments(*arguments: str) -> Object:
        made = template(agent="a1")
        made["spec"]["containers"][0]["args"] = list(arguments)
        return made

    before, made = with_arguments("--one"), with_arguments("--two")
    assert undo(made, made, before) == (before, [])
    assert undo(with_arguments("--three"), made, before)[1] == ["spec.containers[agent].args"]


LEAVES = st.sampled_from(["1", "2", "3"])
NAMED = st.lists(st.sampled_from("abc"), unique=True, max_size=3)


@st.composite
def templates(draw: st.DrawFn) -> Object:
    """Containers with images, variables and arguments; every list in any order."""
    containers = []
    for name in draw(NAMED):
        container: Object = {"name": name, "image": draw(LEAVES)}
        if draw(st.booleans()):
            container["env"] = [{"name": key, "value": draw(LEAVES)} for key in draw(NAMED)]
        if draw(st.booleans()):
            container["args"] = draw(st.lists(LEAVES, max_size=2))
        containers.append(container)
    return {"spec": {"containers": containers}}


@given(templates(), templates())
def test_nobody_else_wrote_so_all_of_it_comes_back(before: Object, made: Object) -> None:
    found, left = undo(made, made, before)
    assert (_cleaned(found), left) == (_cleaned(before), [])


@given(templates(), templates())
def test_a_deploy_that_set_nothing_is_undone_by_nothing(live: Object, made: Object) -> None:
    assert undo(live, made, made) == (live, [])


@given(templates(), templates(), templates())
def test_once_is_enough(live: Object, made: Object, before: Object) -> None:
    found, _ = undo(live, made, before)
    again, _ = undo(found, made, before)
    assert again == found


@given(templates(), templates(), templates())
def test_an_image_is_one_of_the_three_and_never_the_deploys_where_it_set_it(
    live: Object, made: Object, before: Object
) -> None:
    found, _ = undo(live, made, before)
    images = [{c["name"]: c["image"] for c in part["spec"]["containers"]} for part in (found, live, made, before)]
    for name, image in images[0].items():
        now, then, once = (part.get(name) for part in images[1:])
        if name in images[2] and name in images[3]:
            assert image == (once if now == then else now)
        else:
            assert image in (now, once)


def _cleaned(thing: Object) -> Object:
    """Empty lists are the same as none to the API server."""
    for container in thing["spec"]["containers"]:
        for name in [name for name, value in container.items() if value == []]:
            del container[name]
    return thing


# --- which revisions


def a_revision(number: int, deploy_id: str = "", *earlier: int) -> Revision:
    return Revision("u1", number, deploy_id, encoded(template(agent=f"a{number}")), earlier)


def numbers(found: Span | str | None) -> Any:
    return (found.before.number, found.made.number) if isinstance(found, Span) else found


@pytest.mark.parametrize(
    ("revisions", "found"),
    [
        ([a_revision(1), a_revision(2, "d1")], (1, 2)),
        ([a_revision(1, "d0"), a_revision(2, "d1"), a_revision(3, "d2")], (1, 2)),
        # A hotfix inherits the id: the deploy's own revision is the first with it.
        ([a_revision(1), a_revision(2, "d1"), a_revision(3, "d1")], (1, 2)),
        # Revision 2 was used again as 4.
        ([a_revision(1), a_revision(4, "", 2), a_revision(3, "d1")], (4, 3)),
        ([a_revision(1), a_revision(2)], None),
        ([a_revision(0, "d1"), a_revision(1)], None),
    ],
)
def test_the_deploys_own_revision_and_the_one_before(revisions: list[Revision], found: Any) -> None:
    assert numbers(undoing.span(revisions, "d1")) == found


def test_a_deploy_of_which_no_revision_is_made_yet() -> None:
    """Its controller has not seen it, or waits for old pods: what lives is what it made of the newest revision."""
    live = encoded(template(agent="a4"))
    found = undoing.span([a_revision(2), a_revision(3)], "d1", live)
    assert isinstance(found, Span)
    assert (found.before.number, found.made.template) == (3, live)
    assert "no revision is kept" in str(undoing.span([], "d1", live))


def test_a_revision_that_is_not_kept_any_more_is_said() -> None:
    assert "revision 2, which was before deploy d1, is not kept any more" in str(
        undoing.span([a_revision(1), a_revision(3, "d1")], "d1")
    )
    assert "there was nothing before" in str(undoing.span([a_revision(1, "d1")], "d1"))


def test_revisions_as_the_api_has_them() -> None:
    held = {"metadata": {"labels": {"app": "ceo", "pod-template-hash": "5d4f"}}, "spec": {"containers": []}}
    owner = [{"uid": "u0", "controller": False}, {"uid": "u1", "controller": True}]
    notes = {
        "deployment.kubernetes.io/revision": "7",
        "deployment.kubernetes.io/revision-history": "3,5",
        "rollonce.dev/deploy-id": "d1",
    }
    rs = {"metadata": {"annotations": notes, "ownerReferences": owner}, "spec": {"template": held}}
    found = revision.of_replica_set(encoded(rs))
    assert (found.owner, found.number, found.deploy_id, found.earlier) == ("u1", 7, "d1", (3, 5))
    assert json.loads(found.template)["metadata"]["labels"] == {"app": "ceo"}
    kept = {
        "metadata": {"annotations": {"rollonce.dev/deploy-id": "d1"}, "ownerReferences": owner},
        "data": {"spec": {"template": held | {"$patch": "replace"}}},
        "revision": 4,
    }
    found = revision.of_controller_revision(encoded(kept))
    assert (found.owner, found.number, found.deploy_id) == ("u1", 4, "d1")
    assert "$patch" not in json.loads(found.template)
