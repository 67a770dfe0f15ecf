"""What CI systems call: the GitHub Action and the GitLab component, run as their runners run them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.dist.runners import ACTION, HEADER, ROOT, Job, github, gitlab
from tests.scenarios.backends import Real
from tests.scenarios.world import World, image

pytestmark = pytest.mark.index

FLEET = """
version: 1
environments:
  production:
    namespace: {namespace}
workloads: [deployment/agent-ceo]
images:
  agent: registry.test/agent:{{build}}
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "rollonce.yaml").write_text(FLEET.format(namespace="agents"))
    return Job.within(tmp_path)


def test_the_action_hands_on_the_exit_code(job: Job) -> None:
    ended = github(job, {"env": "prodcution", "build": "b2"})
    assert (ended.returncode, "rollonce.yaml has no environment 'prodcution'" in ended.stderr) == (2, True)
    assert job.outputs()["exit-code"] == "2"


def test_nothing_that_an_input_contains_is_read_as_shell(job: Job) -> None:
    nasty = "$(touch hit) `touch hit`; touch hit\n'\"*"
    for run in (github, gitlab):
        ended = run(job, {"env": nasty, "environment": nasty, "build": nasty, "arguments": f"{nasty}\n--dry-run"})
        assert ended.returncode == 2
        assert not (job.folder / "hit").exists()


def test_the_component_hands_on_the_exit_code(job: Job) -> None:
    ended = gitlab(job, {"environment": "prodcution", "build": "b2"})
    assert (ended.returncode, "rollonce.yaml has no environment 'prodcution'" in ended.stderr) == (2, True)


@pytest.mark.cluster
@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_a_job_deploys(job: Job, backend: Real, system: str) -> None:
    world = World(backend)
    world.has(manifests.deployment("agent-ceo", {"agent": image("agent", "b1"), "git-sync": image("git-sync", "b1")}))
    (job.folder / "rollonce.yaml").write_text(FLEET.format(namespace=backend.namespace))
    job = replace(job, environment={**job.environment, "KUBECONFIG": backend.environment("deployer")["KUBECONFIG"]})
    arguments = f"deployment/agent-ceo:git-sync={image('git-sync', 'b2')}\n--timeout=60s"
    if system == "github":
        dry = github(job, {"env": "production", "build": "b2", "dry-run": "true"})
        assert (dry.returncode, world.revision("deployment/agent-ceo")) == (0, 1), dry.stderr
        ended = github(job, {"env": "production", "build": "b2", "arguments": arguments})
        document: Any = json.loads(Path(job.outputs()["document"]).read_text())
    else:
        ended = gitlab(job, {"environment": "production", "build": "b2", "arguments": arguments})
        document = json.loads((job.folder / "rollonce.json").read_text())
    assert ended.returncode == 0, ended.stderr
    assert "rolled" in ended.stderr
    assert document["patchesSent"] == 1
    assert world.images("deployment/agent-ceo") == {"agent": image("agent", "b2"), "git-sync": image("git-sync", "b2")}


def test_the_images_files_are_there_and_it_runs_as_nobody() -> None:
    """The build itself needs a container engine and a registry."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    [user] = [line.split()[1] for line in last if line.startswith("USER ")]
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert not [line for line in lines if line.startswith("ADD ")]


@pytest.mark.parametrize("which", ["github", "gitlab"])
def test_every_input_has_a_row(which: str) -> None:
    title = {"github": "The GitHub Action", "gitlab": "The GitLab component"}[which]
    inputs = ACTION["inputs"] if which == "github" else HEADER["spec"]["inputs"]
    page = (ROOT / "docs/install.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    names = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert names == [*inputs, *(ACTION["outputs"] if which == "github" else [])]
