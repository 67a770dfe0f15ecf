"""How objects are shown: whole, their metadata alone, or as rows of a table
(apiserver/pkg/endpoints/handlers/response.go, negotiation/negotiate.go)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from rollonce.sim.api import eventviews, sent, status, tables
from rollonce.sim.api.kinds import Kind
from rollonce.sim.deferred import known
from rollonce.sim.store import OWNERS, Object

META = "meta.k8s.io/v1"


class Showing(Enum):
    """The forms."""

    WHOLE = "whole"
    METADATA = "metadata"
    TABLE = "table"


def wanted(accept: str) -> Showing:
    """The first form that Accept names and that is known; a 406 where it names none."""
    if not accept:
        return Showing.WHOLE
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        told = dict(part.partition("=")[::2] for part in parameters)
        if media not in ("application/json", "application/yaml", "*/*", "application/*"):
            continue
        match told.get("as"):
            case None:
                return Showing.WHOLE
            case "Table" if told.get("v") in ("v1", "v1beta1"):
                return Showing.TABLE
            case "PartialObjectMetadata" | "PartialObjectMetadataList" if told.get("v") in ("v1", "v1beta1"):
                return Showing.METADATA
    raise status.not_acceptable(known="application/json" in accept)


def whole(kind: Kind, thing: Object) -> Object:
    """An object as it is answered: its type first."""
    return {"kind": kind.kind, "apiVersion": kind.api_version} | {
        key: value for key, value in eventviews.shown(kind, thing).items() if key not in ("kind", "apiVersion")
    }


def worked_out(thing: Object) -> Object:
    """The object with its owners, where they were deferred: what is patched is read first."""
    owners = thing["metadata"].get(OWNERS)
    return {**thing, "metadata": {**thing["metadata"], OWNERS: known(owners)}} if owners else thing


def metadata_only(thing: Object) -> Object:
    """As PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": thing["metadata"]}


def one(show: Showing, kind: Kind, thing: Object, now: float, include: str) -> Object:
    """One object."""
    match show:
        case Showing.METADATA:
            return metadata_only(thing)
        case Showing.TABLE:
            metadata = {"resourceVersion": thing["metadata"].get("resourceVersion", "")}
            return tables.table(kind, [thing], metadata, now, include)
    return whole(kind, thing)


def head(show: Showing, kind: Kind) -> Object:
    """What a bookmark shows but its version."""
    match show:
        case Showing.METADATA:
            return {"kind": "PartialObjectMetadata", "apiVersion": META}
        case Showing.TABLE:
            return {"kind": "Table", "apiVersion": META, "columnDefinitions": None, "rows": []}
    return {"kind": kind.kind, "apiVersion": kind.api_version, **sent.decoded(kind, {}, None)[0]}


def several(
    show: Showing, kind: Kind, things: Sequence[Object], metadata: Object, *, now: float, include: str
) -> Object:
    """A list."""
    match show:
        case Showing.METADATA:
            head = {"kind": "PartialObjectMetadataList", "apiVersion": META}
            return {**head, "metadata": metadata, "items": [metadata_only(thing) for thing in things]}
        case Showing.TABLE:
            return tables.table(kind, things, metadata, now, include)
    items = [eventviews.shown(kind, thing) for thing in things]
    if kind.definition is not None:
        metadata = {"continue": "", **metadata}
    else:
        # Items of a typed list do not repeat their type.
        items = [{k: v for k, v in thing.items() if k not in ("kind", "apiVersion")} for thing in items]
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}
