"""What is in the namespace `agents` when an example begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.controlplane import manifests
from tests.controlplane.manifests import Object

REGISTRY = "registry.example"


def fleet(namespace: str) -> list[Object]:
    """Two long-lived agents: Recreate, a ReadWriteOnce volume each."""
    images = {
        "agent": f"{REGISTRY}/agent:4f2c-1186",
        "git-sync": f"{REGISTRY}/git-sync:4f2c-1186",
        "cai-runtime": f"{REGISTRY}/cai:4f2c-1186",
    }
    lacks = {"agent-ceo": {"cai-runtime"}, "agent-cso": set[str]()}
    objects: list[Object] = []
    for name, absent in lacks.items():
        volume = f"{name}-work"
        chosen = {container: image for container, image in images.items() if container not in absent}
        objects += manifests.volume_and_claim(volume, namespace)
        objects.append(
            manifests.deployment(
                name, chosen, strategy="Recreate", claims=[volume], metadata={"labels": {"fleet": "agents"}}
            )
        )
    return objects


def mixed(namespace: str) -> list[Object]:
    """One workload of each kind; `web` has an init container and a native sidecar."""
    return [
        manifests.deployment(
            "web",
            {"web": f"{REGISTRY}/web:7"},
            replicas=3,
            init={"migrate": f"{REGISTRY}/web:7"},
            sidecars={"proxy": f"{REGISTRY}/proxy:7"},
        ),
        manifests.statefulset("queue", {"queue": f"{REGISTRY}/queue:7"}, replicas=3),
        manifests.daemonset("collector", {"collector": f"{REGISTRY}/collector:7"}),
        manifests.cronjob("report", {"report": f"{REGISTRY}/report:7"}),
    ]


def managed(namespace: str) -> list[Object]:
    """A Deployment that Argo CD applies, and one that nobody manages."""
    mark = {"labels": {"argocd.argoproj.io/instance": "shop"}}
    return [
        manifests.deployment("api", {"api": f"{REGISTRY}/api:7"}, metadata=mark),
        manifests.deployment("web", {"web": f"{REGISTRY}/web:7"}),
    ]


def manifested(namespace: str) -> list[Object]:
    """What `kubectl apply` has made of an older state of the folder `k8s`, and one object that was created by hand."""
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"LOG_LEVEL": "info"},
    }
    return [settings, _agent(f"{REGISTRY}/agent:4f2c-1186", f"{REGISTRY}/git-sync:4f2c-1186")]


def _agent(agent: str, sync: str, **spec: Any) -> Object:
    images = {"agent": agent, "git-sync": sync}
    thing = manifests.deployment("agent-ceo", images, strategy="Recreate", **spec)
    first = thing["spec"]["template"]["spec"]["containers"][0]
    first["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    return thing


def folder() -> dict[str, Object]:
    """The folder `k8s` of the examples: images are those of nobody, until a deploy puts its own in."""
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"LOG_LEVEL": "debug"},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "agent-ceo"},
        "spec": {"selector": {"app": "agent-ceo"}, "ports": [{"port": 80}]},
    }
    agent = _agent(f"{REGISTRY}/agent:dev", f"{REGISTRY}/git-sync:dev", minReadySeconds=1)
    return {"agent-ceo.json": agent, "service.json": service, "settings.json": settings}


SCENES: dict[str, Callable[[str], list[Object]]] = {
    "fleet": fleet,
    "mixed": mixed,
    "managed": managed,
    "manifests": manifested,
}
