"""The world of a scenario."""

from __future__ import annotations

import pytest

from tests.controlplane.kubectl import Kubectl
from tests.scenarios.world import World


@pytest.fixture
def world(kubectl: Kubectl, namespace: str) -> World:
    """A fresh namespace with our command and kubectl in it."""
    return World(kubectl, namespace)
