"""Somebody else writes between our read and our patch, and the network breaks at every point."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from rollonce.errors import ConnectionLost
from rollonce.model.deploy import DEPLOY_ID
from rollonce.wire import Request
from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer, Moment, after_patch, before_patch, cut, method
from tests.scenarios.world import World, image

A1, A2, G1, G2 = image("agent", "b1"), image("agent", "b2"), image("git-sync", "b1"), image("git-sync", "b2")
CEO = "deployment/ceo"
TEMPLATE = "/spec/template/spec"


def _ceo() -> manifests.Object:
    # A sidecar of its own, so that there is something that we do not want to change.
    return manifests.deployment("ceo", {"agent": A1, "git-sync": G1, "logs": image("logs", "b1")})


def _converge(world: World, interposer: Interposer, *more: str) -> str:
    run = world.converge(CEO, f"agent={A2}", f"git-sync={G2}", "-o", "json", *more, interposer=interposer)
    document = run.json()
    assert document["exitCode"] == run.code
    return f"{run.code} {run.outcome('ceo')}"


def _patch(world: World, *operations: dict[str, object]) -> Callable[[], object]:
    return lambda: world.kubectl("patch", CEO, "--type=json", "-p", json.dumps(operations))


def test_a_foreign_image_change_is_seen_and_planned_anew(world: World) -> None:
    """Somebody sets git-sync to a third image right before our patch: ours is refused, read again, sent once more."""
    world.has(_ceo())
    other = before_patch(lambda: world.kubectl("set", "image", CEO, f"git-sync={image('git-sync', 'hotfix')}"))
    assert _converge(world, other) == "0 rolled"
    assert other.methods.count("PATCH") == 2
    assert world.images(CEO) == {"agent": A2, "git-sync": G2, "logs": image("logs", "b1")}


def test_a_foreign_change_of_what_was_already_true_is_seen(world: World) -> None:
    """Compare-and-set covers every wanted field, also the one that needed no change when it was read."""
    world.has(manifests.deployment("ceo", {"agent": A1, "git-sync": G2}))
    other = before_patch(lambda: world.kubectl("set", "image", CEO, f"git-sync={G1}"))
    assert _converge(world, other) == "0 rolled"
    assert world.images(CEO) == {"agent": A2, "git-sync": G2}


def test_somebody_else_does_all_of_it(world: World) -> None:
    """Then nothing is left for us, and nothing is sent again."""
    world.has(_ceo())
    other = before_patch(lambda: world.kubectl("set", "image", CEO, f"agent={A2}", f"git-sync={G2}"))
    assert _converge(world, other) == "0 settled"
    assert other.methods.count("PATCH") == 1
    assert world.revision(CEO) == 2


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "add", "path": f"{TEMPLATE}/containers/0", "value": {"name": "mesh", "image": image("mesh", "b1")}}],
        [{"op": "move", "from": f"{TEMPLATE}/containers/2", "path": f"{TEMPLATE}/containers/0"}],
        [{"op": "remove", "path": f"{TEMPLATE}/containers/2"}],
    ],
    ids=["inserted", "reordered", "removed"],
)
def test_containers_that_move_are_still_found_by_name(world: World, operations: list[dict[str, object]]) -> None:
    """An index is only good together with the name that stood there."""
    world.has(_ceo())
    assert _converge(world, before_patch(_patch(world, *operations))) == "0 rolled"
    images = world.images(CEO)
    assert (images["agent"], images["git-sync"]) == (A2, G2)
    assert images.get("mesh", image("mesh", "b1")) == image("mesh", "b1")
    assert images.get("logs", image("logs", "b1")) == image("logs", "b1")


def test_a_renamed_container_is_left_alone(world: World) -> None:
    """git-sync becomes another container: no image of ours lands in it, and the run does not claim otherwise."""
    world.has(_ceo())
    rename = _patch(world, {"op": "replace", "path": f"{TEMPLATE}/containers/1/name", "value": "mirror"})
    assert _converge(world, before_patch(rename)) == "4 conflict"
    assert world.images(CEO) == {"agent": A1, "mirror": G1, "logs": image("logs", "b1")}


def test_a_recreated_workload_is_not_taken_for_the_one_that_was_read(world: World) -> None:
    """Deleted and made anew: it is somebody else's, and untouched."""
    world.has(_ceo())

    def recreate() -> None:
        world.kubectl("delete", CEO, "--wait=true")
        world.apply(_ceo())

    assert _converge(world, before_patch(recreate)) == "1 gone"
    assert world.images(CEO)["agent"] == A1


def test_a_workload_deleted_before_the_patch(world: World) -> None:
    """It is gone; that is said."""
    world.has(_ceo())
    assert _converge(world, before_patch(lambda: world.kubectl("delete", CEO))) == "1 gone"


def test_a_workload_deleted_during_the_rollout(world: World) -> None:
    """The watch tells, nobody waits for the timeout."""
    world.has(
        manifests.deployment("ceo", {"agent": A1, "git-sync": G1}, annotations={"rollonce.test/ready-delay": "8s"})
    )
    assert _converge(world, after_patch(lambda: world.kubectl("delete", CEO))) == "1 gone"


def test_a_workload_that_loses_its_label_during_the_rollout_is_not_gone(world: World) -> None:
    """A watch with a selector would call that a deletion, and see nothing from there on."""
    label = {"labels": {"tier": "agents"}}
    slow = {"rollonce.test/ready-delay": "3s"}
    world.has(manifests.deployment("ceo", {"agent": A1}, metadata=label, annotations=slow))
    relabel = after_patch(lambda: world.kubectl("label", CEO, "tier-"))
    run = world.converge(
        "deploy", "-l", "tier=agents", f"agent={A2}", "-o", "json", "--timeout", "20s", interposer=relabel
    )
    assert (run.code, run.outcome("ceo")) == (0, "rolled"), run.err


def test_what_happens_between_the_read_and_the_watch_is_seen(world: World) -> None:
    """Deleted right before the watch is opened: nothing would ever follow, so it is read once more."""
    world.has(manifests.deployment("ceo", {"agent": A2}, annotations={"rollonce.test/ready": "never"}), ready=False)

    def hook(_n: int, request: Request) -> None:
        if method(request) == "WATCH":
            world.kubectl("delete", CEO)

    run = world.converge(CEO, f"agent={A2}", "-o", "json", "--timeout", "10s", interposer=Interposer(before=hook))
    assert (run.code, run.outcome("ceo")) == (1, "gone"), run.err


def test_an_annotations_map_that_is_missing_is_added_and_a_racing_one_is_kept(world: World) -> None:
    """StatefulSets made without annotations have no map; one that appears meanwhile is not wiped."""
    world.has(manifests.statefulset("db", {"agent": A1}, replicas=0))
    assert "annotations" not in world.get("sts/db")["metadata"]
    race = before_patch(lambda: world.kubectl("annotate", "sts/db", "team=platform"))
    run = world.converge("sts/db", f"agent={A2}", "--deploy-id", "d1", interposer=race)
    assert run.code == 0, run.err
    assert world.get("sts/db")["metadata"]["annotations"] == {"team": "platform", DEPLOY_ID: "d1"}
    assert race.methods.count("PATCH") == 2
    world.has(manifests.statefulset("plain", {"agent": A1}, replicas=0))
    assert world.converge("sts/plain", f"agent={A2}", "--deploy-id", "d1").code == 0
    assert world.get("sts/plain")["metadata"]["annotations"] == {DEPLOY_ID: "d1"}


def test_another_deploy_meanwhile_is_a_conflict(world: World) -> None:
    """The workload belongs to the deploy that came first; ours says so and leaves it."""
    world.has(_ceo())
    b3 = [f"agent={image('agent', 'b3')}", f"git-sync={image('git-sync', 'b3')}"]
    other = before_patch(lambda: world.backend.other_run(CEO, *b3, "--deploy-id", "other", "--no-wait"))
    run = world.converge(CEO, f"agent={A2}", f"git-sync={G2}", "--deploy-id", "ours", "-o", "json", interposer=other)
    assert (run.code, run.outcome("ceo")) == (4, "conflict")
    assert "deploy other changed it meanwhile" in run.err
    assert world.deploy_id(CEO) == "other"
    assert world.images(CEO)["agent"] == image("agent", "b3")
    assert world.revision(CEO) == 2


def test_it_gives_up_after_five_attempts(world: World) -> None:
    """Somebody changes it every single time: a conflict in the end, never a blind overwrite."""
    world.has(_ceo())
    count = iter(range(100))
    busy = before_patch(
        lambda: world.kubectl("set", "image", CEO, f"git-sync={image('git-sync', f'busy{next(count)}')}"), times=100
    )
    assert _converge(world, busy) == "4 conflict"
    assert busy.methods.count("PATCH") == 5
    assert world.images(CEO)["agent"] == A1


def test_other_images_put_in_while_we_wait_are_no_success(world: World) -> None:
    """Our patch was taken, and then somebody else overwrote it."""
    slow = {"rollonce.test/ready-delay": "5s"}
    world.has(manifests.deployment("ceo", {"agent": A1, "git-sync": G1}, annotations=slow))
    overwrite = after_patch(lambda: world.kubectl("set", "image", CEO, f"agent={image('agent', 'theirs')}"))
    assert _converge(world, overwrite) == "4 conflict"


def test_scaling_during_converge_disturbs_nothing(world: World) -> None:
    """Scaled between read and patch, and again while it rolls: the count is theirs, the images are ours, one roll."""
    world.has(_ceo())
    interposer = before_patch(lambda: world.kubectl("scale", CEO, "--replicas=3"))
    interposer.after = after_patch(lambda: world.kubectl("scale", CEO, "--replicas=2")).after
    assert _converge(world, interposer) == "0 rolled"
    assert interposer.methods.count("PATCH") == 1
    assert world.get(CEO)["spec"]["replicas"] == 2
    assert world.revision(CEO) == 2


@real_only("admission policies")
def test_a_denial_by_an_admission_policy_is_reported_in_the_servers_words(world: World) -> None:
    """It is a 422 like a failed test; reading again shows that nothing changed, so it is not sent again."""
    world.has(_ceo())
    name = f"no-{world.namespace}"
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["apps"],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["deployments"],
                    }
                ]
            },
            "validations": [
                {
                    "expression": "object.spec.template == oldObject.spec.template",
                    "message": "the freeze ends on Monday",
                }
            ],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}},
        },
    }
    world.apply(policy, binding)
    try:
        # The policy takes effect when the API server has compiled it.
        probe = ("patch", CEO, "--dry-run=server", "--type=json", "-p")
        change = json.dumps([{"op": "replace", "path": f"{TEMPLATE}/containers/0/image", "value": "probe:1"}])
        for _ in range(600):
            if world.kubectl(*probe, change, check=False).code:
                break
        interposer = Interposer()
        run = world.converge(CEO, f"agent={A2}", "-o", "json", interposer=interposer)
    finally:
        world.kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", name)
    assert (run.code, run.outcome("ceo")) == (1, "rejected")
    assert "the freeze ends on Monday" in run.err
    assert interposer.methods.count("PATCH") <= 2  # twice where the status happened to move in between


def _requests_of_a_converge(world: World) -> list[str]:
    world.has(fleet.ceo("b1"))
    recorded = Interposer()
    assert world.converge("deploy/agent-ceo", f"agent={A2}", interposer=recorded).code == 0
    return recorded.methods


def test_the_requests_of_a_small_converge(world: World) -> None:
    """What the next test enumerates; if this changes, that one has to."""
    assert _requests_of_a_converge(world) == ["GET", "POST", "WATCH", "PATCH"]


@pytest.mark.parametrize("moment", ["before", "lost", "after"])
@pytest.mark.parametrize("number", range(4), ids=["GET", "POST", "WATCH", "PATCH"])
def test_a_connection_cut_at_any_request(world: World, number: int, moment: Moment) -> None:
    """Whatever is lost, nothing is sent blindly: one roll, and the run or the next one ends well."""
    world.has(fleet.ceo("b1"))
    broken = cut(number, moment)
    run = world.converge("deploy/agent-ceo", f"agent={A2}", "--deploy-id", "d1", interposer=broken)
    assert number < len(broken.requests)
    again = world.converge("deploy/agent-ceo", f"agent={A2}", "--deploy-id", "d1")
    assert again.code == 0, again.err
    assert world.images("deploy/agent-ceo")["agent"] == A2
    assert world.revision("deploy/agent-ceo") == 2
    assert run.code == 0, run.err  # reads are repeated; a patch is read back, and sent again only if it is not there
    assert "0 patches sent" in again.out


@pytest.mark.parametrize("moment", ["before", "lost", "after"])
def test_a_lost_patch_whose_reading_back_is_lost_too(world: World, moment: Moment) -> None:
    """The second request of the pair breaks as well; it is a read, so it is repeated."""
    world.has(fleet.ceo("b1"))
    patch, read = cut(3, "after"), cut(4, moment)

    def after(number: int, request: Request) -> None:
        patch.after(number, request)
        read.after(number, request)

    both = Interposer(before=read.before, after=after)
    run = world.converge("deploy/agent-ceo", f"agent={A2}", "--deploy-id", "d1", interposer=both)
    assert run.code == 0, run.err
    assert both.methods.count("PATCH") == 1
    assert world.revision("deploy/agent-ceo") == 2


@pytest.mark.parametrize("moment", ["lost", "after"])
def test_every_patch_of_a_fleet_is_lost_once(world: World, moment: Moment) -> None:
    """Read by one LIST, watched by one WATCH, three patches side by side, and no answer to the first try of any."""
    names = [f"agent-{n}" for n in range(3)]
    world.has(*(manifests.deployment(name, {"agent": A1}) for name in names))
    tried: set[str] = set()
    lock = threading.Lock()

    def lose(_n: int, request: Request) -> None:
        with lock:
            first = request.method == "PATCH" and request.path not in tried
            tried.add(request.path)
        if first:
            raise ConnectionLost("the connection was cut by the test")

    broken = Interposer(before=lose) if moment == "lost" else Interposer(after=lose)
    run = world.converge("deploy", "--all", f"agent={A2}", interposer=broken)
    assert run.code == 0, run.err
    for name in names:
        assert world.revision(f"deploy/{name}") == 2
    assert broken.methods.count("PATCH") == (6 if moment == "lost" else 3)
