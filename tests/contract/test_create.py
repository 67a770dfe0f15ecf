"""kubectl create, run, expose, autoscale."""

from __future__ import annotations

import pytest

from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


def test_create_a_deployment(twin: Twin) -> None:
    twin.kubectl("create", "deployment", "made", "--image=registry.example/made:1", "--replicas=2", "--port=80")
    twin.kubectl("create", "deployment", "made", "--image=registry.example/made:1", code=1)
    twin.settled("deployment/made")
    twin.kubectl("create", "deployment", "Bad_Name", "--image=registry.example/made:1", code=1)
    twin.objects("deployments", "replicasets")


def test_create_what_has_no_controller(twin: Twin) -> None:
    twin.kubectl("create", "configmap", "settings", "--from-literal=a=1")
    twin.kubectl("create", "configmap", "settings", "--from-literal=a=1", code=1)
    twin.kubectl("create", "secret", "generic", "keys", "--from-literal=k=v")
    twin.kubectl(
        "create", "secret", "docker-registry", "pull", "--docker-server=registry.example", "--docker-username=u",
        "--docker-password=p",
    )  # fmt: skip
    twin.kubectl("create", "serviceaccount", "robot")
    twin.kubectl("create", "role", "reader", "--verb=get,list", "--resource=deployments")
    twin.kubectl("create", "rolebinding", "readers", "--role=reader", "--serviceaccount=default:robot")
    twin.kubectl("create", "quota", "few", "--hard=pods=20")
    twin.kubectl("create", "priorityclass", "x", "--value=1", "--dry-run=server")
    twin.kubectl("create", "poddisruptionbudget", "keep", "--selector=app=web", "--min-available=1")
    twin.kubectl("create", "ingress", "way", "--rule=example.com/*=web:80")
    twin.kubectl("create", "service", "clusterip", "plain", "--tcp=80:8080")
    twin.objects(
        "configmaps", "secrets", "serviceaccounts", "roles", "rolebindings", "poddisruptionbudgets", "ingresses"
    )


def test_create_a_namespace(twin: Twin) -> None:
    name = f"{twin.real.namespace[:50]}-sub"
    twin.kubectl("create", "namespace", name)
    twin.kubectl("create", "namespace", name, code=1)
    twin.kubectl("get", "namespace", name, "-o", "yaml")
    twin.kubectl("create", "configmap", "inside", "-n", name, "--from-literal=a=1")
    twin.kubectl("delete", "namespace", name)
    twin.kubectl("get", "configmap/inside", "-n", name, code=1)
    twin.kubectl("create", "configmap", "inside", "-n", name, "--from-literal=a=1", code=1)


def test_jobs_run_to_completion(twin: Twin) -> None:
    twin.kubectl("create", "job", "once", "--image=registry.example/job:1")
    twin.kubectl("create", "cronjob", "often", "--image=registry.example/job:1", "--schedule=0 0 1 1 *")
    twin.kubectl("create", "job", "now", "--from=cronjob/often")
    twin.kubectl("create", "cronjob", "wrong", "--image=registry.example/job:1", "--schedule=never", code=1)
    twin.kubectl("get", "cronjobs")
    twin.until("cronjobs", lambda found: all("lastSuccessfulTime" in each["status"] for each in found))
    twin.objects("cronjobs")


def test_run_and_expose(twin: Twin) -> None:
    twin.kubectl("run", "single", "--image=registry.example/single:1", "--port=80", "--labels=app=single")
    twin.kubectl("wait", "pod/single", "--for=condition=Ready", "--timeout=30s")
    twin.kubectl("expose", "pod/single", "--port=80", "--name=front")
    twin.kubectl("get", "pod/single")
    twin.kubectl("get", "service/front")
    twin.kubectl("create", "deployment", "web", "--image=registry.example/web:1", "--port=80")
    twin.settled("deployment/web")
    twin.kubectl("expose", "deployment/web", "--type=ClusterIP", "--target-port=80", "--port=8080")
    twin.kubectl("expose", "deployment/web", code=1)
    twin.objects("services")


def test_autoscale(twin: Twin) -> None:
    twin.kubectl("create", "deployment", "web", "--image=registry.example/web:1")
    twin.settled("deployment/web")
    twin.kubectl("autoscale", "deployment/web", "--min=1", "--max=3", "--cpu=80%")
    twin.kubectl("get", "hpa/web", "-o", "jsonpath={.spec}")
    twin.kubectl("autoscale", "deployment/web", "--min=3", "--max=1", code=1)


def test_a_pod_is_evicted(twin: Twin) -> None:
    twin.kubectl("run", "single", "--image=registry.example/single:1")
    twin.kubectl("wait", "pod/single", "--for=condition=Ready", "--timeout=30s")
    path = f"/api/v1/namespaces/{twin.real.namespace}/pods/single/eviction"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "single"}}
    twin.kubectl("create", "--raw", path, "-f", "-", given=eviction)
    twin.until("pods", lambda found: not found)
