"""What a manifest becomes before it is sent."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from rollonce.manifests import placed, reading
from rollonce.model.kind import Resource
from rollonce.model.thing import Served
from rollonce.plan import folding
from rollonce.plan.folding import Folded, Terms
from tests.unit.builders import wish

SERVED = {
    "apps/v1": {"Deployment": Served("apps/v1", "Deployment", Resource("apps", "v1", "deployments"), True)},
    "v1": {"Secret": Served("v1", "Secret", Resource("", "v1", "secrets"), True)},
}
Object = dict[str, Any]


def fold(thing: Object, live: Object | None = None, *words: str) -> Folded:
    found = list(reading.read((json.dumps(thing).encode(),), "x"))
    [one] = placed.place(found, SERVED, "agents", said=False, act="converge")
    return folding.fold(one, live, Terms(wish(*words)))


def deployment(**metadata: Any) -> Object:
    pod = {"metadata": {"labels": {"app": "ceo"}}, "spec": {"containers": [{"name": "agent", "image": "a:dev"}]}}
    spec = {"selector": {"matchLabels": {"app": "ceo"}}, "replicas": 3, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ceo", **metadata}, "spec": spec}


def live(**metadata: Any) -> Object:
    return {**deployment(uid="u1", resourceVersion="7", namespace="agents", **metadata), "status": {"replicas": 3}}


def sent(folded: Folded, *, rolls: bool) -> Object:
    body: Object = json.loads(folded.body(rolls=rolls))
    return body


def test_it_is_conditional_on_the_very_version_or_on_nothing_being_there() -> None:
    there = sent(fold(deployment(), live()), rolls=True)["metadata"]
    assert (there["uid"], there["resourceVersion"]) == ("u1", "7")
    new = sent(fold(deployment()), rolls=True)["metadata"]
    assert (new.get("uid"), new["resourceVersion"]) == (None, "1")


def test_only_what_rolls_gets_this_deploys_id_and_what_does_not_keeps_the_last_one() -> None:
    before = live(annotations={"rollonce.dev/deploy-id": "last", "other": "1"})
    folded = fold(deployment(annotations={"mine": "1"}), before)
    deploy = wish().deploy.id
    assert sent(folded, rolls=True)["metadata"]["annotations"]["rollonce.dev/deploy-id"] == deploy
    assert sent(folded, rolls=False)["metadata"]["annotations"] == {"mine": "1", "rollonce.dev/deploy-id": "last"}


def test_what_a_dump_of_a_cluster_has_of_the_server_is_not_sent() -> None:
    """A manifest may be what `kubectl get -o json` has printed."""
    dumped = {
        **deployment(
            uid="of another",
            resourceVersion="9",
            generation=4,
            managedFields=[],
            creationTimestamp="2026-01-01T00:00:00Z",
            annotations={"rollonce.dev/deploy-id": "old", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
        ),
        "status": {"replicas": 1},
    }
    body = sent(fold(dumped), rolls=False)
    assert body["metadata"] == {"name": "ceo", "namespace": "agents", "annotations": {}, "resourceVersion": "1"}
    assert "status" not in body


def test_edits_are_in_what_is_sent_and_all_else_is_as_the_manifest_has_it() -> None:
    folded = fold(deployment(), live(), "agent=a:2")
    body = sent(folded, rolls=True)
    assert body["spec"]["template"]["spec"]["containers"] == [{"name": "agent", "image": "a:2"}]
    assert {**body["spec"], "template": None} == {**deployment()["spec"], "template": None}


def test_a_restart_that_somebody_made_stays() -> None:
    before = live()
    restarted = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    before["spec"]["template"]["metadata"]["annotations"] = restarted
    template = sent(fold(deployment(), before), rolls=False)["spec"]["template"]
    assert template["metadata"] == {"labels": {"app": "ceo"}, "annotations": restarted}


def test_string_data_of_a_secret_is_sent_as_data() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    body = sent(fold({**secret, "data": {"A": "YQ=="}, "stringData": {"B": "b", "A": "x"}}), rolls=False)
    assert "stringData" not in body
    assert body["data"] == {"A": b64encode(b"x").decode(), "B": b64encode(b"b").decode()}
    assert sent(fold({**secret, "stringData": {"B": 1}}), rolls=False)["stringData"] == {"B": 1}


def test_the_essence_of_what_is_there_does_not_move_with_its_status() -> None:
    """Of what others own all counts but the status."""
    status = {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {}}}
    owner = {"manager": "somebody", "fieldsV1": {"f:spec": {}}}
    one = live(managedFields=[owner | {"time": "1"}])
    moved = {**live(managedFields=[owner | {"time": "2"}, status]), "status": {"replicas": 2}}
    moved["metadata"]["resourceVersion"] = "8"
    assert folding.essence(one) == folding.essence(moved)
    for other in (live(managedFields=[]), live(labels={"a": "b"}), live(generation=2)):
        assert folding.essence(one) != folding.essence(other)
