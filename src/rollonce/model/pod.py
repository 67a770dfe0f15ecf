"""Pods and Events as a diagnosis needs them, and their parsing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from rollonce.errors import UnreadableAnswer


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended: `message` is what it left behind, by its termination message."""

    exit_code: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container of a pod: what it waits for, how it has ended now or before, and how often it was restarted."""

    name: str
    waiting: str = ""
    message: str = ""
    ended: Ended | None = None
    restarts: int = 0
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as one read showed it. `owner` is its controller, `Kind/name`; `created` in the form of RFC 3339, in UTC.

    `revision` is the label by which a StatefulSet or DaemonSet knows it; `unscheduled` are the words of the scheduler
    where it finds no node, `gated` where it may not look for one.
    """

    namespace: str
    name: str
    uid: str
    owner: str
    created: str
    deleting: bool = False
    unscheduled: str = ""
    gated: str = ""
    containers: tuple[ContainerState, ...] = ()
    ready: bool = False
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """An Event of type Warning: what it is about, how often it was told, and when `last` (RFC 3339, UTC)."""

    namespace: str
    kind: str
    name: str
    reason: str
    message: str
    count: int
    last: str


class _Owner(Struct, gc=False):
    kind: str = ""
    name: str = ""
    controller: bool | None = False


class _Meta(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    owner_references: list[_Owner] | None = None
    labels: dict[str, str] | None = None


class _Waiting(Struct, gc=False):
    reason: str = ""
    message: str = ""


class _Terminated(Struct, rename="camel", gc=False):
    exit_code: int = 0
    reason: str = ""
    message: str = ""


class _State(Struct, gc=False):
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _Container(Struct, rename="camel"):
    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: _State | None = None
    last_state: _State | None = None


class _Condition(Struct, gc=False):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _Status(Struct, rename="camel"):
    conditions: list[_Condition] | None = None
    init_container_statuses: list[_Container] | None = None
    container_statuses: list[_Container] | None = None


class _Pod(Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    status: _Status = msgspec.field(default_factory=_Status)


class _Reference(Struct, gc=False):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class _Series(Struct, rename="camel", gc=False):
    count: int = 0
    last_observed_time: str | None = None


class _Event(Struct, rename="camel"):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    involved_object: _Reference = msgspec.field(default_factory=_Reference)
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: _Series | None = None


_POD = msgspec.json.Decoder(_Pod)
_EVENT = msgspec.json.Decoder(_Event)


def pod(raw: bytes) -> Pod:
    """A pod from its JSON; raises UnreadableAnswer."""
    thing = _decoded(_POD, raw, "pod")
    meta, status = thing.metadata, thing.status
    scheduled = next((c for c in status.conditions or () if c.type == "PodScheduled" and c.status == "False"), None)
    owner = next((f"{o.kind}/{o.name}" for o in meta.owner_references or () if o.controller), "")
    every = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        owner=owner,
        created=meta.creation_timestamp or "",
        deleting=meta.deletion_timestamp is not None,
        unscheduled=scheduled.message if scheduled is not None and scheduled.reason == "Unschedulable" else "",
        gated=scheduled.message if scheduled is not None and scheduled.reason == "SchedulingGated" else "",
        containers=tuple(_container(container) for container in every),
        ready=any(c.type == "Ready" and c.status == "True" for c in status.conditions or ()),
        revision=(meta.labels or {}).get("controller-revision-hash", ""),
    )


def _container(thing: _Container) -> ContainerState:
    waiting = thing.state.waiting if thing.state is not None else None
    ended = _ended(thing.state) or _ended(thing.last_state)
    reason, message = (waiting.reason, waiting.message) if waiting is not None else ("", "")
    return ContainerState(thing.name, reason, message, ended, thing.restart_count, thing.ready)


def _ended(state: _State | None) -> Ended | None:
    if state is None or state.terminated is None:
        return None
    return Ended(state.terminated.exit_code, state.terminated.reason, state.terminated.message)


def notice(raw: bytes) -> Notice | None:
    """What a Warning says, None for any other Event; raises UnreadableAnswer."""
    thing = _decoded(_EVENT, raw, "Event")
    if thing.type != "Warning":
        return None
    about, series = thing.involved_object, thing.series
    last = (series.last_observed_time if series else None) or thing.last_timestamp or thing.event_time
    return Notice(
        namespace=about.namespace or thing.metadata.namespace,
        kind=about.kind,
        name=about.name,
        reason=thing.reason,
        message=thing.message,
        count=(series.count if series else 0) or thing.count or 1,
        last=last or thing.metadata.creation_timestamp or "",
    )


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UnreadableAnswer(f"what the server sent as a {what} is not one: {fault}") from fault
