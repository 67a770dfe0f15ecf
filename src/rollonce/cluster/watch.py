"""A watch that does not end: what breaks is opened again where it broke off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rollonce.cluster import answers
from rollonce.cluster.answers import Listing
from rollonce.cluster.clock import Clock
from rollonce.cluster.feed import Changed, Deleted, Expired, Fault, Feed, Snapshot, WatchEvent
from rollonce.errors import AccessError, ApiRefusal, ConnectionLost, ServerBusy, ServerFault, Unreachable
from rollonce.wire import Stream

__all__ = ["Changed", "Deleted", "Snapshot", "Source", "Watch", "WatchEvent"]

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 8.0
PATIENCE_SECONDS = 60.0
STEADY_SECONDS = 5.0
# How often a stream that does not wait is asked by whoever has nothing else to do.
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Source:
    """How a watch reads: a stream from a resource version on, in one try, and the list as it is now."""

    open: Callable[[str], Stream]
    relist: Callable[[], Listing]
    act: str = ""


class Watch:
    """The changes of a collection, or of one object, since a resource version.

    One thread reads `events`; any thread may `close`. `stream` is the first stream, already open;
    None where the resource version had expired before anything was read.
    """

    def __init__(self, source: Source, clock: Clock, resource_version: str, stream: Stream | None) -> None:
        self._source = source
        self._clock = clock
        self._feed = Feed(resource_version)
        self._lock = threading.Lock()
        self._stream = stream
        self._expired = stream is None
        self._closed = threading.Event()
        self._failing_since: float | None = None
        self._failures = 0

    def events(self) -> Iterator[WatchEvent]:
        """Every change, until `close`. Raises an `AccessError` where about a minute of tries was in vain,
        or where the server refuses."""
        for event in self.steps():
            if event is None:
                self._clock.sleep(LOOK_SECONDS)
            else:
                yield event

    def steps(self) -> Iterator[WatchEvent | None]:
        """As `events`, and None each time that a stream which does not wait has nothing yet."""
        while not self._closed.is_set():
            try:
                yield from self._stretch()
            except (ConnectionLost, Unreachable, ServerBusy, ServerFault) as error:
                self._pause(error)
            except AccessError as error:
                if self._closed.is_set():
                    return
                raise error.doing(self._source.act) from None

    def close(self) -> None:
        """Ends `events`, which may be waiting for the server in another thread."""
        with self._lock:
            self._closed.set()
            stream = self._stream
        if stream is not None:
            stream.close()

    def _stretch(self) -> Iterator[WatchEvent | None]:
        """One stream, from its opening to its end."""
        if self._expired:
            listing = self._source.relist()
            self._feed.restart(listing.resource_version)
            self._expired = False
            yield Snapshot(listing.items)
        stream = self._opened()
        if stream is None:
            return
        begun = self._clock.now()
        alive = expired = False
        try:
            while not expired and (piece := stream.read()) != b"":
                if piece is None:
                    yield None
                    continue
                for frame in self._feed.take(piece):
                    match frame:
                        case Expired():
                            expired = True
                            break
                        case Fault(response):
                            raise answers.refusal(response)
                        case _:
                            self._recovered()
                            yield frame
                    if self._closed.is_set():
                        return
                # An error that the server sends in the stream is no sign of life.
                alive = alive or not expired
        finally:
            self._drop(stream)
            # A quiet watch is a healthy one; one that breaks at once, again and again, is not.
            steady = alive or self._clock.now() - begun >= STEADY_SECONDS
            if steady:
                self._recovered()
        if expired:
            self._expire()
        elif not steady:
            raise ConnectionLost("the server ends the watch as soon as it has begun")

    def _opened(self) -> Stream | None:
        """The stream to read; None where the watch is closed, or its resource version has expired."""
        with self._lock:
            if self._closed.is_set() or self._stream is not None:
                return None if self._closed.is_set() else self._stream
        self._feed.restart()
        try:
            stream = self._source.open(self._feed.resource_version)
        except ApiRefusal as error:
            if error.status != 410:
                raise
            self._expire()
            return None
        with self._lock:
            self._stream = stream
            closed = self._closed.is_set()
        if closed:
            self._drop(stream)
            return None
        return stream

    def _drop(self, stream: Stream) -> None:
        with self._lock:
            self._stream = None
        stream.close()

    def _expire(self) -> None:
        self._expired = True
        # A list that has expired before it can be watched would otherwise be read in a circle.
        self._pause(
            ServerFault("the server forgets changes sooner than they can be read", status=410, reason="Expired")
        )

    def _recovered(self) -> None:
        self._failing_since = None
        self._failures = 0

    def _pause(self, error: AccessError) -> None:
        if self._closed.is_set():
            return
        now = self._clock.now()
        if self._failing_since is None:
            self._failing_since = now
        wait: float = min(FIRST_BACKOFF * 2 ** min(self._failures, 20), LONGEST_BACKOFF)
        self._failures += 1
        if now + wait - self._failing_since > PATIENCE_SECONDS:
            raise error.doing(self._source.act)
        self._clock.sleep(wait)
