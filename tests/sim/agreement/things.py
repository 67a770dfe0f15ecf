"""Objects that the cases are made of."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
APPS = "/apis/apps/v1/namespaces/{ns}"
CORE = "/api/v1/namespaces/{ns}"
DEPLOYMENTS = f"{APPS}/deployments"
STATEFULSETS = f"{APPS}/statefulsets"
DAEMONSETS = f"{APPS}/daemonsets"
CONFIGMAPS = f"{CORE}/configmaps"
SERVICES = f"{CORE}/services"
PODS = f"{CORE}/pods"


def template(name: str = "web", **spec: Any) -> Json:
    """A pod template with one container, and what is given."""
    container = {"name": "main", "image": "registry.example/web:1"}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def deployment(name: str = "web", *, pod: Json | None = None, **spec: Any) -> Json:
    """A Deployment that no controller acts upon: paused, without replicas."""
    told = {"replicas": 0, "paused": True, "selector": {"matchLabels": {"app": name}}, **spec}
    return _thing("apps/v1", "Deployment", name, {**told, "template": pod or template(name)})


def statefulset(name: str = "db", *, pod: Json | None = None, **spec: Any) -> Json:
    """A StatefulSet without replicas."""
    told = {"replicas": 0, "serviceName": name, "selector": {"matchLabels": {"app": name}}, **spec}
    return _thing("apps/v1", "StatefulSet", name, {**told, "template": pod or template(name)})


def daemonset(name: str = "log", **spec: Any) -> Json:
    """A DaemonSet for which there is no node."""
    pod = template(name, nodeSelector={"no": "where"})
    return _thing(
        "apps/v1", "DaemonSet", name, {"selector": {"matchLabels": {"app": name}}, "template": pod, **spec}
    )  # fmt: skip


def configmap(name: str = "conf", **data: str) -> Json:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service(name: str = "web", **spec: Any) -> Json:
    """A Service with one port."""
    told = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}], **spec}
    return _thing("v1", "Service", name, told)


def pod(name: str = "one", **spec: Any) -> Json:
    """A pod that no scheduler looks at."""
    return _thing("v1", "Pod", name, {**template(name)["spec"], "schedulerName": "none", **spec})


def _thing(version: str, kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def stored(thing: Any) -> Any:
    """Less the status, which controllers write on the one side."""
    if isinstance(thing, dict) and "metadata" in thing and thing.get("kind") != "Status":
        return {key: value for key, value in thing.items() if key != "status"}
    return thing
