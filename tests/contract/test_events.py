"""Events of controllers: not a part of `make test-cluster`, for the simulated cluster writes none."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = pytest.mark.contract


def test_events_of_a_rollout(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.deployment(strategy={"type": "Recreate"}))
    twin.settled("deployment/web")
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:2")
    twin.settled("deployment/web")
    twin.kubectl(
        "get", "events", "--field-selector", "involvedObject.kind=Deployment", "-o",
        "custom-columns=TYPE:.type,REASON:.reason,MESSAGE:.message,FROM:.source.component", unordered=True,
    )  # fmt: skip
    twin.kubectl(
        "get", "events", "--field-selector", "involvedObject.kind=ReplicaSet", "-o",
        "custom-columns=TYPE:.type,REASON:.reason,FROM:.source.component", unordered=True,
    )  # fmt: skip
