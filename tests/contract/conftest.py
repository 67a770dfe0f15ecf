from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contract.reader import Reader
from tests.contract.twin import ZONE, Side, Twin, environment
from tests.controlplane.description import ControlPlane
from tests.gateway.sandbox import Sandbox, running

# Virtual seconds per second: rollouts are fast, and a time-out of a minute is still one.
SPEED = "30"
# A label of DNS, less the random end.
LONGEST_NAME = 63 - 7
# What controllers put into each namespace: a ConfigMap with a certificate, and an account.
EVERYWHERE = 2


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running(["--speed", SPEED]) as opened:
        reader = Reader(opened.kubeconfig)
        for number, node in enumerate(reader.list("nodes", ""), start=1):
            zone = {"metadata": {"labels": {ZONE: f"zone-{number}"}}}
            reader.ask("PATCH", f"/api/v1/nodes/{node['metadata']['name']}", zone)
        reader.close()
        yield opened


@pytest.fixture
def twin(
    control_plane: ControlPlane, sandbox: Sandbox, kubectl_home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Twin]:
    """Both clusters, with an empty namespace of the same name as that of the context."""
    readable = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:LONGEST_NAME].strip("-")
    namespace = f"{readable}-{uuid.uuid4().hex[:6]}"
    sides = []
    for name, kubeconfig in (("real", control_plane.kubeconfig("admin")), ("simulated", sandbox.kubeconfig)):
        config = yaml.safe_load(kubeconfig.read_text())
        for context in config["contexts"]:
            context["context"]["namespace"] = namespace
        own = tmp_path / f"{name}.yaml"
        own.write_text(json.dumps(config))
        home = kubectl_home / name
        home.mkdir(exist_ok=True)
        reader = Reader(own)
        reader.ask("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        sides.append(Side(name, environment(own, home), reader, namespace, tmp_path))
    real, simulated = sides
    opened = Twin(real, simulated, control_plane.kubectl)
    opened.until("configmaps,serviceaccounts", lambda found: len(found) == EVERYWHERE)
    yield opened
    for side in sides:
        side.reader.ask("DELETE", f"/api/v1/namespaces/{namespace}")
        side.reader.close()
    opened.close()
