"""Events in which a Deployment's controller tells how it scaled ReplicaSets. They live about an hour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rollonce.history.evidence import Occurrence, Subject
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey

# kubernetes/kubernetes, pkg/controller/deployment/sync.go: scaleReplicaSet. Before 1.32 the text was without "from".
_TEXT = re.compile(r"Scaled (up|down) replica set (\S+?)(?: from (\d+))? to (\d+)(?: from (\d+))?")


@dataclass(frozen=True, slots=True)
class Scaling:
    """One change of a ReplicaSet's size; `old` is None where the Event does not say it. `at` is the last such time."""

    replica_set: str
    up: bool
    old: int | None
    new: int
    at: datetime


def read(occurrences: Iterable[Occurrence]) -> Mapping[Subject, tuple[Scaling, ...]]:
    """The scalings of each Deployment, in the order of time."""
    found: dict[Subject, list[Scaling]] = {}
    for event in occurrences:
        text = _TEXT.match(event.note) if event.reason == "ScalingReplicaSet" else None
        if text is None or event.kind != "Deployment" or event.last is None or len(text[4]) > 9:
            continue
        old = text[3] or text[5]
        subject = Subject(event.cluster, WorkloadKey.of(Kind.DEPLOYMENT, event.namespace, event.name))
        scaling = Scaling(
            text[2], text[1] == "up", int(old) if old and len(old) < 10 else None, int(text[4]), event.last
        )
        found.setdefault(subject, []).append(scaling)
    return {
        subject: tuple(sorted(each, key=lambda s: (s.at, s.replica_set, s.up, s.new)))
        for subject, each in found.items()
    }


def last_start(scalings: Iterable[Scaling], replica_set: str) -> datetime | None:
    """When a ReplicaSet was last scaled up from nothing."""
    return max((s.at for s in scalings if s.replica_set == replica_set and s.up and s.old == 0), default=None)


def last_end(scalings: Iterable[Scaling], replica_set: str) -> datetime | None:
    """When a ReplicaSet was last scaled down to nothing."""
    return max((s.at for s in scalings if s.replica_set == replica_set and not s.up and s.new == 0), default=None)
