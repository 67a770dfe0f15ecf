"""The scale subresource (pkg/registry/apps/deployment/storage/storage.go)."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import sent as sending
from rollonce.sim.api import status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.sent import Writing
from rollonce.sim.store import Object
from rollonce.wire import Request

KIND = Kind("autoscaling", "v1", "scales", "Scale", namespaced=True, type="Scale")
HEAD = {"kind": "Scale", "apiVersion": "autoscaling/v1"}


def read(thing: Object, kind: Kind) -> Object:
    """As autoscaling/v1 Scale."""
    metadata = {
        key: thing["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in thing["metadata"]
    }
    wanted, found, selector = _places(kind)
    told = (_at(thing, found) or 0, _at(thing, selector) if selector else "")
    spec: dict[str, Any] = {"replicas": _at(thing, wanted)} if _at(thing, wanted) else {}
    shown: dict[str, Any] = {"replicas": told[0]}
    if isinstance(told[1], dict):
        labels = [f"{k}={v}" for k, v in sorted((told[1].get("matchLabels") or {}).items())]
        labels += [_expression(each) for each in told[1].get("matchExpressions") or ()]
        shown["selector"] = ",".join(labels)
    elif told[1]:
        shown["selector"] = told[1]
    return {**HEAD, "metadata": metadata, "spec": spec, "status": shown}


def sent(request: Request, how: Writing) -> Object:
    """The body of a PUT."""
    return sending.whole_object(request, KIND, how)


def write(kind: Kind, live: Object, given: Object) -> Object:
    """The workload with the replicas of a scale."""
    replicas = (given.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise status.bad_request('Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal')
    if replicas < 0:
        wrong = status.bad("spec.replicas", replicas, "must be greater than or equal to 0")
        raise status.invalid(KIND, live["metadata"]["name"], [wrong])
    metadata = dict(live["metadata"])
    if version := (given.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    changed: Object = _put({**live, "metadata": metadata}, _places(kind)[0], replicas)
    return changed


def _places(kind: Kind) -> tuple[list[str], list[str], list[str]]:
    """Where replicas are wanted and told, and the selector."""
    if kind.definition is None or kind.definition.scale is None:
        return ["spec", "replicas"], ["status", "replicas"], ["spec", "selector"]
    told = kind.definition.scale
    return (
        _steps(told.get("specReplicasPath", "")),
        _steps(told.get("statusReplicasPath", "")),
        _steps(told.get("labelSelectorPath", "")),
    )


def _steps(path: str) -> list[str]:
    return [step for step in path.split(".") if step]


def _at(thing: Any, steps: list[str]) -> Any:
    for step in steps:
        thing = thing.get(step) if isinstance(thing, dict) else None
    return thing


def _put(thing: Any, steps: list[str], value: Any) -> Any:
    if not steps:
        return value
    before = thing if isinstance(thing, dict) else {}
    return {**before, steps[0]: _put(before.get(steps[0]), steps[1:], value)}


def _expression(told: dict[str, Any]) -> str:
    match told.get("operator"):
        case "In" | "NotIn":
            return f"{told['key']} {told['operator'].lower()} ({','.join(sorted(told.get('values') or ()))})"
        case "DoesNotExist":
            return f"!{told['key']}"
    return str(told["key"])
