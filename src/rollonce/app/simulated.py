"""Our client and use-cases on the simulated cluster: one thread, virtual time, nothing between them but calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rollonce.app.ports import Ports
from rollonce.cluster.client import Client
from rollonce.cluster.fanout import Follower
from rollonce.cluster.watch import Watch, WatchEvent
from rollonce.errors import AccessError
from rollonce.sim.cluster import SimCluster, Subscription
from rollonce.wire import Request, Response, Stream, Wire

T = TypeVar("T")
E = TypeVar("E")


class VirtualClock:
    """The time of the simulated cluster; waiting lets it go on."""

    def __init__(self, cluster: SimCluster) -> None:
        self._cluster = cluster

    def now(self) -> float:
        """Virtual time, in seconds since the epoch."""
        return self._cluster.kernel.clockwork.now

    def sleep(self, seconds: float) -> None:
        """Lets so many virtual seconds pass."""
        self._cluster.advance(self.now() + seconds)


class TimeIsUpError(Exception):
    """A watch was read, and until the end of the reader's time nothing happens."""


class SimStream:
    """A watch. Reading an idle one lets time go on to whatever happens next, until `horizon` at the latest."""

    def __init__(self, cluster: SimCluster, subscription: Subscription, horizon: float | None) -> None:
        self.status = subscription.status
        self.headers: tuple[tuple[str, str], ...] = ()
        self.horizon = horizon
        self._cluster = cluster
        self._subscription = subscription
        self._lines: deque[bytes] = deque()

    @property
    def closed(self) -> bool:
        """Whether it is at its end, but for what has arrived before."""
        return self._subscription.closed

    def ready(self) -> bool:
        """Whether the reader gets an event, or the end, without time going on: a bookmark alone is none."""
        self._lines.extend(self._subscription.take().splitlines(keepends=True))
        return self.closed or not all(map(_is_bookmark, self._lines))

    def read(self) -> bytes:
        """As `Stream.read`, at most one event at a time, as whoever reads more has events that nobody sees.

        Raises TimeIsUpError, and RuntimeError where without a horizon nothing will ever happen.
        """
        while not self.ready():
            due = self._cluster.next_due()
            if self.horizon is not None and (due is None or due > self.horizon):
                raise TimeIsUpError
            if due is None:
                raise RuntimeError("a watch is read, and nothing will ever happen")
            self._cluster.advance(due)
        piece = b""
        while self._lines:
            line = self._lines.popleft()
            piece += line
            if not _is_bookmark(line):
                break
        return piece

    def close(self) -> None:
        """As `Stream.close`."""
        self._subscription.close()


def _is_bookmark(line: bytes) -> bool:
    return line.startswith(b'{"type":"BOOKMARK"')


class SimWire:
    """The simulated cluster as a wire; `requests` has everything that was asked.

    No reading of a watch goes beyond `horizon`.
    """

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self.streams: list[SimStream] = []
        self.requests: list[Request] = []
        self.horizon: float | None = None

    def _handle(self, request: Request) -> Response | Subscription:
        self.requests.append(request)
        return self.cluster.handle(request, self.cluster.kernel.clockwork.now)

    def send(self, request: Request, *, timeout: float) -> Response:  # noqa: ARG002 - the answer comes at once
        """As `Wire.send`."""
        answer = self._handle(request)
        if not isinstance(answer, Response):
            raise TypeError(f"{request.target} is a watch")
        return answer

    def stream(self, request: Request, *, timeout: float) -> Stream:  # noqa: ARG002 - the answer comes at once
        """As `Wire.stream`."""
        answer = self._handle(request)
        if isinstance(answer, Response):
            return _Whole(answer)
        stream = SimStream(self.cluster, answer, self.horizon)
        self.streams.append(stream)
        return stream

    def close(self) -> None:
        """As `Wire.close`."""
        for stream in self.streams:
            stream.close()


class _Whole:
    """A stream that is a whole answer: the refusal of a watch."""

    def __init__(self, answer: Response) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._left = answer.body

    def read(self) -> bytes:
        left, self._left = self._left, b""
        return left

    def close(self) -> None:
        self._left = b""


class Followed(Generic[E]):
    """A watch that an inbox follows."""

    def __init__(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        self.watch = watch
        self.events = watch.events()
        self.wrap = wrap
        self.lost = lost

    @property
    def stream(self) -> SimStream | None:
        """The stream that it reads, None where it is going to open one."""
        stream = self.watch.stream if isinstance(self.watch, Watch) else None
        return stream if isinstance(stream, SimStream) else None

    def ready(self) -> bool:
        """Whether it goes on without time going on: an event, an end, a stream to be opened."""
        stream = self.stream
        return stream is None or stream.ready()


class OneThread:
    """A FanOut without threads: calls run one after the other, and time goes on only when all have."""

    def __init__(self, wire: SimWire) -> None:
        self._wire = wire

    def gather(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """As `FanOut.gather`."""
        return [call() for call in calls]

    def inbox(self) -> OneThreadInbox[E]:
        """As `FanOut.inbox`."""
        return OneThreadInbox(self._wire)

    def close(self) -> None:
        """As `FanOut.close`: there is nothing to give back."""


class OneThreadInbox(Generic[E]):
    """What is there already comes first; then whatever is due next happens."""

    def __init__(self, wire: SimWire) -> None:
        self._wire = wire
        self._cluster = wire.cluster
        self._calls: deque[Callable[[], E]] = deque()
        self._followed: list[Followed[E]] = []

    def start(self, call: Callable[[], E]) -> None:
        """As `Inbox.start`; the call runs when it is taken."""
        self._calls.append(call)

    def follow(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        """As `Inbox.follow`."""
        self._followed.append(Followed(watch, wrap, lost))

    def take(self, timeout: float | None) -> E | None:
        """As `Inbox.take`, in virtual seconds."""
        clockwork = self._cluster.kernel.clockwork
        deadline = None if timeout is None else clockwork.now + timeout
        while True:
            if self._calls:
                return self._calls.popleft()()
            for followed in self._followed:
                if followed.ready():
                    try:
                        return followed.wrap(self._next(followed, deadline))
                    except TimeIsUpError:
                        break
                    except AccessError as error:
                        self._followed.remove(followed)
                        return followed.lost(error)
            due = self._cluster.next_due()
            if due is None or (deadline is not None and due > deadline):
                self._cluster.advance(deadline if deadline is not None else clockwork.now)
                return None
            self._cluster.advance(due)

    def _next(self, followed: Followed[E], deadline: float | None) -> WatchEvent:
        """The next event; a watch that has ended is opened anew for it."""
        self._wire.horizon = deadline
        if followed.stream is not None:
            followed.stream.horizon = deadline
        return next(followed.events)

    def close(self, patience: float | None = None) -> None:  # noqa: ARG002
        """As `Inbox.close`."""
        self._calls.clear()
        for followed in self._followed:
            followed.watch.close()
        self._followed.clear()


def ports(cluster: SimCluster, *, around: Callable[[Wire], Wire] = lambda wire: wire) -> tuple[Ports, SimWire]:
    """Everything that a use-case needs, and the wire that shows what it asked; `around` may stand before it."""
    wire, clock = SimWire(cluster), VirtualClock(cluster)
    return Ports(Client(around(wire), clock, jitter=lambda: 0.0), OneThread(wire), clock), wire
