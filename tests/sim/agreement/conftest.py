from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.controlplane.description import ControlPlane
from tests.sim.agreement.pair import Pair, drop_namespace, fresh_namespace


@pytest.fixture
def pair(control_plane: ControlPlane) -> Iterator[Pair]:
    """Both servers, each with an empty namespace of the same name."""
    name = fresh_namespace(control_plane)
    made = Pair(control_plane, name)
    yield made
    made.close()
    drop_namespace(control_plane, name)
