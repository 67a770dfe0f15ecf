"""Whose fields a manifest changes: what moves to us, what is left to others, and what is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, autoscaler, config, is_write, secret, written
from tests.scenarios.world import World, image

CEO = "deployment/agent-ceo"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
IMAGES = "spec.template.spec.containers[*].image"
Make = Callable[[World, dict[str, Any]], None]


def applied(world: World, thing: dict[str, Any]) -> None:
    world.has(thing, server_side=False)


def applied_on_the_server(world: World, thing: dict[str, Any]) -> None:
    world.has(thing)


def created(world: World, thing: dict[str, Any]) -> None:
    world.kubectl("create", "-f", "-", input=world.backend.prepared(thing))
    world.settled(CEO)


def patched_by_us(world: World, thing: dict[str, Any]) -> None:
    applied(world, thing)
    pairs = [pair for pair in fleet.pairs("b1") if not pair.startswith("cai")]
    assert world.converge(CEO, *pairs).code == 0


def managers(world: World, ref: str = CEO) -> set[tuple[str, str]]:
    """Who owns fields, and how they wrote; less the controllers' status."""
    thing = world.kubectl("get", ref, "-o", "json", "--show-managed-fields").json()
    entries = thing["metadata"]["managedFields"]
    return {(e["manager"], e["operation"]) for e in entries if e.get("subresource") != "status"}


@pytest.mark.parametrize("scaled", [False, True], ids=["fixed", "autoscaled"])
@pytest.mark.parametrize(
    ("make", "takes"),
    [(applied, ()), (created, (IMAGES,)), (applied_on_the_server, (IMAGES,)), (patched_by_us, ())],
    ids=["apply", "create", "server-side apply", "converge"],
)
def test_three_deploys_on_what_others_made_are_one_roll_each(
    world: World, folder: Folder, make: Make, takes: tuple[str, ...], scaled: bool
) -> None:
    """Whoever made it: the first run takes over what it has to, and from then on nothing is in the way."""
    make(world, fleet.ceo("b0"))
    first = world.revision(CEO)
    if scaled:
        world.kubectl("scale", CEO, "--replicas=2")
        world.settled(CEO)
    beside = [autoscaler("agent-ceo", 2, 4)] if scaled else []
    for n in (1, 2, 3):
        folder.has(fleet.ceo("dev"), *beside)
        options = [f"--take-ownership={field}" for field in takes]
        run = folder.converge(*fleet.pairs(f"b{n + 1}"), *options, "--allow-unmatched")
        assert run.code == 0, run.out + run.err
        assert world.revision(CEO) == first + n
        assert world.images(CEO)["agent"] == image("agent", f"b{n + 1}")
        assert world.get(CEO)["spec"]["replicas"] == (2 if scaled else 1)
        takes = ()  # they are ours now
    seen = Interposer()
    assert folder.converge(*fleet.pairs("b4"), "--allow-unmatched", interposer=seen).code == 0
    assert written(seen) == []
    assert ("rollonce", "Apply") in managers(world)
    assert ("kubectl-client-side-apply", "Update") not in managers(world)


def test_what_a_client_side_apply_had_and_the_manifest_has_no_more_goes_away(world: World, folder: Folder) -> None:
    """Without a migration it would live for ever: two owners, one of whom never writes again."""
    labelled = fleet.ceo("b1", metadata={"labels": {"tier": "old", "team": "x"}})
    world.has(labelled, config("settings", OLD="1", KEPT="1"), server_side=False)
    folder.has(fleet.ceo("b1", metadata={"labels": {"team": "x"}}), config("settings", KEPT="1"))
    run = folder.converge("-o", "json")
    assert run.code == 0, run.err
    assert world.get(CEO)["metadata"]["labels"] == {"team": "x"}
    assert world.get("configmap/settings")["data"] == {"KEPT": "1"}
    assert world.revision(CEO) == 1
    assert "metadata.labels.tier" in [c["name"] for c in run.json()["workloads"][0]["changes"]]
    # kubectl's own note is not ours to remove.
    assert LAST_APPLIED in world.get(CEO)["metadata"]["annotations"]


def test_where_only_the_owner_changes_the_plan_says_so_and_nothing_rolls(world: World, folder: Folder) -> None:
    """Defaults of the server are the client-side applier's too; they come back when its fields go."""
    thing = fleet.ceo("b1")
    explicit = fleet.ceo("b1")
    explicit["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"  # the default
    world.has(explicit, config("settings", LOG="info"), server_side=False)
    folder.has(thing, config("settings", LOG="info"))
    run = folder.converge("-o", "json")
    assert (run.code, run.outcome("agent-ceo")) == (0, "changed"), run.err
    assert [w["changes"] for w in run.json()["workloads"]] == [[]]
    assert "none: deployment/agent-ceo: only who owns its fields changes, nothing restarts" in run.err
    assert "configmap/settings: only who owns its fields changes" in run.err
    assert (world.revision(CEO), world.deploy_id(CEO)) == (1, None)


def test_a_field_of_somebody_else_is_an_error_that_names_it_and_them(world: World, folder: Folder) -> None:
    """All fields of all objects at once, each with its manager and both values; nothing was sent."""
    created(world, fleet.ceo("b1"))
    world.kubectl("create", "-f", "-", input=config("settings", LOG="info"))
    folder.has(fleet.ceo("b1"), config("settings", LOG="debug"))
    seen = Interposer()
    run = folder.converge(f"agent={image('agent', 'b2')}", interposer=seen)
    assert (run.code, run.err.splitlines()[0]) == (4, "error: owned-by-others")
    field = '.spec.template.spec.containers[name="agent"].image'
    told = f"deployment/agent-ceo: {field} belongs to kubectl-create: it is {image('agent', 'b1')}"
    assert told in run.err
    assert "configmap/settings: .data.LOG belongs to kubectl-create: it is info, and the manifest has debug" in run.err
    assert f"--take-ownership '{field[1:]}'" in run.err
    assert written(seen) == []


def test_no_credential_is_shown_in_a_conflict(world: World, folder: Folder) -> None:
    """Known by the name of its variable."""
    thing, other = fleet.ceo("b1"), fleet.ceo("b1")
    for one, value in ((thing, "hunter2"), (other, "hunter3")):
        one["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "API_TOKEN", "value": value}]
    created(world, thing)
    folder.has(other)
    run = folder.converge()
    assert (run.code, run.err.splitlines()[0]) == (4, "error: owned-by-others")
    assert 'env[name="API_TOKEN"].value belongs to kubectl-create: it is (hidden)' in run.err
    assert "hunter" not in run.out + run.err


def test_only_the_fields_that_are_named_are_taken_over(world: World, folder: Folder) -> None:
    """One field is no permission for another one."""
    created(world, fleet.ceo("b1"))
    folder.has(fleet.ceo("b2", minReadySeconds=0, paused=False))
    agent = 'spec.template.spec.containers[name="agent"].image'
    run = folder.converge("--take-ownership", agent)
    assert run.code == 4
    assert agent not in run.err
    assert '[name="git-sync"].image' in run.err
    assert folder.converge("--take-ownership", agent, f"git-sync={image('git-sync', 'b1')}").code == 0
    assert world.images(CEO) == {"agent": image("agent", "b2"), "git-sync": image("git-sync", "b1")}


def test_replicas_that_somebody_scaled_are_left_alone_and_said_so(world: World, folder: Folder) -> None:
    """By hand or by an autoscaler: theirs, until they are taken over."""
    folder.has(fleet.ceo("b1"))
    assert folder.converge().code == 0
    world.kubectl("scale", CEO, "--replicas=3")
    folder.has(fleet.ceo("b2"))
    run = folder.converge()
    assert run.code == 0, run.err
    assert "replicas left at 3" in run.out
    assert "its manifest says 1" in run.out
    assert world.get(CEO)["spec"]["replicas"] == 3
    assert folder.converge("--take-ownership", "spec.replicas").code == 0
    assert world.get(CEO)["spec"]["replicas"] == 1
    assert world.revision(CEO) == 2


def test_no_value_of_a_secret_is_ever_shown(world: World, folder: Folder) -> None:
    """Neither in the plan, nor in a conflict, nor in what the server says."""
    world.kubectl("create", "-f", "-", input=secret("account", USER="hunter2"))
    container = {"name": "API_TOKEN", "value": "hunter3"}
    thing = fleet.ceo("b1")
    thing["spec"]["template"]["spec"]["containers"][0]["env"] = [container]
    folder.has(secret("account", USER="hunter4", OTHER="hunter5"), thing)
    refused = folder.converge()
    taken = folder.converge("--take-ownership", "data.USER", "-o", "json")
    assert (refused.code, taken.code) == (4, 0), taken.err
    folder.has({**secret("account", USER="hunter6"), "type": "example.com/hunter6"}, thing)
    broken = folder.converge("--take-ownership", "type")
    assert (broken.code, broken.err.splitlines()[0]) == (2, "error: refused-manifest")
    for run in (refused, taken, broken):
        assert "hunter" not in run.out + run.err.replace("example.com/hunter6", "")
        assert "aHVudGVy" not in run.out + run.err


def test_the_autoscaler_itself_decides_between_its_bounds(world: World, folder: Folder) -> None:
    """Made in the same run, after its workload: from then on replicas are its own."""
    folder.has(autoscaler("agent-ceo", 2, 4), fleet.ceo("b1", replicas=2))
    seen = Interposer()
    assert folder.converge(interposer=seen).code == 0
    assert written(seen) == ["agent-ceo", "agent-ceo"]
    kinds = [request.path.split("/")[-2] for request in seen.requests if is_write(request)]
    assert kinds == ["deployments", "horizontalpodautoscalers"]
    # Still ours, and unscaled: it stays as it is, whatever the manifest says; left out it would fall to 1.
    folder.has(autoscaler("agent-ceo", 2, 4), fleet.ceo("b2", replicas=4))
    seen = Interposer()
    assert folder.converge(interposer=seen).code == 0
    [sent] = [json.loads(request.body) for request in seen.requests if is_write(request)]
    assert sent["spec"]["replicas"] == world.get(CEO)["spec"]["replicas"] == 2
    assert world.revision(CEO) == 2


def test_a_stateful_set_keeps_its_replicas_too(world: World, folder: Folder) -> None:
    """As a Deployment."""
    folder.has(manifests.statefulset("queue", {"agent": image("agent", "b1")}))
    assert folder.converge().code == 0
    world.kubectl("scale", "sts/queue", "--replicas=2")
    folder.has(manifests.statefulset("queue", {"agent": image("agent", "b2")}))
    assert folder.converge().code == 0
    assert world.get("sts/queue")["spec"]["replicas"] == 2
