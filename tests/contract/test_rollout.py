"""kubectl rollout."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]

SHAPES = {
    "deployment/web": shapes.deployment(),
    "statefulset/queue": shapes.statefulset(),
    "daemonset/collector": shapes.daemonset(),
}


@pytest.fixture(params=list(SHAPES))
def workload(twin: Twin, request: pytest.FixtureRequest) -> str:
    """Rolled out in three revisions."""
    name: str = request.param
    twin.kubectl("create", "-f", "-", given=SHAPES[name])
    twin.settled(name)
    for tag in ("2", "3"):
        twin.kubectl("set", "image", name, f"web=registry.example/web:{tag}")
        twin.settled(name)
    return name


def test_history_and_undo(twin: Twin, workload: str) -> None:
    twin.kubectl("rollout", "history", workload)
    twin.kubectl("rollout", "history", workload, "--revision=2")
    twin.kubectl("rollout", "history", workload, "--revision=9", code=1)
    twin.kubectl("rollout", "undo", workload)
    twin.settled(workload)
    twin.kubectl("rollout", "history", workload)
    twin.kubectl("rollout", "undo", workload, "--to-revision=1")
    twin.settled(workload)
    # Its revision has another number by now.
    twin.kubectl("rollout", "undo", workload, "--to-revision=1", code=1)
    twin.kubectl("rollout", "undo", workload, "--to-revision=9", code=1)
    twin.kubectl("rollout", "undo", workload, "--dry-run=server")
    twin.kubectl("rollout", "history", workload)
    twin.kubectl("rollout", "status", workload, "--watch=false")
    twin.objects("deployments", "statefulsets", "daemonsets", "replicasets")


def test_restart(twin: Twin, workload: str) -> None:
    twin.kubectl("rollout", "restart", workload)
    twin.settled(workload)
    twin.kubectl("rollout", "history", workload)
    twin.kubectl("get", workload, "-o", "jsonpath={.spec.template.metadata.annotations}")


def test_pause_and_resume(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    twin.kubectl("rollout", "pause", "deployment/web")
    twin.kubectl("rollout", "pause", "deployment/web", code=1)
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:2")
    twin.kubectl("rollout", "undo", "deployment/web", code=1)
    twin.kubectl("rollout", "restart", "deployment/web", code=1)
    twin.kubectl("rollout", "status", "deployment/web", "--timeout=1s", code=1)
    twin.kubectl("rollout", "history", "deployment/web")
    twin.kubectl("rollout", "resume", "deployment/web")
    twin.kubectl("rollout", "resume", "deployment/web", code=1)
    twin.settled("deployment/web")
    twin.kubectl("rollout", "history", "deployment/web")
    twin.kubectl("rollout", "pause", "statefulset/absent", code=1)
    twin.objects("deployments", "replicasets")


def test_change_causes_are_told(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.kubectl("annotate", "deployment/web", "kubernetes.io/change-cause=the first")
    twin.settled("deployment/web")
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:2")
    twin.settled("deployment/web")
    twin.kubectl("annotate", "--overwrite", "deployment/web", "kubernetes.io/change-cause=the second")
    twin.settled("deployment/web")
    twin.kubectl("rollout", "history", "deployment/web")


@pytest.mark.parametrize("strategy", ["Recreate", "RollingUpdate"])
def test_two_step_pipeline_rolls_twice(twin: Twin, strategy: str) -> None:
    """The story of this project, on both: set image, then a server-side apply of the manifest with another image."""
    web = shapes.deployment(strategy={"type": strategy})
    twin.kubectl("apply", "--server-side", "-f", "-", given=web)
    twin.settled("deployment/web")
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:2")
    twin.settled("deployment/web")
    second = shapes.changed(web, "spec.template.spec.containers.0.image", "registry.example/web:2")
    second = shapes.changed(second, "spec.template.spec.containers.1.image", "registry.example/sync:2")
    twin.kubectl("apply", "--server-side", "-f", "-", given=second)
    twin.settled("deployment/web")
    twin.kubectl("rollout", "history", "deployment/web")
    twin.kubectl(
        "get", "deployment/web", "-o", "jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}"
    )
    twin.objects("deployments", "replicasets")
