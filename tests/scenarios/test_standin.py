"""What stands in for kubectl on the simulated cluster sends what kubectl sends to the real one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.controlplane.audit import Audit, Entry
from tests.controlplane.kubectl import Kubectl
from tests.scenarios.backends import Real, Simulated
from tests.scenarios.world import World, image

Write = tuple[str, str, dict[str, str], Any]


def _writers(world: World) -> None:
    """Every command that the scenarios' other writers use."""
    a1, a2, a3 = (image("agent", f"b{n}") for n in (1, 2, 3))
    ceo = manifests.deployment("ceo", {"agent": a1, "git-sync": a1}, init={"fetch": a1})
    cso = manifests.deployment("cso", {"agent": a1}, metadata={"labels": {"tier": "agents"}})
    world.has(ceo)
    world.has(cso, server_side=False)
    world.apply(manifests.deployment("cso", {"agent": a2}, metadata={"labels": {"team": "x"}}), server_side=False)
    world.settled("deploy/cso")
    world.apply(manifests.deployment("cso", {"agent": a2}, replicas=2))
    world.settled("deploy/cso")
    world.kubectl("create", "-f", "-", input=manifests.deployment("cto", {"agent": a1}))
    for words in (
        ("set", "image", "deploy/ceo", f"agent={a2}", f"fetch={a3}"),
        ("set", "image", "deploy/ceo", f"agent={a2}"),
        ("rollout", "status", "deploy/ceo"),
        ("annotate", "deploy/ceo", "note=repaired"),
        ("patch", "deploy/ceo", "--type=json", "-p", '[{"op":"remove","path":"/metadata/annotations/note"}]'),
        ("label", "deploy/ceo", "tier=agents"),
        ("label", "deploy/ceo", "tier-"),
        ("rollout", "undo", "deploy/ceo"),
        ("rollout", "pause", "deploy/ceo"),
        ("rollout", "resume", "deploy/ceo"),
        ("scale", "deploy/ceo", "--replicas=3"),
        ("delete", "deploy/ceo"),
    ):
        world.kubectl(*words)


@pytest.mark.cluster
def test_the_stand_in_writes_what_kubectl_writes(
    kubectl: Kubectl, namespace: str, audit: Audit, request: pytest.FixtureRequest
) -> None:
    mark = audit.mark()
    _writers(World(Real(kubectl, namespace, lambda: audit)))
    entries = audit.since(mark, user_agent="kubectl/", namespace=namespace)
    real = [_of_the_log(entry) for entry in entries if entry.verb in ("create", "patch", "update", "delete")]
    backend = Simulated(namespace)
    _writers(World(backend))
    simulated = [_of_the_stand_in(sent) for sent in backend.standin.requests if sent.method != "GET"]
    assert _once(simulated) == _once(real)


def _of_the_log(entry: Entry) -> Write:
    method = {"create": "POST", "update": "PUT"}.get(entry.verb, entry.verb.upper())
    url = urlsplit(entry.uri)
    return method, url.path, dict(parse_qsl(url.query)), _comparable(method, entry.request)


def _of_the_stand_in(sent: Request) -> Write:
    return sent.method, sent.path, dict(sent.query), _comparable(sent.method, json.loads(sent.body))


def _comparable(method: str, body: Any) -> Any:
    """A body as both sides know it."""
    match method:
        case "POST":
            # The log has what was made of it: with defaults.
            return _timeless(body["metadata"])
        case "DELETE":
            return body["propagationPolicy"]
    return _timeless(body)


def _timeless(value: Any) -> Any:
    """Less what depends on the moment: times, versions, the controllers' shares of managedFields."""
    if isinstance(value, dict):
        if value.get("path") == "/metadata/resourceVersion":
            return {**value, "value": "..."}
        if value.get("path") == "/metadata/managedFields":
            of_clients = [entry for entry in value["value"] if entry["manager"] != "kube-controller-manager"]
            return {**value, "value": _timeless(of_clients)}
        return {name: "..." if name == "time" else _timeless(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_timeless(inner) for inner in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value


def _once(writes: list[Write]) -> list[str]:
    """In a form whose differences can be read; kubectl repeats a write that a controller came before."""
    lines = [json.dumps(write, indent=1, sort_keys=True) for write in writes]
    return [line for line, before in zip(lines, ["", *lines], strict=False) if line != before]
