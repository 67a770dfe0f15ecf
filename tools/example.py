"""Writes examples/agents.json, the story as a dump of kubectl: `python -m tools.example`.

Two agents, deployed once a day by a pipeline of two steps; each has the last ten revisions of many.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parents[1] / "examples" / "agents.json"
_NAMESPACE = "agents"
_REGISTRY = "registry.example"
_FIRST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
# Commit and run of each day's build; the first one was there before.
_BUILDS = ("4f27-1182", "4f28-1183", "4f29-1184", "4f2a-1185", "4f2b-1186", "4f2c-1187")
# name -> its highest revision, when the pipeline reaches it, containers beside the agent
_AGENTS = {"agent-ceo": (1143, 0, ("git-sync",)), "agent-cso": (871, 20, ("git-sync", "cai-runtime"))}
_GRACE = 30
_STARTS = 150
_STEP = 240
Json = dict[str, Any]


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _template(name: str, images: dict[str, str], hash_: str = "") -> Json:
    labels = {"app": name} | ({"pod-template-hash": hash_} if hash_ else {})
    containers = [
        {
            "name": container,
            "image": f"{_REGISTRY}/{container}:{build}",
            "env": [{"name": "MODE", "value": "production"}, {"name": "API_TOKEN", "value": "not-a-real-token"}],
            "volumeMounts": [{"name": "work", "mountPath": "/work"}],
        }
        for container, build in images.items()
    ]
    volumes = [{"name": "work", "persistentVolumeClaim": {"claimName": f"{name}-work"}}]
    return {"metadata": {"labels": labels}, "spec": {"containers": containers, "volumes": volumes}}


def _managed(manager: str, operation: str, at: datetime, fields: Json) -> Json:
    return {"apiVersion": "apps/v1", "manager": manager, "operation": operation, "time": _stamp(at), "fieldsV1": fields}


def _images_owned(*containers: str) -> Json:
    owned: Json = {f'k:{{"name":"{name}"}}': {"f:image": {}} for name in containers}
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": owned}}}}


def _agent(name: str) -> list[Json]:
    top, offset, sidecars = _AGENTS[name]
    number = top - 2 * (len(_BUILDS) - 1)
    images = dict.fromkeys(("agent", *sidecars), _BUILDS[0])
    at = _FIRST - timedelta(days=1) + timedelta(seconds=offset)
    # (revision, images, when it was written)
    history = [(number, images, at)]
    for day, build in enumerate(_BUILDS[1:]):
        first = _FIRST + timedelta(days=day, seconds=offset)
        images = images | {"agent": build}
        history.append((number := number + 1, images, first))
        images = dict.fromkeys(images, build)
        history.append((number := number + 1, images, first + timedelta(seconds=_STEP)))
    made = timedelta(seconds=_GRACE)
    items = []
    # The history limit keeps the current revision and ten old ones.
    for place, (revision, held, written) in enumerate(history):
        retired = history[place + 1][2] if place + 1 < len(history) else written + made
        items.append(_replica_set(name, revision, held, (written + made, retired)))
    revision, held, written = history[-1]
    return [_deployment(name, revision, held, written), *items, _pod(name, revision, written + made)]


def _replica_set(name: str, revision: int, images: dict[str, str], times: tuple[datetime, datetime]) -> Json:
    made, wrote = times
    suffix = f"{revision * 7919 % 2**32:08x}"
    metadata = {
        "name": f"{name}-{suffix}",
        "namespace": _NAMESPACE,
        "uid": f"00000000-0000-4000-8000-{revision:012d}",
        "creationTimestamp": _stamp(made),
        "labels": {"app": name, "pod-template-hash": suffix},
        "annotations": {
            "deployment.kubernetes.io/desired-replicas": "1",
            "deployment.kubernetes.io/max-replicas": "1",
            "deployment.kubernetes.io/revision": str(revision),
        },
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": _uid(name), "controller": True}
        ],
        "managedFields": [_managed("kube-controller-manager", "Update", wrote, {"f:spec": {"f:replicas": {}}})],
    }
    current = revision == _AGENTS[name][0]
    spec = {"replicas": int(current), "template": _template(name, images, suffix)}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec, "status": {}}


def _uid(name: str) -> str:
    return f"00000000-0000-4000-9000-{list(_AGENTS).index(name):012d}"


def _deployment(name: str, revision: int, images: dict[str, str], written: datetime) -> Json:
    metadata = {
        "name": name,
        "namespace": _NAMESPACE,
        "uid": _uid(name),
        "creationTimestamp": "2025-01-07T10:00:00Z",
        "generation": revision,
        "labels": {"fleet": "agents"},
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "managedFields": [
            _managed("kubectl", "Apply", written, _images_owned(*images)),
            _managed("kubectl-set", "Update", written - timedelta(seconds=_STEP), _images_owned("agent")),
        ],
    }
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "strategy": {"type": "Recreate"},
        "template": _template(name, images),
    }
    status = {"observedGeneration": revision, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec, "status": status}


def _pod(name: str, revision: int, made: datetime) -> Json:
    owner = f"{name}-{revision * 7919 % 2**32:08x}"
    metadata = {
        "name": f"{owner}-x2x9k",
        "namespace": _NAMESPACE,
        "creationTimestamp": _stamp(made),
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": "", "controller": True}
        ],
    }
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": _stamp(made + timedelta(seconds=_STARTS))}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"conditions": [ready]}}


def text() -> str:
    """The file, in the form of kubectl."""
    items = [item for name in _AGENTS for item in _agent(name)]
    return json.dumps({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}}, indent=4) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text())
    sys.stdout.write(f"written: {PLACE}\n")
