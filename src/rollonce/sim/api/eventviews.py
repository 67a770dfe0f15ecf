"""Events are stored as core/v1 has them, and shown as events.k8s.io/v1 to who asks there: the same object under two
sets of names (pkg/apis/events/v1/conversion.go)."""

from __future__ import annotations

from dataclasses import replace

from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

TYPE = "eventsv1.Event"
# Names of fields in core/v1, and in events.k8s.io/v1.
CURRENT_NAMES = {
    "reportingComponent": "reportingController",
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
CORE_NAMES = {current: core for core, current in CURRENT_NAMES.items()}
# Written in core/v1 even where there is nothing.
_ALWAYS: Object = {
    "involvedObject": {}, "source": {}, "firstTimestamp": None, "lastTimestamp": None, "eventTime": None,
    "reportingComponent": "", "reportingInstance": "",
}  # fmt: skip
_HEAD = ("kind", "apiVersion")
# Left out of events.k8s.io/v1 where there is nothing.
_OMITTED = frozenset({"reportingController", "reportingInstance"})


def is_view(kind: Kind) -> bool:
    """Whether objects of a kind are stored under other names."""
    return kind.type == TYPE


def stored_as(kind: Kind) -> Kind:
    """The kind with the type that its objects are stored in."""
    return replace(kind, type="Event") if is_view(kind) else kind


def told(kind: Kind) -> Kind:
    """The kind that is said to be invalid: that of the strategy of the registry."""
    return replace(kind, group="") if is_view(kind) else kind


def stored(kind: Kind, thing: Object) -> Object:
    """An object of a kind as it is stored."""
    return _ALWAYS | stored_part(kind, thing) if is_view(kind) else thing


def stored_part(kind: Kind, thing: Object) -> Object:
    """What somebody applies of an object, in the names that are stored."""
    if not is_view(kind):
        return thing
    named = {CORE_NAMES.get(name, name): value for name, value in thing.items() if name not in _HEAD}
    return {"kind": "Event", "apiVersion": "v1", **named}


def shown(kind: Kind, thing: Object) -> Object:
    """A stored object as one of a kind; what is shown already stays so."""
    if not is_view(kind):
        return thing
    named = {CURRENT_NAMES.get(name, name): value for name, value in thing.items() if name not in _HEAD}
    kept = {name: value for name, value in named.items() if value or name not in _OMITTED}
    return {"kind": kind.kind, "apiVersion": kind.api_version, **kept}
