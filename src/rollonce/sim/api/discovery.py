"""What is served, as discovery tells it: aggregated (apidiscovery.k8s.io/v2) and one group at a time."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import status
from rollonce.sim.api.kinds import REVIEWS, Kind, Kinds
from rollonce.sim.store import Object

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
PART_VERBS = {"eviction": ["create"], "binding": ["create"], "finalize": ["update"], "log": ["get"],
    "exec": ["create", "get"], "attach": ["create", "get"], "portforward": ["create", "get"],
    "proxy": ["create", "delete", "get", "patch", "update"],
}  # fmt: skip
PART_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "exec": ("", "v1", "PodExecOptions"),
    "attach": ("", "v1", "PodAttachOptions"),
    "portforward": ("", "v1", "PodPortForwardOptions"),
    "proxy": ("", "v1", "PodProxyOptions"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
}
AGGREGATED = "apidiscovery.k8s.io"


def answer(path: str, accept: str, kinds: Kinds) -> Object | None:
    """The document at a path; None where the path is none of discovery."""
    core = path == "/api"
    if core or path == "/apis":
        if AGGREGATED in accept:
            return _aggregated(kinds, core=core)
        if core:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        groups = [_group(group, kinds) for group in _groups(kinds) if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    parts = path.strip("/").split("/")
    if parts[0] == "apis" and len(parts) == 2 and parts[1] in _groups(kinds):
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], kinds)}
    if parts[0] == "apis" and len(parts) in (2, 3) and parts[1] not in _groups(kinds):
        raise status.NoPage
    group_version = "/".join(parts[1:])
    if (parts[0], len(parts)) in (("api", 2), ("apis", 3)):
        found = [kind for kind in kinds.all() if kind.api_version == group_version]
        if found:
            resources = [row for kind in found for row in _rows(kind)]
            head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version}
            return {**head, "resources": resources}
    return None


def _groups(kinds: Kinds) -> dict[str, list[str]]:
    """Versions by group, in order of preference."""
    groups: dict[str, list[str]] = {}
    for kind in kinds.all():
        versions = groups.setdefault(kind.group, [])
        if kind.version not in versions:
            versions.append(kind.version)
    return groups


def _group(group: str, kinds: Kinds) -> Object:
    versions = [{"groupVersion": f"{group}/{each}", "version": each} for each in _groups(kinds)[group]]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _verbs(kind: Kind) -> list[str]:
    if kind.resource == "componentstatuses":
        return ["get", "list"]
    if kind.resource == "namespaces":
        return [verb for verb in VERBS if verb != "deletecollection"]
    return ["create"] if kind.resource in REVIEWS or kind.resource == "bindings" else VERBS


def _rows(kind: Kind) -> list[Object]:
    row: Object = {
        "name": kind.resource,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _verbs(kind),
    }
    if kind.short:
        row["shortNames"] = list(kind.short)
    if kind.categories:
        row["categories"] = list(kind.categories)
    rows = [row]
    for part in sorted(kind.subresources):
        group, version, name = PART_KINDS.get(part, (kind.group, kind.version, kind.kind))
        verbs = PART_VERBS.get(part, ["get", "patch", "update"])
        shown = {"name": f"{kind.resource}/{part}", "singularName": "", "namespaced": kind.namespaced}
        other = {} if (group, version) == (kind.group, kind.version) else {"group": group, "version": version}
        rows.append({**shown, **other, "kind": name, "verbs": verbs})
    return rows


def _aggregated(kinds: Kinds, *, core: bool) -> Object:
    items = []
    for group, versions in _groups(kinds).items():
        if core is bool(group):
            continue
        served = [
            {
                "version": version,
                "resources": [_told(kind) for kind in kinds.all() if (kind.group, kind.version) == (group, version)],
                "freshness": "Current",
            }
            for version in versions
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": served})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"{AGGREGATED}/v2", "metadata": {}, "items": items}


def _response(of: Kind, told: tuple[str, str, str]) -> Object:
    """What answers; group and version are said where they are not those of the kind."""
    group, version, name = told
    other = (group, version) != (of.group, of.version)
    return {"group": group if other else "", "version": version if other else "", "kind": name}


def _told(kind: Kind) -> Object:
    told: dict[str, Any] = {
        "resource": kind.resource,
        "responseKind": _response(kind, (kind.group, kind.version, kind.kind)),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
    }
    if kind.short:
        told["shortNames"] = list(kind.short)
    if kind.categories:
        told["categories"] = list(kind.categories)
    parts = []
    for part in sorted(kind.subresources):
        group, version, name = PART_KINDS.get(part, (kind.group, kind.version, kind.kind))
        answers = _response(kind, (group, version, name))
        verbs = PART_VERBS.get(part, ["get", "patch", "update"])
        parts.append({"subresource": part, "responseKind": answers, "verbs": verbs})
    if parts:
        told["subresources"] = parts
    return told
