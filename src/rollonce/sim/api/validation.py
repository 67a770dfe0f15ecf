"""What may not be: metadata, and the kinds that are no workloads
(apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/core/validation/validation.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import crds, eventvalidation, eventviews, names, podvalidation, status, workvalidation
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.status import Cause
from rollonce.sim.store import Object

_LABEL_KINDS = frozenset({"namespaces"})
_STANDARD = frozenset({"foregroundDeletion", "orphan", "kubernetes"})
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def check(kind: Kind, thing: Object, live: Object | None, *, uid: str | None = None) -> None:
    """Raises a 422 that names every field that is wrong; `live` is the object before an update, `uid` what was sent."""
    try:
        causes = [*_metadata(thing["metadata"], live, uid), *_name(kind, thing, live)]
        if kind.resource == "events":
            causes = list(eventvalidation.check(kind, thing, live, causes))
        else:
            causes += _spec(kind, thing, live)
    except (TypeError, AttributeError, KeyError, ValueError):
        raise status.bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: json: cannot unmarshal'
        ) from None
    if causes:
        raise status.invalid(eventviews.told(kind), thing["metadata"].get("name", ""), causes)


def _metadata(metadata: dict[str, Any], live: Object | None, uid: str | None) -> Iterator[Cause]:
    yield from names.labels(metadata.get("labels"), "metadata.labels")
    yield from names.annotation_keys(metadata.get("annotations"), "metadata.annotations")
    for each in metadata.get("ownerReferences") or ():
        at = "metadata.ownerReferences"
        if not each.get("apiVersion"):
            yield status.bad(f"{at}.apiVersion", "", "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not each.get(field):
                yield status.bad(f"{at}.{field}", "", "must not be empty")
    for index, each in enumerate(metadata.get("finalizers") or ()):
        at = f"metadata.finalizers[{index}]"
        yield from names.qualified(each, at)
        if "/" not in each and each not in _STANDARD:
            yield status.bad(at, each, "name is neither a standard finalizer name nor is it fully qualified")
    if live is not None and "deletionTimestamp" in live["metadata"]:
        held = live["metadata"].get("finalizers") or ()
        if more := sorted(set(metadata.get("finalizers") or ()) - set(held)):
            shown = ", ".join(f'"{each}"' for each in more)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            late = status.forbidden("metadata.finalizers", f"{why} []string{{{shown}}}")
            yield late
            yield late
    if live is not None and uid and uid != live["metadata"]["uid"]:
        fixed = status.bad("metadata.uid", uid, "field is immutable")
        yield fixed
        yield fixed


def _name(kind: Kind, thing: Object, live: Object | None) -> Iterator[Cause]:
    name = thing["metadata"]["name"]
    if not name:
        yield status.required("metadata.name", "name or generateName is required")
    elif live is None and not kind.group.startswith("rbac.") and kind.qualified != "events":
        if kind.resource in _LABEL_KINDS or kind.resource == "services":
            yield from names.label(name, "metadata.name")
        else:
            yield from names.subdomain(name, "metadata.name")


def _spec(kind: Kind, thing: Object, live: Object | None) -> Iterator[Cause]:
    if kind.definition is not None:
        yield from crds.check(kind, thing)
    elif kind.resource in workvalidation.KINDS:
        yield from workvalidation.check(kind, thing, live)
    elif kind.resource == "pods":
        yield from podvalidation.pod_spec(thing["spec"], "spec")
        if live is not None:
            # An update is looked through twice.
            yield from podvalidation.images(thing["spec"], "spec")
            yield from podvalidation.change(live["spec"], thing["spec"])
    elif kind.resource == "services":
        yield from _service(thing["spec"], live)
    elif kind.resource in ("secrets", "configmaps"):
        yield from _data(kind, thing, live)
    elif kind.resource == "persistentvolumeclaims":
        yield from workvalidation.claim(thing["spec"], "spec")
    elif kind.resource == "customresourcedefinitions":
        yield from _definition(thing)


def _service(spec: dict[str, Any], live: Object | None) -> Iterator[Cause]:
    ports, type_ = spec.get("ports") or (), spec.get("type")
    if not ports and spec.get("clusterIP") != "None" and type_ != "ExternalName":
        yield status.required("spec.ports")
    taken: set[str] = set()
    for index, port in enumerate(ports):
        at = f"spec.ports[{index}]"
        name = port.get("name", "")
        if not name:
            if len(ports) > 1:
                yield status.required(f"{at}.name")
        else:
            yield from names.label(name, f"{at}.name")
            if name in taken:
                yield status.duplicate(f"{at}.name", name)
            taken.add(name)
        if not 0 < port.get("port", 0) < 65536:
            yield status.bad(f"{at}.port", port.get("port", 0), "must be between 1 and 65535, inclusive")
        if port.get("protocol") not in podvalidation.PROTOCOLS:
            yield status.unsupported(f"{at}.protocol", port.get("protocol"), podvalidation.PROTOCOLS)
        yield from podvalidation.port_number(port.get("targetPort"), f"{at}.targetPort")
    yield from names.labels(spec.get("selector"), "spec.selector")
    if spec.get("sessionAffinity") not in ("ClientIP", "None"):
        yield status.unsupported("spec.sessionAffinity", spec.get("sessionAffinity"), ["ClientIP", "None"])
    if type_ not in _SERVICE_TYPES:
        yield status.unsupported("spec.type", type_, _SERVICE_TYPES)
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        pair = (port.get("protocol"), port.get("port"))
        if pair in seen:
            shown = {
                "Name": "", "Protocol": pair[0], "AppProtocol": None, "Port": pair[1], "TargetPort": 0, "NodePort": 0,
            }  # fmt: skip
            yield status.duplicate(f"spec.ports[{index}]", shown)
        seen.add(pair)
    if live is not None and type_ != "ExternalName":
        before = live["spec"].get("clusterIP")
        if before and spec.get("clusterIP") != before and live["spec"].get("type") != "ExternalName":
            yield status.bad("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set")


def _data(kind: Kind, thing: Object, live: Object | None) -> Iterator[Cause]:
    fields = ("data",) if kind.resource == "secrets" else ("data", "binaryData")
    if live is not None and live.get("immutable"):
        if not thing.get("immutable"):
            yield status.forbidden("immutable", "field is immutable when `immutable` is set")
        for field in fields:
            if thing.get(field) != live.get(field):
                yield status.forbidden(field, "field is immutable when `immutable` is set")
    if live is not None and kind.resource == "secrets" and thing.get("type") != live.get("type"):
        yield status.bad("type", thing.get("type"), "field is immutable")
    for field in fields:
        for key in thing.get(field) or {}:
            yield from names.config_key(key, f"{field}[{key}]")
    if thing.get("type") == "kubernetes.io/tls":
        for key in ("tls.crt", "tls.key"):
            if key not in (thing.get("data") or {}):
                yield status.required(f"data[{key}]")


def _definition(thing: Object) -> Iterator[Cause]:
    spec = thing["spec"]
    told = spec.get("names") or {}
    wanted = f"{told.get('plural', '')}.{spec.get('group', '')}"
    if thing["metadata"]["name"] != wanted:
        yield status.bad(
            "metadata.name", thing["metadata"]["name"], 'must be spec.names.plural+"."+spec.group'
        )  # fmt: skip
    for field in ("plural", "kind"):
        if not told.get(field):
            yield status.required(f"spec.names.{field}")
    if not spec.get("versions"):
        yield status.bad(
            "spec.versions", spec.get("versions"), "must have exactly one version marked as storage version"
        )
