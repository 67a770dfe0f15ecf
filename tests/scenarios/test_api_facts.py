"""Facts about the API that the patch rests on, each shown on the real server."""

from __future__ import annotations

import json
from typing import Any

from rollonce.model.deploy import DEPLOY_ID
from tests.controlplane import manifests
from tests.controlplane.kubectl import Output
from tests.scenarios.world import World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")


def _json_patch(world: World, ref: str, *operations: dict[str, Any]) -> Output:
    return world.kubectl("patch", ref, "--type=json", "-p", json.dumps(operations), check=False)


def test_a_test_against_null_passes_where_there_is_no_such_member(world: World) -> None:
    """And fails where there is one: so absence can be guarded."""
    world.has(manifests.statefulset("db", {"agent": A1}, replicas=0))
    absent = {"op": "test", "path": "/metadata/annotations", "value": None}
    add = {"op": "add", "path": "/metadata/annotations", "value": {"x": "1"}}
    assert _json_patch(world, "sts/db", absent, add).code == 0
    refused = _json_patch(world, "sts/db", absent, add)
    assert refused.code != 0
    missing = {"op": "test", "path": "/metadata/annotations/rollonce.dev~1deploy-id", "value": None}
    assert _json_patch(world, "sts/db", missing).code == 0


def test_a_failed_test_is_a_422_like_any_other_and_changes_nothing(world: World) -> None:
    """The whole patch or nothing of it."""
    world.has(manifests.statefulset("db", {"agent": A1}, replicas=0))
    wrong = {"op": "test", "path": "/metadata/uid", "value": "somebody-else"}
    change = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": A2}
    assert _json_patch(world, "sts/db", change, wrong).code != 0
    assert world.images("sts/db") == {"agent": A1}


def test_add_replaces_an_image_that_is_there(world: World) -> None:
    """RFC 6902: adding a member that exists replaces its value."""
    world.has(manifests.statefulset("db", {"agent": A1}, replicas=0))
    add = {"op": "add", "path": "/spec/template/spec/containers/0/image", "value": A2}
    assert _json_patch(world, "sts/db", add).code == 0
    assert world.images("sts/db") == {"agent": A2}


def test_what_replica_sets_keep_of_the_deploy_id(world: World) -> None:
    """Each ReplicaSet remembers the deploy id of its time, and `rollout undo` brings the old one back."""
    world.has(manifests.deployment("ceo", {"agent": A1}))
    commit = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SHA": "4f2c" * 10}
    assert world.converge("deploy/ceo", f"agent={A2}", environment=commit).code == 0
    assert world.converge("deploy/ceo", f"agent={image('agent', 'b3')}", "--deploy-id", "later").code == 0
    live = world.get("deploy/ceo")["metadata"]["annotations"]
    assert live[DEPLOY_ID] == "later"
    assert "rollonce.dev/commit" not in live  # that of the last deploy would be a lie

    def remembered() -> dict[str, str]:
        items = world.kubectl("get", "rs", "-l", "app=ceo", "-o", "json").json()["items"]
        notes = [rs["metadata"]["annotations"] for rs in items]
        return {n["deployment.kubernetes.io/revision"]: n.get(DEPLOY_ID, "") for n in notes}

    expected = {"1": "", "2": "github-77.2", "3": "later"}
    world.until(lambda: remembered() == expected, "each ReplicaSet has the id of its time")
    world.kubectl("rollout", "undo", "deploy/ceo")
    world.until(lambda: world.deploy_id("deploy/ceo") == "github-77.2", "undo brought the old id back")


def test_what_controller_revisions_keep_of_the_deploy_id(world: World) -> None:
    """Each ControllerRevision is made with the annotations that the workload has at that moment."""
    world.has(manifests.statefulset("db", {"agent": A1}), manifests.daemonset("node", {"agent": A1}))
    assert world.converge("sts,ds", "--all", f"agent={A2}", "--deploy-id", "d1").code == 0
    assert world.deploy_id("sts/db") == world.deploy_id("ds/node") == "d1"
    remembered: dict[str, dict[int, str | None]] = {}
    for revision in world.kubectl("get", "controllerrevisions", "-o", "json").json()["items"]:
        metadata = revision["metadata"]
        kept = remembered.setdefault(metadata["ownerReferences"][0]["kind"], {})
        kept[revision["revision"]] = metadata.get("annotations", {}).get(DEPLOY_ID)
    assert remembered == {"StatefulSet": {1: None, 2: "d1"}, "DaemonSet": {1: None, 2: "d1"}}
