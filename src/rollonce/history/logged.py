"""Which write of the API audit log brought which revision.

Both come in one order: revisions by their numbers, writes by their times. A revision was made, or used again, while its
template was the live one or soon after. Of all ways to line both up those count that leave least to be explained; where
all of them agree upon a revision, that is its write.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
# What a way to line up costs: something odd, and a revision without a write.
_ODD, _UNMATCHED = 1, 10
# So many revisions in a row may lack their writes, and so many writes of one template are looked at.
_REACH, _MOST = 3, 40


def align(places: Sequence[Place], around: Around) -> Mapping[int, tuple[Write, ...]]:
    """Number -> the write that brought it, or several where it is not settled which of them; places in their order."""
    writes = effective(around.writes)
    if not writes or not places:
        return {}
    lines = _Lines(places, writes, around)
    return {
        place.number: tuple(writes[i] for i in indices)
        for place, indices in zip(places, lines.best(), strict=True)
        if indices
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


class _Lines:
    """The ways to line up places and writes, by what they leave to be explained."""

    def __init__(self, places: Sequence[Place], writes: Sequence[Write], around: Around) -> None:
        self._places = places
        self._writes = writes
        self._possible = [_possible(place, writes, around) for place in places]
        # A write that stood this long has a number; a paused Deployment, or one that is being recreated, makes none.
        ends = [*(write.at for write in writes[1:]), around.now]
        self._stood = [i for i, end in enumerate(ends) if end - writes[i].at >= _LAG]
        prompt = places[0].snapshot.kind is SnapshotKind.CONTROLLER_REVISION
        self._unnumbered = _UNMATCHED if prompt else _ODD

    def best(self) -> list[list[int]]:
        """For each place the indices of the writes that a cheapest way gives it."""
        ahead, behind = self._ahead(), self._behind()
        totals = [{i: ahead[p][i] + behind[p][i] for i in found} for p, found in enumerate(self._possible)]
        least = min((cost for found in totals for cost in found.values()), default=0)
        return [[i for i, cost in found.items() if cost == least] for found in totals]

    def _ahead(self) -> list[dict[int, int]]:
        """The cost of everything up to a place that has a write, itself included."""
        costs: list[dict[int, int]] = []
        for p, found in enumerate(self._possible):
            here: dict[int, int] = {}
            for i, own in found.items():
                ways = [_UNMATCHED * p]
                for q in range(max(0, p - _REACH), p):
                    lost = _UNMATCHED * (p - q - 1)
                    ways += [costs[q][j] + lost + self._between(q, j, p, i) for j in costs[q] if self._fit(q, j, p, i)]
                here[i] = own + min(ways)
            costs.append(here)
        return costs

    def _behind(self) -> list[dict[int, int]]:
        """The cost of everything after a place that has a write."""
        last = len(self._places)
        costs: list[dict[int, int]] = [{} for _ in self._places]
        for q in reversed(range(last)):
            for j in self._possible[q]:
                ways = [_UNMATCHED * (last - q - 1) + self._unnumbered * self._standing(j, len(self._writes), 0)]
                for p in range(q + 1, min(last, q + 1 + _REACH)):
                    lost = _UNMATCHED * (p - q - 1)
                    found = self._possible[p]
                    ways += [
                        costs[p][i] + own + lost + self._between(q, j, p, i)
                        for i, own in found.items()
                        if self._fit(q, j, p, i)
                    ]
                costs[q][j] = min(ways)
        return costs

    def _fit(self, q: int, j: int, p: int, i: int) -> bool:
        """Whether the writes lie far enough apart for the numbers; what a log may have lost is found by its time."""
        before, after = self._places[q], self._places[p]
        return i - j >= (1 if after.first else after.number - before.number)

    def _between(self, q: int, j: int, p: int, i: int) -> int:
        room = self._places[p].number - self._places[q].number - 1
        return self._unnumbered * self._standing(j, i, room)

    def _standing(self, j: int, i: int, room: int) -> int:
        """How many writes between two stood long, beyond the numbers that there are between them.

        One that brings the template of `j` back may need no number: what was between made none.
        """
        mine = _digest(self._writes[j])
        between = self._stood[bisect_right(self._stood, j) : bisect_left(self._stood, i)]
        return max(0, sum(_digest(self._writes[each]) != mine for each in between) - room)


def _digest(write: Write) -> str:
    return write.template.digest if write.template is not None else ""


def _possible(place: Place, writes: Sequence[Write], around: Around) -> dict[int, int]:
    """Indices of the writes that may have brought a place, with what is odd about each."""
    digest = place.snapshot.template.digest
    same = [i for i, write in enumerate(writes) if write.template is not None and write.template.digest == digest]
    acted = _acted(place, around)
    if acted is None:
        return _again(place, same[-_MOST:], writes, around)
    if place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        # Under Recreate, or while it is paused, a Deployment's controller makes a ReplicaSet long after the write.
        same = [i for i in same if writes[i].at + _LAG >= acted]
    live = [i for i in same if _was_live(i, writes, acted, _LAG)][-_MOST:]
    return {i: 0 if _was_live(i, writes, acted, timedelta()) else _ODD for i in live}


def _acted(place: Place, around: Around) -> datetime | None:
    """When the controller made or used the snapshot for this place."""
    if place.first:
        return believable(place.snapshot.created, around.now)
    if not place.last:
        return None
    if place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        return believable(place.snapshot.controller_wrote, around.now)
    return None


def _again(place: Place, same: list[int], writes: Sequence[Write], around: Around) -> dict[int, int]:
    """As `_possible`, for a ReplicaSet that was used again.

    An Event tells when it was scaled up from nothing, if it had come down to nothing at all in between.
    """
    created = believable(place.snapshot.created, around.now)
    started = scalings.last_start(around.scalings, place.snapshot.name) if place.last else None
    later = [i for i in same if created is None or writes[i].at + _TICK >= created]
    return {i: 0 if started is None or _was_live(i, writes, started, _LAG) else _ODD for i in later}


def _was_live(index: int, writes: Sequence[Write], at: datetime, lag: timedelta) -> bool:
    """Whether the template of a write was the live one at some time of a second, or up to `lag` before it."""
    until = writes[index + 1].at if index + 1 < len(writes) else None
    return writes[index].at <= at + _TICK and (until is None or until + lag >= at)
