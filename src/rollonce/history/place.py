"""Which snapshot had which revision number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rollonce.history.evidence import Live, Pod, Rejected, Release, Snapshot, SnapshotKind, Write
from rollonce.history.scalings import Scaling


@dataclass(frozen=True, slots=True)
class Around:
    """What is known about one workload besides its snapshots; `writes` in the order of time."""

    live: Live | None
    pods: tuple[Pod, ...]
    writes: tuple[Write, ...]
    troubles: Mapping[str, str]
    scalings: tuple[Scaling, ...]
    releases: tuple[Release, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A number and the snapshot that had it.

    `first` tells whether the snapshot was made for this number, `last` whether it is its newest one; `inferred` that no
    object tells of the number.
    """

    number: int
    snapshot: Snapshot
    first: bool
    last: bool
    inferred: bool = False


def read(snapshots: Iterable[Snapshot]) -> tuple[list[Place], list[Rejected]]:
    """The places of one workload by number, and what claims a number that another one has."""
    found: dict[int, Place] = {}
    rejected = []
    for snapshot in snapshots:
        for number in snapshot.numbers:
            place = Place(number, snapshot, number == snapshot.numbers[0], number == snapshot.numbers[-1])
            other = found.setdefault(number, place)
            if other is not place:
                # The number that an object has now counts for more than one that it had.
                kept, lost = (other, place) if other.last >= place.last else (place, other)
                found[number] = kept
                why = f"revision {number} is that of {kept.snapshot.name} as well"
                rejected.append(Rejected(name(lost.snapshot), why))
    places = [found[number] for number in sorted(found)]
    return _with_former(places), rejected


def name(snapshot: Snapshot) -> str:
    """A snapshot as it is told of."""
    return f"{snapshot.kind} {snapshot.subject.key.namespace}/{snapshot.name}"


def _with_former(places: list[Place]) -> list[Place]:
    """The places, with what can be told of ControllerRevisions that were used again.

    Such a one loses its number for a new one (kubernetes/kubernetes,
    pkg/controller/history/controller_history.go: UpdateControllerRevision). So it is older than a predecessor, or there
    is a number that nobody has. Where there is one of each, the number was its own. Else whatever stands above the
    first number that is missing may have been used again.
    """
    if not places or places[0].snapshot.kind is SnapshotKind.REPLICA_SET:
        return places
    numbers = [place.number for place in places]
    gaps = sorted(set(range(numbers[0], numbers[-1])) - set(numbers)) or ([1] if numbers[0] == 2 else [])
    older = _older_than_a_predecessor(places)
    if len(older) == 1 and len(gaps) == 1:
        [again], [number] = older, gaps
        own = Place(number, again.snapshot, first=True, last=False, inferred=True)
        told = [replace(place, first=place is not again) for place in places]
        return sorted((*told, own), key=lambda each: each.number)
    inner = [gap for gap in gaps if gap > numbers[0]]
    doubtful = inner[0] if inner else numbers[-1] + 1
    return [replace(place, first=place not in older and place.number < doubtful) for place in places]


def _older_than_a_predecessor(places: list[Place]) -> list[Place]:
    older: list[Place] = []
    newest: datetime | None = None
    for place in places:
        made = place.snapshot.created
        if made is not None and newest is not None and made < newest:
            older.append(place)
        else:
            newest = made or newest
    return older
