"""The world of a scenario, once on each cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controlplane.kubectl import Kubectl
from tests.scenarios.backends import REAL, SIMULATED, Backend, Real, Simulated
from tests.scenarios.manifest_folder import Folder
from tests.scenarios.world import World


@pytest.fixture(params=[REAL, SIMULATED])
def world(request: pytest.FixtureRequest) -> World:
    """A fresh namespace with our command and kubectl in it."""
    return World(_simulated() if request.param == SIMULATED else _real(request))


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Folder:
    """An empty folder for manifests."""
    place = tmp_path / "manifests"
    place.mkdir()
    return Folder(world, place)


def _simulated() -> Backend:
    return Simulated()


def _real(request: pytest.FixtureRequest) -> Backend:
    namespace = request.getfixturevalue("namespace")
    kubectl = Kubectl(request.getfixturevalue("control_plane"), request.getfixturevalue("kubectl_home"), namespace)
    return Real(kubectl, namespace, lambda: request.getfixturevalue("audit"))
