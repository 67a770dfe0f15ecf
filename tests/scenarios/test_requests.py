"""Requests are counted, from the API server's own audit log."""

from __future__ import annotations

import json

from tests.controlplane import manifests
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")


def test_a_converge_sends_what_it_must_and_nothing_else(world: World) -> None:
    """One LIST, one access review, one LIST of claims, one patch per workload that differs, one watch."""
    names = [f"agent-{n}" for n in range(7)]
    world.has(
        *manifests.volume_and_claim("data", world.namespace),
        *(manifests.deployment(n, {"agent": A1}, replicas=0, claims=["data"] if n == "agent-0" else []) for n in names),
        manifests.deployment("done", {"agent": A2}, replicas=0),
        ready=False,
    )
    for name in (*names, "done"):
        world.settled(f"deploy/{name}")
    user = world.backend.somebody("spare-5")
    counted = world.backend.counting(user)
    run = world.converge("deploy", "--all", f"agent={A2}", user=user)
    assert run.code == 0, run.err
    assert counted() == {
        "list deployments": 1,
        "create selfsubjectaccessreviews": 1,
        "list persistentvolumeclaims": 1,
        "watch deployments": 1,
        "patch deployments": 7,
    }
    counted = world.backend.counting(user)
    again = world.converge("deploy", "--all", f"agent={A2}", user=user)
    assert again.code == 0, again.err
    assert counted() == {"list deployments": 1}


def test_few_named_workloads_are_read_one_by_one(world: World) -> None:
    """Two names: two GETs, two watches of just these objects."""
    world.has(*(manifests.deployment(n, {"agent": A1}, replicas=0) for n in ("ceo", "cso", "other")))
    user = world.backend.somebody("spare-6")
    counted = world.backend.counting(user)
    assert world.converge("deploy", "ceo", "cso", f"agent={A2}", user=user).code == 0
    assert counted() == {
        "get deployments": 2,
        "create selfsubjectaccessreviews": 1,
        "watch deployments": 2,
        "patch deployments": 2,
    }


def test_a_long_list_comes_in_pages_of_500(world: World) -> None:
    """501 Deployments are two pages; 500 are one."""
    many = [manifests.deployment(f"d{n}", {"agent": A2}, replicas=0) for n in range(501)]
    world.has(*many, ready=False)
    world.kubectl("wait", "--for=condition=Available", "deploy", "--all", "--timeout=120s", timeout=150)
    user = world.backend.somebody("spare-7")
    counted = world.backend.counting(user)
    assert world.converge("deploy", "--all", f"agent={A2}", "--no-wait", user=user).code == 0
    assert counted() == {"list deployments": 2}


def test_the_patch_is_ours_alone_and_changes_nothing_but_its_fields(world: World) -> None:
    """One JSON Patch under the manager `rollonce`; managedFields show exactly the fields that we set."""
    world.has(manifests.deployment("ceo", {"agent": A1, "git-sync": A2}, replicas=0))
    sent = Interposer()
    run = world.converge("deploy/ceo", f"agent={A2}", f"git-sync={A2}", "--deploy-id", "d1", interposer=sent)
    assert run.code == 0, run.err
    (patch,) = [request for request in sent.requests if request.method == "PATCH"]
    assert ("fieldManager", "rollonce") in patch.query
    changing = [operation for operation in json.loads(patch.body) if operation["op"] != "test"]
    assert changing == [
        {"op": "add", "path": "/metadata/annotations/rollonce.dev~1deploy-id", "value": "d1"},
        {"op": "add", "path": "/spec/template/spec/containers/0/image", "value": A2},
    ]
    managed = world.kubectl("get", "deploy/ceo", "-o", "json", "--show-managed-fields").json()["metadata"]
    (ours,) = [m for m in managed["managedFields"] if m["manager"] == "rollonce"]
    assert ours["fieldsV1"] == {
        "f:metadata": {"f:annotations": {"f:rollonce.dev/deploy-id": {}}},
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"agent"}': {"f:image": {}}}}}},
    }
