"""Events: what controllers, scheduler and kubelets say of what they do (client-go/tools/record, tools/events).

What is said is kept as it is and becomes objects when somebody asks for Events: seeding a thousand workloads says ten
thousand things that mostly nobody reads. Who watches Events gets them at once.
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable
from typing import Any, NamedTuple

from rollonce.sim.clockwork import Clockwork, timestamp
from rollonce.sim.correlation import Correlator, Counted, Subject, Told
from rollonce.sim.identity import uid
from rollonce.sim.store import Change, Collection, Key, Object, Store

EVENTS = Collection("", "events")
CURRENT = "events.k8s.io/v1"
# kube-apiserver --event-ttl; every write renews it.
LIFETIME = 3600.0
# What is said by then is written down though nobody asks.
MOST = 20_000
# A name is a DNS subdomain; client-go takes a uid where it would be none.
LONGEST = 253
COMBINED = "(combined from similar events): "


class Source(NamedTuple):
    """Who says something. `host` is the node of a kubelet; `action` is given by those who use events.k8s.io."""

    component: str
    manager: str
    host: str = ""
    current: bool = False


class _Said(NamedTuple):
    at: float
    source: Source
    about: Object
    part: str
    type: str
    reason: str
    message: str
    action: str


def _nobody() -> bool:
    return False


class Recorder:
    """All recorders of a cluster. `is_followed` says whether somebody watches Events."""

    def __init__(self, store: Store, clockwork: Clockwork) -> None:
        self._store = store
        self._clockwork = clockwork
        self._said: list[_Said] = []
        self._is_due = False
        self._correlators: dict[Source, Correlator] = {}
        self._latest = 0
        # When which version of which Event ends.
        self._ends: list[tuple[float, int, Key]] = []
        # When what is being written down was said.
        self._moment: float | None = None
        self.is_followed: Callable[[], bool] = _nobody
        store.listen(self._note)

    def __deepcopy__(self, memo: dict[int, Any]) -> Recorder:
        """One that goes on by itself, on the copies of store and clockwork; nobody follows it yet."""
        twin = memo[id(self)] = copy.copy(self)
        twin._store, twin._clockwork = copy.deepcopy((self._store, self._clockwork), memo)
        twin._said, twin._ends = list(self._said), list(self._ends)
        twin._correlators = {source: each.twin() for source, each in self._correlators.items()}
        twin.is_followed = _nobody
        twin._store.listen(twin._note)
        return twin

    def say(
        self,
        source: Source,
        about: Object,
        reason: str,
        message: str,
        *,
        warning: bool = False,
        part: str = "",
        action: str = "",
    ) -> None:
        """Says something about an object as it was read: its version is told, too. `part` is a field path in it."""
        type_ = "Warning" if warning else "Normal"
        self._said.append(_Said(self._clockwork.now, source, about, part, type_, reason, message, action))
        if not self._is_due and (len(self._said) > MOST or self.is_followed()):
            self._is_due = True
            self._clockwork.after(0.0, self.write_down)

    def write_down(self) -> None:
        """Makes Events of what was said since the last time."""
        said, self._said, self._is_due = self._said, [], False
        for each in said:
            self.expire(each.at)
            self._write(each)
        self.expire(self._clockwork.now)

    def next_end(self) -> float | None:
        """When an Event ends for somebody who watches Events, seconds since the epoch."""
        return self._ends[0][0] if self._ends and self.is_followed() else None

    def expire(self, now: float) -> None:
        """Removes the Events whose time is over; what was said and not written down yet is not looked at."""
        while self._ends and self._ends[0][0] <= now:
            _, version, key = heapq.heappop(self._ends)
            found = self._store.get(key)
            if found is not None and found["metadata"]["resourceVersion"] == str(version):
                self._store.remove(key)

    def _note(self, change: Change) -> None:
        """Every write of an Event gives it another hour."""
        if change.key[:2] == EVENTS and change.type != "DELETED":
            since = self._moment if self._moment is not None else self._clockwork.now
            heapq.heappush(self._ends, (since + LIFETIME, change.version, change.key))

    def _write(self, said: _Said) -> None:
        metadata = said.about["metadata"]
        subject = Subject(
            said.about.get("kind", ""), metadata.get("namespace", ""), metadata["name"], metadata["uid"],
            said.about.get("apiVersion", ""),
        )  # fmt: skip
        self._latest = max(round(said.at * 1e6) * 1000, self._latest + 1)
        name = f"{subject.name}.{self._latest:x}"
        name = name if len(name) <= LONGEST else uid(name)
        counted = Counted(name, 1, said.at, combined=False)
        if not said.source.current:
            told = Told(subject, said.part, said.type, said.reason, said.message)
            correlator = self._correlators.setdefault(said.source, Correlator())
            found = correlator.correlate(told, name, said.at)
            if found is None:
                return
            counted = found
        key = Key(*EVENTS, subject.namespace or "default", counted.name)
        self._moment = said.at
        self._store.put(key, _event(key, said, subject, counted, self._store.get(key)))
        self._moment = None


def _event(key: Key, said: _Said, subject: Subject, counted: Counted, before: Object | None) -> Object:
    """As core/v1 has it."""
    now, source = timestamp(said.at), said.source
    fields = _CURRENT if source.current else _LEGACY[counted.combined, bool(source.host)]
    owner = {
        "manager": source.manager, "operation": "Update", "apiVersion": CURRENT if source.current else "v1",
        "time": now, "fieldsType": "FieldsV1", "fieldsV1": fields,
    }  # fmt: skip
    metadata: Object = {"name": key.name, "namespace": key.namespace}
    if before is not None:
        metadata |= {name: before["metadata"][name] for name in ("uid", "creationTimestamp")}
    else:
        metadata |= {"uid": uid(f"event/{'/'.join(key)}"), "creationTimestamp": now}
    metadata["managedFields"] = [owner]
    involved = {
        "kind": subject.kind, "namespace": subject.namespace, "name": subject.name, "uid": subject.uid,
        "apiVersion": subject.api_version, "resourceVersion": said.about["metadata"].get("resourceVersion", ""),
        "fieldPath": said.part,
    }  # fmt: skip
    event: Object = {
        "kind": "Event", "apiVersion": "v1", "metadata": metadata,
        "involvedObject": {name: value for name, value in involved.items() if value},
        "reason": said.reason, "message": (COMBINED if counted.combined else "") + said.message,
    }  # fmt: skip
    if source.current:
        return event | {
            "source": {}, "firstTimestamp": None, "lastTimestamp": None, "type": said.type,
            "eventTime": timestamp(said.at, micro=True), "action": said.action,
            "reportingComponent": source.component, "reportingInstance": source.host,
        }  # fmt: skip
    origin = {"component": source.component} | ({"host": source.host} if source.host else {})
    # Whoever combines Events does not say who reports them.
    reports = ("", "") if counted.combined else (source.component, source.host)
    return event | {
        "source": origin, "firstTimestamp": timestamp(counted.first), "lastTimestamp": now, "count": counted.times,
        "type": said.type, "eventTime": None, "reportingComponent": reports[0], "reportingInstance": reports[1],
    }  # fmt: skip


def _fields(*names: str) -> Object:
    return {f"f:{name}": {} for name in sorted(names)}


def _legacy(combined: bool, host: bool) -> Object:
    names = ["count", "firstTimestamp", "involvedObject", "lastTimestamp", "message", "reason", "type"]
    reports = [] if combined else ["reportingComponent"] + ["reportingInstance"] * host
    source: Object = {"f:component": {}} | ({"f:host": {}} if host else {})
    return dict(sorted({**_fields(*names, *reports), "f:source": source}.items()))


_LEGACY = {(combined, host): _legacy(combined, host) for combined in (False, True) for host in (False, True)}
_CURRENT = _fields(
    "action", "eventTime", "note", "reason", "regarding", "reportingController", "reportingInstance", "type"
)
