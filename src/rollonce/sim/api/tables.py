"""Objects as rows of a table, which is what `kubectl get` prints (pkg/printers/internalversion/printers.go)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rollonce.sim.api import cells, eventviews
from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

_META = "meta.k8s.io/v1"
_TYPES = {"s": "string", "i": "integer", "b": "boolean", "d": "date"}
_WORK = "Containers s 1; Images s 1"
_BINDING = "Name s n; Role s; Age s; Users s 1; Groups s 1; ServiceAccounts s 1"
# Name, type, `n` for the format of a name, 1 where only -o wide shows it; a name's spaces are written as _.
_COLUMNS = {
    "pods": (
        "Name s n; Ready s; Status s; Restarts s; Age s; IP s 1; Node s 1; Nominated_Node s 1; Readiness_Gates s 1"
    ),
    "podtemplates": "Name s n; Containers s; Images s; Pod_Labels s",
    "poddisruptionbudgets": "Name s n; Min_Available s; Max_Unavailable s; Allowed_Disruptions i; Age s",
    "replicationcontrollers": f"Name s n; Desired i; Current i; Ready i; Age s; {_WORK}; Selector s 1",
    "replicasets": f"Name s n; Desired i; Current i; Ready i; Age s; {_WORK}; Selector s 1",
    "daemonsets": (
        "Name s n; Desired i; Current i; Ready i; Up-to-date i; Available i; Node_Selector s; Age s; "
        f"{_WORK}; Selector s 1"
    ),
    "jobs": f"Name s n; Status s; Completions s; Duration s; Age s; {_WORK}; Selector s 1",
    "cronjobs": (
        f"Name s n; Schedule s; Timezone s; Suspend b; Active i; Last_Schedule s; Age s; {_WORK}; Selector s 1"
    ),
    "services": "Name s n; Type s; Cluster-IP s; External-IP s; Port(s) s; Age s; Selector s 1",
    "ingresses": "Name s n; Class s; Hosts s; Address s; Ports s; Age s",
    "statefulsets": f"Name s n; Ready s; Age s; {_WORK}",
    "endpoints": "Name s n; Endpoints s; Age s",
    "nodes": (
        "Name s n; Status s; Roles s; Age s; Version s; Internal-IP s 1; External-IP s 1; OS-Image s 1; "
        "Kernel-Version s 1; Container-Runtime s 1"
    ),
    "events": (
        "Last_Seen s; Type s; Reason s; Object s; Subobject s 1; Source s 1; Message s; First_Seen s 1; Count s 1; "
        "Name s n 1"
    ),
    "namespaces": "Name s n; Status s; Age s",
    "secrets": "Name s n; Type s; Data s; Age s",
    "serviceaccounts": "Name s n; Age s",
    "persistentvolumes": (
        "Name s n; Capacity s; Access_Modes s; Reclaim_Policy s; Status s; Claim s; StorageClass s; "
        "VolumeAttributesClass s; Reason s; Age s; VolumeMode s 1"
    ),
    "persistentvolumeclaims": (
        "Name s n; Status s; Volume s; Capacity s; Access_Modes s; StorageClass s; VolumeAttributesClass s; Age s; "
        "VolumeMode s 1"
    ),
    "deployments": f"Name s n; Ready s; Up-to-date s; Available s; Age s; {_WORK}; Selector s 1",
    "horizontalpodautoscalers": "Name s n; Reference s; Targets s; MinPods s; MaxPods s; Replicas s; Age s",
    "configmaps": "Name s n; Data s; Age s",
    "rolebindings": _BINDING,
    "clusterrolebindings": _BINDING,
    "leases": "Name s n; Holder s; Age s",
    "storageclasses": "Name s n; Provisioner s; ReclaimPolicy s; VolumeBindingMode s; AllowVolumeExpansion s; Age s",
    "controllerrevisions": "Name s n; Controller s; Revision s; Age s",
    "priorityclasses": "Name s n; Value i; Global-Default b; Age s; PreemptionPolicy s",
    "networkpolicies": "Name s n; Pod-Selector s; Age s",
}


def table(kind: Kind, things: Sequence[Object], metadata: Object, now: float, include: str) -> Object:
    """A Table; `include` is what of each object goes with its row: Metadata unless None or Object is asked for."""
    columns, row = _columns(kind)
    rows = []
    for thing in things:
        shown: Object = {"cells": row(thing, now)}
        if kind.resource == "pods" and (phase := (thing.get("status") or {}).get("phase")) in ("Succeeded", "Failed"):
            shown["conditions"] = [_completed(phase)]
        shown["object"] = _included(kind, thing, include)
        rows.append(shown)
    head = {"kind": "Table", "apiVersion": _META, "metadata": metadata}
    return {**head, "columnDefinitions": columns, "rows": rows}


def _columns(kind: Kind) -> tuple[list[Object], Any]:
    if kind.definition is not None:
        told = kind.definition.columns or ({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},)
        columns = [_column("Name", "string", "name")]
        for each in told:
            columns.append(_column(each["name"], each["type"], each.get("format", ""), each.get("priority", 0)))
        return columns, lambda thing, now: cells.custom(told, thing, now)
    if kind.resource in _COLUMNS and kind.resource in cells.ROWS:
        return [_read(text) for text in _COLUMNS[kind.resource].split("; ")], cells.ROWS[kind.resource]
    return [_column("Name", "string", "name"), _column("Created At", "date", "")], cells.plain


def _read(text: str) -> Object:
    name, type_, *marks = text.split(" ")
    return _column(name.replace("_", " "), _TYPES[type_], "name" if "n" in marks else "", int("1" in marks))


def _column(name: str, type_: str, format_: str, priority: int = 0) -> Object:
    return {"name": name, "type": type_, "format": format_, "description": "", "priority": priority}


def _completed(phase: str) -> Object:
    return {
        "type": "Completed", "status": "True", "reason": phase,
        "message": "The pod has completed successfully." if phase == "Succeeded" else "The pod failed.",
    }  # fmt: skip


def _included(kind: Kind, thing: Object, include: str) -> Object | None:
    match include:
        case "None":
            return None
        case "Object":
            return {"kind": kind.kind, "apiVersion": kind.api_version, **eventviews.shown(kind, thing)}
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": thing["metadata"]}
