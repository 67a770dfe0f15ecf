"""Several clusters at once, and API audit logs as a server leaves them, on the real control plane."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.audit import Audit
from tests.controlplane.description import ControlPlane
from tests.controlplane.kubectl import Kubectl
from tests.scenarios import fleet
from tests.scenarios.auditing import CEO, findings, next_second, two_steps, writers
from tests.scenarios.backends import Real, real_only
from tests.scenarios.world import Run, World, image

pytestmark = real_only("the API server's audit log, users, namespaces of their own")

EAST, WEST = "east", "west"


@pytest.fixture
def west(world: World, control_plane: ControlPlane, kubectl_home: Path) -> Iterator[World]:
    """A second namespace, which stands for the namespace of another cluster."""
    name = f"west-{uuid.uuid4().hex[:6]}"
    kubectl = Kubectl(control_plane, kubectl_home, name)
    kubectl("create", "namespace", name)
    assert isinstance(world.backend, Real)
    yield World(Real(kubectl, name, world.backend.audit))
    kubectl("delete", "namespace", name, "--wait=false")


def kubeconfig(east: World, west: World, folder: Path) -> Path:
    """One file with two contexts: `east` is admin's, `west` is that of a reader, who may list no Secrets."""
    config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    for part in ("clusters", "users", "contexts"):
        config[part] = []
    for name, world, user in ((EAST, east, "admin"), (WEST, west, "reader")):
        shown = world.kubectl("config", "view", "--raw", "-o", "json", user=user).json()
        [cluster], [person] = shown["clusters"], shown["users"]
        config["clusters"].append(cluster | {"name": name})
        config["users"].append(person | {"name": name})
        context = {"cluster": name, "user": name, "namespace": world.namespace}
        config["contexts"].append({"name": name, "context": context})
    path = folder / "both.json"
    path.write_text(json.dumps(config))
    return path


def audited(world: World, config: Path, *arguments: str) -> Run:
    """An audit of both contexts, each with the namespace that it names."""
    return world.rollonce(
        "audit", "--kubeconfig", str(config), "--context", EAST, "--context", WEST, *arguments, user="admin"
    )


def test_two_contexts_are_two_clusters(world: World, west: World, tmp_path: Path) -> None:
    """Each with its namespace, its user's rights, its findings and its cure; one build in both is two deploys."""
    two_steps(world)
    west.has(fleet.cso("4f2b-1186"))
    for name in ("agent", "git-sync"):
        next_second()
        west.kubectl("set", "image", "deployment/agent-cso", f"{name}={image(name, '4f2c-1187')}")
        west.settled("deployment/agent-cso")
    config = kubeconfig(world, west, tmp_path)
    run = audited(world, config, "-o", "json")
    assert run.code == 0, run.err
    document = run.json()
    found = [
        (f["workload"]["cluster"], f["workload"]["namespace"], f["workload"]["name"]) for f in document["findings"]
    ]
    assert sorted(found) == [(EAST, world.namespace, "agent-ceo"), (WEST, west.namespace, "agent-cso")]
    assert [(f["kind"], f["deploy"]) for f in document["findings"]] == [
        ("split", "build 4f2c-1187"),
        ("split", "build 4f2c-1187 (2)"),
    ]
    for finding in document["findings"]:
        where = finding["workload"]
        words = finding["cure"]["command"].split()
        assert words[words.index("-n") :] == ["-n", where["namespace"], "--context", where["cluster"]]
    assert [gap["source"] for gap in document["gaps"]] == ["west: secrets cannot be listed"]


def test_the_cure_of_a_context_is_the_cure_there(world: World, west: World, tmp_path: Path) -> None:
    """Carried out in the other cluster, it changes nothing: both images are there already."""
    two_steps(west)
    config = kubeconfig(world, west, tmp_path)
    [finding] = audited(world, config, "-o", "json").json()["findings"]
    words = finding["cure"]["command"].split()
    assert words[-2:] == ["--context", WEST]
    run = world.rollonce(*words[1:], "--kubeconfig", str(config), "--dry-run", "--exit-code", user="admin")
    assert run.code == 0, run.err


def test_a_log_belongs_to_one_cluster(world: World, west: World, tmp_path: Path, audit: Audit) -> None:
    """With several contexts it names nobody, and that is said."""
    two_steps(world)
    config = kubeconfig(world, west, tmp_path)
    document = audited(world, config, "-o", "json", "--api-audit-log", str(audit.log)).json()
    assert "API audit logs" in [gap["source"] for gap in document["gaps"]]
    assert {user for each in writers(document).values() for _, user in each} == {None}


def test_a_folder_of_a_rotated_log_and_the_one_that_is_written_to(world: World, audit: Audit, tmp_path: Path) -> None:
    """The log is rotated between both steps; the server packs what it has rotated."""
    start = audit.mark()
    world.has(fleet.ceo("4f2b-1186"))
    next_second()
    world.kubectl("set", "image", CEO, f"agent={image('agent', '4f2c-1187')}", user="deployer")
    world.settled(CEO)
    middle = audit.mark()
    next_second()
    world.apply(fleet.ceo("4f2c-1187"))
    world.settled(CEO)
    end = audit.mark()
    whole = audit.log.read_bytes()
    folder = tmp_path / "logs"
    folder.mkdir()
    # As the API server names what it has rotated with --audit-log-compress.
    (folder / "audit-2026-03-02T12-00-00.000.log.gz").write_bytes(gzip.compress(whole[start:middle]))
    (folder / "audit.log").write_bytes(whole[middle:end])

    def told(log: Path) -> dict[int, list[tuple[str | None, str | None]]]:
        where = ("-n", world.namespace, "-o", "json", "--api-audit-log", str(log))
        document = world.rollonce("audit", *where, user="reader").json()
        assert [number for number, _, _ in findings(document)] == [3]
        assert document["rejected"] == []
        return writers(document)

    assert told(folder) == {2: [("kubectl-set", "deployer")], 3: [("kubectl", "admin")]}
    assert told(folder / "audit.log")[3] == [("kubectl", "admin")]
    assert told(folder / "audit.log")[2] != [("kubectl-set", "deployer")]
