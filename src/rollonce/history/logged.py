"""Which write of the API audit log brought which revision.

Both come in one order: revisions by their numbers, writes by their times. A revision was made, or used again, while its
template was the live one, so that a write is possible only if the next one had not come long before. What is left is
settled by the order: the earliest and the latest way to line both up, and where they agree, that is the write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rollonce.history import scalings
from rollonce.history.evidence import SnapshotKind, Write
from rollonce.history.instants import believable
from rollonce.history.place import Around, Place

# A stamp of the API is the beginning of its second.
_TICK = timedelta(seconds=1)
# How long a controller may take to act upon a write, and how long a write has to stand for it to have acted for sure.
_LAG = timedelta(seconds=5)


def align(places: Sequence[Place], around: Around) -> Mapping[int, tuple[Write, ...]]:
    """Number -> the write that brought it, or several where it is not settled which of them; places in their order."""
    writes = effective(around.writes)
    if not writes:
        return {}
    possible = [_possible(place, writes, around) for place in places]
    bounds = zip(_earliest(places, possible), _latest(places, possible), possible, strict=True)
    left = [
        [i for i in indices if low is not None and high is not None and low <= i <= high]
        for low, high, indices in bounds
    ]
    if places and places[-1].snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        left = _narrowed(places, left, _stood(writes, around.now))
    return {
        place.number: tuple(writes[i] for i in indices) for place, indices in zip(places, left, strict=True) if indices
    }


def effective(writes: Sequence[Write]) -> list[Write]:
    """The writes that left another template than the one before; of a run of equal ones only the first did."""
    found: list[Write] = []
    for write in writes:
        if write.template is None:
            continue
        if not found or found[-1].template is None or found[-1].template.digest != write.template.digest:
            found.append(write)
    return found


def _possible(place: Place, writes: Sequence[Write], around: Around) -> list[int]:
    """Indices of the writes that may have brought a place."""
    digest = place.snapshot.template.digest
    same = [i for i, write in enumerate(writes) if write.template is not None and write.template.digest == digest]
    acted = _acted(place, around)
    if acted is not None:
        # Under Recreate, or while it is paused, a Deployment's controller makes a ReplicaSet long after the write.
        prompt = place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION
        same = [i for i in same if not prompt or writes[i].at + _LAG >= acted]
        return [i for i in same if _was_live(i, writes, acted)]
    created = believable(place.snapshot.created, around.now)
    return [i for i in same if created is None or place.first or writes[i].at + _TICK >= created]


def _acted(place: Place, around: Around) -> datetime | None:
    """When the controller made or used the snapshot for this place."""
    if place.first:
        return believable(place.snapshot.created, around.now)
    if not place.last:
        return None
    if place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        return believable(place.snapshot.controller_wrote, around.now)
    return scalings.last_start(around.scalings, place.snapshot.name)


def _was_live(index: int, writes: Sequence[Write], at: datetime) -> bool:
    until = writes[index + 1].at if index + 1 < len(writes) else None
    return writes[index].at <= at + _TICK and (until is None or until + _LAG >= at)


def _steps(before: Place, after: Place) -> int:
    """How many writes it takes at least from one place to another; a log may have lost some."""
    return 1 if after.first else after.number - before.number


def _earliest(places: Sequence[Place], possible: Sequence[Sequence[int]]) -> list[int | None]:
    found: list[int | None] = []
    before: tuple[Place, int] | None = None
    for place, indices in zip(places, possible, strict=True):
        floor = -1 if before is None else before[1] + _steps(before[0], place)
        chosen = next((i for i in indices if i >= floor), None)
        found.append(chosen)
        if chosen is not None:
            before = place, chosen
    return found


def _latest(places: Sequence[Place], possible: Sequence[Sequence[int]]) -> list[int | None]:
    found: list[int | None] = []
    after: tuple[Place, int] | None = None
    for place, indices in zip(reversed(places), reversed(possible), strict=True):
        ceiling = None if after is None else after[1] - _steps(place, after[0])
        chosen = next((i for i in reversed(indices) if ceiling is None or i <= ceiling), None)
        found.append(chosen)
        if chosen is not None:
            after = place, chosen
    return found[::-1]


def _stood(writes: Sequence[Write], now: datetime) -> list[bool]:
    """Whether a write stood so long that the controllers of StatefulSets and DaemonSets gave it a number."""
    ends = [*(write.at for write in writes[1:]), now]
    return [end - write.at >= _LAG for write, end in zip(writes, ends, strict=True)]


def _narrowed(places: Sequence[Place], left: list[list[int]], stood: list[bool]) -> list[list[int]]:
    """Without what would leave more numbers between two revisions than there are."""
    found = list(left)
    # What comes after the newest revision has no number at all.
    after, number = [len(stood)], places[-1].number + 1
    for index in reversed(range(len(places))):
        room = number - places[index].number - 1
        fitting = [i for i in left[index] if any(i < k and sum(stood[i + 1 : k]) <= room for k in after)]
        if fitting:
            found[index] = after = fitting
            number = places[index].number
    return found
