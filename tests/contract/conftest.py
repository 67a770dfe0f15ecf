from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contract.twin import Side, Twin, environment
from tests.controlplane.description import ControlPlane
from tests.gateway.sandbox import Sandbox, running

# Virtual seconds per second: rollouts are fast, and a time-out of a minute is still one.
SPEED = "30"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running(["--speed", SPEED]) as opened:
        yield opened


@pytest.fixture
def twin(
    control_plane: ControlPlane, sandbox: Sandbox, namespace: str, kubectl_home: Path, tmp_path: Path
) -> Iterator[Twin]:
    """Both clusters, with the same empty namespace as that of the context."""
    sides = []
    for name, kubeconfig in (("real", control_plane.kubeconfig("admin")), ("simulated", sandbox.kubeconfig)):
        config = yaml.safe_load(kubeconfig.read_text())
        for context in config["contexts"]:
            context["context"]["namespace"] = namespace
        own = tmp_path / f"{name}.yaml"
        own.write_text(json.dumps(config))
        home = kubectl_home / name
        home.mkdir(exist_ok=True)
        sides.append(Side(name, environment(own, home), namespace, tmp_path))
    real, simulated = sides
    made = simulated.run([str(control_plane.kubectl), "create", "namespace", namespace], None)
    assert made.code == 0, made
    opened = Twin(real, simulated, control_plane.kubectl)
    yield opened
    simulated.run([str(control_plane.kubectl), "delete", "namespace", namespace, "--wait=false"], None)
    opened.close()
