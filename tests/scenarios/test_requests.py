"""Requests are counted, from the API server's own audit log."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.controlplane import manifests
from tests.controlplane.audit import Audit
from tests.scenarios.world import World, image

pytestmark = pytest.mark.cluster

A1, A2 = image("agent", "b1"), image("agent", "b2")


def alone(world: World, user: str) -> str:
    """An ordinary user that no other test uses: the log is shared, and access reviews have no namespace."""
    world.kubectl("create", "role", user, "--verb=get,list,watch,patch", "--resource=deployments.apps")
    world.kubectl("create", "role", f"{user}-claims", "--verb=list", "--resource=persistentvolumeclaims")
    for role in (user, f"{user}-claims"):
        world.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={user}")
    return user


def counted(audit: Audit, mark: int, user: str) -> Counter[str]:
    entries = audit.since(mark, user_agent="rollonce/", user=user)
    begun = [e for e in entries if e.verb == "watch" and e.stage == "ResponseStarted"]
    done = [e for e in entries if e.verb != "watch"]
    return Counter(f"{e.verb} {e.resource}" for e in (*begun, *done))


def test_a_converge_sends_what_it_must_and_nothing_else(world: World, audit: Audit) -> None:
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
    user = alone(world, "spare-5")
    mark = audit.mark()
    run = world.converge("deploy", "--all", f"agent={A2}", user=user)
    assert run.code == 0, run.err
    assert counted(audit, mark, user) == {
        "list deployments": 1,
        "create selfsubjectaccessreviews": 1,
        "list persistentvolumeclaims": 1,
        "watch deployments": 1,
        "patch deployments": 7,
    }
    mark = audit.mark()
    again = world.converge("deploy", "--all", f"agent={A2}", user=user)
    assert again.code == 0, again.err
    assert counted(audit, mark, user) == {"list deployments": 1}


def test_few_named_workloads_are_read_one_by_one(world: World, audit: Audit) -> None:
    """Two names: two GETs, two watches of just these objects."""
    world.has(*(manifests.deployment(n, {"agent": A1}, replicas=0) for n in ("ceo", "cso", "other")))
    user = alone(world, "spare-6")
    mark = audit.mark()
    assert world.converge("deploy", "ceo", "cso", f"agent={A2}", user=user).code == 0
    assert counted(audit, mark, user) == {
        "get deployments": 2,
        "create selfsubjectaccessreviews": 1,
        "watch deployments": 2,
        "patch deployments": 2,
    }


def test_a_long_list_comes_in_pages_of_500(world: World, audit: Audit) -> None:
    """501 Deployments are two pages; 500 are one."""
    many = [manifests.deployment(f"d{n}", {"agent": A2}, replicas=0) for n in range(501)]
    world.has(*many, ready=False)
    world.kubectl("wait", "--for=condition=Available", "deploy", "--all", "--timeout=120s", timeout=150)
    user = alone(world, "spare-7")
    mark = audit.mark()
    assert world.converge("deploy", "--all", f"agent={A2}", "--no-wait", user=user).code == 0
    assert counted(audit, mark, user) == {"list deployments": 2}


def test_the_patch_is_ours_alone_and_changes_nothing_but_its_fields(world: World, audit: Audit) -> None:
    """One JSON Patch under the manager `rollonce`; managedFields show exactly the fields that we set."""
    world.has(manifests.deployment("ceo", {"agent": A1, "git-sync": A2}, replicas=0))
    mark = audit.mark()
    assert world.converge("deploy/ceo", f"agent={A2}", f"git-sync={A2}", "--deploy-id", "d1").code == 0
    (entry,) = audit.since(mark, user_agent="rollonce/", namespace=world.namespace, verb="patch")
    assert "fieldManager=rollonce" in entry.uri
    changing = [operation for operation in entry.request if operation["op"] != "test"]
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
