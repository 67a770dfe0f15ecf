"""Evictions, reviews, parts of objects, options of DELETE, namespaces that end, discovery."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplane import waiting
from tests.sim.agreement.pair import Pair, Side
from tests.sim.agreement.things import (
    CONFIGMAPS,
    DEPLOYMENTS,
    PODS,
    STATEFULSETS,
    configmap,
    deployment,
    pod,
    statefulset,
    stored,
)

pytestmark = pytest.mark.cluster
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
UNSERVED = {("serviceaccounts", "token"), ("services", "proxy")}
SERVED = {
    "deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "pods", "configmaps", "secrets",
    "namespaces", "jobs", "cronjobs", "services", "serviceaccounts", "events",
}  # fmt: skip


def test_evictions(pair: Pair) -> None:
    path = f"{PODS}/one/eviction"
    told: dict[str, Any] = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
    pair.ask("POST", path, told)
    pair.ask("POST", PODS, pod(), see=stored)
    pair.ask("POST", path, told, query="dryRun=All")
    pair.ask("POST", path, {**told, "metadata": {"name": "two"}})
    pair.ask("POST", path, {**told, "deleteOptions": {"preconditions": {"uid": "x"}}}, see=lambda thing: thing["code"])
    pair.ask("POST", path, {**told, "deleteOptions": {"gracePeriodSeconds": 0}})
    pair.ask("GET", f"{PODS}/one")
    pair.ask("POST", PODS, pod(), see=stored)
    pair.ask("POST", path, told)
    pair.ask("GET", path)


def test_an_administrator_may_do_everything(pair: Pair) -> None:
    group = "/apis/authorization.k8s.io/v1"

    def verdict(thing: Any) -> Any:
        return (thing["kind"], thing.get("spec"), thing["status"].get("allowed"), "denied" in thing["status"])

    attributes = {"namespace": pair.namespace, "verb": "patch", "group": "apps", "resource": "deployments"}
    for spec in ({"resourceAttributes": attributes}, {"nonResourceAttributes": {"path": "/version", "verb": "get"}}):
        thing = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        pair.ask("POST", f"{group}/selfsubjectaccessreviews", thing, see=verdict)
    pair.ask("GET", f"{group}/selfsubjectaccessreviews", see=lambda thing: thing.get("code"))


@pytest.mark.parametrize(
    ("path", "thing"), [(DEPLOYMENTS, deployment()), (STATEFULSETS, statefulset())], ids=["d", "s"]
)
def test_scale_and_status(pair: Pair, path: str, thing: Any) -> None:
    pair.ask("POST", path, thing, see=stored)
    at = f"{path}/{thing['metadata']['name']}"
    for part in ("status", "scale", "nosuch"):
        pair.ask("GET", f"{at}/{part}", see=lambda answer: {**answer, "status": None})
    see = lambda answer: {**answer, "status": None} if answer["kind"] != "Status" else answer  # noqa: E731
    for spec in ({"replicas": -1}, {"replicas": "x"}):
        pair.ask("PATCH", f"{at}/scale", {"spec": spec}, media="merge", query="fieldManager=scaler", see=see)
    pair.ask("PATCH", f"{at}/scale", [{"op": "test", "path": "/spec/replicas", "value": 7}], media="json")
    pair.ask("PATCH", f"{at}/scale", {"spec": {"replicas": 0}}, media="strategic", see=see)

    def written(side: Side) -> Any:
        return pair.live(side, f"{at}/scale")

    pair.ask("PUT", f"{at}/scale", written, query="dryRun=All", see=see)
    pair.ask("DELETE", f"{at}/scale")
    pair.ask("POST", f"{at}/scale", {})


def _release(pair: Pair, path: str) -> None:
    """Lets an object go, where the garbage collector of the one side has not done so yet."""
    headers = {"Content-Type": "application/merge-patch+json"}
    for side in (pair.real, pair.simulated):
        side.ask("PATCH", path.replace("{ns}", pair.namespace), headers, b'{"metadata":{"finalizers":null}}')


def test_options_of_a_deletion(pair: Pair) -> None:
    at = f"{CONFIGMAPS}/conf"
    for options in (
        {"propagationPolicy": "Sometimes"}, {"propagationPolicy": "Foreground"}, {"propagationPolicy": "Orphan"},
        {"gracePeriodSeconds": -1}, {"gracePeriodSeconds": 5}, {"gracePeriodSeconds": "x"}, {"orphanDependents": True},
        {"orphanDependents": True, "propagationPolicy": "Background"}, {"dryRun": ["All"]}, {"dryRun": ["Some"]},
        {"preconditions": {"uid": "nosuch"}}, {"nosuch": 1}, {"orphanDependents": False},
    ):  # fmt: skip
        pair.ask("POST", CONFIGMAPS, configmap(), see=lambda thing: thing["kind"])
        pair.ask("DELETE", at, options)
        _release(pair, at)
    for query in (
        "propagationPolicy=Foreground",
        "gracePeriodSeconds=x",
        "propagationPolicy=X",
        "orphanDependents=true",
        "dryRun=X",
    ):
        pair.ask("POST", CONFIGMAPS, configmap(), see=lambda thing: thing["kind"])
        pair.ask("DELETE", at, query=query)
        _release(pair, at)


def test_a_namespace_that_has_ended_takes_nothing(pair: Pair) -> None:
    space = f"{pair.namespace}-ends"
    inside = f"/api/v1/namespaces/{space}/configmaps"
    pair.ask("POST", "/api/v1/namespaces", {"metadata": {"name": space}})
    pair.ask("DELETE", f"/api/v1/namespaces/{space}", see=lambda thing: (thing["kind"], thing["metadata"]["name"]))
    ended = lambda: pair.live(pair.real, f"/api/v1/namespaces/{space}").get("kind") == "Status"  # noqa: E731
    waiting.until(ended, "the end of a namespace", timeout=90)
    pair.ask("GET", f"/api/v1/namespaces/{space}")
    pair.ask("POST", inside, configmap("late"))
    pair.ask("PATCH", f"{inside}/late", configmap("late"), media="apply", query="fieldManager=me")


def _served(row: Any) -> Any:
    """Less what asks for a token or passes requests on: nobody answers that in a simulated cluster."""
    parts = [each for each in row.get("subresources", ()) if (row["resource"], each["subresource"]) not in UNSERVED]
    return {**row, "subresources": parts}


def test_aggregated_discovery(pair: Pair) -> None:
    def groups(document: Any) -> Any:
        found = {}
        for group in document["items"]:
            for version in group["versions"]:
                name = f"{group['metadata'].get('name', '')}/{version['version']}"
                rows = {each["resource"]: _served(each) for each in version["resources"] if each["resource"] in SERVED}
                if rows:
                    found[name] = rows
        return found

    for path in ("/api", "/apis"):
        pair.ask("GET", path, accept=AGGREGATED, see=groups)


def test_classic_discovery(pair: Pair) -> None:
    pair.ask("GET", "/api", see=lambda thing: {**thing, "serverAddressByClientCIDRs": None})
    pair.ask("GET", "/apis/apps")
    pair.ask("GET", "/apis/nosuch")
    pair.ask("GET", "/apis/apps/v7")
    pair.ask("GET", "/apis/batch")
