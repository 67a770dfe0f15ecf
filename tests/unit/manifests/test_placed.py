"""Where the objects of manifests are, and when it is their turn."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rollonce.errors import MalformedManifest, UnservedKind
from rollonce.manifests import definitions, placed, reading
from rollonce.manifests.manifest import Manifest
from rollonce.model.kind import Kind, Resource
from rollonce.model.thing import ObjectKey, Served


def served(api_version: str, kind: str, plural: str, *, namespaced: bool = True) -> Served:
    group, _, version = api_version.rpartition("/")
    return Served(api_version, kind, Resource(group, version, plural), namespaced)


ROWS = (
    served("v1", "ConfigMap", "configmaps"),
    served("v1", "Namespace", "namespaces", namespaced=False),
    served("v1", "Service", "services"),
    served("apps/v1", "Deployment", "deployments"),
    served("batch/v1", "Job", "jobs"),
    served("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    served("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    served("serving.example/v1", "Service", "services"),
)
CATALOGUE = {v: {row.kind: row for row in ROWS if row.api_version == v} for v in {row.api_version for row in ROWS}}


def manifests(*objects: dict[str, Any]) -> list[Manifest]:
    return [m for thing in objects for m in reading.read((json.dumps(thing).encode(),), "k8s/x.json")]


def an(api_version: str, kind: str, name: str = "x", **metadata: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}


def place(*objects: dict[str, Any], said: bool = False) -> tuple[placed.Placed, ...]:
    return placed.place(manifests(*objects), CATALOGUE, "agents", said=said, act="converge")


def test_others_before_workloads_and_what_refers_to_them_last() -> None:
    things = place(
        an("autoscaling/v2", "HorizontalPodAutoscaler"),
        an("apps/v1", "Deployment"),
        an("policy/v1", "PodDisruptionBudget"),
        an("batch/v1", "Job"),
        an("v1", "ConfigMap"),
        an("v1", "Namespace"),
    )
    order = [thing.manifest.kind for thing in sorted(things, key=lambda thing: thing.rank)]
    assert order == [*("Namespace", "ConfigMap", "Job", "Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler")]
    assert [thing.manifest.kind for thing in things if thing.last] == ["HorizontalPodAutoscaler", "PodDisruptionBudget"]


def test_a_workload_is_known_by_where_it_is_served() -> None:
    deployment, service = place(an("apps/v1", "Deployment"), an("v1", "Service"))
    assert (deployment.kind, service.kind) == (Kind.DEPLOYMENT, None)
    assert str(deployment.workload_key) == "deployment/x"


def test_kinds_of_one_name_in_two_groups_are_two_objects() -> None:
    one, other = place(an("v1", "Service"), an("serving.example/v1", "Service"))
    assert one.key == ObjectKey("agents", "Service", "x", "")
    assert other.key == ObjectKey("agents", "Service", "x", "serving.example")


def test_the_namespace_is_that_of_the_manifest_else_that_of_the_run_and_none_where_there_is_none() -> None:
    here, there, none = place(
        an("v1", "ConfigMap"), an("v1", "ConfigMap", namespace="other"), an("v1", "Namespace", "made")
    )
    assert [thing.key.namespace for thing in (here, there, none)] == ["agents", "other", ""]
    assert (here.namespace, none.namespace) == ("agents", None)


def test_a_namespace_that_was_asked_for_excludes_another_one() -> None:
    assert place(an("v1", "ConfigMap", namespace="agents"), said=True)
    with pytest.raises(MalformedManifest, match="is for namespace other, and -n says agents"):
        place(an("v1", "ConfigMap", namespace="other"), said=True)


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (an("v1", "ConfigMapp"), "the nearest kind is ConfigMap"),
        (an("v1", "Qwertyuiop"), "fix kind or apiVersion"),
        (an("apps/v2", "Deployment"), "CustomResourceDefinition"),
    ],
)
def test_a_kind_that_nobody_serves_is_an_error_with_a_guess(thing: dict[str, Any], hint: str) -> None:
    with pytest.raises(UnservedKind, match=r"k8s/x\.json:1: the cluster serves no") as caught:
        place(thing)
    assert hint in caught.value.hint


def definition(**spec: Any) -> dict[str, Any]:
    told = {
        "group": "scenario.example",
        "scope": "Namespaced",
        "names": {"kind": "Backup", "plural": "backups"},
        "versions": [{"name": "v1", "served": True}, {"name": "v2", "served": False}],
        **spec,
    }
    return {**an("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "spec": told}


def test_a_run_defines_the_versions_that_are_served() -> None:
    [found] = definitions.defined(manifests(definition(), an("v1", "ConfigMap")))
    assert found == Served(
        "scenario.example/v1", "Backup", Resource("scenario.example", "v1", "backups"), namespaced=True, new=True
    )
    [wide] = definitions.defined(manifests(definition(scope="Cluster")))
    assert not wide.namespaced
    assert definitions.defined(manifests(definition(versions="v1"))) == ()
