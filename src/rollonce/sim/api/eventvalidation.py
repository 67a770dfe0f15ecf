"""What an Event may not be (pkg/apis/core/validation/events.go). Fields are named as core/v1 has them, whatever version
is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import eventviews, names, status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.status import Cause
from rollonce.sim.store import Object

_LONGEST = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}
_ELSEWHERE = ("default", "kube-system")
_EMPTY: Object = {"count": 0, "firstTimestamp": None, "lastTimestamp": None, "eventTime": None, "related": None}
# Not to be changed through events.k8s.io, in the order in which they are looked at; one of them is looked at twice.
_FIXED = (
    "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type",
    "eventTime", "action", "related", "reportingComponent", "reportingInstance",
)  # fmt: skip


def check(kind: Kind, thing: Object, live: Object | None, metadata: list[Cause]) -> Iterator[Cause]:
    """What is wrong, through the version of `kind`; `live` is the object before an update, `metadata` what is wrong
    with that."""
    current = eventviews.is_view(kind)
    found = list(_always(thing, current=current))
    if not current:
        # Looked at only where nothing else is wrong (apiserver/pkg/registry/rest/create.go, BeforeCreate).
        yield from found or metadata
        return
    yield from found
    yield from metadata
    if live is None or thing.get("series") != live.get("series"):
        yield from _series(thing)
    yield from _change(thing, live) if live is not None else _new(thing)


def _change(thing: Object, live: Object) -> Iterator[Cause]:
    for name in _FIXED:
        if thing.get(name) != live.get(name):
            named = "reportingController" if name == "reportingComponent" else name
            value = thing.get(name)
            yield status.bad(named, _EMPTY.get(name, "") if value is None else value, "field is immutable")


def _new(thing: Object) -> Iterator[Cause]:
    if not thing.get("eventTime"):
        yield status.required("eventTime")
    if thing.get("type") not in ("Normal", "Warning"):
        yield status.bad("type", "", f"has invalid value: {thing.get('type') or ''}")
    for name in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if thing.get(name):
            yield status.bad(name, "", "needs to be unset")


def _always(thing: Object, *, current: bool) -> Iterator[Cause]:
    """legacyValidateEvent"""
    space, about = thing["metadata"].get("namespace", ""), thing.get("involvedObject") or {}
    regarded = about.get("namespace", "")
    wrong = status.bad("involvedObject.namespace", regarded, "does not match event.namespace")
    if not thing.get("eventTime"):
        if space != regarded if regarded else space not in ("", "default"):
            yield wrong
        return
    if not regarded and space not in _ELSEWHERE:
        yield wrong
    reporter = thing.get("reportingComponent") or ""
    named = "reportingController" if current else "reportingComponent"
    if not reporter:
        yield status.required(named)
    yield from names.qualified(reporter, named)
    for name in ("reportingInstance", "action", "reason"):
        if not thing.get(name):
            yield status.required(name)
        yield from _short(name, thing.get(name))
    yield from _short("message", thing.get("message"))


def _short(name: str, value: Any) -> Iterator[Cause]:
    if len((value or "").encode()) > _LONGEST[name]:
        yield status.bad(name, "", f"can have at most {_LONGEST[name]} characters")


def _series(thing: Object) -> Iterator[Cause]:
    series = thing.get("series")
    if series is None:
        return
    if (series.get("count") or 0) < 2:
        yield status.bad("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield status.required("series.lastObservedTime")
