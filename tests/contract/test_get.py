"""kubectl get in all outputs, describe."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


@pytest.fixture
def fleet(twin: Twin) -> Twin:
    """A workload of each kind, rolled out, and things without controllers."""
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.kubectl("create", "-f", "-", given=shapes.statefulset())
    twin.kubectl("create", "-f", "-", given=shapes.daemonset())
    twin.kubectl("create", "configmap", "settings", "--from-literal=a=1", "--from-literal=b=2")
    twin.kubectl("create", "secret", "generic", "keys", "--from-literal=k=v")
    twin.settled("deployment/web", "statefulset/queue", "daemonset/collector")
    return twin


def test_tables(fleet: Twin) -> None:
    for kind in ("deployments", "replicasets", "statefulsets", "daemonsets", "secrets"):
        fleet.kubectl("get", kind)
        fleet.kubectl("get", kind, "-o", "wide")
        fleet.kubectl("get", kind, "--show-labels")
        fleet.kubectl("get", kind, "--no-headers")
    fleet.kubectl("get", "configmap/settings", "secret/keys")
    fleet.kubectl("get", "all", unordered=True)
    fleet.kubectl("get", "pods", unordered=True)
    fleet.kubectl("get", "pods", "-o", "wide", unordered=True)
    fleet.kubectl("get", "deployments", "-L", "app")
    fleet.kubectl("get", "deployments", "--show-kind")


@pytest.mark.parametrize("kind", ["deployments", "statefulsets", "daemonsets", "replicasets", "configmap/settings"])
def test_documents(fleet: Twin, kind: str) -> None:
    for output in ("yaml", "json"):
        fleet.kubectl("get", kind, "-o", output)
    fleet.documents("get", kind, "-o", "yaml", "--show-managed-fields")


def test_pods_as_documents(fleet: Twin) -> None:
    fleet.objects("pods")


def test_selections(fleet: Twin) -> None:
    for selection in ("app=web", "app!=web", "app in (web,queue)", "app notin (web)", "app", "!app"):
        fleet.kubectl("get", "deployments,statefulsets,daemonsets", "-l", selection, "-o", "name")
    fleet.kubectl("get", "deployments", "-l", "app in web", code=1)
    fleet.kubectl("get", "deployments", "--field-selector", "metadata.name=web", "-o", "name")
    fleet.kubectl("get", "deployments", "--field-selector", "metadata.name!=web", "-o", "name")
    fleet.kubectl("get", "deployments", "--field-selector", "spec.replicas=2", code=1)
    fleet.kubectl("get", "pods", "--field-selector", "status.phase=Running", "-o", "name", unordered=True)
    fleet.kubectl("get", "pods", "--field-selector", "status.phase=Failed", "-o", "name")
    fleet.kubectl("get", "secrets", "--field-selector", "type=Opaque", "-o", "name")


def test_expressions(fleet: Twin) -> None:
    fleet.kubectl("get", "deployment/web", "-o", "jsonpath={.spec.template.spec.containers[*].image}")
    fleet.kubectl(
        "get", "deployments", "-o", "custom-columns=NAME:.metadata.name,IMAGES:.spec.template.spec.containers[*].image"
    )
    fleet.kubectl("get", "deployments", "-o", "go-template={{range .items}}{{.metadata.name}}{{end}}")
    fleet.kubectl("get", "deployments,statefulsets,daemonsets", "--sort-by=.metadata.name", "-o", "name")
    # Rows of several kinds cannot be sorted, on either side.
    fleet.kubectl("get", "configmaps,secrets", "--sort-by=.metadata.name", code=1)
    fleet.kubectl("get", "pods", "--sort-by=.spec.containers[0].image", "-o", "name", unordered=True)


def test_what_is_not_there(fleet: Twin) -> None:
    fleet.kubectl("get", "deployment/absent", code=1)
    fleet.kubectl("get", "deployment", "web", "absent", code=1)
    fleet.kubectl("get", "deployment/absent", "--ignore-not-found")
    fleet.kubectl("get", "nothings", code=1)
    fleet.kubectl("get", "jobs")
    fleet.kubectl("get", "deployments", "-n", "absent")
    fleet.kubectl("get", "namespace/absent", code=1)
    fleet.kubectl("get", "--raw", "/apis/apps/v1/namespaces/absent/deployments/x", code=1)
    fleet.kubectl("get", "--raw", "/nothing", code=1)


@pytest.mark.parametrize(
    "what",
    ["deployment/web", "statefulset/queue", "daemonset/collector", "configmap/settings", "secret/keys", "replicasets"],
)
def test_describe(fleet: Twin, what: str) -> None:
    # Events are compared by test_events.py alone.
    fleet.kubectl("describe", what, "--show-events=false")
