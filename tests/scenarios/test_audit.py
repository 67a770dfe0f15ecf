"""Histories made with real kubectl on the real control plane, and what audit says of them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.controlplane.audit import Audit
from tests.scenarios import fleet
from tests.scenarios.backends import Real, real_only
from tests.scenarios.world import World, image

pytestmark = real_only("the API server's audit log, kubectl's own dumps, users")

CEO = "deployment/agent-ceo"
DUMP = ("get", "deploy,rs,sts,ds,controllerrevisions,pods,events", "-o", "json", "--show-managed-fields")


def environment(world: World) -> dict[str, str]:
    assert isinstance(world.backend, Real)
    return world.backend.environment("admin")


def next_second() -> None:
    """Timestamps of the API have whole seconds: two steps within one could be told apart by no reader of them."""
    time.sleep(1.05 - time.time() % 1)


class Auditor:
    """What audit says of a world, from all that it may see and from parts of it."""

    def __init__(self, world: World, log: Path) -> None:
        self.world = world
        self.log = log

    def __call__(self, *arguments: str, user: str = "reader", log: bool = False) -> Any:
        """The document of a live audit."""
        given = ["--api-audit-log", str(self.log)] if log else []
        run = self.world.rollonce("audit", "-n", self.world.namespace, "-o", "json", *given, *arguments, user=user)
        assert run.code in (0, 6), run.err
        return run.json()

    def both(self) -> list[Any]:
        """With the API's audit log, and without it."""
        return [self(log=True), self()]


@pytest.fixture
def auditor(world: World, audit: Audit) -> Auditor:
    return Auditor(world, audit.log)


def findings(document: Any) -> list[tuple[int, str, str]]:
    """(revision, kind, certainty) of the redundant rolls."""
    return [(f["after"], f["kind"], f["certainty"]) for f in document["findings"]]


def writers(document: Any) -> dict[int, list[tuple[str | None, str | None]]]:
    """Revision -> (manager, user) of its writers."""
    return {
        roll["after"]: [(w["manager"], w["user"]) for w in roll["writers"]]
        for workload in document["workloads"]
        for roll in workload["rolls"]
    }


def two_steps(world: World, old: str = "4f2b-1186", new: str = "4f2c-1187") -> None:
    """The story's pipeline: set image for the agent, then the manifest with all images."""
    world.has(fleet.ceo(old))
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', new)}", user="deployer")
    world.settled(CEO)
    next_second()
    world.apply(fleet.ceo(new))
    world.settled(CEO)


def test_the_story_is_found_with_its_kind_and_its_writers(world: World, auditor: Auditor) -> None:
    two_steps(world)
    for document in auditor.both():
        assert findings(document) == [(3, "split", "seen")]
        assert [w[0][0] for w in writers(document).values()] == ["kubectl-set", "kubectl"]
        assert document["findings"][0]["why"] == (
            "2 -> 3: agent unchanged; git-sync 4f2b-1186 -> 4f2c-1187, the build that agent already had in 2: a split"
        )


def test_the_api_audit_log_names_the_users(world: World, auditor: Auditor) -> None:
    two_steps(world)
    assert writers(auditor(log=True)) == {2: [("kubectl-set", "deployer")], 3: [("kubectl", "admin")]}


def test_the_cure_is_the_cure(world: World, auditor: Auditor) -> None:
    """The command that the finding names makes one roll of the next deploy, and audit finds nothing in it."""
    two_steps(world)
    command = auditor()["findings"][0]["cure"]["command"].replace("4f2c-1187", "4f2d-1188").split()
    next_second()
    run = world.rollonce(*command[1:], "--deploy-id", "run-1188")
    assert run.code == 0, run.err
    world.apply(fleet.ceo("4f2d-1188"))
    gate = world.rollonce(
        "audit", "-n", world.namespace, "--deploy-id", "run-1188", "--fail-on", "redundant", user="reader"
    )
    assert (gate.code, gate.out.splitlines()[0]) == (
        0,
        "None of 1 roll of deploy run-1188 in the last 30 days was redundant.",
    )


def test_the_gate_fails_on_a_step_that_rolls_after_converge(world: World, auditor: Auditor) -> None:
    world.has(fleet.ceo("4f2b-1186"))
    next_second()
    pair = f"agent={image('agent', '4f2c-1187')}"
    assert world.converge(CEO, pair, "--deploy-id", "run-1187").code == 0
    next_second()
    world.kubectl("set", "image", CEO, f"git-sync={image('git-sync', '4f2c-1187')}")
    world.settled(CEO)
    gate = ("audit", "-n", world.namespace, "--deploy-id", "run-1187", "--fail-on", "redundant", "-o", "json")
    run = world.rollonce(*gate, user="reader")
    assert run.code == 6
    assert findings(run.json()) == [(3, "split", "seen")]


def test_a_hotfix_after_converge_inherits_its_id_and_is_not_of_its_deploy(world: World, auditor: Auditor) -> None:
    world.has(fleet.ceo("4f2b-1186"))
    next_second()
    assert world.converge(CEO, *fleet.pairs("4f2c-1187")[:2], "--deploy-id", "run-1187").code == 0
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', '4f2d-1188')}")
    world.settled(CEO)
    assert world.deploy_id(CEO) == "run-1187"
    for document in auditor.both():
        assert findings(document) == []
        names = [(deploy["name"], len(deploy["members"])) for deploy in document["deploys"]]
        assert names == [("run-1187", 1), ("build 4f2d-1188", 1)]


def test_rollout_undo_is_a_recovery_by_the_log_and_by_its_manager(world: World, auditor: Auditor) -> None:
    world.has(fleet.ceo("v1"))
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', 'v2')}")
    world.settled(CEO)
    next_second()
    world.kubectl("rollout", "undo", CEO)
    world.settled(CEO)
    for document in auditor.both():
        assert findings(document) == []
        assert document["open"] == []
        assert document["summary"]["recoveries"] == 1


def test_setting_the_image_back_is_a_bounce(world: World, auditor: Auditor) -> None:
    world.has(fleet.ceo("v1"))
    for tag in ("v2", "v1"):
        next_second()
        world.kubectl("set", "image", CEO, f"agent={image('agent', tag)}")
        world.settled(CEO)
    for document in auditor.both():
        assert findings(document) == [(3, "bounce", "inferred")]


def test_a_restart_after_the_change(world: World, auditor: Auditor) -> None:
    world.has(fleet.ceo("v1"))
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', 'v2')}")
    world.settled(CEO)
    next_second()
    world.kubectl("rollout", "restart", CEO)
    world.settled(CEO)
    for document in auditor.both():
        assert findings(document) == [(3, "restart-after-change", "inferred")]
        assert writers(document)[3][0][0] == "kubectl-rollout"


def test_a_static_tag_that_each_deploy_puts_back_rolls_twice_each_time(world: World, auditor: Auditor) -> None:
    """Client-side apply of a manifest with a standing tag, then set image; the log tells that no rollback was meant.

    Only time connects the two steps, so that deploys have to lie further apart than the window: twice as far as the
    longest of them took, and at least twelve seconds, as a machine may be slow.
    """
    manifest = fleet.ceo("stable")
    world.has(manifest, server_side=False)
    took, apart, ended = [5.0], [], None
    for build in ("b-1001", "b-1002", "b-1003"):
        time.sleep(2 * max(took) + 2)
        began = time.monotonic()
        if ended is not None:
            apart.append(began - ended)
        world.apply(manifest, server_side=False)
        world.settled(CEO)
        next_second()
        world.kubectl("set", "image", CEO, f"agent={image('agent', build)}")
        ended = time.monotonic()
        took.append(ended - began)
        world.settled(CEO)
    window = math.ceil(max(took)) + 1
    if window >= min(apart):
        pytest.fail(f"the machine was too uneven to tell the deploys apart: they took {took}, {apart} lay between them")
    found = {after: kind for after, kind, _ in findings(auditor("--window", f"{window}s", log=True))}
    # The first deploy had nothing to put back; the two others bounced.
    assert found[4] == found[6] == "bounce"
    assert 2 not in found


def test_scaling_is_no_roll(world: World, auditor: Auditor) -> None:
    world.has(fleet.cso("v1"))
    for replicas in ("3", "0", "2"):
        world.kubectl("scale", "deployment/agent-cso", f"--replicas={replicas}")
    world.settled("deployment/agent-cso")
    assert auditor()["summary"]["rolls"] == 0


def test_what_garbage_collection_took_is_not_claimed(world: World, auditor: Auditor) -> None:
    thing = fleet.ceo("v1")
    thing["spec"]["revisionHistoryLimit"] = 1
    world.has(thing)
    for tag in ("v2", "v3", "v4", "v5"):
        world.kubectl("set", "image", CEO, f"agent={image('agent', tag)}")
        world.settled(CEO)
    # The controller takes old ReplicaSets away some time after a roll is complete.
    world.until(lambda: set(world.revisions(CEO)) == {4, 5}, "the old ReplicaSets are gone")
    [workload] = auditor()["workloads"]
    assert workload["rollsAtLeast"] == 4
    assert {roll["after"] for roll in workload["rolls"]} <= {4, 5}


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_the_other_kinds_split_too(world: World, auditor: Auditor, kind: str) -> None:
    make = {"statefulset": manifests.statefulset, "daemonset": manifests.daemonset}[kind]
    ref = f"{kind}/queue"
    world.has(make("queue", {"queue": image("queue", "4f2b-1186"), "proxy": image("proxy", "4f2b-1186")}))
    for container in ("queue", "proxy"):
        next_second()
        world.kubectl("set", "image", ref, f"{container}={image(container, '4f2c-1187')}")
        world.settled(ref)
    for document in auditor.both():
        assert [(after, what) for after, what, _ in findings(document)] == [(3, "split")]


def test_going_back_on_a_stateful_set_loses_a_number_and_is_seen_all_the_same(world: World, auditor: Auditor) -> None:
    world.has(manifests.statefulset("queue", {"queue": image("queue", "v1")}))
    for tag in ("v2", "v1"):
        next_second()
        world.kubectl("set", "image", "statefulset/queue", f"queue={image('queue', tag)}")
        world.settled("statefulset/queue")
    [workload] = auditor(log=True)["workloads"]
    assert [(r["number"], r["reused"]) for r in workload["revisions"]] == [(1, False), (2, False), (3, True)]


def test_a_dump_of_kubectl_says_what_the_cluster_says(world: World, auditor: Auditor, tmp_path: Path) -> None:
    two_steps(world)
    dump = tmp_path / "dump.json"
    dump.write_text(world.kubectl(*DUMP).stdout)
    live, read = auditor(), world.rollonce("audit", "--from", str(dump), "-o", "json").json()
    for document in (live, read):
        # The moment of the audit, and the right to see helm's Secrets, are not in a dump.
        del document["question"], document["gaps"]
    assert read == live


def test_a_redacted_dump_says_the_same_and_holds_no_value(world: World, auditor: Auditor, tmp_path: Path) -> None:
    thing = fleet.ceo("4f2b-1186")
    thing["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": "hunter2"}]
    world.has(thing, server_side=False)
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', '4f2c-1187')}")
    world.settled(CEO)
    next_second()
    world.kubectl("set", "image", CEO, f"git-sync={image('git-sync', '4f2c-1187')}")
    world.settled(CEO)
    dump, safe = tmp_path / "dump.json", tmp_path / "safe.json"
    dump.write_text(world.kubectl(*DUMP).stdout)
    command = [sys.executable, "-m", "rollonce", "audit", "--from", str(dump), "--redact"]
    safe.write_bytes(subprocess.run(command, env=environment(world), capture_output=True, check=True).stdout)
    assert b"hunter2" in dump.read_bytes()
    assert b"hunter2" not in safe.read_bytes()
    before, after = (
        world.rollonce("audit", "--from", str(path), "-o", "json").json()["findings"] for path in (dump, safe)
    )
    assert after == before
    assert len(after) == 1


def test_fewer_rights_are_told_of(world: World, auditor: Auditor) -> None:
    two_steps(world)
    document = auditor(user="lister")
    assert [gap["source"] for gap in document["gaps"]] == [
        "controllerrevisions.apps cannot be listed",
        "events cannot be listed",
        "pods cannot be listed",
        "replicasets.apps cannot be listed",
        "secrets cannot be listed",
    ]
    assert document["workloads"][0]["rollsAtLeast"] == 2


def test_without_any_right_it_is_an_error(world: World) -> None:
    run = world.rollonce("audit", "-n", world.namespace, user="nobody")
    assert (run.code, run.err.splitlines()[0]) == (3, "error: forbidden")


def test_only_reads_are_asked_of_the_server(world: World, auditor: Auditor, audit: Audit) -> None:
    """Pages of at most 500, each kind once; nothing else, and no body of a Secret."""
    world.has(fleet.ceo("v1"))
    mark = audit.mark()
    auditor(user="admin")
    asked = [
        entry for entry in audit.since(mark, namespace=world.namespace) if entry.user_agent.startswith("rollonce/")
    ]
    assert {entry.verb for entry in asked} == {"list"}
    assert sorted(entry.resource for entry in asked) == sorted(
        ["deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "pods", "events", "secrets"]
    )
    assert all("limit=500" in entry.uri for entry in asked)


def test_explain_tells_one_revision(world: World) -> None:
    two_steps(world)
    run = world.rollonce("explain", CEO, "--revision", "3", "-n", world.namespace, user="reader")
    assert run.code == 0, run.err
    assert "2 -> 3: git-sync 4f2b-1186 -> 4f2c-1187" in run.out
    assert "written by kubectl (seen" in run.out
    missing = world.rollonce("explain", CEO, "--revision", "9", "-n", world.namespace, user="reader")
    assert (missing.code, missing.err.splitlines()[0]) == (2, "error: nothing-matched")


def test_two_contexts_are_told_apart(world: World, auditor: Auditor) -> None:
    """The same cluster under two names is two clusters to audit."""
    two_steps(world)
    config = json.loads(world.kubectl("config", "view", "--raw", "-o", "json").stdout)
    [context] = config["contexts"]
    config["contexts"].append(context | {"name": "other"})
    document = auditor_of(world, config, context["name"], "other")
    assert [f["workload"]["cluster"] for f in document["findings"]] == sorted([context["name"], "other"])


def auditor_of(world: World, config: Any, *contexts: str) -> Any:
    """An audit of several contexts of one kubeconfig."""
    place = Path(environment(world)["HOME"]) / "two.json"
    place.write_text(json.dumps(config))
    given = [word for context in contexts for word in ("--context", context)]
    run = world.rollonce("audit", "-n", world.namespace, "--kubeconfig", str(place), *given, "-o", "json", user="admin")
    assert run.code == 0, run.err
    return run.json()
