"""A workload that helm has made, taken over by `converge -f`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.controlplane import build
from tests.scenarios import fleet
from tests.scenarios.backends import Real, real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, autoscaler, written
from tests.scenarios.world import World, image

pytestmark = real_only("helm itself")
CEO = "deployment/agent-ceo"
IMAGES = "spec.template.spec.containers[*].image"


def install(world: World, major: int, chart: Path) -> None:
    """`helm install` of a chart with agent-ceo in it."""
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: agents\nversion: 1.0.0\n")
    (chart / "templates/ceo.json").write_text(json.dumps(fleet.ceo("b0")))
    assert isinstance(world.backend, Real)
    command = [str(build.ensure_helm(major)), "install", "agents", str(chart), "-n", world.namespace]
    done = subprocess.run(command, env=world.backend.environment("admin"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    world.settled(CEO)


@pytest.mark.parametrize("scaled", [False, True], ids=["fixed", "autoscaled"])
@pytest.mark.parametrize("major", [3, 4])
def test_three_deploys_on_what_helm_made(
    world: World, folder: Folder, tmp_path: Path, major: int, scaled: bool
) -> None:
    """Helm's fields are helm's until they are taken over by name; then one roll each, and nothing without a change."""
    install(world, major, tmp_path / "chart")
    beside = [autoscaler("agent-ceo", 1, 4)] if scaled else []
    if scaled:
        world.kubectl("scale", CEO, "--replicas=2")
        world.settled(CEO)
    folder.has(fleet.ceo("dev"), *beside)
    pairs = [pair for pair in fleet.pairs("b1") if not pair.startswith("cai")]
    refused = folder.converge(*pairs)
    assert (refused.code, refused.err.splitlines()[0]) == (4, "error: owned-by-others")
    assert "belongs to helm: it is registry.test/agent:b0, and the manifest has registry.test/agent:b1" in refused.err
    for n in (1, 2, 3):
        pairs = [pair for pair in fleet.pairs(f"b{n}") if not pair.startswith("cai")]
        run = folder.converge(*pairs, *(["--take-ownership", IMAGES] if n == 1 else []))
        assert run.code == 0, run.out + run.err
        assert world.revision(CEO) == n + 1
        assert world.images(CEO)["agent"] == image("agent", f"b{n}")
        assert world.get(CEO)["spec"]["replicas"] == (2 if scaled else 1)
    seen = Interposer()
    assert folder.converge(*pairs, interposer=seen).code == 0
    assert written(seen) == []
