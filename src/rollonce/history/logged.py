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
# How long a controller may take to act upon a write.
_LAG = timedelta(seconds=10)


def align(places: Sequence[Place], around: Around) -> Mapping[int, tuple[Write, ...]]:
    """Number -> the write that brought it, or several where it is not settled which of them; places in their order."""
    writes = effective(around.writes)
    if not writes:
        return {}
    possible = [_possible(place, writes, around) for place in places]
    first = _earliest(places, possible)
    last = _latest(places, possible)
    found = {}
    for index, place in enumerate(places):
        low, high = first[index], last[index]
        if low is not None and high is not None and low <= high:
            found[place.number] = tuple(writes[each] for each in possible[index] if low <= each <= high)
    return found


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
