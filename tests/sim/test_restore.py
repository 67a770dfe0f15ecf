"""A dump of a real cluster is put back as it was: revisions, ReplicaSets and pods stay, and nothing rolls.

The dumps are those of a real control plane: `agents.json` at rest, after rolls, an undo and a new DaemonSet revision,
`rolling.json` in the middle of two rollouts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rollonce.app import simulated, sources
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey
from rollonce.sim import pods
from rollonce.sim.cluster import START, SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.store import Collection, Key

DUMPS = Path(__file__).parents[1] / "dumps"
CEO = WorkloadKey.of(Kind.DEPLOYMENT, "agents", "agent-ceo")
WEB = WorkloadKey.of(Kind.DEPLOYMENT, "agents", "web")


def items(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DUMPS / name).read_text())["items"]
    return found


def restored(*names: str) -> tuple[SimCluster, tuple[str, ...]]:
    cluster = SimCluster(profile=PROFILES["cloud"])
    unready = simulated.seed(cluster, sources.load([str(DUMPS / name) for name in names]))
    return cluster, unready


def plural(kind: str) -> Collection:
    group = "batch" if kind == "CronJob" else "" if kind in ("Pod", "PersistentVolumeClaim") else "apps"
    return Collection(group, f"{kind.lower()}s")


def without_version(thing: dict[str, Any]) -> dict[str, Any]:
    return {**thing, "metadata": {k: v for k, v in thing["metadata"].items() if k != "resourceVersion"}}


def test_an_hour_after_a_dump_was_put_back_every_object_is_as_it_was() -> None:
    """To the byte, but for resourceVersion: no controller finds anything to do."""
    cluster, unready = restored("agents.json")
    assert unready == ()
    cluster.advance(cluster.kernel.clockwork.now + 3600)
    for item in items("agents.json"):
        live = cluster.kernel.store.get(Key(*plural(item["kind"]), "agents", item["metadata"]["name"]))
        assert live is not None
        assert without_version(live) == without_version(item)
    names = {item["metadata"]["name"] for item in items("agents.json") if item["kind"] == "Pod"}
    assert {pod["metadata"]["name"] for pod in cluster.kernel.store.list(Collection("", "pods"))} == names


def test_time_goes_on_to_the_moment_of_the_dump() -> None:
    cluster, _ = restored("agents.json")
    newest = max(pods.seconds(item["metadata"]["creationTimestamp"]) for item in items("agents.json"))
    assert START < newest <= cluster.kernel.clockwork.now


def test_the_next_roll_counts_on_and_waits_for_the_volume() -> None:
    """The pod that was put back holds its volume: it has to be detached before the next one starts."""
    cluster, _ = restored("agents.json")
    scales = simulated.Scales(cluster)
    simulated.set_images(cluster, CEO, {"agent": "registry.example/agent:3"})
    simulated.settle(cluster)
    assert [revision.number for revision in scales.history(CEO)] == [1, 2, 3]
    assert scales.costs()[CEO].rolls == 1
    assert scales.costs()[CEO].outage > 100
    assert scales.costs()[WEB].rolls == 0


def test_rollouts_under_way_are_finished() -> None:
    cluster, unready = restored("rolling.json")
    assert unready == ()
    cluster.advance(cluster.kernel.clockwork.now + 60)  # old pods are still stopping
    found = cluster.kernel.store.list(Collection("", "pods"), "agents")
    images = {container["image"] for pod in found for container in pod["spec"]["containers"]}
    assert "registry.example/web:9" in images
    assert "registry.example/web:7" not in images
    assert all(pods.is_ready(pod) for pod in found)


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CrashLoopBackOff"])
def test_what_was_stuck_stays_stuck(reason: str, tmp_path: Path) -> None:
    dump = items("agents.json")
    ceo = next(item for item in dump if item["kind"] == "Pod" and item["metadata"]["name"].startswith("agent-ceo"))
    ceo["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": reason}}
    for condition in ceo["status"]["conditions"]:
        if condition["type"] in ("Ready", "ContainersReady"):
            condition["status"] = "False"
    (tmp_path / "stuck.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": dump}))
    cluster = SimCluster(profile=PROFILES["cloud"])
    simulated.seed(cluster, sources.load([str(tmp_path / "stuck.json")]))
    live = cluster.kernel.store.get(Key("", "pods", "agents", ceo["metadata"]["name"]))
    assert live is not None
    assert not pods.is_ready(live)
    assert live["metadata"]["uid"] == ceo["metadata"]["uid"]


def test_manifests_beside_a_dump_are_applied(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: other}\n")
    cluster = SimCluster()
    simulated.seed(cluster, sources.load([str(DUMPS / "agents.json"), str(tmp_path)]))
    assert cluster.kernel.store.get(Key("", "configmaps", "other", "more")) is not None


def test_a_dump_made_by_hand_gets_its_defaults(tmp_path: Path) -> None:
    """Without them each sync would take the template for a new one, and make one ReplicaSet after the other."""
    metadata = {"name": "x", "namespace": "agents", "uid": "u-1", "creationTimestamp": "2025-01-07T10:00:00Z"}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    spec = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
    thing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**metadata, "generation": 1}, "spec": spec}
    (tmp_path / "made.json").write_text(json.dumps(thing))
    cluster = SimCluster()
    assert simulated.seed(cluster, sources.load([str(tmp_path / "made.json")])) == ()
    assert len(cluster.kernel.store.list(Collection("apps", "replicasets"))) == 1
