"""Which snapshot had which revision number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from rollonce.history.evidence import Live, Pod, Rejected, Release, Snapshot, SnapshotKind, Write
from rollonce.history.scalings import Scaling


class Around(Struct, frozen=True):
    """What is known about one workload besides its snapshots; `writes` in the order of time.

    `written` has the write that brought each revision, or several where it is not settled which (`logged.align`).
    """

    live: Live | None
    pods: tuple[Pod, ...]
    writes: tuple[Write, ...]
    troubles: Mapping[str, str]
    scalings: tuple[Scaling, ...]
    releases: tuple[Release, ...]
    now: datetime
    written: Mapping[int, tuple[Write, ...]] = field(default_factory=dict)


class Place(Struct, frozen=True):
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
    """The places with the former numbers of ControllerRevisions that were used again.

    Such a one is older than its predecessor, and has lost its number (kubernetes/kubernetes,
    pkg/controller/history/controller_history.go: UpdateControllerRevision). Where exactly one number is missing
    between those that were made before and after it, and no other one may have had it, it was its own.
    """
    told: list[Place] = []
    again: list[Place] = []
    newest: datetime | None = None
    for index, place in enumerate(places):
        # Numbers begin with 1, so that below this one some are gone; those within may have been moved to this one.
        gone, within = place.number > index + 1, place.number - places[0].number > index
        revision = place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION
        if revision and gone and _again(place.snapshot, newest, within=within):
            again.append(replace(place, first=False))
        else:
            newest = place.snapshot.created or newest
            told.append(place)
    claims: dict[int, list[Place]] = {}
    for place in again:
        for number in _holes(place, told):
            claims.setdefault(number, []).append(place)
    taken = {place.number for place in places}
    former = [
        Place(number, owners[0].snapshot, first=True, last=False, inferred=True)
        for number, owners in claims.items()
        if len(owners) == 1 and number not in taken and len(_holes(owners[0], told)) == 1
    ]
    return sorted((*told, *again, *former), key=lambda each: each.number)


def _again(snapshot: Snapshot, newest: datetime | None, *, within: bool) -> bool:
    """Whether a ControllerRevision had another number before, or may have had one that nobody has now.

    `newest` is when the newest one before it was made; of one second nothing tells which came first. The controller
    writes a ControllerRevision once more in order to give it another number; where managedFields do not say when,
    whatever stands above a number that is missing may have been used again.
    """
    made, wrote = snapshot.created, snapshot.controller_wrote
    if made is None:
        return within
    if newest is not None and made <= newest:
        return True
    return within if wrote is None else wrote > made


def _holes(place: Place, told: list[Place]) -> list[int]:
    """Numbers that nobody has, between the snapshots that were made right before and right after this one."""
    made = place.snapshot.created
    known = [(p.snapshot.created, p.number) for p in told if p.snapshot.created is not None]
    before = max((number for at, number in known if made is not None and at <= made), default=0)
    after = min((number for at, number in known if made is not None and at > made), default=before + 1)
    # A hole as long as the number of those that may fill it is common after garbage collection: tell nothing then.
    return list(range(before + 1, after)) if after - before == 2 else []
