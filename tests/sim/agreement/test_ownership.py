# ruff: noqa: E501
"""Who owns what after applies, patches and puts of several managers: managedFields and conflicts, word for word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sim.agreement.pair import Pair, Side
from tests.sim.agreement.things import (
    CONFIGMAPS,
    DEPLOYMENTS,
    SERVICES,
    STATEFULSETS,
    configmap,
    deployment,
    service,
    statefulset,
    stored,
    template,
)  # fmt: skip

pytestmark = pytest.mark.cluster
WEB, CONF = f"{DEPLOYMENTS}/web", f"{CONFIGMAPS}/conf"


def _apply(pair: Pair, path: str, thing: Any, manager: str, *, force: bool = False) -> int:
    query = {"fieldManager": manager, "force": str(force).lower()}
    return pair.ask("PATCH", path, thing, media="apply", query=query, see=stored)[0]


def _patch(pair: Pair, path: str, patch: Any, how: str, manager: str) -> int:
    return pair.ask("PATCH", path, patch, media=how, query={"fieldManager": manager}, see=stored)[0]


def _image(image: str) -> Any:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}


def _bare(**spec: Any) -> Any:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def test_what_the_server_adds_to_an_empty_apply_has_no_owner(pair: Pair) -> None:
    nothing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}}
    assert _apply(pair, CONF, nothing, "one") == 201
    assert _apply(pair, CONF, nothing, "one") == 200
    unlabelled = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {}}
    _apply(pair, f"{SERVICES}/s", {**unlabelled, "spec": {"ports": [{"port": 80}]}}, "one")


def test_an_apply_of_a_version_that_no_object_has_makes_and_never_changes(pair: Pair) -> None:
    """Conditional on nothing being there: what rollonce makes objects with."""
    first = configmap()
    first["metadata"] = {**first["metadata"], "name": "conf", "resourceVersion": "1"}
    assert _apply(pair, CONF, first, "one") == 201
    assert _apply(pair, CONF, first, "one") == 409
    assert _apply(pair, CONF, first, "one", force=True) == 409


def test_an_applier_gives_up_what_it_leaves_out(pair: Pair) -> None:
    full = deployment(minReadySeconds=5, revisionHistoryLimit=3)
    full["metadata"]["labels"] = {"a": "b", "c": "d"}
    assert _apply(pair, WEB, full, "one") == 201
    less = deployment()
    less["metadata"]["labels"] = {"a": "b"}
    assert _apply(pair, WEB, less, "one") == 200
    assert _apply(pair, WEB, less, "one") == 200


def test_a_conflict_names_owner_and_field_and_force_takes_it(pair: Pair) -> None:
    _apply(pair, WEB, deployment(), "one")
    _patch(pair, WEB, _image("registry.example/web:2"), "strategic", "kubectl-set")
    assert _apply(pair, WEB, deployment(), "one") == 409
    assert _apply(pair, WEB, deployment(), "two") == 409
    assert _apply(pair, WEB, deployment(), "one", force=True) == 200
    assert _apply(pair, WEB, deployment(), "two") == 200
    changed = deployment(pod=template(terminationGracePeriodSeconds=7), replicas=0, minReadySeconds=2)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/web:3"
    assert _apply(pair, WEB, changed, "two") == 409
    assert _apply(pair, WEB, changed, "two", force=True) == 200
    assert _apply(pair, WEB, deployment(), "one", force=True) == 200


def test_co_owners_keep_what_one_of_them_drops(pair: Pair) -> None:
    both = {**configmap(a="1", b="2"), "metadata": {"name": "conf", "labels": {"x": "y"}}}
    _apply(pair, f"{CONFIGMAPS}/conf", both, "one")
    _apply(pair, f"{CONFIGMAPS}/conf", both, "two")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(a="1"), "one")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(a="1"), "two")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(), "two")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(), "one")


def test_containers_of_two_appliers(pair: Pair) -> None:
    main = deployment()
    _apply(pair, WEB, main, "one")
    sidecar = _bare(template={"spec": {"containers": [{"name": "side", "image": "registry.example/side:1"}]}})
    _apply(pair, WEB, sidecar, "two")
    _apply(pair, WEB, main, "one")
    env = _bare(
        template={"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}]}}
    )  # fmt: skip
    _apply(pair, WEB, env, "three")
    _apply(pair, WEB, _bare(), "two")
    _apply(pair, WEB, _bare(), "three")


def test_scaling_is_owned_by_the_subresource(pair: Pair) -> None:
    pair.ask("POST", DEPLOYMENTS, deployment(), see=stored)
    scale = {"spec": {"replicas": 2}}
    pair.ask("PATCH", f"{WEB}/scale", scale, media="merge", query="fieldManager=scaler", see=_less_status)
    pair.ask("GET", WEB, see=stored)
    _apply(pair, WEB, deployment(replicas=0), "one")
    pair.ask("PATCH", f"{WEB}/scale", {"spec": {"replicas": 0}}, media="merge", see=_less_status)

    def put(side: Side) -> Any:
        live = pair.live(side, f"{WEB}/scale")
        metadata = {name: value for name, value in live["metadata"].items() if name != "resourceVersion"}
        return {**live, "metadata": metadata, "spec": {"replicas": 0}}

    pair.ask("PUT", f"{WEB}/scale", put, see=_less_status)
    pair.ask("GET", WEB, see=stored)


def _less_status(thing: Any) -> Any:
    return {**thing, "status": None} if thing.get("kind") == "Scale" else thing


def test_client_side_apply_is_migrated_by_a_patch_of_managed_fields(pair: Pair) -> None:
    thing: Any = configmap(a="b", c="d")
    told = json.dumps(configmap(a="b"))
    thing["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": told}
    pair.ask("POST", CONFIGMAPS, thing, query="fieldManager=kubectl-client-side-apply")
    _apply(pair, CONF, configmap(a="x"), "kubectl")
    _patch(pair, CONF, {"data": {"c": "e"}}, "merge", "other")
    _apply(pair, CONF, configmap(a="x", c="f"), "kubectl")

    def migrate(side: Side) -> Any:
        live = pair.live(side, CONF)["metadata"]
        entries = [dict(each) for each in live["managedFields"] if each["manager"] == "kubectl-client-side-apply"]
        others = [each for each in live["managedFields"] if each["manager"] != "kubectl-client-side-apply"]
        entries[0] |= {"manager": "kubectl", "operation": "Apply"}
        return [
            {"op": "replace", "path": "/metadata/managedFields", "value": [*entries, *others]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["resourceVersion"]},
        ]

    pair.ask("PATCH", CONF, migrate, media="json")
    _apply(pair, CONF, configmap(a="x"), "kubectl")


def test_managed_fields_can_be_cleared_and_kept(pair: Pair) -> None:
    pair.ask("POST", CONFIGMAPS, configmap(a="b"))
    _patch(pair, f"{CONFIGMAPS}/conf", {"metadata": {"managedFields": [{}]}}, "merge", "me")
    _patch(pair, f"{CONFIGMAPS}/conf", {"data": {"c": "d"}}, "merge", "me")
    pair.ask("PUT", f"{CONFIGMAPS}/conf", configmap(a="b", c="e"), query="fieldManager=putter")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(a="x"), "one")
    _apply(pair, f"{CONFIGMAPS}/conf", configmap(a="x"), "one", force=True)


def test_an_apply_may_not_name_what_the_schema_lacks(pair: Pair) -> None:
    wrong: list[Any] = [
        _bare(nosuch=1), _bare(replicas="x"), _bare(paused="x"), _bare(template="x"), _bare(selector=[]),
        _bare(template={"spec": {"containers": {"a": "b"}}}), _bare(template={"spec": {"containers": [{"image": "x"}]}}),
        _bare(template={"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}),
        {**_bare(), "metadata": {"name": "web", "labels": {"a": 1}}}, {**_bare(), "kind": "Other"}, {"metadata": {}},
        {**_bare(), "apiVersion": "apps/v2"}, {**_bare(), "metadata": {"name": "other"}}, _bare(),
        {**_bare(), "metadata": {"name": "web", "namespace": "other"}},
        {**_bare(), "metadata": {"name": "web", "managedFields": []}},
        {**_bare(), "metadata": {"name": "web", "uid": "x"}}, {**_bare(), "metadata": {"name": "web", "resourceVersion": "1"}},
    ]  # fmt: skip
    for thing in wrong:
        _apply(pair, WEB, thing, "one")
    _apply(pair, WEB, deployment(), "one")
    for thing in wrong:
        _apply(pair, WEB, thing, "two")


def test_subresource_status_is_owned_apart(pair: Pair) -> None:
    pair.ask("POST", SERVICES, service())
    status = {"status": {"conditions": [_condition("True")]}}
    pair.ask("PATCH", f"{SERVICES}/web/status", status, media="merge", query="fieldManager=st")
    pair.ask("PATCH", f"{SERVICES}/web/status", {"spec": {"type": "NodePort"}}, media="merge", query="fieldManager=st")
    pair.ask("PATCH", f"{SERVICES}/web", status, media="merge", query="fieldManager=st2")
    thing = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "status": {"conditions": [_condition("False")]},
    }
    for force in ("false", "true"):
        query = {"fieldManager": "ap", "force": force}
        pair.ask("PATCH", f"{SERVICES}/web/status", thing, media="apply", query=query)


def _condition(status: str) -> Any:
    return {
        "type": "Ready", "status": status, "reason": "Because", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_changing_and_reordering_environment(pair: Pair) -> None:
    pod = template()
    pod["spec"]["containers"][0]["env"] = [{"name": n, "value": n} for n in "ABC"]
    pair.ask("POST", DEPLOYMENTS, deployment(pod=pod), see=stored)

    def env(items: Any) -> Any:
        return {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": items}]}}}}

    _patch(pair, WEB, env([{"name": "D", "value": "4"}]), "strategic", "x")
    _patch(pair, WEB, env([{"name": "A", "$patch": "delete"}]), "strategic", "x")
    _patch(pair, WEB, env([{"name": "B", "value": None}]), "strategic", "x")
    _patch(pair, WEB, {"spec": {"template": {"spec": {"containers": [
        {"name": "main", "$setElementOrder/env": [{"name": "D"}, {"name": "C"}, {"name": "B"}]}
    ]}}}}, "strategic", "x")  # fmt: skip
    _apply(pair, WEB, deployment(pod=pod), "one", force=True)


def test_a_statefulset_and_its_claims(pair: Pair) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    thing = statefulset(volumeClaimTemplates=[claim])
    _apply(pair, f"{STATEFULSETS}/db", thing, "one")
    _apply(pair, f"{STATEFULSETS}/db", thing, "two")
    _patch(pair, f"{STATEFULSETS}/db", {"spec": {"updateStrategy": {"type": "OnDelete"}}}, "merge", "x")
    _patch(pair, f"{STATEFULSETS}/db", {"spec": {"updateStrategy": None}}, "merge", "x")
    _apply(pair, f"{STATEFULSETS}/db", statefulset(), "one")
