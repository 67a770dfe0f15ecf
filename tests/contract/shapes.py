"""What the commands are about: small manifests, as values."""

from __future__ import annotations

import copy
import json
from typing import Any

REGISTRY = "registry.example"


def deployment(name: str = "web", *, replicas: int = 2, tag: str = "1", **spec: Any) -> dict[str, Any]:
    """A Deployment with two containers, a port, an environment and a volume."""
    labels = {"app": name}
    web = {
        "name": "web",
        "image": f"{REGISTRY}/web:{tag}",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "MODE", "value": "fast"}, {"name": "LEVEL", "value": "info"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "volumeMounts": [{"name": "work", "mountPath": "/work"}],
    }
    pod = {
        "containers": [web, {"name": "sync", "image": f"{REGISTRY}/sync:1"}],
        "volumes": [{"name": "work", "emptyDir": {}}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def statefulset(name: str = "queue", *, replicas: int = 2) -> dict[str, Any]:
    """A StatefulSet of one container."""
    thing = deployment(name, replicas=replicas)
    thing["kind"] = "StatefulSet"
    thing["spec"]["serviceName"] = name
    return thing


def daemonset(name: str = "collector") -> dict[str, Any]:
    """A DaemonSet of one container."""
    thing = deployment(name)
    thing["kind"] = "DaemonSet"
    del thing["spec"]["replicas"]
    return thing


def configmap(name: str = "settings", **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"mode": "fast"}}


def changed(thing: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one field changed, or without it where the value is None; `path` is `a.b.0.c`."""
    copied = copy.deepcopy(thing)
    *way, last = path.split(".")
    inner: Any = copied
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    if value is None:
        del inner[int(last) if isinstance(inner, list) else last]
    elif isinstance(inner, list):
        inner[int(last)] = value
    else:
        inner[last] = value
    return copied


def as_list(*things: dict[str, Any]) -> str:
    """Several in one document."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)})
