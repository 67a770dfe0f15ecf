"""When a revision came, when its pods were asked for, were ready, and went."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollonce.history import scalings
from rollonce.history.evidence import SnapshotKind
from rollonce.history.instants import believable
from rollonce.history.nouns import Certainty, When
from rollonce.history.place import Around, Place

# Timestamps of the API have whole seconds.
TICK = timedelta(seconds=1)
LOGGED = "the API audit log has the write"
_OF_THE_ROLL = timedelta(minutes=2)


def when(place: Place, neighbours: tuple[Place | None, Place | None], around: Around, floor: When | None) -> When:
    """When the roll to this revision began; `floor` is when the one before it did."""
    before, after = neighbours
    earliest = floor.latest if floor else None
    written = around.written.get(place.number)
    if written:
        if len(written) == 1:
            return When(written[0].at, written[0].at, Certainty.SEEN, LOGGED)
        return When(written[0].at, written[-1].at, Certainty.INFERRED, "the API audit log has several writes of it")
    if place.first:
        return _made(place, around, earliest)
    numbered = _numbered(place, around)
    if numbered is not None:
        return When(numbered, numbered, Certainty.SEEN, f"{place.snapshot.name} was given this number then")
    begun = _started(place, before, around)
    if begun is not None and (earliest is None or begun + TICK >= earliest):
        return When(begun, begun, Certainty.SEEN, "an Event says that its ReplicaSet was scaled up from 0 then")
    scaled = _scaled_down(before, around)
    if scaled is not None and (earliest is None or scaled >= earliest):
        return When(scaled, scaled, Certainty.INFERRED, "its predecessor was scaled down then")
    latest = _at_latest(place, after, around, earliest)
    again = f"{place.snapshot.name} was used again; when, only its neighbours tell"
    return When(earliest, latest, Certainty.INFERRED, again)


def _started(place: Place, before: Place | None, around: Around) -> datetime | None:
    """When a ReplicaSet that was used again was scaled up from nothing.

    One that had not come down to nothing in between was not: the Event that is left is that of an earlier time then.
    """
    begun = scalings.last_start(around.scalings, place.snapshot.name) if place.last else None
    if begun is None or (place.snapshot.created is not None and begun <= place.snapshot.created + TICK):
        return None
    former = before.snapshot.created if before is not None else None
    return begun if former is None or begun >= former else None


def _numbered(place: Place, around: Around) -> datetime | None:
    """When the controller gave a ControllerRevision its present number: it writes it for nothing else."""
    if place.snapshot.kind is SnapshotKind.REPLICA_SET or not place.last:
        return None
    return believable(place.snapshot.controller_wrote, around.now)


def _scaled_down(before: Place | None, around: Around) -> datetime | None:
    """When the ReplicaSet of the revision before was scaled down: the last that its controller wrote."""
    if before is None or not before.last or before.snapshot.kind is not SnapshotKind.REPLICA_SET:
        return None
    return believable(before.snapshot.controller_wrote, around.now)


def _made(place: Place, around: Around, earliest: datetime | None) -> When:
    created = believable(place.snapshot.created, around.now)
    if created is None:
        return When(earliest, None, Certainty.UNKNOWN, f"{place.snapshot.name} has no believable time")
    if earliest is not None and created + TICK < earliest:
        disagree = "the clocks disagree: it claims to be older than the one before"
        return When(created, created, Certainty.INFERRED, disagree)
    certainty = Certainty.INFERRED if place.inferred else Certainty.SEEN
    return When(created, created, certainty, f"{place.snapshot.name} was made then")


def _at_latest(place: Place, after: Place | None, around: Around, earliest: datetime | None) -> datetime | None:
    latest = believable(after.snapshot.created, around.now) if after is not None and after.first else None
    if after is None and place.last:
        began = [at for pod in around.pods if pod.snapshot == place.snapshot.name and (at := pod.created)]
        latest = min((at for at in began if earliest is None or at >= earliest), default=None)
    return None if latest is not None and earliest is not None and latest < earliest else latest


def born(place: Place, around: Around) -> datetime | None:
    """When the ReplicaSet began to make pods; under Recreate the old ones are gone by then."""
    if place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        return None
    if place.first:
        return believable(place.snapshot.created, around.now)
    return scalings.last_start(around.scalings, place.snapshot.name) if place.last else None


def retired(place: Place, around: Around) -> datetime | None:
    """When the ReplicaSet was scaled down for good; None for the one that serves."""
    if not place.last:
        return None
    told = scalings.last_end(around.scalings, place.snapshot.name)
    live = around.live
    if told is not None or live is None or place.number == live.observed_revision:
        return told
    if place.snapshot.kind is not SnapshotKind.REPLICA_SET:
        return None
    return believable(place.snapshot.controller_wrote, around.now)


def ready(place: Place, since: datetime | None, around: Around) -> tuple[datetime, ...]:
    """Times at which pods of this very roll became ready: a pod that was made later replaced one of them."""
    if since is None or not place.last:
        return ()
    mine = [pod for pod in around.pods if pod.snapshot == place.snapshot.name]
    return tuple(
        sorted(
            pod.ready_at
            for pod in mine
            if pod.ready_at is not None and pod.created is not None and pod.created - since <= _OF_THE_ROLL
        )
    )
