"""Laws of the plan, for any live object and any edits of any kind."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rollonce.model.edit import PatchEdit
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Patch, Refuse, RefuseReason, Skip
from tests.unit import jsonpatch, strategies
from tests.unit.builders import edit_of, wish
from tests.unit.plan import expected
from tests.unit.strategies import Object, read

OURS = ("rollonce.dev/deploy-id", "rollonce.dev/commit", "rollonce.dev/restarted-by")


def planned(thing: Object, words: list[str]) -> Patch:
    """The patch; examples that need none are left out."""
    operation = decide.one(read(thing), wish(*words))
    assume(isinstance(operation, Patch))
    assert isinstance(operation, Patch)
    return operation


def without_ours(thing: Object) -> Object:
    """The object without what a deploy leaves on it."""
    bare: Object = expected.bare(copy.deepcopy(thing))
    annotations = bare["metadata"].get("annotations", {})
    for name in OURS:
        annotations.pop(name, None)
    if not annotations:
        bare["metadata"].pop("annotations", None)
    return bare


def sorted_env(thing: Object, old: Object) -> Object:
    """New variables have an order of their own, which `test_edits.py` tells; here they are compared by name."""
    for now, before in zip(expected.containers_of(thing), expected.containers_of(old), strict=True):
        known = {entry["name"] for entry in before.get("env", ())}
        kept = [entry for entry in now.get("env", ()) if entry["name"] in known]
        fresh = [entry for entry in now.get("env", ()) if entry["name"] not in known]
        if "env" in now:
            now["env"] = kept + sorted(fresh, key=lambda entry: str(entry["name"]))
    return thing


@given(strategies.rich_objects(), strategies.edits())
def test_the_patch_gives_exactly_what_is_wanted_and_touches_nothing_else(thing: Object, words: list[str]) -> None:
    done = jsonpatch.apply(thing, planned(thing, words).operations)
    wanted = expected.after(thing, words)
    assert sorted_env(without_ours(done), thing) == sorted_env(without_ours(wanted), thing)


@given(strategies.rich_objects(), strategies.edits(), st.data())
def test_the_order_of_compatible_edits_does_not_matter(thing: Object, words: list[str], data: Any) -> None:
    shuffled = data.draw(st.permutations(words)) + data.draw(st.lists(st.sampled_from(words), max_size=2))
    one, other = (decide.one(read(thing), wish(*each)) for each in (words, shuffled))
    assert (type(one), getattr(one, "operations", None)) == (type(other), getattr(other, "operations", None))
    assert set(one.remarks) == set(other.remarks)


@given(strategies.rich_objects(), strategies.edits())
def test_converging_twice_is_a_no_op(thing: Object, words: list[str]) -> None:
    patch = planned(thing, words)
    patched = read(jsonpatch.apply(thing, patch.operations))
    assert isinstance(decide.one(patched, wish(*words)), Skip)
    assert decide.reaches(patched, wish(*words), patch)
    as_kept = read(expected.bare(jsonpatch.apply(thing, patch.operations)))
    assert isinstance(decide.one(as_kept, wish(*words)), Skip)


@given(strategies.rich_objects(), strategies.edits())
def test_a_plan_tells_of_every_change_and_of_no_other(thing: Object, words: list[str]) -> None:
    patch = planned(thing, words)
    done = jsonpatch.apply(thing, patch.operations)
    template = (expected.bare(expected.template_of(each)) for each in (thing, done))
    assert patch.in_template is (next(template) != next(template))
    assert patch.changes
    assert all((c.old, c.new) != (None, None) for c in patch.changes)


@given(
    strategies.rich_objects(tuple(k for k in strategies.KINDS.values() if k.title != "CronJob")),
    strategies.edits(),
    strategies.edits(),
)
def test_one_deploy_changes_a_template_at_most_once(thing: Object, first: list[str], second: list[str]) -> None:
    """Whatever a later step of the same deploy wants: only what rolls nothing is sent then."""
    patch = planned(thing, first)
    later = decide.one(read(jsonpatch.apply(thing, patch.operations)), wish(*second))
    if isinstance(later, Patch):
        assert not (patch.in_template and later.in_template)
    if isinstance(later, Refuse):
        assert later.reason is RefuseReason.SECOND_ROLL


def _writers(thing: Object, words: list[str]) -> list[Object]:
    """The object after each change that somebody else may make to a field that is wanted."""
    raced = []
    for word in words:
        option, _, left, _ = expected._parts(word)
        if option in ("restart", "image") or expected._specificity(word, thing) < (0, 0):
            continue
        other = "7" if option == "resources" else "theirs"
        now = copy.deepcopy(thing)
        expected._put(now, f"{option} {left}={other}")
        if now != thing:
            raced.append(now)
    return raced


@given(strategies.rich_objects(), strategies.edits())
def test_a_patch_from_an_older_read_never_applies(thing: Object, words: list[str]) -> None:
    """Whatever of all that is wanted somebody has changed meanwhile, also what was true already."""
    patch = planned(thing, words)
    for now in _writers(thing, words):
        with pytest.raises(jsonpatch.Unprocessable):
            jsonpatch.apply(now, patch.operations)


@given(strategies.rich_objects(), strategies.rich_objects(), strategies.edits())
def test_with_a_part_of_a_template_the_patch_gives_the_merged_template_with_the_edits(
    thing: Object, other: Object, words: list[str]
) -> None:
    """Whatever the server makes of the part: here, the template of some other object of that kind."""
    merged = {**copy.deepcopy(thing), "spec": copy.deepcopy(thing["spec"])}
    owner = merged["spec"]["jobTemplate"]["spec"] if thing["kind"] == "CronJob" else merged["spec"]
    owner["template"] = expected.template_of(other)
    part = PatchEdit(b"{}", None, "--patch part.yaml")
    base = wish("agent=x")
    wanted = Wish(Desired.of([part, *map(edit_of, words)], act="converge"), base.deploy, base.policy)
    operation = decide.one(read(thing), wanted, read(merged))
    if not isinstance(operation, Patch):
        return
    done = jsonpatch.apply(thing, operation.operations)
    target = expected.after(merged, words)
    got, want = (sorted_env(without_ours(each), merged) for each in (done, target))
    assert expected.template_of(got) == expected.template_of(want)
    assert decide.reaches(read(done), wanted, operation)
