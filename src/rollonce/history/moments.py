"""When a revision came, when its pods were asked for, were ready, and went."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollonce.history import scalings
from rollonce.history.evidence import SnapshotKind, Write
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
    written = _write_of(place, neighbours, around, floor)
    if written is not None:
        return When(written.at, written.at, Certainty.SEEN, LOGGED)
    if place.first:
        return _made(place, around, earliest)
    begun = scalings.last_start(around.scalings, place.snapshot.name) if place.last else None
    if begun is not None and (earliest is None or begun + TICK >= earliest):
        return When(begun, begun, Certainty.SEEN, "an Event says that its ReplicaSet was scaled up from 0 then")
    scaled = believable(before.snapshot.controller_wrote, around.now) if before is not None and before.last else None
    if scaled is not None and (earliest is None or scaled >= earliest):
        return When(scaled, scaled, Certainty.INFERRED, "its predecessor was scaled down then")
    latest = _at_latest(place, after, around, earliest)
    again = f"{place.snapshot.name} was used again; when, only its neighbours tell"
    return When(earliest, latest, Certainty.INFERRED, again)


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


def _write_of(
    place: Place, neighbours: tuple[Place | None, Place | None], around: Around, floor: When | None
) -> Write | None:
    """The audited write that brought the template; None where the log does not tell which one it was.

    A write that leaves the template as it is brought nothing, so of a run of equal ones only the first counts.
    """
    digest = place.snapshot.template.digest
    lower = floor.earliest if floor else None
    before, after = neighbours
    upper = place.snapshot.created if place.first else _made_first(after)
    logged = floor is not None and floor.basis == LOGGED
    # Between two revisions that do not follow each other, an earlier use of the same template may have been.
    follows = before is not None and before.number == place.number - 1
    last = ""
    found = []
    for write in around.writes:
        if write.template is None:
            continue
        fresh, last = write.template.digest != last, write.template.digest
        # A stamp is the beginning of its second, and what came before a revision cannot have made the next one.
        later = lower is None or (write.at > lower if logged else write.at >= lower)
        within = later and (upper is None or write.at <= upper + TICK)
        if fresh and write.template.digest == digest and within:
            found.append(write)
    if place.first and upper is not None:
        return found[-1] if found else None
    return found[0] if found and ((logged and follows) or len(found) == 1) else None


def _made_first(after: Place | None) -> datetime | None:
    """When the next revision was made, where its snapshot was made for it."""
    return after.snapshot.created if after is not None and after.first else None


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
