"""Reads objects one by one into evidence. Nothing that is in an item can stop it: what is unusable is told of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from rollonce.history import auditlog, decode, helm
from rollonce.history.auditlog import Other
from rollonce.history.decode import Unusable
from rollonce.history.evidence import Evidence, Gap, Live, Occurrence, Pod, Rejected, Release, Snapshot, Write
from rollonce.history.template import Reader
from rollonce.model.kind import Kind

_WORKLOADS = {kind.title: kind for kind in (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)}
# The kind of an item that is the metadata of a helm release's Secret, without the Secret.
RELEASE = "helm release"
# What is rejected is named one by one up to here, and counted after.
_NAMED = 1000


class _Head(Struct):
    kind: Any = ""
    type: Any = ""


class _Called(Struct):
    metadata: Any = None


# As kubectl writes an object of a List: to read on would take as long as to read what is wanted of it.
_BEGINNING = re.compile(rb'\{\s*"apiVersion"\s*:\s*"[^"\\]*"\s*,\s*"kind"\s*:\s*"([A-Za-z]+)"')
_HEAD = msgspec.json.Decoder(_Head)
_CALLED = msgspec.json.Decoder(_Called)


@dataclass(slots=True)
class Collected:
    """Evidence as it grows. `cluster` is the context that the items come from, empty where there is one only."""

    cluster: str = ""
    lives: list[Live] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    items: int = 0
    templates: Reader = field(default_factory=Reader)

    def add(self, raw: bytes, kind: str = "") -> None:
        """One object as JSON. `kind` is needed where the item does not name it, as in a list of the API."""
        self.items += 1
        kind = kind or _kind(raw)
        fault: Unusable | None = None
        try:
            if self._take(kind, raw):
                return
        except Unusable as unusable:
            fault = unusable
        if _head(raw) is None:
            self.reject("an item", "it is no JSON object")
        elif fault is not None:
            self.reject(f"{kind} {_where(raw)}", str(fault))
        else:
            self.skip(f"{kind[:60] or 'something without a kind'}, which audit does not read")

    def add_log_line(self, line: bytes, place: str) -> None:
        """One line of an API audit log; `place` names file and line."""
        if not line.strip():
            return
        try:
            write = auditlog.write(line.strip(), self.cluster, self.templates)
        except Unusable as fault:
            self.reject(place, f"no audit event: {fault}")
            return
        match write:
            case Write():
                self.writes.append(write)
            case Other.UNKNOWN_STAGE:
                self.skip("audit entry of an unknown stage")
            case Other.EARLIER_STAGE | Other.IRRELEVANT:
                pass

    def gap(self, source: str, cost: str, hint: str = "") -> None:
        """Tell of a source that is missing."""
        self.gaps.append(Gap(source, cost, hint))

    def reject(self, what: str, why: str) -> None:
        """Tell of something that could not be used."""
        if len(self.rejected) < _NAMED:
            self.rejected.append(Rejected(what, " ".join(why.split())[:300]))
        else:
            self.skip("unusable item beyond the first thousand")

    def skip(self, what: str) -> None:
        """Count something that is none of ours."""
        self.skipped[what] = self.skipped.get(what, 0) + 1

    def evidence(self) -> Evidence:
        """What has come together so far."""
        return Evidence(
            tuple(self.lives),
            tuple(self.snapshots),
            tuple(self.pods),
            tuple(self.occurrences),
            tuple(self.writes),
            tuple(self.releases),
            tuple(self.rejected),
            tuple(self.gaps),
            tuple(self.skipped.items()),
        )

    def _take(self, kind: str, raw: bytes) -> bool:
        if kind in _WORKLOADS:
            self.lives.append(decode.live(_WORKLOADS[kind], raw, self.cluster, self.templates))
            return True
        match kind:
            case "ReplicaSet":
                self.snapshots.append(decode.replica_set(raw, self.cluster, self.templates))
            case "ControllerRevision":
                self.snapshots.append(decode.controller_revision(raw, self.cluster, self.templates))
            case "Pod":
                self._take_pod(raw)
            case "Event":
                self.occurrences.append(decode.occurrence(raw, self.cluster))
            case "Secret" if (head := _head(raw)) is not None and head.type == helm.TYPE:
                self.releases.append(helm.release(raw, self.cluster))
            case _ if kind == RELEASE:
                self.releases.append(helm.release(raw, self.cluster))
            case _:
                return False
        return True

    def _take_pod(self, raw: bytes) -> None:
        try:
            self.pods.append(decode.pod(raw, self.cluster))
        except decode.OfNoWorkload:
            self.skip("pod of no workload that is audited")


def _kind(raw: bytes) -> str:
    """What an object says that it is, empty where it does not."""
    if found := _BEGINNING.match(raw):
        return found[1].decode()
    head = _head(raw)
    return head.kind if head is not None and isinstance(head.kind, str) else ""


def _head(raw: bytes) -> _Head | None:
    try:
        return _HEAD.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _where(raw: bytes) -> str:
    called = _CALLED.decode(raw).metadata
    metadata = called if isinstance(called, dict) else {}
    space, name = metadata.get("namespace"), metadata.get("name")
    return f"{str(space)[:63]}/{str(name)[:253]}" if space else str(name or "without a name")[:253]
