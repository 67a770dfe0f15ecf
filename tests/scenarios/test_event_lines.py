"""`-o jsonl`: a line for each event of a run; and the markup of CI logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.scenarios.manifest_folder import Folder, config
from tests.scenarios.world import Run, World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


def test_a_run_in_two_waves(world: World) -> None:
    world.has(*(manifests.deployment(name, {"agent": A1}) for name in "ab"))
    run = world.converge("deploy", "--all", f"agent={A2}", "--wave", "deploy/b", "--deploy-id", "d1", "-o", "jsonl")
    assert run.code == 0, run.err
    told = lines(run)
    first, *between, last = told
    assert (first["event"], first["version"], first["deploy"]["id"]) == ("planned", "rollonce.events/v1", "d1")
    assert [(w["workload"]["name"], w["operation"], w["wave"]) for w in first["workloads"]] == [
        ("a", "patch", 2),
        ("b", "patch", 1),
    ]
    assert last | {"time": ""} == {
        "event": "done", "time": "", "verdicts": {"rolled": 2}, "patchesSent": 2, "interrupted": False, "exitCode": 0,
    }  # fmt: skip
    steps = [(line["event"], line.get("workload", {}).get("name")) for line in between if line["event"] != "progress"]
    assert steps == [("wave", None), ("sent", "b"), ("finished", "b"), ("wave", None), ("sent", "a"), ("finished", "a")]
    assert [line["time"] for line in told] == sorted(line["time"] for line in told)
    assert all(line["time"].endswith("Z") for line in told)


def test_a_failure_and_what_was_not_begun(world: World) -> None:
    world.has(*(manifests.deployment(name, {"agent": A1}, progressDeadlineSeconds=2) for name in "ab"))
    broken = image("agent", "never-ready-1")
    run = world.converge("deploy", "--all", f"agent={broken}", "--wave", "deploy/b", "-o", "jsonl")
    assert run.code == 1
    told = lines(run)
    [halted] = [line for line in told if line["event"] == "halted"]
    assert (halted["left"], halted["why"]) == (1, "deployment/b has not come to a good end")
    ends = {line["workload"]["name"]: (line["verdict"], line["good"]) for line in told if line["event"] == "finished"}
    assert ends == {"b": ("failed", False), "a": ("not-sent", False)}
    assert told[-1]["verdicts"] == {"failed": 1, "not-sent": 1}


def test_objects_beside_workloads(world: World, folder: Folder) -> None:
    folder.has(config("settings", A="1"), manifests.deployment("a", {"agent": A1}))
    told = lines(folder.converge("-o", "jsonl"))
    [settings] = [line for line in told if line["event"] == "object"]
    assert (settings["kind"], settings["name"], settings["verdict"]) == ("ConfigMap", "settings", "created")
    assert (told[0]["objects"], told[-1]["verdicts"]) == (1, {"created": 2})


def test_a_dry_run_is_two_lines(world: World) -> None:
    world.has(manifests.deployment("a", {"agent": A1}))
    told = lines(world.converge("deploy/a", f"agent={A2}", "--dry-run", "--exit-code", "-o", "jsonl"))
    assert [line["event"] for line in told] == ["planned", "done"]
    assert (told[0]["dryRun"], told[1]["exitCode"], told[1]["patchesSent"]) == (True, 5, 0)


@pytest.mark.parametrize("system", ["GITHUB_ACTIONS", "GITLAB_CI"])
def test_groups_in_the_logs_of_ci_systems(world: World, system: str) -> None:
    world.has(manifests.deployment("a", {"agent": A1}, progressDeadlineSeconds=2))
    broken = image("agent", "never-ready-1")
    run = world.converge("deploy/a", f"agent={broken}", "--deploy-id", "d1", environment={system: "true"})
    assert run.code == 1
    out = run.out.splitlines()
    if system == "GITLAB_CI":
        starts = [line.partition("section_start:")[2] for line in out if "section_start:" in line]
        assert [start.split(":")[1].partition("\r")[0] for start in starts] == ["rollonce_plan", "rollonce_rollouts"]
        assert sum("section_end:" in line for line in out) == 2
        return
    assert out[0] == f"::group::deploy d1, namespace {world.namespace}"
    assert out.count("::endgroup::") == 2
    assert out[-1].startswith("::error title=deployment/a::failed: ")
    # The summary can be read without unfolding anything.
    assert out.index("1 patch sent; 1 failed") > max(n for n, line in enumerate(out) if line == "::endgroup::")
