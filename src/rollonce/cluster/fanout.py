"""Calls side by side, and an inbox where results and changes come together.

Ports, and their implementation on threads. The threads are started once and wait in C for work:
nothing here polls. On POSIX a wait for a queue is interrupted by signals; elsewhere it is not, so there
it is cut into pieces.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from rollonce.cluster.clock import Clock, SystemClock
from rollonce.cluster.feed import WatchEvent
from rollonce.errors import AccessError

T = TypeVar("T")
E = TypeVar("E")

_SLICE = None if os.name == "posix" else 0.5


class Follower(Protocol):
    """What an inbox follows: a `watch.Watch`."""

    def events(self) -> Iterator[WatchEvent]:
        """As `Watch.events`."""
        ...

    def steps(self) -> Iterator[WatchEvent | None]:
        """As `Watch.steps`."""
        ...

    def close(self) -> None:
        """As `Watch.close`."""
        ...


class Inbox(Protocol[E]):
    """Where events of one consumer arrive in the order in which they happen."""

    def start(self, call: Callable[[], E]) -> None:
        """Runs the call beside; what it returns is an event."""
        ...

    def follow(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        """Every change of the watch is an event, and so is its loss for good, until `close`, which closes it too."""
        ...

    def take(self, timeout: float | None) -> E | None:
        """The next event, None after `timeout` seconds without one; None waits for ever.

        Raises what escaped a call.
        """
        ...

    def wake(self, event: E) -> None:
        """Puts an event in from anywhere, a signal handler among them."""
        ...

    def close(self, patience: float | None = None) -> None:
        """Closes the watches, drops calls that have not begun, waits for those that run, at most `patience` seconds."""
        ...


class FanOut(Protocol):
    """Runs calls side by side."""

    def gather(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """All results, in the order of the calls. After an error no further call begins, the running ones
        end, and the error that came first is raised. Not to be called from within a call."""
        ...

    def inbox(self) -> Inbox[E]:
        """A new inbox; close it."""
        ...

    def close(self) -> None:
        """Let go of what runs the calls."""
        ...


class ThreadFanOut:
    """`width` threads, started with the first work and shared by everything that runs here."""

    def __init__(self, width: int) -> None:
        self._width = max(1, width)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> ThreadFanOut:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def gather(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """As `FanOut.gather`. An interrupt in this thread is raised at once, and no further call begins."""
        if len(calls) == 1:
            return [calls[0]()]
        batch = _Batch(calls)
        self._run([partial(batch.run, index) for index in range(len(calls))])
        try:
            return batch.results()
        finally:
            batch.stopped = True

    def inbox(self) -> Inbox[E]:
        """As `FanOut.inbox`."""
        return _ThreadInbox(lambda job: self._run([job]), SystemClock())

    def close(self) -> None:
        """Lets the threads end; work that has not begun still runs before."""
        with self._lock:
            for _ in self._threads:
                self._work.put(None)
            self._threads.clear()

    def _run(self, jobs: Sequence[Callable[[], None]]) -> None:
        with self._lock:
            for number in range(len(self._threads), min(self._width, len(self._threads) + len(jobs))):
                # Daemons: an interrupted process does not wait for a server that is slow to answer.
                thread = threading.Thread(target=self._serve, name=f"rollonce-{number}", daemon=True)
                thread.start()
                self._threads.append(thread)
        for job in jobs:
            self._work.put(job)

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job()
            # Else an idle thread would keep the results of its last batch alive.
            del job


class _Batch(Generic[T]):
    """The calls of one `gather`, and their results as they arrive."""

    def __init__(self, calls: Sequence[Callable[[], T]]) -> None:
        self._calls = calls
        self._done: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()
        self.stopped = False

    def run(self, index: int) -> None:
        if self.stopped:
            self._done.put((-1, None, None))
            return
        try:
            result = self._calls[index]()
        except BaseException as error:
            self.stopped = True
            self._done.put((index, None, error))
        else:
            self._done.put((index, result, None))

    def results(self) -> list[T]:
        found: dict[int, T] = {}
        first: BaseException | None = None
        for _ in self._calls:
            index, result, error = _get(self._done)
            if error is not None:
                first = first or error
            elif index >= 0:
                found[index] = result  # type: ignore[assignment]
        if first is not None:
            raise first
        return [found[index] for index in range(len(self._calls))]


def _get(source: queue.SimpleQueue[T]) -> T:
    while True:
        try:
            return source.get(timeout=_SLICE)
        except queue.Empty:
            continue


class _ThreadInbox(Generic[E]):
    def __init__(self, run: Callable[[Callable[[], None]], None], clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self._arrived: queue.SimpleQueue[tuple[E | None, BaseException | None]] = queue.SimpleQueue()
        self._idle = threading.Condition()
        self._running = 0
        self._closed = False
        self._watches: list[Follower] = []

    def start(self, call: Callable[[], E]) -> None:
        self._run(lambda: self._call(call))

    def _call(self, call: Callable[[], E]) -> None:
        with self._idle:
            if self._closed:
                return
            self._running += 1
        try:
            self._arrived.put((call(), None))
        except BaseException as error:
            self._arrived.put((None, error))
        finally:
            with self._idle:
                self._running -= 1
                if not self._running:
                    self._idle.notify_all()

    def follow(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        with self._idle:
            closed = self._closed
            self._watches.append(watch)
        if closed:
            watch.close()
            return
        threading.Thread(target=self._pump, args=(watch, wrap, lost), name="rollonce-watch", daemon=True).start()

    def _pump(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        try:
            for event in watch.events():
                if self._closed:
                    return
                self._arrived.put((wrap(event), None))
        except AccessError as error:
            self._arrived.put((lost(error), None))
        except BaseException as error:
            self._arrived.put((None, error))

    def take(self, timeout: float | None) -> E | None:
        deadline = None if timeout is None else self._clock.now() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - self._clock.now())
            wait = left if _SLICE is None else (_SLICE if left is None else min(left, _SLICE))
            try:
                event, error = self._arrived.get(timeout=wait)
            except queue.Empty:
                if deadline is not None and self._clock.now() >= deadline:
                    return None
                continue
            if error is not None:
                raise error
            return event

    def wake(self, event: E) -> None:
        self._arrived.put((event, None))  # reentrant, as nothing else here is

    def close(self, patience: float | None = None) -> None:
        with self._idle:
            self._closed = True
            watches, self._watches = self._watches, []
        for watch in watches:
            watch.close()
        deadline = None if patience is None else self._clock.now() + patience
        with self._idle:
            while self._running:
                left = None if deadline is None else deadline - self._clock.now()
                if left is not None and left <= 0:
                    return
                self._idle.wait(_SLICE if left is None else left)
