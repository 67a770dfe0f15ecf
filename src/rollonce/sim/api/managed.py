"""Who owns which fields: metadata.managedFields as every write moves it
(apimachinery/pkg/util/managedfields/internal, sigs.k8s.io/structured-merge-diff merge/update.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from rollonce.sim.api import eventviews, fieldsets, schema, typed
from rollonce.sim.api.fieldsets import Path, Paths
from rollonce.sim.clockwork import timestamp
from rollonce.sim.deferred import Deferred, known
from rollonce.sim.store import Object

# What a status that was never written shows: the numbers that are written even where they are 0.
_ZERO: dict[str, dict[str, int]] = {
    "DaemonSet": dict.fromkeys(
        ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"), 0
    ),
    "ReplicaSet": {"replicas": 0},
    "StatefulSet": {"replicas": 0, "availableReplicas": 0},
}
# Counted by the registry after the owners are (pkg/registry/apps/daemonset/strategy.go): no update takes it.
_COUNTER = {("f:metadata", "f:annotations", "f:deprecated.daemonset.template.generation")}

# Written by the strategy of the registry after the owners are (pkg/registry/core/namespace/strategy.go).
_PREPARED = {"Namespace": {("f:spec", "f:finalizers")}}

# Whose owners are told in the names of their version, while fields are compared in those of core/v1.
CURRENT_EVENTS = "events.k8s.io/v1"


class Owner(NamedTuple):
    """Who wrote, how, and through what. `version` is empty for an applier, who is one whatever the version."""

    manager: str
    operation: str
    version: str
    subresource: str


@dataclass(frozen=True, slots=True)
class Share:
    """What an owner has, and since when."""

    paths: Paths
    version: str
    time: str


Shares = dict[Owner, Share]


@dataclass(frozen=True, slots=True)
class Write:
    """One write: its manager, the type it goes by, the moment."""

    manager: str
    api_version: str
    kind: str
    subresource: str
    now: float


def read(thing: Object | None) -> Shares:
    """The shares of an object."""
    shares: Shares = {}
    for entry in known(((thing or {}).get("metadata") or {}).get("managedFields")) or ():
        operation, version = entry.get("operation", ""), entry.get("apiVersion", "")
        owner = Owner(
            entry.get("manager", ""), operation, "" if operation == "Apply" else version, entry.get("subresource", "")
        )
        paths = fieldsets.decode(entry.get("fieldsV1"))
        if version == CURRENT_EVENTS:
            paths = _renamed(paths, eventviews.CORE_NAMES)
        shares[owner] = Share(paths, version, entry.get("time", ""))
    return shares


def comparable(shares: Shares, version: str) -> Shares:
    """Less those of the other group of Events: what cannot be converted is dropped (merge/update.go, update)."""
    current = version == CURRENT_EVENTS
    return {owner: share for owner, share in shares.items() if (share.version == CURRENT_EVENTS) == current}


def written(shares: Shares) -> list[Object]:
    """As metadata.managedFields: appliers first, then by time and name."""
    ordered = sorted(
        ((owner, share) for owner, share in shares.items() if share.paths),
        key=lambda each: (each[0].operation, each[1].time, each[0].manager, each[1].version, each[0].subresource),
    )
    entries = []
    for owner, share in ordered:
        entry: Object = {"manager": owner.manager, "operation": owner.operation, "apiVersion": share.version}
        if share.time:
            entry["time"] = share.time
        paths = share.paths
        if share.version == CURRENT_EVENTS:
            paths = _renamed(paths, eventviews.CURRENT_NAMES)
        entry |= {"fieldsType": "FieldsV1", "fieldsV1": fieldsets.write(paths)}
        if owner.subresource:
            entry["subresource"] = owner.subresource
        entries.append(entry)
    return entries


def _renamed(paths: Paths, names: Mapping[str, str]) -> Paths:
    """Fields of an Event in the names of the other version."""
    return frozenset((f"f:{names.get(path[0][2:], path[0][2:])}", *path[1:]) for path in paths)


def owned(paths: set[Path] | Paths, subresource: str) -> set[Path]:
    """Those that a write through a subresource, or through none, may own."""
    if subresource == "status":
        return {
            path for path in paths if path[0] in ("f:status", "f:metadata") and path[:2] != ("f:metadata", "f:labels")
        }
    return {path for path in paths if path[0] != "f:status"}


def later(live: Object | None, after: Object, write: Write) -> Deferred:
    """What `track` gives, once somebody asks."""
    return Deferred(partial(_tracked, live, after, write), live["metadata"].get("managedFields") if live else None)


def _tracked(live: Object | None, after: Object, write: Write) -> list[Object]:
    fields = track(live, after, write)
    return fields if fields is not None else known(after["metadata"].get("managedFields")) or []


def track(live: Object | None, after: Object, write: Write) -> list[Object] | None:
    """The managedFields after a write that is no apply; None where it takes and removes nothing."""
    before = read(live)
    if live is not None and not before:
        # Who has cleared them wants none (apimachinery/pkg/util/managedfields/internal/skipnonapplied.go).
        return [] if known(live["metadata"].get("managedFields")) else None
    before = comparable(before, write.api_version)
    was = live if live is not None else typed.empty(write.kind)
    if live is not None and "status" in after and schema.known(write.kind):
        # A Go struct has its status before anything is in it.
        was = {"status": _ZERO.get(write.kind, {}), **live}
    difference = fieldsets.compare(was, after, write.kind)
    taken = difference.taken - (_COUNTER if live is not None else _PREPARED.get(write.kind, set()))
    if not taken and not difference.removed:
        return None
    lost = taken | difference.removed
    shares = {
        owner: Share(share.paths - lost, share.version, share.time) if not share.paths.isdisjoint(lost) else share
        for owner, share in before.items()
    }
    mine = owned(taken, write.subresource)
    if write.subresource == "scale" and not (after.get("spec") or {}).get("replicas"):
        # No replicas are left out of a Scale: nobody has them then.
        mine = set()
    if mine:
        owner = Owner(write.manager, "Update", write.api_version, write.subresource)
        held = shares.get(owner)
        since = timestamp(write.now)
        if write.subresource == "scale":
            # The scale's owners are copied into the object without a time (managedfields/scalehandler.go).
            since = held.time if held is not None else ""
        shares[owner] = Share((held.paths if held is not None else frozenset()) | mine, write.api_version, since)
    return written(shares)
