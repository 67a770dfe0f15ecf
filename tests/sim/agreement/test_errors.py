# ruff: noqa: E501
"""Errors: the same code, words, reason, details and causes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.agreement.pair import Pair
from tests.sim.agreement.things import (
    CONFIGMAPS,
    CORE,
    DAEMONSETS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    STATEFULSETS,
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


def _with(thing: Any, path: str, value: Any) -> Any:
    """The object with another value at a path."""
    step, _, rest = path.partition(".")
    if isinstance(thing, list):
        items = list(thing)
        items[int(step)] = _with(items[int(step)], rest, value) if rest else value
        return items
    changed = dict(thing)
    changed[step] = _with(changed.get(step, {}), rest, value) if rest else value
    return changed


BAD: list[tuple[str, Any]] = [
    ("metadata.name", "Web_1"),
    ("metadata.name", "a" * 260),
    ("metadata.labels", {"a b": "c"}),
    ("metadata.labels", {"a": "c d"}),
    ("metadata.labels", {"a": 1}),
    ("metadata.annotations", {"a b": "c"}),
    ("metadata.annotations", {"-x/y": "c"}),
    ("metadata.finalizers", ["x"]),
    ("metadata.ownerReferences", [{"apiVersion": "v1", "kind": "X", "name": "", "uid": ""}]),
    ("spec.replicas", "x"),
    ("spec.replicas", -1),
    ("spec.replicas", 1.5),
    ("spec.replicas", 3_000_000_000),
    ("spec.minReadySeconds", -1),
    ("spec.revisionHistoryLimit", -1),
    ("spec.progressDeadlineSeconds", -1),
    ("spec.progressDeadlineSeconds", 0),
    ("spec.minReadySeconds", 700),
    ("spec.selector", None),
    ("spec.selector", {}),
    ("spec.selector", {"matchLabels": {"app": "other"}}),
    ("spec.selector", {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["x"]}]}),
    ("spec.selector", {"matchExpressions": [{"key": "app", "operator": "In"}]}),
    ("spec.selector", {"matchLabels": {"a b": "c"}}),
    ("spec.template", None),
    ("spec.template.spec", None),
    ("spec.template.metadata", {}),
    ("spec.template.metadata.labels", {"app": "web", "x": "y z"}),
    ("spec.template.spec.containers", []),
    ("spec.template.spec.containers", {"a": 1}),
    ("spec.template.spec.containers.0", "x"),
    ("spec.template.spec.containers.0.name", ""),
    ("spec.template.spec.containers.0.name", "A_b"),
    ("spec.template.spec.containers.0.name", "a" * 64),
    ("spec.template.spec.containers.0.image", ""),
    ("spec.template.spec.containers.0.image", " x "),
    ("spec.template.spec.containers.0.image", 5),
    ("spec.template.spec.containers.0.imagePullPolicy", "Sometimes"),
    ("spec.template.spec.containers.0.terminationMessagePolicy", "X"),
    ("spec.template.spec.containers", [{"name": "a", "image": "b"}, {"name": "a", "image": "c"}]),
    ("spec.template.spec.initContainers", [{"name": "main", "image": "b"}]),
    ("spec.template.spec.initContainers", [{"name": "i", "image": "b", "restartPolicy": "Never"}]),
    ("spec.template.spec.initContainers", [{"name": "i", "image": "b", "livenessProbe": {"exec": {"command": ["x"]}}}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 0}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 99999}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 1, "protocol": "X"}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 1, "name": "TOO_long-name-here"}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]),
    ("spec.template.spec.containers.0.ports", [{"containerPort": 1, "hostPort": 2}, {"containerPort": 1, "hostPort": 2}]),
    ("spec.template.spec.containers.0.env", [{"name": ""}]),
    ("spec.template.spec.containers.0.env", [{"name": "a=b"}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "valueFrom": {}}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "x.y"}}}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s"}}}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "valueFrom": {"configMapKeyRef": {"key": "k"}}}]),
    ("spec.template.spec.containers.0.env", [{"name": "a", "value": 5}]),
    ("spec.template.spec.containers.0.envFrom", [{}]),
    ("spec.template.spec.containers.0.volumeMounts", [{"name": "no", "mountPath": "/x"}]),
    ("spec.template.spec.containers.0.volumeMounts", [{"name": "", "mountPath": ""}]),
    ("spec.template.spec.containers.0.resources", {"limits": {"cpu": "x"}}),
    ("spec.template.spec.containers.0.resources", {"limits": {"cpu": "-1"}}),
    ("spec.template.spec.containers.0.resources", {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}),
    ("spec.template.spec.containers.0.resources", {"limits": {"nosuch": "1"}}),
    ("spec.template.spec.containers.0.livenessProbe", {}),
    ("spec.template.spec.containers.0.livenessProbe", {"httpGet": {"port": 80}, "exec": {"command": ["x"]}}),
    ("spec.template.spec.containers.0.livenessProbe", {"httpGet": {"port": 80}, "successThreshold": 2}),
    ("spec.template.spec.containers.0.livenessProbe", {"httpGet": {"port": 0}}),
    ("spec.template.spec.containers.0.readinessProbe", {"tcpSocket": {"port": "UPPER"}}),
    ("spec.template.spec.containers.0.readinessProbe", {"exec": {"command": []}}),
    ("spec.template.spec.containers.0.readinessProbe", {"exec": {"command": ["x"]}, "timeoutSeconds": -1}),
    ("spec.template.spec.containers.0.readinessProbe", {"exec": {"command": ["x"]}, "terminationGracePeriodSeconds": 3}),
    ("spec.template.spec.containers.0.lifecycle", {"preStop": {}}),
    ("spec.template.spec.containers.0.lifecycle", {"preStop": {"exec": {}}}),
    ("spec.template.spec.containers.0.securityContext", {"runAsUser": -1}),
    ("spec.template.spec.volumes", [{"name": ""}]),
    ("spec.template.spec.volumes", [{"name": "A"}]),
    ("spec.template.spec.volumes", [{"name": "a"}, {"name": "a"}]),
    ("spec.template.spec.volumes", [{"name": "a", "emptyDir": {}, "hostPath": {"path": "/x"}}]),
    ("spec.template.spec.volumes", [{"name": "a", "hostPath": {}}]),
    ("spec.template.spec.volumes", [{"name": "a", "secret": {}}]),
    ("spec.template.spec.volumes", [{"name": "a", "configMap": {}}]),
    ("spec.template.spec.volumes", [{"name": "a", "persistentVolumeClaim": {}}]),
    ("spec.template.spec.volumes", [{"name": "a", "secret": {"secretName": "s", "defaultMode": 9999}}]),
    ("spec.template.spec.restartPolicy", "Never"),
    ("spec.template.spec.restartPolicy", "Sometimes"),
    ("spec.template.spec.dnsPolicy", "X"),
    ("spec.template.spec.terminationGracePeriodSeconds", -1),
    ("spec.template.spec.activeDeadlineSeconds", 5),
    ("spec.template.spec.nodeSelector", {"a b": "c"}),
    ("spec.template.spec.serviceAccountName", "A_B"),
    ("spec.template.spec.imagePullSecrets", [{}]),
    ("spec.template.spec.tolerations", [{"operator": "Exists", "value": "x"}]),
    ("spec.template.spec.tolerations", [{"key": "a b"}]),
    ("spec.template.spec.hostAliases", [{"ip": "x"}]),
    ("spec.template.spec.topologySpreadConstraints", [{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "X"}]),
    ("spec.strategy", {"type": "X"}),
    ("spec.strategy", {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
    ("spec.strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
    ("spec.strategy", {"rollingUpdate": {"maxSurge": "x"}}),
    ("spec.strategy", {"rollingUpdate": {"maxSurge": -1}}),
    ("spec.strategy", {"rollingUpdate": {"maxUnavailable": "200%"}}),
    ("spec.strategy", {"rollingUpdate": {"maxSurge": True}}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), BAD, ids=lambda each: str(each)[:60])
def test_a_bad_deployment_is_refused_in_the_same_words(pair: Pair, path: str, value: Any) -> None:
    pair.ask("POST", DEPLOYMENTS, _with(deployment(pod=template(volumes=[])), path, value), see=stored)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.updateStrategy", {"type": "X"}),
        ("spec.updateStrategy", {"type": "OnDelete", "rollingUpdate": {"partition": 1}}),
        ("spec.updateStrategy", {"rollingUpdate": {"partition": -1}}),
        ("spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": 0}}),
        ("spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": "200%"}}),
        ("spec.podManagementPolicy", "X"),
        ("spec.serviceName", ""),
        ("spec.serviceName", "A_b"),
        ("spec.replicas", -1),
        ("spec.selector", {}),
        ("spec.persistentVolumeClaimRetentionPolicy", {"whenDeleted": "X"}),
        ("spec.ordinals", {"start": -1}),
        ("spec.template.spec.restartPolicy", "Never"),
        ("spec.volumeClaimTemplates", [{"metadata": {"name": "data"}, "spec": {}}]),
    ],
    ids=lambda each: str(each)[:60],
)
def test_a_bad_statefulset_is_refused_in_the_same_words(pair: Pair, path: str, value: Any) -> None:
    pair.ask("POST", STATEFULSETS, _with(statefulset(), path, value), see=stored)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.updateStrategy", {"type": "X"}),
        ("spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}),
        ("spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}),
        ("spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": "x"}}),
        ("spec.selector", {}),
        ("spec.minReadySeconds", -1),
        ("spec.template.spec.restartPolicy", "OnFailure"),
    ],
    ids=lambda each: str(each)[:60],
)
def test_a_bad_daemonset_is_refused_in_the_same_words(pair: Pair, path: str, value: Any) -> None:
    pair.ask("POST", DAEMONSETS, _with(daemonset(), path, value), see=stored)


CHANGES: list[tuple[str, dict[str, Any], Any]] = [
    (DEPLOYMENTS, deployment(), {"spec": {"selector": {"matchLabels": {"x": "y"}}}}),
    (DEPLOYMENTS, deployment(), {"spec": {"selector": None}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"uid": "x"}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"name": "other"}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"namespace": "other"}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"generation": 7}}),
    (DEPLOYMENTS, deployment(), {"metadata": {"resourceVersion": "1"}}),
    (DEPLOYMENTS, deployment(), {"metadata": None}),
    (DEPLOYMENTS, deployment(), {"kind": "Other"}),
    (DEPLOYMENTS, deployment(), {"apiVersion": "v1"}),
    (DEPLOYMENTS, deployment(), {"spec": {"replicas": "x"}}),
    (DEPLOYMENTS, deployment(), {"spec": {"nosuch": 1}}),
    (DEPLOYMENTS, deployment(), {"spec": None}),
    (DEPLOYMENTS, deployment(), {"spec": "x"}),
    (DEPLOYMENTS, deployment(), {"status": {"replicas": 7}}),
    (DEPLOYMENTS, deployment(), []),
    (DEPLOYMENTS, deployment(), "x"),
    (STATEFULSETS, statefulset(), {"spec": {"serviceName": "other"}}),
    (STATEFULSETS, statefulset(), {"spec": {"podManagementPolicy": "Parallel"}}),
    (STATEFULSETS, statefulset(), {"spec": {"selector": {"matchLabels": {"x": "y"}}}}),
    (DAEMONSETS, daemonset(), {"spec": {"selector": {"matchLabels": {"x": "y"}}}}),
    (PODS, pod("one"), {"spec": {"containers": [{"name": "main", "command": ["x"]}]}}),
    (PODS, pod("one"), {"spec": {"containers": [{"name": "main", "image": "registry.example/web:2"}]}}),
    (PODS, pod("one"), {"spec": {"nodeName": "somewhere"}}),
    (PODS, pod("one"), {"spec": {"activeDeadlineSeconds": 7}}),
    (PODS, pod("one"), {"spec": {"tolerations": [{"key": "x", "operator": "Exists"}]}}),
    (CONFIGMAPS, configmap(a="b"), {"data": {"a b": "c"}}),
    (CONFIGMAPS, configmap(a="b"), {"data": {"a": 1}}),
    (CONFIGMAPS, configmap(a="b"), {"immutable": True}),
    (SERVICES, service(), {"spec": {"type": "X"}}),
    (SERVICES, service(), {"spec": {"ports": []}}),
    (SERVICES, service(), {"spec": {"clusterIP": "1.2.3.4"}}),
]


@pytest.mark.parametrize("how", ["merge", "strategic"])
@pytest.mark.parametrize("case", range(len(CHANGES)))
def test_a_change_is_taken_or_refused_alike(pair: Pair, case: int, how: str) -> None:
    path, thing, patch = CHANGES[case]
    assert pair.ask("POST", path, thing, see=stored)[0] == 201
    name = thing["metadata"]["name"]
    for strict in ("Strict", "Warn", "Ignore"):
        query = {"fieldValidation": strict, "fieldManager": "tester"}
        pair.ask("PATCH", f"{path}/{name}", patch, media=how, query=query, see=stored)
    pair.ask("GET", f"{path}/{name}", see=stored)


def test_an_immutable_configmap_stays(pair: Pair) -> None:
    pair.ask("POST", CONFIGMAPS, {**configmap(a="b"), "immutable": True})
    for patch in (
        {"data": {"a": "c"}},
        {"immutable": False},
        {"immutable": None},
        {"metadata": {"labels": {"x": "y"}}},
    ):
        pair.ask("PATCH", f"{CONFIGMAPS}/conf", patch, media="merge")


def test_what_is_not_there_is_told_alike(pair: Pair) -> None:
    for path in (
        DEPLOYMENTS + "/no", DEPLOYMENTS + "/no/status", DEPLOYMENTS + "/no/scale", DEPLOYMENTS + "/no/nosuch",
        CONFIGMAPS + "/no", PODS + "/no/log", PODS + "/no/nosuch", "/apis/apps/v2/deployments", "/apis/nosuch/v1/x",
        "/api/v2/pods", "/api/v1/nosuch", "/nosuch", "/apis/apps/v1/namespaces/{ns}/nosuch", "/api/v1/nodes/no",
        "/api/v1/namespaces/no-such-one", "/apis/apps/v1/deployments/x", "/api/v1/namespaces/{ns}/nodes",
    ):  # fmt: skip
        pair.ask("GET", path)
    for method in ("DELETE", "PUT"):
        for path in (DEPLOYMENTS + "/no", CONFIGMAPS + "/no"):
            thing = deployment("no") if path.startswith(DEPLOYMENTS) else configmap("no")
            pair.ask(method, path, thing if method == "PUT" else None)
    for how, patch in (("merge", {}), ("strategic", {}), ("json", [])):
        pair.ask("PATCH", DEPLOYMENTS + "/no", patch, media=how)


def test_methods_that_are_not_allowed(pair: Pair) -> None:
    for method, path in (
        ("POST", DEPLOYMENTS + "/web"), ("PUT", DEPLOYMENTS), ("PATCH", DEPLOYMENTS), ("POST", DEPLOYMENTS + "/web/scale"),
        ("DELETE", DEPLOYMENTS + "/web/scale"), ("OPTIONS", DEPLOYMENTS), ("DELETE", "/apis/apps/v1/deployments"),
        ("POST", "/version"), ("POST", "/apis/apps/v1/deployments"),
    ):  # fmt: skip
        pair.ask(
            method,
            path,
            deployment() if method in ("POST", "PUT", "PATCH") else None,
            media="merge" * (method == "PATCH"),
        )


def test_creating_twice_and_elsewhere(pair: Pair) -> None:
    pair.ask("POST", CONFIGMAPS, configmap(a="b"))
    pair.ask("POST", CONFIGMAPS, configmap(a="b"))
    pair.ask("POST", "/api/v1/namespaces/no-such-one/configmaps", configmap())
    pair.ask("POST", CONFIGMAPS, {**configmap(), "metadata": {"name": "x", "namespace": "other"}})
    pair.ask("POST", CONFIGMAPS, {**configmap(), "metadata": {}})
    pair.ask("POST", CONFIGMAPS, {**configmap(), "metadata": {"name": "x", "resourceVersion": "5"}})
    pair.ask("POST", CONFIGMAPS, {**configmap(), "kind": "Secret"})
    pair.ask("POST", CONFIGMAPS, {**configmap(), "apiVersion": "v2"})
    pair.ask("POST", CONFIGMAPS, {**configmap(), "apiVersion": "apps/v1"})
    pair.ask("POST", CONFIGMAPS, deployment())
    pair.ask("PUT", CONFIGMAPS + "/conf", configmap("other"))
    pair.ask("PUT", CONFIGMAPS + "/conf", {**configmap(), "metadata": {}})
    pair.ask("POST", CONFIGMAPS, {"data": {"x": "y"}, "metadata": {"name": "untyped"}})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"x"', b"null", b"{}", b"nonsense", b'{"kind": 5}', b'{"metadata": 5}', b'{"metadata": []}', b"{]",
        b'{"a":1,}', b'{"metadata":{"name":"x"}', b"\xff\xfe", b'{"data": {"a": "\xff"}, "metadata": {"name": "bytes"}}', b"apiVersion: v1\n",
    ],
)  # fmt: skip
def test_bodies_that_are_none(pair: Pair, body: bytes) -> None:
    pair.ask("POST", CONFIGMAPS, body)


@pytest.mark.parametrize("how", ["json", "merge", "strategic", "apply"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"{}", b"nonsense", b"5", b'[{"op":"x"}]', b"[5]"])
def test_patches_that_are_none(pair: Pair, how: str, body: bytes) -> None:
    pair.ask("POST", CONFIGMAPS, configmap(a="b"))
    pair.ask("PATCH", CONFIGMAPS + "/conf", body, media=how, query={"fieldManager": "me"})


@pytest.mark.parametrize("media", ["text/plain", "application/yaml", "application/x-www-form-urlencoded", "nonsense"])
def test_content_types(pair: Pair, media: str) -> None:
    pair.ask("POST", CONFIGMAPS, b"{}", media=media)
    pair.ask("PATCH", CONFIGMAPS + "/x", b"{}", media=media)


def test_accepts(pair: Pair) -> None:
    for accept in (
        "text/html",
        "*/*",
        "application/json;as=Nosuch;v=v1;g=meta.k8s.io",
        "text/html,application/json",
    ):
        pair.ask("GET", CONFIGMAPS + "/no", accept=accept)


def test_options_that_are_none(pair: Pair) -> None:
    pair.ask("POST", CONFIGMAPS, configmap(), query="dryRun=Some")
    pair.ask("POST", CONFIGMAPS, configmap(), query="fieldValidation=Some")
    pair.ask("POST", CONFIGMAPS, configmap(), query="fieldManager=" + "a" * 200)
    pair.ask("PATCH", CONFIGMAPS + "/x", {}, media="merge", query="force=true")
    pair.ask("PATCH", CONFIGMAPS + "/x", configmap("x"), media="apply")
    pair.ask("DELETE", CONFIGMAPS + "/x", query="propagationPolicy=Some")
    pair.ask("DELETE", CONFIGMAPS + "/x", query="gracePeriodSeconds=x")
    pair.ask("GET", CONFIGMAPS, query="limit=x")
    pair.ask("GET", CONFIGMAPS, query={"labelSelector": "a b"})
    pair.ask("GET", CONFIGMAPS, query={"labelSelector": "a in b"})
    pair.ask("GET", CONFIGMAPS, query="labelSelector=,")
    pair.ask("GET", CONFIGMAPS, query="fieldSelector=x")
    pair.ask("GET", CONFIGMAPS, query="fieldSelector=spec.x=y")
    pair.ask("GET", PODS, query="fieldSelector=spec.x=y")
    pair.ask("GET", CONFIGMAPS, query="resourceVersion=x")
    pair.ask("GET", CONFIGMAPS, query="resourceVersionMatch=Exact")
    pair.ask("GET", CONFIGMAPS, query="resourceVersionMatch=Some&resourceVersion=5")
    pair.ask("GET", CONFIGMAPS, query="resourceVersion=0&resourceVersionMatch=Exact")
    pair.ask("GET", CONFIGMAPS, query="continue=nonsense", see=lambda said: said["reason"])
    pair.ask("GET", CONFIGMAPS, query="watch=true&sendInitialEvents=true")
    pair.ask("GET", CONFIGMAPS, query="sendInitialEvents=true")


def test_other_kinds_are_validated(pair: Pair) -> None:
    batch = "/apis/batch/v1/namespaces/{ns}"
    job = {"metadata": {"name": "j"}, "spec": {"suspend": True, "template": template("j")}}
    pair.ask("POST", f"{batch}/jobs", job)
    pair.ask(
        "POST",
        f"{batch}/cronjobs",
        {"metadata": {"name": "c"}, "spec": {"jobTemplate": {"spec": {"template": template("j")}}}},
    )
    pair.ask(
        "POST",
        f"{batch}/cronjobs",
        {
            "metadata": {"name": "c"},
            "spec": {"schedule": "x", "jobTemplate": {"spec": {"template": template("j", restartPolicy="Never")}}},
        },
    )
    pair.ask("POST", SERVICES, {"metadata": {"name": "s"}, "spec": {}})
    pair.ask("POST", SERVICES, {"metadata": {"name": "S"}, "spec": {"ports": [{"port": 0}]}})
    pair.ask("POST", SERVICES, service(ports=[{"port": 1}, {"port": 2}]))
    pair.ask("POST", SERVICES, service(ports=[{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]))
    pair.ask("POST", CORE + "/secrets", {"metadata": {"name": "s"}, "type": "kubernetes.io/tls", "data": {}})
    pair.ask("POST", CORE + "/secrets", {"metadata": {"name": "s"}, "data": {"a": "not base64!"}})
    pair.ask("POST", CORE + "/secrets", {"metadata": {"name": "s"}, "data": {"a b": "YQ=="}})
    pair.ask("POST", CORE + "/persistentvolumeclaims", {"metadata": {"name": "s"}, "spec": {}})
    pair.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "A.b"}})
    pair.ask("POST", CONFIGMAPS, {"metadata": {"name": "s"}, "data": {"a b": "x"}, "binaryData": {"c": "YQ=="}})
