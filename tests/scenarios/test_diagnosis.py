"""Why a rollout does not get on is said while it is waited for, and at its end."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.scenarios.backends import Real, real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import Run, World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")
CEO = "deployment/ceo"


def broken(world: World, failure: str) -> str:
    """An image whose container fails so, by its tag."""
    tags = {"image-pull": "missing-1" if isinstance(world.backend, Real) else "image-pull-1", "crash-loop": "crash-1"}
    return image("agent", tags[failure])


def roll(world: World, reference: str, *more: str, **options: Any) -> Run:
    """Waits six seconds, twice as long as until somebody asks why."""
    return world.converge(reference, *more, "--timeout", "6s", "-o", "json", **{"user": "looker", **options})


def troubles(run: Run, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = next(w for w in run.json()["workloads"] if w["name"] == name)["troubles"]
    return found


@pytest.mark.parametrize("kind", ["deployment", "statefulset", "daemonset"])
@pytest.mark.parametrize(
    ("failure", "words"),
    [("image-pull", "ImagePullBackOff"), ("crash-loop", "exit code 1|ends again and again")],
    ids=["pull", "crash"],
)
def test_a_container_that_does_not_run(world: World, kind: str, failure: str, words: str) -> None:
    world.has(getattr(manifests, kind)("ceo", {"agent": A1}))
    run = roll(world, f"{kind}/ceo", f"agent={broken(world, failure)}")
    assert (run.code, run.outcome("ceo")) == (1, "timed-out"), run.err
    [found] = troubles(run, "ceo")
    assert found["trouble"] == failure
    assert found["where"].startswith("pod ceo-")
    assert found["where"].endswith(", container agent")
    assert re.search(words, found["words"])
    said = f"{kind}/ceo: {failure}: {found['where']}: {found['words']}"
    assert run.err.count(said) == 1
    # Said before the time was up, and once more at the end.
    assert run.err.index(said) < run.err.index(f"{kind}/ceo: timed-out: not complete within 6 s")
    assert f"; {failure}: {found['where']}: {found['words']}" in run.err


def test_the_words_of_the_scheduler(world: World, tmp_path: Any) -> None:
    world.has(manifests.deployment("ceo", {"agent": A1}))
    file = tmp_path / "nowhere.json"
    file.write_text(json.dumps({"spec": {"nodeSelector": {"disk": "none"}}}))
    run = roll(world, CEO, "--patch", str(file))
    assert run.code == 1, run.err
    [found] = troubles(run, "ceo")
    assert found["trouble"] == "unschedulable"
    assert "nodes are available: " in found["words"]
    assert "node affinity/selector" in found["words"]


def test_pods_of_the_rollout_before_are_not_taken_for_ours(world: World) -> None:
    """Repaired by this very deploy: nothing is said of the pods that go."""
    slow = {"rollonce.test/ready-delay": "5s"}
    crashing = {"agent": broken(world, "crash-loop")}
    world.has(manifests.deployment("ceo", crashing, annotations=slow, strategy="Recreate"), ready=False)
    time.sleep(1.1 if isinstance(world.backend, Real) else 0)
    world.until(lambda: world.pods("ceo"), "its pod is there")
    run = world.converge(CEO, f"agent={A2}", "-o", "json", user="looker")
    assert (run.code, run.outcome("ceo")) == (0, "rolled"), run.err
    assert "crash-loop" not in run.err


def test_a_rollout_that_gets_on_is_not_asked(world: World) -> None:
    world.has(manifests.deployment("ceo", {"agent": A1}))
    seen = Interposer()
    assert world.converge(CEO, f"agent={A2}", interposer=seen, user="looker").code == 0
    assert not [request for request in seen.requests if request.path.endswith(("/pods", "/events"))]


@real_only("rights")
def test_without_the_right_to_see_pods_the_rest_is_as_before(world: World) -> None:
    world.has(manifests.deployment("ceo", {"agent": A1}))
    run = roll(world, CEO, f"agent={broken(world, 'image-pull')}", user="deployer")
    assert (run.code, run.outcome("ceo"), troubles(run, "ceo")) == (1, "timed-out", [])
    assert f"namespace {world.namespace}: why its rollouts take their time is not looked into" in run.err


@real_only("quotas")
@pytest.mark.parametrize("kind", ["deployment", "statefulset", "daemonset"])
def test_a_quota_is_named_for_every_kind(world: World, kind: str) -> None:
    world.has(getattr(manifests, kind)("ceo", {"agent": A1}))
    world.kubectl("create", "quota", "none", "--hard=pods=0")
    run = roll(world, f"{kind}/ceo", f"agent={A2}")
    assert run.code == 1, run.err
    [found] = troubles(run, "ceo")
    assert found["trouble"] == "failed-create"
    assert "exceeded quota: none" in found["words"]


@real_only("statuses that somebody injects")
@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) ceo-0'),
        ("FailedMount", 'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found'),
    ],
)
def test_what_keeps_a_volume_away(world: World, reason: str, message: str) -> None:
    """There is no kubelet here: the Event is put in, as one would report it, while we wait."""
    world.has(manifests.deployment("ceo", {"agent": A1}, strategy="Recreate"))
    assert isinstance(world.backend, Real)
    never = image("agent", "never-1")
    process = world.backend.process(
        CEO, f"agent={never}", "--timeout", "10s", "--deploy-id", "d1", "-o", "json", user="looker"
    )
    world.until(lambda: _new_pod(world, never), "its new pod is there")
    about = _new_pod(world, never)
    event = {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message, "count": 1,
        "metadata": {"name": "volume", "namespace": world.namespace},
        "lastTimestamp": about["metadata"]["creationTimestamp"],
        "involvedObject": {"kind": "Pod", "namespace": world.namespace, "name": about["metadata"]["name"]},
    }  # fmt: skip
    world.kubectl("create", "-f", "-", input=json.dumps(event))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, out + err
    [found] = next(w for w in json.loads(out)["workloads"])["troubles"]
    assert (found["trouble"], found["words"]) == ("volume", message)


def _new_pod(world: World, wanted: str) -> Any:
    items = world.kubectl("get", "pods", "-l", "app=ceo", "-o", "json").json()["items"]
    return next((pod for pod in items if pod["spec"]["containers"][0]["image"] == wanted), None)
