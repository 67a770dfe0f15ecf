"""On target is not yet success: a re-run never turns a red deploy green."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.world import World, image

A1, A2, A3 = (image("agent", f"b{n}") for n in (1, 2, 3))
NEVER = {"rollonce.test/ready": "never"}
CEO = "deployment/ceo"


def _failed(world: World, **options: Any) -> None:
    """A Deployment whose rollout to A2 has failed: its new pods never get ready."""
    world.has(manifests.deployment("ceo", {"agent": A1}, progressDeadlineSeconds=2, **options))
    never = manifests.deployment("ceo", {"agent": A2}, progressDeadlineSeconds=2, annotations=NEVER, **options)
    world.apply(never)
    world.until(lambda: "ProgressDeadlineExceeded" in str(world.get(CEO)["status"]), "the rollout has failed")


def test_on_target_with_a_failed_rollout_is_a_failure(world: World) -> None:
    """Nothing to send, and the exit code of a failed rollout, with the reason that the API gives."""
    _failed(world)
    for more in ([], ["--no-wait"], ["--dry-run"]):
        run = world.converge(CEO, f"agent={A2}", *more)
        assert run.code == 1
        assert "its last rollout failed" in run.out
        assert "progress" in run.out.lower()
    assert world.revision(CEO) == 2


def test_on_target_with_an_unfinished_rollout_is_waited_for(world: World) -> None:
    """The rollout of somebody else's patch is under way: wait for it, send nothing."""
    world.has(fleet.ceo("b1", annotations={"rollonce.test/ready-delay": "2s"}))
    slow = fleet.ceo("b2", annotations={"rollonce.test/ready-delay": "2s"})
    world.apply(slow)
    run = world.converge("deploy/agent-ceo", *fleet.pairs("b2")[:2], "-o", "json")
    assert run.code == 0, run.err
    assert (run.outcome("agent-ceo"), run.json()["patchesSent"]) == ("settled", 0)
    assert world.get("deploy/agent-ceo")["status"]["readyReplicas"] == 1


def test_an_unfinished_rollout_is_not_waited_for_where_nobody_wants_to(world: World) -> None:
    """--no-wait tells that it is not finished, and that is no success."""
    world.has(manifests.deployment("ceo", {"agent": A1}, annotations=NEVER), ready=False)
    run = world.converge(CEO, f"agent={A1}", "--no-wait", "-o", "json")
    assert (run.code, run.outcome("ceo")) == (1, "unfinished")


def test_a_rollout_that_fails_is_named_with_its_reason(world: World) -> None:
    """The new pods never get ready: exit code 1, and the controller's words."""
    world.has(manifests.deployment("ceo", {"agent": A1}, progressDeadlineSeconds=2, annotations=NEVER), ready=False)
    run = world.converge(CEO, f"agent={A2}", "-o", "json")
    assert (run.code, run.outcome("ceo")) == (1, "failed")
    assert "has timed out progressing" in run.err


def test_a_rollout_that_takes_too_long_is_told_from_one_that_failed(world: World) -> None:
    """--timeout ends the waiting, not the rollout."""
    world.has(manifests.statefulset("db", {"agent": A1}, annotations=NEVER), ready=False)
    run = world.converge("sts/db", f"agent={A2}", "--timeout", "1s", "-o", "json")
    assert (run.code, run.outcome("db")) == (1, "timed-out")
    assert "not complete within 1 s" in run.err


@pytest.mark.parametrize("strategy", ["RollingUpdate", "Recreate"])
def test_the_failure_of_the_last_rollout_is_no_news_of_this_one(world: World, strategy: str) -> None:
    """A repaired image after a failed rollout: the old condition stands for a while, and is not believed."""
    _failed(world, strategy=strategy)
    world.kubectl("annotate", CEO, "note=repaired")  # moves the generation, as any writer may
    world.kubectl("patch", CEO, "--type=json", "-p", '[{"op":"remove","path":"/spec/template/metadata/annotations"}]')
    world.kubectl("set", "image", CEO, f"agent={A2}")
    run = world.converge(CEO, f"agent={A3}", "-o", "json")
    assert (run.code, run.outcome("ceo")) == (0, "rolled"), run.err


@real_only("quotas")
def test_a_quota_that_forbids_the_new_pods_is_named(world: World) -> None:
    """The controller cannot create pods: its words are in the report."""
    world.has(manifests.deployment("ceo", {"agent": A1}, progressDeadlineSeconds=2))
    world.kubectl("create", "quota", "none", "--hard=pods=1")
    run = world.converge(CEO, f"agent={A2}", "-o", "json", "--timeout", "20s")
    assert run.code == 1
    assert "exceeded quota" in run.err
