"""A simulation in virtual time as a handler: its clock is driven by the event loop.

Virtual time is wall time by a factor. Where more is due than can be computed in that time, virtual time falls
behind and does not catch up: a client waits for what it asked, not for what the world outside should have done.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from rollonce.gateway.handler import Body
from rollonce.wire import Request, Response

# How long others may have to wait for the loop while timers act (seconds).
SLICE = 0.01
# Where a watcher reads so slowly that this many bytes wait for it, its watch ends and it lists again.
WAITING_AT_MOST = 64 * 1024 * 1024


class Subscription(Protocol):
    """An open watch of the simulation."""

    closed: bool

    @property
    def status(self) -> int:
        """Status code of the answer."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of the answer."""
        ...

    def take(self) -> bytes:
        """What has arrived since the last call."""
        ...

    def close(self) -> None:
        """Ends the watch."""
        ...


class Simulation(Protocol):
    """What is served: requests in, answers and watches out, at given times (seconds since the epoch)."""

    def handle(self, request: Request, now: float) -> Response | Subscription:
        """Answers one request, after whatever is due before it."""
        ...

    def next_due(self) -> float | None:
        """When something happens next."""
        ...

    def advance(self, until: float) -> None:
        """Lets everything happen that is due up to `until`."""
        ...


class Watching(Body):
    """One open watch: fed by the driver, read by the application."""

    def __init__(self, subscription: Subscription) -> None:
        self.status = subscription.status
        self.headers = subscription.headers
        self.ended = False
        self._subscription = subscription
        self._waiting: list[bytes] = []
        self._size = 0
        self._woken = asyncio.Event()

    def feed(self) -> None:
        """Takes over what has arrived."""
        if arrived := self._subscription.take():
            self._waiting.append(arrived)
            self._size += len(arrived)
            self._woken.set()
        if self._subscription.closed or self._size > WAITING_AT_MOST:
            self.close()

    async def read(self) -> bytes:
        """As `Body.read`."""
        while not self._waiting and not self.ended:
            self._woken.clear()
            await self._woken.wait()
        chunk = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return chunk

    def close(self) -> None:
        """As `Body.close`."""
        if not self.ended:
            self.ended = True
            self._subscription.close()
            self._woken.set()


class Driver:
    """Serves a simulation at `speed` virtual seconds per second, from `start` on (seconds since the epoch).

    To be made within the event loop that it is used in.
    """

    def __init__(self, simulation: Simulation, start: float, *, speed: float) -> None:
        self._simulation = simulation
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._base = (time.monotonic(), start)
        self._now = start
        self._watches: set[Watching] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._plan()

    async def handle(self, request: Request) -> Response | Body:
        """As `Handler.handle`."""
        self._catch_up()
        answer = self._simulation.handle(request, self._now)
        if not isinstance(answer, Response):
            watching = Watching(answer)
            self._watches.add(watching)
            self._spread()
            self._plan()
            return watching
        if request.method not in ("GET", "HEAD"):
            self._spread()
            self._plan()
        return answer

    def close(self) -> None:
        """Stops the clock."""
        if self._timer is not None:
            self._timer.cancel()

    def _catch_up(self) -> bool:
        """Lets happen what is due, for a slice of time at most; whether that was everything."""
        began = time.monotonic()
        target = self._base[1] + (began - self._base[0]) * self._speed
        acted = False
        while (due := self._simulation.next_due()) is not None and due <= target:
            self._now = max(self._now, due)
            self._simulation.advance(self._now)
            acted = True
            if time.monotonic() - began > SLICE:
                # Virtual time falls behind: it goes on from here.
                self._base = (time.monotonic(), self._now)
                self._spread()
                return False
        self._now = max(self._now, target)
        if acted:
            self._spread()
        return True

    def _plan(self) -> None:
        """Wakes up when something is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._simulation.next_due()
        if due is not None:
            wall, start = self._base
            delay = wall + (due - start) / self._speed - time.monotonic()
            self._timer = self._loop.call_later(max(delay, 0.0), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._catch_up()
        self._plan()

    def _spread(self) -> None:
        """Hands out what the watches have got."""
        for watching in tuple(self._watches):
            watching.feed()
            if watching.ended:
                self._watches.discard(watching)
