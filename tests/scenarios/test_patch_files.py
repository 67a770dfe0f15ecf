"""`--patch FILE`: the rest of the template, merged by the API server and written by one guarded patch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer, before_patch
from tests.scenarios.world import World, image

CEO = "deployment/agent-ceo"
A2 = image("agent", "b2")
PART = """
# What stands below spec.template.
metadata:
  annotations: {example.com/scrape: "true"}
spec:
  terminationGracePeriodSeconds: 5
  nodeSelector: {pool: agents}
  containers:
    - name: agent
      command: [run]
      env:
        - {name: LOG, value: debug}
        - {name: API_TOKEN, value: hunter2}
      readinessProbe: {httpGet: {path: /ready, port: 8080}}
    - name: metrics
      image: registry.test/metrics:1
  volumes:
    - {name: scratch, emptyDir: {}}
"""


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """The file."""
    file = tmp_path / "part.yaml"
    file.write_text(PART)
    return file


def merged_by_kubectl(world: World, ref: str, part: str) -> Any:
    """What `kubectl patch` would make of the template: the same API, asked by somebody else."""
    body = json.dumps({"spec": {"template": yaml.safe_load(part)}})
    return world.kubectl("patch", ref, "--dry-run=server", "-o", "json", "-p", body).json()["spec"]["template"]


def env(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


@real_only("kubectl itself")
def test_it_becomes_what_kubectl_patch_makes_of_it_in_one_revision_and_then_nothing(world: World, part: Path) -> None:
    """No second implementation of the merge: the server's own answer, written as the fewest changes."""
    world.has(fleet.ceo("b1"))
    expected = merged_by_kubectl(world, CEO, PART)
    wanted = (CEO, "--patch", str(part), "--no-wait")
    run = world.converge(*wanted)
    assert run.code == 0, run.err
    assert world.get(CEO)["spec"]["template"] == expected
    generation = world.generation(CEO)
    again = world.converge(*wanted)
    assert "already as wanted, skipping" in again.out
    assert (again.code, world.generation(CEO)) == (1, generation)  # sent, not waited for, and not finished


def test_it_goes_with_images_and_edits_into_one_patch(world: World, part: Path) -> None:
    """Edits hold after the merge: also of a container that only the file adds, which is no typo."""
    world.has(fleet.ceo("b1"))
    part.write_text(PART.replace("  nodeSelector: {pool: agents}\n", "").replace("command: [run]", "tty: true"))
    run = world.converge(
        *(CEO, f"agent={A2}", "--patch", str(part), "--set-env", "*:BUILD=b2", "--set-env", "metrics:PORT=1"),
        *("--resources", "agent:requests.cpu=0.5", "--set-env", "git-sync:EMPTY=", "--restart"),
    )
    assert run.code == 0, run.err
    assert world.revision(CEO) == 2
    agent, sync, metrics = _containers(world)
    assert (agent["image"], agent["tty"]) == (A2, True)
    assert agent["env"] == env(("LOG", "debug"), ("API_TOKEN", "hunter2"), ("BUILD", "b2"))
    assert agent["resources"] == {"requests": {"cpu": "500m"}}
    assert sync["env"] == [*env(("BUILD", "b2")), {"name": "EMPTY"}]
    assert metrics["env"] == env(("BUILD", "b2"), ("PORT", "1"))


def _theirs(world: World) -> None:
    """Somebody else sets a variable of git-sync."""
    add = {"op": "add", "path": "/spec/template/spec/containers/1/env", "value": env(("THEIRS", "1"))}
    world.kubectl("patch", CEO, "--type=json", "-p", json.dumps([add]))


def _containers(world: World) -> tuple[Any, Any, Any]:
    """By name: the merge of kubectl's kind puts new containers first."""
    found = {c["name"]: c for c in world.get(CEO)["spec"]["template"]["spec"]["containers"]}
    return found["agent"], found["git-sync"], found["metrics"]


def test_the_plan_names_what_changes_and_shows_no_credential(world: World, part: Path) -> None:
    """Paths with names in place of indices."""
    world.has(fleet.ceo("b1"))
    run = world.converge(CEO, "--patch", str(part), "--dry-run", "-o", "json")
    assert run.code == 0, run.err
    changes = {c["name"]: (c["old"], c["new"]) for c in run.json()["workloads"][0]["changes"]}
    assert changes["spec.terminationGracePeriodSeconds"] == ("30", "5")
    assert changes["metadata.annotations"] == (None, '{"example.com/scrape":"true"}')
    assert "hunter2" not in run.out + run.err
    assert "(hidden)" in run.out
    assert world.generation(CEO) == 1


def test_somebody_who_writes_meanwhile_is_seen_and_the_merge_is_asked_for_anew(world: World, part: Path) -> None:
    """The patch tests the whole template, for the server's answer rested on all of it."""
    world.has(fleet.ceo("b1"))
    raced: list[bool] = []

    def race(_number: int, request: Request) -> None:
        if request.method == "PATCH" and ("dryRun", "All") not in request.query and not raced:
            raced.append(True)
            _theirs(world)

    other = Interposer(before=race)
    run = world.converge(CEO, "--patch", str(part), "--no-wait", interposer=other)
    assert run.code == 0, run.err
    agent, sync, _ = _containers(world)
    assert sync["env"] == env(("THEIRS", "1"))
    assert agent["env"] == env(("LOG", "debug"), ("API_TOKEN", "hunter2"))


def test_somebody_who_writes_between_the_read_and_the_trial_is_seen(world: World, part: Path) -> None:
    """The trial is conditional on the version that was read."""
    world.has(fleet.ceo("b1"))
    other = before_patch(lambda: _theirs(world))
    run = world.converge(CEO, "--patch", str(part), "--no-wait", interposer=other)
    assert run.code == 0, run.err
    assert _containers(world)[1]["env"] == env(("THEIRS", "1"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("spec:\n  containerz: []\n", "unknown field"),
        ("spec:\n  containers:\n  - name: agent\n    image: ''\n", "image"),
        ("metadata:\n  labels: {app: other}\n", "selector"),
    ],
    ids=["unknown field", "no valid object", "selector"],
)
def test_what_the_server_does_not_take_is_an_error_before_anything_is_sent(
    world: World, part: Path, content: str, words: str
) -> None:
    """In the server's words, for the workload that it does not fit."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    part.write_text(content)
    run = world.converge(*fleet.BOTH, f"agent={A2}", "--patch", f"deployment/agent-cso:{part}")
    assert (run.code, run.err.splitlines()[0]) == (2, "error: refused-patch")
    assert words in run.err
    assert "resourceVersion" not in run.err  # the server repeats what it was sent
    assert world.generation(CEO) == 1


def test_it_may_be_for_one_workload_and_the_template_of_a_cron_job_lies_deeper(world: World, part: Path) -> None:
    """Each kind, and a file for one of them."""
    world.has(
        manifests.statefulset("queue", {"agent": image("agent", "b1")}),
        manifests.cronjob("report", {"agent": image("agent", "b1")}),
    )
    part.write_text("spec: {terminationGracePeriodSeconds: 7}\n")
    refs = ("sts/queue", "cronjob/report")
    run = world.converge(*refs, f"agent={A2}", "--patch", f"cronjob/report:{part}")
    assert run.code == 0, run.err
    job = world.get("cronjob/report")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert (job["terminationGracePeriodSeconds"], job["containers"][0]["image"]) == (7, A2)
    assert world.get("sts/queue")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 30


def test_a_file_costs_one_trial_for_each_workload_and_edits_cost_no_request(world: World, part: Path) -> None:
    """One LIST, one trial each, one access review, one watch, one patch each."""
    names = [f"agent-{n}" for n in range(7)]
    world.has(*(manifests.deployment(n, {"agent": image("agent", "b1")}, replicas=0) for n in names), ready=False)
    for name in names:
        world.settled(f"deploy/{name}")
    part.write_text("spec: {terminationGracePeriodSeconds: 5}\n")
    counted = Interposer()
    edits = ("--set-env", "*:A=1", "--label", "tier=x", "--resources", "agent:limits.cpu=1", "--restart")
    run = world.converge("deploy", "--all", f"agent={A2}", *edits, "--patch", str(part), interposer=counted)
    assert run.code == 0, run.err
    trials = [r for r in counted.requests if ("dryRun", "All") in r.query]
    assert len(trials) == 7
    assert sorted(counted.methods) == ["GET", *["PATCH"] * 14, "POST", "WATCH"]
