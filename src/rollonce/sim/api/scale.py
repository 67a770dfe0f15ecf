"""The scale subresource (pkg/registry/apps/deployment/storage/storage.go)."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

HEAD = {"kind": "Scale", "apiVersion": "autoscaling/v1"}


def read(thing: Object) -> Object:
    """As autoscaling/v1 Scale."""
    metadata = {
        key: thing["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in thing["metadata"]
    }
    spec: dict[str, Any] = {"replicas": thing["spec"]["replicas"]} if thing["spec"].get("replicas") else {}
    shown: dict[str, Any] = {"replicas": (thing.get("status") or {}).get("replicas", 0)}
    if selector := thing["spec"].get("selector"):
        shown["selector"] = ",".join(f"{k}={v}" for k, v in sorted((selector.get("matchLabels") or {}).items()))
    return {**HEAD, "metadata": metadata, "spec": spec, "status": shown}


def write(kind: Kind, live: Object, sent: Any) -> Object:
    """The workload with the replicas of a scale."""
    spec = sent.get("spec") if isinstance(sent, dict) else None
    replicas = (spec or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise status.bad_request('Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal')
    if replicas < 0:
        wrong = status.bad("spec.replicas", replicas, "must be greater than or equal to 0")
        raise status.invalid(kind, live["metadata"]["name"], [wrong])
    metadata = dict(live["metadata"])
    if version := (sent.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    return {**live, "metadata": metadata, "spec": {**live["spec"], "replicas": replicas}}
