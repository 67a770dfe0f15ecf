"""Every kind of workload, every kind of container, every way to name them."""

from __future__ import annotations

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.world import World, image

A1, A2, G1, G2 = image("agent", "b1"), image("agent", "b2"), image("git-sync", "b1"), image("git-sync", "b2")


def test_a_stateful_set_rolls_once(world: World) -> None:
    """Two images of a StatefulSet: one new ControllerRevision, and converge returns when every pod has it."""
    world.has(manifests.statefulset("db", {"agent": A1, "git-sync": G1}, replicas=2))
    run = world.converge("sts/db", f"agent={A2}", f"git-sync={G2}", "-o", "json")
    assert run.code == 0, run.err
    assert run.outcome("db") == "rolled"
    status = world.get("sts/db")["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert status["readyReplicas"] == status["updatedReplicas"] == 2
    assert len(world.kubectl("get", "controllerrevisions", "-o", "json").json()["items"]) == 2


def test_a_daemon_set_rolls_once(world: World) -> None:
    """A DaemonSet on three nodes, two images, one revision."""
    world.has(manifests.daemonset("node-agent", {"agent": A1, "git-sync": G1}))
    run = world.converge("ds", "node-agent", f"agent={A2}", f"git-sync={G2}", "-o", "json")
    assert run.code == 0, run.err
    assert run.outcome("node-agent") == "rolled"
    status = world.get("ds/node-agent")["status"]
    assert status["updatedNumberScheduled"] == status["numberReady"] == status["desiredNumberScheduled"] > 0
    assert len(world.kubectl("get", "controllerrevisions", "-o", "json").json()["items"]) == 2


def test_a_cron_job_is_changed_and_nothing_rolls(world: World) -> None:
    """Nothing to wait for, nothing restarts; and the same deploy may change it again."""
    world.has(manifests.cronjob("nightly", {"agent": A1}, init={"fetch": G1}))
    run = world.converge("cronjob/nightly", f"agent={A2}", f"fetch={G2}", "--deploy-id", "d1", "-o", "json")
    assert run.code == 0, run.err
    assert run.outcome("nightly") == "changed"
    assert world.images("cronjob/nightly") == {"agent": A2, "fetch": G2}
    assert world.converge("cj/nightly", f"agent={A1}", "--deploy-id", "d1").code == 0


def test_native_sidecars_and_init_containers_are_found_by_name(world: World) -> None:
    """A native sidecar is an init container to the API; nobody who deploys should have to know."""
    world.has(manifests.deployment("ceo", {"agent": A1}, init={"fetch": A1}, sidecars={"git-sync": G1}))
    run = world.converge("deploy/ceo", f"git-sync={G2}", f"fetch={A2}")
    assert run.code == 0, run.err
    assert "git-sync (native sidecar)" in run.out
    assert world.images("deploy/ceo") == {"agent": A1, "fetch": A2, "git-sync": G2}
    kept = world.get("deploy/ceo")["spec"]["template"]["spec"]["initContainers"]
    assert [c.get("restartPolicy") for c in kept] == [None, "Always"]


def test_star_means_every_container_and_more_specific_pairs_win(world: World) -> None:
    """A name beats `*`, and a pair for one workload beats both."""
    world.has(fleet.cso("b1"), fleet.ceo("b1"))
    run = world.converge(*fleet.BOTH, f"*={A2}", f"git-sync={G2}", f"deployment/agent-ceo:git-sync={G1}")
    assert run.code == 0, run.err
    assert world.images("deploy/agent-cso") == {"agent": A2, "git-sync": G2, "cai-runtime": A2}
    assert world.images("deploy/agent-ceo") == {"agent": A2, "git-sync": G1}


@pytest.mark.parametrize(
    "words",
    [
        ("deploy", "ceo", "cso"),
        ("deploy/ceo", "deployments.apps/cso"),
        ("deployment", "-l", "app in (ceo,cso)"),
        ("deploy,sts", "--all"),
    ],
    ids=" ".join,
)
def test_references_as_kubectl_takes_them(world: World, words: tuple[str, ...]) -> None:
    """However they are named, both are found."""
    for name in ("ceo", "cso"):
        world.has(manifests.deployment(name, {"agent": A1}, replicas=0, metadata={"labels": {"app": name}}))
    run = world.converge(*words, f"agent={A2}")
    assert run.code == 0, run.err
    assert {world.images(f"deploy/{name}")["agent"] for name in ("ceo", "cso")} == {A2}


def test_all_namespaces(world: World) -> None:
    """-A with a label that only this test's workloads have."""
    label = {"only": world.namespace}
    world.has(manifests.deployment("ceo", {"agent": A1}, replicas=0, metadata={"labels": label}))
    run = world.converge("deploy", "-A", "-l", f"only={world.namespace}", f"agent={A2}")
    assert run.code == 0, run.err
    assert world.images("deploy/ceo") == {"agent": A2}


def test_a_paused_deployment_is_said_to_be_held(world: World) -> None:
    """The change is stored; that it does not roll is said at once, and is no success."""
    world.has(manifests.deployment("ceo", {"agent": A1}))
    world.kubectl("rollout", "pause", "deploy/ceo")
    run = world.converge("deploy/ceo", f"agent={A2}", "-o", "json", "--timeout", "30s")
    assert run.code == 1
    assert run.outcome("ceo") == "held"
    world.kubectl("rollout", "resume", "deploy/ceo")
    again = world.converge("deploy/ceo", f"agent={A2}", "-o", "json")
    assert (again.code, again.json()["patchesSent"]) == (0, 0)
    assert world.revision("deploy/ceo") == 2


def test_partition_and_on_delete_are_complete_as_far_as_they_go(world: World) -> None:
    """What the user holds back himself is not waited for."""
    held = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    world.has(
        manifests.statefulset("db", {"agent": A1}, replicas=2, updateStrategy=held),
        manifests.daemonset("node-agent", {"agent": A1}, updateStrategy={"type": "OnDelete"}),
        ready=False,
    )
    world.until(lambda: world.get("sts/db")["status"].get("readyReplicas") == 2, "both pods are ready")
    run = world.converge("sts,ds", "--all", f"agent={A2}", "-o", "json", "--timeout", "60s")
    assert run.code == 0, run.err
    assert world.get("sts/db")["status"]["updatedReplicas"] == 1
    plan = {w["name"]: w["cost"]["disruption"] for w in run.json()["workloads"]}
    assert plan == {"db": "roll", "node-agent": "none"}
