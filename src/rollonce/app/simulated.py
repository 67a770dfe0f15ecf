"""Our client and use-cases on the simulated cluster: one thread, virtual time, nothing between them but calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from rollonce.app.ports import Ports
from rollonce.cluster.client import Client
from rollonce.cluster.fanout import Follower
from rollonce.cluster.feed import WatchEvent
from rollonce.errors import AccessError, RefusedManifest
from rollonce.manifests.manifest import Manifest
from rollonce.sim import seeding
from rollonce.sim.cluster import SimCluster, Subscription
from rollonce.wire import Request, Response, Stream

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


class SimStream:
    """A watch. Reading an idle one lets time go on to whatever happens next."""

    def __init__(self, cluster: SimCluster, subscription: Subscription) -> None:
        self.status = subscription.status
        self.headers: tuple[tuple[str, str], ...] = ()
        self._cluster = cluster
        self._subscription = subscription
        self._arrived = b""

    def ready(self) -> bool:
        """Whether `read` returns without time going on."""
        self._arrived += self._subscription.take()
        return bool(self._arrived) or self._subscription.closed

    def read(self) -> bytes:
        """As `Stream.read`; raises RuntimeError where nothing will ever happen."""
        while not self.ready():
            due = self._cluster.next_due()
            if due is None:
                raise RuntimeError("a watch is read, and nothing will ever happen")
            self._cluster.advance(due)
        arrived, self._arrived = self._arrived, b""
        return arrived

    def close(self) -> None:
        """As `Stream.close`."""
        self._subscription.close()


class SimWire:
    """The simulated cluster as a wire; `requests` has everything that was asked."""

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self.streams: list[SimStream] = []
        self.requests: list[Request] = []

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
        stream = SimStream(self.cluster, answer)
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
    """A watch that an inbox follows, with the stream that was opened for it."""

    def __init__(self, stream: SimStream, events: Iterator[WatchEvent], wrap: Callable[[WatchEvent], E]) -> None:
        self.stream = stream
        self.events = events
        self.wrap = wrap


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
        self._cluster = wire.cluster
        self._calls: deque[Callable[[], E]] = deque()
        self._followed: list[Followed[E]] = []
        self._watches: list[Follower] = []
        # Watches are opened before they are followed, in the same order.
        self._unclaimed = deque(wire.streams)

    def start(self, call: Callable[[], E]) -> None:
        """As `Inbox.start`; the call runs when it is taken."""
        self._calls.append(call)

    def follow(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:  # noqa: ARG002
        """As `Inbox.follow`; nothing here is ever lost."""
        self._watches.append(watch)
        self._followed.append(Followed(self._unclaimed.popleft(), watch.events(), wrap))

    def take(self, timeout: float | None) -> E | None:
        """As `Inbox.take`, in virtual seconds."""
        clockwork = self._cluster.kernel.clockwork
        deadline = None if timeout is None else clockwork.now + timeout
        while True:
            if self._calls:
                return self._calls.popleft()()
            for followed in self._followed:
                if followed.stream.ready():
                    return followed.wrap(next(followed.events))
            due = self._cluster.next_due()
            if due is None or (deadline is not None and due > deadline):
                self._cluster.advance(deadline if deadline is not None else clockwork.now)
                return None
            self._cluster.advance(due)

    def close(self, patience: float | None = None) -> None:  # noqa: ARG002
        """As `Inbox.close`."""
        self._calls.clear()
        for watch in self._watches:
            watch.close()
        self._watches.clear()
        self._followed.clear()


def ports(cluster: SimCluster) -> tuple[Ports, SimWire]:
    """Everything that a use-case needs, and the wire that shows what it asked."""
    wire, clock = SimWire(cluster), VirtualClock(cluster)
    return Ports(Client(wire, clock, jitter=lambda: 0.0), OneThread(wire), clock), wire


def seed(cluster: SimCluster, manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Begins a cluster with manifests, and lets it settle: what did not get ready, in words.

    Objects that were read from a cluster (they have a uid) are put back as they were, with their revisions and pods;
    all others are applied, as by `kubectl apply --server-side`. Namespaces that are named are made.
    Raises RefusedManifest with the words of the API server.
    """
    every = sorted(manifests, key=lambda manifest: seeding.first(manifest.kind))
    try:
        seeding.restore(cluster, (manifest for manifest in every if manifest.live))
        for manifest in every:
            if not manifest.live:
                seeding.apply(cluster, manifest)
    except seeding.Refused as refusal:
        raise _refused(refusal) from None
    return tuple(f"{key.resource}/{key.name} in namespace {key.namespace}" for key in seeding.settle(cluster))


def _refused(refusal: seeding.Refused) -> RefusedManifest:
    place = f"{refusal.seed.place}: " if isinstance(refusal.seed, Manifest) else ""
    return RefusedManifest(f"{place}{refusal.words}", act=f"begin with {refusal.seed}", hint="repair the manifest")
