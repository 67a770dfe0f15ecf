"""Laws of `converge -f`, for any manifests, whoever made what is there: on the simulated cluster."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.controlplane import manifests
from tests.scenarios.backends import Simulated
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, Object, written
from tests.scenarios.world import World, image

CEO = "deployment/ceo"
MAKERS = ("nobody", "apply", "server-side apply", "create", "converge")
# Every field that the variants below differ in, for who has made the object otherwise.
EVERYTHING = (
    "spec.template.spec.containers[*].image",
    "spec.template.spec.containers[*].env[*].value",
    "spec.template.spec.terminationGracePeriodSeconds",
    "spec.template.metadata.annotations.note",
    "spec.minReadySeconds",
    "metadata.labels.team",
)


@st.composite
def variants(draw: st.DrawFn) -> Object:
    """A Deployment; each of its optional parts is there or not."""
    names = draw(st.sampled_from([["agent"], ["agent", "git-sync"], ["git-sync", "agent"]]))
    annotations = draw(st.sampled_from([None, {"note": "a"}, {"note": "b"}]))
    labels = draw(st.sampled_from([None, {"team": "x"}, {"team": "y"}]))
    spec: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={"minReadySeconds": st.sampled_from([0, 1])}))
    images = {name: image(name, draw(st.sampled_from(["b1", "b2"]))) for name in names}
    thing = manifests.deployment(
        "ceo", images, annotations=annotations, metadata={"labels": labels} if labels else None, **spec
    )
    pod = thing["spec"]["template"]["spec"]
    for container in pod["containers"]:
        variables = draw(st.lists(st.sampled_from(["A", "B", "C"]), unique=True, max_size=2))
        if variables:
            container["env"] = [{"name": name, "value": draw(st.sampled_from(["1", "2"]))} for name in variables]
    if draw(st.booleans()):
        pod["terminationGracePeriodSeconds"] = draw(st.sampled_from([5, 30]))
    return thing


def made(world: World, how: str, thing: Object, folder: Folder) -> None:
    """The object, by whom it is said."""
    match how:
        case "apply":
            world.has(thing, server_side=False)
        case "server-side apply":
            world.has(thing)
        case "create":
            world.kubectl("create", "-f", "-", input=thing)
            world.settled(CEO)
        case "converge":
            folder.has(thing)
            assert folder.converge().code == 0


def template(world: World) -> Any:
    return world.get(CEO)["spec"]["template"]


def alone(thing: Object) -> Any:
    """The template that a server makes of it where nothing was before."""
    other = World(Simulated())
    other.has(thing, ready=False)
    return template(other)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(MAKERS), variants(), variants())
def test_it_becomes_what_its_manifest_says_by_one_change_at_most_and_then_rests(
    how: str, before: Object, after: Object
) -> None:
    """Whoever made it: at most one change of the template and one generation; a second run sends nothing.

    What others own and the manifest does not name stays. Where it was ours, or was applied by kubectl, the template is
    the very one that the manifest makes where nothing was.
    """
    world = World(Simulated())
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(world, Path(place))
        made(world, how, copy.deepcopy(before), folder)
        there = how != "nobody"
        if there:
            world.kubectl("annotate", CEO, "theirs=1")
        old = template(world) if there else None
        generation = world.generation(CEO) if there else 0
        revision = world.revision(CEO) if there else 0
        folder.has(after)
        fields = [f"--take-ownership={field}" for field in EVERYTHING]
        run = folder.converge(*fields)
        assert run.code == 0, run.out + run.err
        rolled = template(world) != old
        assert world.revision(CEO) == revision + rolled
        assert world.generation(CEO) <= generation + 1
        assert (world.deploy_id(CEO) is not None) or not rolled
        if there:
            assert world.get(CEO)["metadata"]["annotations"]["theirs"] == "1"
        if how in ("nobody", "apply", "converge"):
            assert template(world) == alone(after)
        seen = Interposer()
        again = folder.converge(interposer=seen)
        assert (again.code, written(seen)) == (0, []), again.out


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(MAKERS[1:]), variants(), variants())
def test_a_dry_run_tells_what_the_run_does(how: str, before: Object, after: Object) -> None:
    """The operation, whether it rolls, and every change."""
    world = World(Simulated())
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(world, Path(place))
        made(world, how, copy.deepcopy(before), folder)
        folder.has(after)
        options = [f"--take-ownership={field}" for field in EVERYTHING] + ["-o", "json"]
        foreseen = folder.converge(*options, "--dry-run").json()["workloads"][0]
        old = template(world)
        done = folder.converge(*options).json()["workloads"][0]
        assert {**foreseen, "outcome": None} == {**done, "outcome": None}
        assert (foreseen["cost"] is not None and foreseen["cost"]["disruption"] != "none") == (template(world) != old)
