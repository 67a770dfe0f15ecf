"""What a client is warned of in a pod template (pkg/api/pod/warnings.go): the commonest of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

Json = dict[str, Any]
_ENDPOINTS = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
_PLACES = {
    "deployments": ("spec", "template"), "statefulsets": ("spec", "template"), "daemonsets": ("spec", "template"),
    "replicasets": ("spec", "template"), "jobs": ("spec", "template"), "pods": (),
    "cronjobs": ("spec", "jobTemplate", "spec", "template"),
}  # fmt: skip


def of(kind: Kind, thing: Object, live: Object | None) -> list[str]:
    """The warnings of a write, none where the spec stays as it was."""
    if deprecated := of_kind(kind):
        return deprecated
    place = _PLACES.get(kind.resource)
    if place is None:
        return []
    found = _at(thing, place)
    if live is not None and thing["metadata"].get("generation") == live["metadata"].get("generation"):
        return []
    return list(_warnings(found.get("spec") or {}, ".".join((*place, "spec"))))


def of_kind(kind: Kind) -> list[str]:
    """What whoever writes or reads a kind that is deprecated is told."""
    return [_ENDPOINTS] if kind.resource == "endpoints" and not kind.group else []


def _at(thing: Object, place: tuple[str, ...]) -> Json:
    for step in place:
        thing = thing.get(step) or {}
    return thing


def _warnings(spec: Json, at: str) -> Iterator[str]:
    for index, each in enumerate(spec.get("topologySpreadConstraints") or ()):
        if "labelSelector" not in each:
            where = f"{at}.topologySpreadConstraints[{index}].labelSelector"
            yield f"{where}: a null labelSelector results in matching no pod"
    names: set[str] = set()
    for index, each in enumerate(spec.get("imagePullSecrets") or ()):
        name, where = each.get("name", ""), f"{at}.imagePullSecrets[{index}].name"
        if not name:
            yield f'{where}: invalid empty name ""'
        elif name in names:
            yield f'{where}: duplicate name "{name}"'
        names.add(name)
    for part in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(part) or ()):
            yield from _container(container, f"{at}.{part}[{index}]")
    yield from _ports(spec, at)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        yield f"{at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"


def _container(container: Json, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, each in enumerate(container.get("env") or ()):
        name = each.get("name", "")
        if name in seen and f"$({name})" not in each.get("value", ""):
            yield f'{at}.env[{index}]: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _ports(spec: Json, at: str) -> Iterator[str]:
    taken: dict[tuple[Any, Any], list[tuple[str, Json]]] = {}
    for index, container in enumerate(spec.get("containers") or ()):
        named: dict[str, str] = {}
        for position, port in enumerate(container.get("ports") or ()):
            where = f"{at}.containers[{index}].ports[{position}]"
            others = taken.setdefault((port.get("containerPort"), port.get("protocol")), [])
            for other, found in others:
                if how := _overlap(port, found):
                    yield f"{where}: {how} port definition with {other}"
            others.append((where, port))
            name = port.get("name")
            if name in named:
                other = named[name]
                yield (
                    f'{where}: duplicate port name "{name}" with {other}, services and probes that select ports by '
                    f"name will use {other}"
                )
            elif name:
                named[name] = where


def _overlap(one: Json, other: Json) -> str:
    """How two definitions of one port get along, empty where they do (pkg/api/pod/warnings.go)."""
    numbers, addresses = ((one.get(n), other.get(n)) for n in ("hostPort", "hostIP"))
    if numbers[0] == numbers[1] and addresses[0] == addresses[1]:
        return "duplicate"
    if not all(numbers):
        return "overlapping"
    return "dangerously ambiguous" if numbers[0] == numbers[1] and not all(addresses) else ""
