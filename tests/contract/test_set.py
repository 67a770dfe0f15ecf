"""kubectl set, label, annotate, scale, replace, delete, wait."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


@pytest.fixture
def web(twin: Twin) -> Twin:
    """`web` is rolled out."""
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    return twin


def test_set_image(web: Twin) -> None:
    web.kubectl("set", "image", "deployment/web", "web=registry.example/web:2", "sync=registry.example/sync:2")
    web.settled("deployment/web")
    web.kubectl("set", "image", "deployment/web", "web=registry.example/web:2")
    web.kubectl("set", "image", "deployment/web", "*=registry.example/all:3")
    web.settled("deployment/web")
    web.kubectl("set", "image", "deployment/web", "absent=registry.example/web:4", code=1)
    web.kubectl("set", "image", "deployment/absent", "web=registry.example/web:4", code=1)
    web.objects("deployments", "replicasets")


def test_set_env(web: Twin) -> None:
    web.kubectl("create", "configmap", "settings", "--from-literal=COLOUR=red")
    web.kubectl("set", "env", "deployment/web", "MODE=slow", "NEW=1", "LEVEL-")
    web.settled("deployment/web")
    web.kubectl("set", "env", "deployment/web", "--from=configmap/settings", "-c", "sync")
    web.settled("deployment/web")
    web.kubectl("set", "env", "deployment/web", "--list")
    web.objects("deployments", "replicasets")


def test_set_resources_and_service_account(web: Twin) -> None:
    web.kubectl("set", "resources", "deployment/web", "-c=web", "--limits=cpu=200m,memory=512Mi")
    web.settled("deployment/web")
    web.kubectl("set", "resources", "deployment/web", "-c=web", "--limits=cpu=50m", code=1)
    web.kubectl("set", "serviceaccount", "deployment/web", "default")
    web.settled("deployment/web")
    web.objects("deployments", "replicasets")


def test_labels_and_annotations(web: Twin) -> None:
    web.kubectl("label", "deployment/web", "tier=front")
    web.kubectl("label", "deployment/web", "tier=back", code=1)
    web.kubectl("label", "--overwrite", "deployment/web", "tier=back")
    web.kubectl("label", "deployment/web", "tier-")
    web.kubectl("label", "deployment/web", "tier-")
    web.kubectl("label", "deployment/web", "bad label=x", code=1)
    web.kubectl("label", "deployment/web", "a=b c", code=1)
    web.kubectl("annotate", "deployment/web", "note=one two")
    web.kubectl("annotate", "deployment/web", "note=three", code=1)
    web.kubectl("annotate", "--overwrite", "deployment/web", "note=three")
    web.kubectl("annotate", "deployment/web", "note-")
    web.kubectl("label", "deployment", "--all", "all=yes")
    web.kubectl("label", "deployment", "-l", "all=yes", "seen=yes", "--resource-version=1", code=1)
    web.settled("deployment/web")
    web.objects("deployments", "replicasets")


def test_scale(web: Twin) -> None:
    web.kubectl("scale", "deployment/web", "--replicas=3")
    web.settled("deployment/web")
    web.kubectl("scale", "deployment/web", "--replicas=3")
    web.kubectl("scale", "deployment/web", "--replicas=1", "--current-replicas=2", code=1)
    web.kubectl("scale", "deployment/web", "--replicas=0", "--current-replicas=3")
    web.settled("deployment/web")
    web.kubectl("scale", "deployment/absent", "--replicas=1", code=1)
    web.kubectl("get", "deployment/web", "--subresource=scale", "-o", "jsonpath={.spec}{.status}")
    web.objects("deployments", "replicasets")
    # It changes nothing but managedFields of the real one: docs/how-it-works/fidelity.md.
    web.kubectl("scale", "replicaset", "-l", "app=web", "--replicas=0")


def test_replace(web: Twin) -> None:
    web.kubectl("replace", "-f", "-", given=shapes.deployment(tag="2"))
    web.settled("deployment/web")
    web.kubectl("replace", "-f", "-", given=shapes.deployment("absent"), code=1)
    other = shapes.deployment()
    other["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    web.kubectl("replace", "-f", "-", given=other, code=1)
    web.kubectl("create", "-f", "-", given=shapes.deployment(), code=1)
    stale = shapes.deployment(tag="3")
    stale["metadata"]["resourceVersion"] = "1"
    web.kubectl("replace", "-f", "-", given=stale, code=1)
    web.kubectl("create", "-f", "-", given=shapes.configmap(a="1"))
    web.kubectl("replace", "-f", "-", given=shapes.configmap(b="2"))
    web.kubectl("get", "configmap/settings", "-o", "jsonpath={.data}")
    web.kubectl("replace", "--force", "-f", "-", given=shapes.configmap(c="3"))
    web.objects("deployments", "replicasets")


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_delete_with_what_it_owns(web: Twin, cascade: str) -> None:
    web.kubectl("delete", "deployment/web", f"--cascade={cascade}")
    if cascade == "orphan":
        web.kubectl("get", "replicasets", "-o", "jsonpath={.items[*].metadata.ownerReferences}")
    else:
        web.until("replicasets,pods", lambda found: not found)
    web.kubectl("get", "deployments,replicasets", "-o", "jsonpath={.items[*].metadata.labels.app}")
    web.kubectl("delete", "deployment/web", code=1)
    web.kubectl("delete", "deployment/web", "--ignore-not-found")


def test_delete_by_label_file_and_all(web: Twin) -> None:
    web.kubectl("create", "-f", "-", given=shapes.as_list(shapes.configmap("one"), shapes.configmap("other")))
    web.kubectl("label", "configmap/one", "which=one")
    web.kubectl("delete", "configmap", "-l", "which=one")
    web.kubectl("delete", "configmap", "-l", "which=one")
    web.kubectl("delete", "-f", "-", given=shapes.configmap("other"))
    web.kubectl("delete", "deployment", "--all", "--wait=false")
    web.until("replicasets,pods", lambda found: not found)
    web.kubectl("delete", "pod", "absent", "--force", code=1)


def test_a_finalizer_holds_what_is_deleted(web: Twin) -> None:
    held = shapes.configmap("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    web.kubectl("create", "-f", "-", given=held)
    web.kubectl("delete", "configmap/held", "--wait=false")
    web.kubectl("get", "configmap/held", "-o", "jsonpath={.metadata.finalizers}")
    web.kubectl("patch", "configmap/held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    web.kubectl("get", "configmap/held", code=1)


def test_wait(web: Twin) -> None:
    web.kubectl("wait", "deployment/web", "--for=condition=Available", "--timeout=20s")
    web.kubectl("wait", "pods", "-l", "app=web", "--for=condition=Ready", "--timeout=20s", unordered=True)
    web.kubectl("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=20s")
    web.kubectl("wait", "deployment/web", "--for=condition=Absent", "--timeout=1s", code=1)
    web.kubectl("delete", "deployment/web", "--wait=false")
    # How many pods it still sees, and names, depends on how fast they go.
    said = web.ask([str(web.program), "wait", "pods", "-l", "app=web", "--for=delete", "--timeout=20s"])
    assert [each.code for each in said] == [0, 0], said
    web.kubectl("wait", "deployment/web", "--for=create", "--timeout=1s", code=1)
