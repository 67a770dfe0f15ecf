"""Virtual time: what is due, in the order of its time and, at one time, of its making."""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from types import FunctionType
from typing import Any


class Clockwork:
    """`now` is seconds since the epoch, in virtual time; nothing here reads a clock.

    What is to be called is a bound method, or a `functools.partial` of one: a copy of a simulated cluster calls the
    same methods of its own controllers, which nobody could tell of a closure (`rollonce.sim.cluster`, fork).
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> Clockwork:
        """The same timers, on the copies of what they call. Raises TypeError where one is a closure."""
        twin = memo[id(self)] = Clockwork(self.now)
        twin._made = self._made
        twin._due = [(due, number, _moved(act, memo)) for due, number, act in self._due]
        return twin

    def at(self, due: float, act: Callable[[], None]) -> None:
        """Calls `act` when the time has come; a time that has passed means now, at the next `advance`."""
        self._made += 1
        heapq.heappush(self._due, (max(due, self.now), self._made, act))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Calls `act` in so many seconds."""
        self.at(self.now + seconds, act)

    def next_due(self) -> float | None:
        """When something happens next, None where nothing will."""
        return self._due[0][0] if self._due else None

    def advance(self, until: float) -> None:
        """Lets everything happen that is due up to `until`, which is then now."""
        while self._due and self._due[0][0] <= until:
            due, _, act = heapq.heappop(self._due)
            self.now = max(self.now, due)
            act()
        self.now = max(self.now, until)


def _moved(act: Callable[[], None], memo: dict[int, Any]) -> Callable[[], None]:
    parts = (act.func, *act.args) if isinstance(act, partial) else (act,)
    if any(isinstance(part, FunctionType) for part in parts):
        raise TypeError(f"{act} is a closure: it would call the original's controllers")
    return copy.deepcopy(act, memo)


def timestamp(seconds: float, *, micro: bool = False) -> str:
    """RFC 3339 in UTC, whole seconds as in metadata.Time, microseconds as in MicroTime."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if micro:
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
