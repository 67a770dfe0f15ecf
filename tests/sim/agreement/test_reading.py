# ruff: noqa: E501
"""Lists, tables, discovery, deletion, custom kinds: what is read is the same."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sim.agreement.pair import Pair
from tests.sim.agreement.things import (
    APPS,
    CONFIGMAPS,
    CORE,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    configmap,
    daemonset,
    deployment,
    pod,
    service,
    statefulset,
    stored,
    template,
)  # fmt: skip

pytestmark = pytest.mark.cluster
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
BATCH = "/apis/batch/v1/namespaces/{ns}"


def rows(thing: Any) -> Any:
    """A table less what an age is, what is described, and what of each object goes with it."""
    if thing.get("kind") != "Table":
        return thing
    columns = [
        {name: value for name, value in each.items() if name != "description"} for each in thing["columnDefinitions"]
    ]
    # The state of a Job is its controller's.
    hidden = {"Status"} if any(each["name"] == "Completions" for each in columns) else set()
    ages = {
        index
        for index, each in enumerate(columns)
        if each["name"] in {"Age", "Last Seen", "First Seen", "Created At", "Cluster-IP"} | hidden
    }
    rows = [["<age>" if index in ages else cell for index, cell in enumerate(row["cells"])] for row in thing["rows"]]
    return {"columns": columns, "rows": [row for row in rows if row[0] != "kube-root-ca.crt"]}


THINGS: list[tuple[str, dict[str, Any]]] = [
    (DEPLOYMENTS, deployment()),
    (f"{APPS}/statefulsets", statefulset()),
    (f"{APPS}/daemonsets", daemonset()),
    (f"{APPS}/replicasets", {"metadata": {"name": "rs"}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "rs"}}, "template": template("rs")}}),
    (f"{APPS}/controllerrevisions", {"metadata": {"name": "cr"}, "revision": 3, "data": {}}),
    (SERVICES, service()),
    (SERVICES, {"metadata": {"name": "ext"}, "spec": {"type": "ExternalName", "externalName": "x.example"}}),
    (SERVICES, {"metadata": {"name": "headless"}, "spec": {"clusterIP": "None"}}),
    (CONFIGMAPS, configmap(a="b")),
    (f"{CORE}/secrets", {"metadata": {"name": "sec"}, "stringData": {"a": "b"}}),
    (f"{CORE}/serviceaccounts", {"metadata": {"name": "acc"}}),
    (f"{CORE}/persistentvolumeclaims", {"metadata": {"name": "pvc"}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}}),
    (f"{CORE}/endpoints", {"metadata": {"name": "ep"}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]}),
    (f"{BATCH}/jobs", {"metadata": {"name": "job"}, "spec": {"suspend": True, "template": template("j", restartPolicy="Never")}}),
    (f"{BATCH}/cronjobs", {"metadata": {"name": "cj"}, "spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": template("j", restartPolicy="Never")}}}}),
    ("/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses", {"metadata": {"name": "ing"}, "spec": {"rules": [{"host": "a.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}),
    ("/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies", {"metadata": {"name": "np"}, "spec": {"podSelector": {"matchLabels": {"a": "b"}}}}),
    ("/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers", {"metadata": {"name": "hpa"}, "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}}),
    ("/apis/coordination.k8s.io/v1/namespaces/{ns}/leases", {"metadata": {"name": "lease"}, "spec": {"holderIdentity": "me"}}),
    ("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", {"metadata": {"name": "pdb"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}),
    ("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles", {"metadata": {"name": "role"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
    ("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings", {"metadata": {"name": "rb"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "role"}, "subjects": [{"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"}]}),
    (PODS, pod()),
    (f"{CORE}/events", {"metadata": {"name": "ev"}, "involvedObject": {"kind": "Pod", "name": "one", "namespace": "default"}, "reason": "Why", "message": "that", "type": "Normal"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "thing"), THINGS, ids=[path.rpartition("/")[2] + f"-{index}" for index, (path, _) in enumerate(THINGS)]
)
def test_a_kind_is_defaulted_listed_and_printed_alike(pair: Pair, path: str, thing: dict[str, Any]) -> None:
    if path.endswith("events"):
        thing = {**thing, "involvedObject": {**thing["involvedObject"], "namespace": pair.namespace}}
    name = thing["metadata"]["name"]
    pair.ask("POST", path, thing, see=stored)
    pair.ask("GET", f"{path}/{name}", see=stored)
    pair.ask("GET", f"{path}/{name}", accept=TABLE, see=rows)
    pair.ask("GET", path, accept=TABLE, query=f"fieldSelector=metadata.name%3D{name}", see=rows)


def test_pages_selectors_and_versions(pair: Pair) -> None:
    for name in "edcba":
        thing = configmap(name)
        thing["metadata"]["labels"] = {"odd": str(ord(name) % 2), name: "x"}
        pair.ask("POST", CONFIGMAPS, thing)
    for selector in ("odd=1", "odd!=1,odd", "odd in (1,2)", "a", "!a,odd", "odd notin (1),odd", "odd>0", "a=x,odd==1"):
        pair.ask(
            "GET", CONFIGMAPS, query={"labelSelector": selector, "fieldSelector": "metadata.name!=kube-root-ca.crt"}
        )
    pair.ask("GET", CONFIGMAPS, query={"labelSelector": "odd", "limit": "2"})
    pair.ask("GET", CONFIGMAPS, query={"labelSelector": "odd"}, accept=PARTIAL)
    pair.ask("GET", CONFIGMAPS, query={"fieldSelector": "metadata.name=a", "resourceVersion": "0"})


def test_deletion(pair: Pair) -> None:
    pair.ask("POST", CONFIGMAPS, configmap(a="b"))
    pair.ask("DELETE", f"{CONFIGMAPS}/conf", query="dryRun=All")
    pair.ask("DELETE", f"{CONFIGMAPS}/conf", {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}})
    pair.ask("DELETE", f"{CONFIGMAPS}/conf", {"preconditions": {"resourceVersion": "1"}}, see=lambda _: None)
    pair.ask(
        "DELETE", f"{CONFIGMAPS}/conf", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    )
    thing = configmap(a="b")
    thing["metadata"]["finalizers"] = ["x.example/wait"]
    pair.ask("POST", CONFIGMAPS, thing)
    pair.ask("DELETE", f"{CONFIGMAPS}/conf")
    pair.ask("DELETE", f"{CONFIGMAPS}/conf")
    pair.ask("PATCH", f"{CONFIGMAPS}/conf", {"data": {"a": "c"}}, media="merge")
    pair.ask("PATCH", f"{CONFIGMAPS}/conf", {"metadata": {"finalizers": ["y.example/more"]}}, media="merge")
    pair.ask("PATCH", f"{CONFIGMAPS}/conf", {"metadata": {"finalizers": None}}, media="merge")
    pair.ask("GET", f"{CONFIGMAPS}/conf")
    for name in "ab":
        pair.ask("POST", CONFIGMAPS, {**configmap(name), "metadata": {"name": name, "labels": {"x": "y"}}})
    pair.ask("DELETE", CONFIGMAPS, query="labelSelector=x%3Dy")
    pair.ask("GET", CONFIGMAPS, query="labelSelector=x")
    pair.ask("POST", PODS, pod())
    pair.ask("DELETE", f"{PODS}/one", see=lambda thing: thing["kind"])


def test_discovery_of_the_workloads(pair: Pair) -> None:
    def of(thing: Any) -> Any:
        rows = [{k: v for k, v in row.items() if k != "storageVersionHash"} for row in thing["resources"]]
        return sorted((row for row in rows if row["name"].split("/")[0] in NAMES), key=lambda row: str(row["name"]))

    for path in ("/apis/apps/v1", "/api/v1", "/apis/batch/v1"):
        pair.ask("GET", path, see=of)


NAMES = {
    "deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "pods", "configmaps", "secrets",
    "namespaces", "jobs", "cronjobs",
}  # fmt: skip


def test_a_custom_kind(pair: Pair) -> None:
    group = f"{pair.namespace}.example.com"
    properties = {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1}, "color": {"type": "string", "default": "red", "enum": ["red", "blue"]},
            "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }},
        "status": {"type": "object", "properties": {"ready": {"type": "integer"}}},
    }  # fmt: skip
    schema = {"type": "object", "properties": properties}
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    }  # fmt: skip
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"boxes.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "boxes", "kind": "Box"}, "versions": [version]},
    }  # fmt: skip
    root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    boxes = f"/apis/{group}/v1/namespaces/{{ns}}/boxes"
    pair.ask("POST", root, definition, see=lambda thing: thing["spec"]["names"]["plural"])
    for _ in range(50):
        if pair.real.ask("GET", boxes.replace("{ns}", pair.namespace), {}, b"")[0] == 200:
            break
        time.sleep(0.1)
    box = {"apiVersion": f"{group}/v1", "kind": "Box", "metadata": {"name": "b"}, "spec": {"size": 2, "nosuch": 1}}
    pair.ask("POST", boxes, box, query="fieldValidation=Strict")
    pair.ask("POST", boxes, box, query="fieldValidation=Ignore")
    for wrong in ({"size": "x"}, {"size": 0}, {"color": "green", "size": 1}, {"color": "red"}):
        pair.ask("PUT", f"{boxes}/b", {**box, "spec": wrong}, see=lambda thing: thing.get("reason"))
    pair.ask("PATCH", f"{boxes}/b", {"spec": {"size": 3}}, media="merge", query="fieldManager=m")
    pair.ask("PATCH", f"{boxes}/b/status", {"status": {"ready": 1}}, media="merge", query="fieldManager=s")
    pair.ask("PATCH", f"{boxes}/b", {"spec": {"size": 3}}, media="strategic")
    applied = {
        "apiVersion": f"{group}/v1",
        "kind": "Box",
        "metadata": {"name": "b"},
        "spec": {"size": 4, "color": "blue"},
    }
    pair.ask("PATCH", f"{boxes}/b", applied, media="apply", query="fieldManager=a")
    pair.ask("PATCH", f"{boxes}/b", applied, media="apply", query="fieldManager=a&force=true")
    pair.ask("GET", boxes, accept=TABLE, see=rows)
    pair.ask("GET", boxes)
    pair.ask("DELETE", f"{root}/boxes.{group}", see=lambda _: None)
