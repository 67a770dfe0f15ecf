"""Laws of the plan, for any live object and any edits."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rollonce.model.kind import Kind
from rollonce.plan import decide
from rollonce.plan.operation import Patch, Plan, Refuse, RefuseReason, Skip, SkipReason, images
from tests.unit import jsonpatch, strategies
from tests.unit.builders import wanted_images, wish
from tests.unit.strategies import Object, pod_spec, read

ROLLING = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)
COMMITS = st.sampled_from(["", "4f2c0d9"])


# Pairs with which hardly any object is on target already.
CHANGES = strategies.pairs().map(lambda pairs: [*pairs, *([] if any(p[0] == "*" for p in pairs) else ["*=z:9"])])


def planned(thing: Object, pairs: list[str], commit: str = "") -> Patch:
    """The patch; examples that need none are left out."""
    operation = decide.one(read(thing), wish(*pairs, commit=commit))
    assume(isinstance(operation, Patch))
    assert isinstance(operation, Patch)
    return operation


@given(st.lists(strategies.objects(), max_size=3), strategies.pairs(), st.data())
def test_the_order_of_compatible_edits_does_not_matter(things: list[Object], pairs: list[str], data: Any) -> None:
    live = [read(thing) for thing in things]
    shuffled = data.draw(st.permutations(pairs)) + data.draw(st.lists(st.sampled_from(pairs), max_size=3))
    one, other = (decide.decide(live, {}, wish(*each)) for each in (pairs, shuffled))
    assert _without_remarks(one) == _without_remarks(other)
    assert [set(o.remarks) for o in one.operations] == [set(o.remarks) for o in other.operations]


def _without_remarks(plan: Plan) -> list[object]:
    """Remarks come in the order of the edits, which is what a person has typed."""
    return [(type(o), o.key, getattr(o, "operations", None), getattr(o, "reason", None)) for o in plan.operations]


@given(st.lists(strategies.objects(), max_size=6), strategies.pairs())
def test_each_workload_gets_one_operation(things: list[Object], pairs: list[str]) -> None:
    live = {read(thing).key: read(thing) for thing in things}
    plan = decide.decide(live.values(), {}, wish(*pairs))
    assert {o.key for o in plan.operations} == set(live)
    assert len(plan.operations) == len(live)


@given(strategies.objects(), CHANGES, COMMITS)
def test_the_patch_gives_exactly_the_planned_images_and_touches_nothing_else(
    thing: Object, pairs: list[str], commit: str
) -> None:
    patch = planned(thing, pairs, commit)
    expected = copy.deepcopy(thing)
    new = {change.container: change.new for change in images(patch.changes)}
    for container in (*pod_spec(expected)["containers"], *pod_spec(expected).get("initContainers", ())):
        if container["name"] in new:
            container["image"] = new[container["name"]]
    annotations = expected["metadata"].setdefault("annotations", {})
    annotations.pop("rollonce.dev/commit", None)
    annotations |= {"rollonce.dev/deploy-id": "run-2"} | ({"rollonce.dev/commit": commit} if commit else {})
    assert jsonpatch.apply(thing, patch.operations) == expected


@given(strategies.objects(), CHANGES, COMMITS)
def test_converging_twice_is_a_no_op(thing: Object, pairs: list[str], commit: str) -> None:
    patch = planned(thing, pairs, commit)
    patched = read(jsonpatch.apply(thing, patch.operations))
    again = decide.one(patched, wish(*pairs, commit=commit))
    assert isinstance(again, Skip)
    assert again.reason is SkipReason.CONVERGED
    assert decide.reaches(patched, wish(*pairs))


@given(strategies.objects((Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)), CHANGES, CHANGES)
def test_one_deploy_changes_a_workload_once(thing: Object, first: list[str], second: list[str]) -> None:
    """Whatever a later step of the same deploy wants: nothing, or a refusal."""
    patched = read(jsonpatch.apply(thing, planned(thing, first).operations))
    operation = decide.one(patched, wish(*second))
    assert not isinstance(operation, Patch)
    if isinstance(operation, Refuse):
        assert operation.reason is RefuseReason.SECOND_ROLL


@given(strategies.objects(), CHANGES)
def test_a_patch_applies_once(thing: Object, pairs: list[str]) -> None:
    """A response that got lost may be answered by sending the same patch: it changes nothing then."""
    patch = planned(thing, pairs)
    patched = jsonpatch.apply(thing, patch.operations)
    with pytest.raises(jsonpatch.Unprocessable):
        jsonpatch.apply(patched, patch.operations)


def _annotated(thing: Object, annotations: dict[str, str]) -> None:
    thing["metadata"]["annotations"] = annotations


def _by_name(thing: Object) -> dict[str, Object]:
    spec = pod_spec(thing)
    return {c["name"]: c for c in (*spec["containers"], *spec.get("initContainers", ()))}


def _insert(thing: Object) -> None:
    """An injected sidecar: what was at index 0 is at index 1 now."""
    for containers in (pod_spec(thing)["containers"], pod_spec(thing).get("initContainers", [])):
        containers.insert(0, {"name": "injected", "image": "injected:1"})


# Before the read (None: as it comes), and between read and patch; `first` and `last` are the wanted containers' names.
Change = Callable[[Object, str, str], object]
WRITERS: dict[str, tuple[Change | None, Change]] = {
    "made anew": (None, lambda o, first, last: o["metadata"].update(uid="u2")),
    "another deploy": (None, lambda o, first, last: _annotated(o, {"rollonce.dev/deploy-id": "run-9"})),
    "another deploy, no map before": (
        lambda o, first, last: o["metadata"].pop("annotations", None),
        lambda o, first, last: _annotated(o, {"rollonce.dev/deploy-id": "run-9"}),
    ),
    "a foreign annotation, no map before": (
        lambda o, first, last: o["metadata"].pop("annotations", None),
        lambda o, first, last: _annotated(o, {"somebody": "was here"}),
    ),
    "the deploy id taken away": (
        lambda o, first, last: _annotated(o, {"rollonce.dev/deploy-id": "run-1", "team": "x"}),
        lambda o, first, last: _annotated(o, {"team": "x"}),
    ),
    "the commit changed": (
        lambda o, first, last: _annotated(o, {"rollonce.dev/deploy-id": "run-1", "rollonce.dev/commit": "1111111"}),
        lambda o, first, last: _annotated(o, {"rollonce.dev/deploy-id": "run-1", "rollonce.dev/commit": "2222222"}),
    ),
    "the map of annotations taken away": (
        lambda o, first, last: _annotated(o, {"team": "x"}),
        lambda o, first, last: o["metadata"].pop("annotations"),
    ),
    "another image": (None, lambda o, first, last: _by_name(o)[first].update(image="somebody/else:1")),
    "another image of the last one": (None, lambda o, first, last: _by_name(o)[last].update(image="somebody/else:1")),
    "no image": (
        lambda o, first, last: _by_name(o)[first].setdefault("image", "a:1"),
        lambda o, first, last: _by_name(o)[first].pop("image"),
    ),
    "renamed": (None, lambda o, first, last: _by_name(o)[first].update(name="renamed")),
    "the last one renamed": (None, lambda o, first, last: _by_name(o)[last].update(name="renamed")),
    "a container before": (None, lambda o, first, last: _insert(o)),
    "no containers": (None, lambda o, first, last: pod_spec(o).update(containers=[], initContainers=[])),
}


@pytest.mark.parametrize("writer", WRITERS)
@given(thing=strategies.objects(), pairs=CHANGES)
def test_a_patch_from_an_older_read_never_applies(writer: str, thing: Object, pairs: list[str]) -> None:
    """Whatever of all that it rests on has changed since, also what was true already."""
    live = read(thing)
    images = wanted_images(live, wish(*pairs).desired)
    wanted = [c.name for c in live.containers if c.name in images]
    before, since = WRITERS[writer]
    thing = copy.deepcopy(thing)
    if before is not None:
        before(thing, wanted[0], wanted[-1])
    patch = planned(thing, pairs)
    now = copy.deepcopy(thing)
    since(now, wanted[0], wanted[-1])
    with pytest.raises(jsonpatch.Unprocessable):
        jsonpatch.apply(now, patch.operations)


@given(strategies.objects(), CHANGES)
def test_what_the_decision_does_not_rest_on_may_change(thing: Object, pairs: list[str]) -> None:
    """Scaling, the status, a foreign annotation beside others: the patch still applies."""
    patch = planned(thing, pairs)
    now = copy.deepcopy(thing)
    now["spec"]["replicas"] = 7
    now["status"]["observedGeneration"] = 3
    now["metadata"]["resourceVersion"] = "200"
    if "annotations" in now["metadata"]:
        now["metadata"]["annotations"]["team"] = "moved"
    pod_spec(now)["containers"].append({"name": "appended", "image": "x:1"})
    assert jsonpatch.apply(now, patch.operations)
