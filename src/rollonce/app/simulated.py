"""Our client and use-cases on the simulated cluster: one thread, virtual time, nothing between them but calls."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import msgspec

from rollonce.app.ports import Ports
from rollonce.cluster.client import Client
from rollonce.cluster.fanout import Follower
from rollonce.cluster.feed import WatchEvent
from rollonce.errors import AccessError, RefusedManifest, ServerFault
from rollonce.manifests.manifest import Manifest
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey
from rollonce.sim import seeding
from rollonce.sim.cluster import SimCluster, Subscription
from rollonce.sim.meter import Meter, Reading, Revision
from rollonce.sim.store import Key
from rollonce.text import document
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


class SimStream:
    """A watch. It does not wait: time goes on when nobody has anything left to do, and not in between."""

    def __init__(self, subscription: Subscription) -> None:
        self.status = subscription.status
        self.headers: tuple[tuple[str, str], ...] = ()
        self._subscription = subscription

    def read(self) -> bytes | None:
        """As `Stream.read`."""
        arrived = self._subscription.take()
        return arrived if arrived or self._subscription.closed else None

    def close(self) -> None:
        """As `Stream.close`."""
        self._subscription.close()


class SimWire:
    """The simulated cluster as a wire; `requests` has everything that was asked."""

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self._open: list[Subscription] = []
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
            return Whole(answer)
        self._open.append(answer)
        return SimStream(answer)

    def close(self) -> None:
        """As `Wire.close`."""
        for watch in self._open:
            watch.close()


class Whole:
    """A stream that is a whole answer: the refusal of a watch."""

    def __init__(self, answer: Response) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._left = answer.body

    def read(self) -> bytes:
        """As `Stream.read`."""
        left, self._left = self._left, b""
        return left

    def close(self) -> None:
        """As `Stream.close`."""
        self._left = b""


class OneThread:
    """A FanOut without threads: calls run one after the other, and time goes on only when all have."""

    def __init__(self, cluster: SimCluster) -> None:
        self._cluster = cluster

    def gather(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """As `FanOut.gather`."""
        return [call() for call in calls]

    def inbox(self) -> OneThreadInbox[E]:
        """As `FanOut.inbox`."""
        return OneThreadInbox(self._cluster)

    def close(self) -> None:
        """As `FanOut.close`: there is nothing to give back."""


class OneThreadInbox(Generic[E]):
    """What is there already comes first, calls before watches; when nothing is, whatever is due next happens."""

    def __init__(self, cluster: SimCluster) -> None:
        self._cluster = cluster
        self._calls: deque[Callable[[], E]] = deque()
        self._followed: list[tuple[Follower, Iterator[E | None]]] = []

    def start(self, call: Callable[[], E]) -> None:
        """As `Inbox.start`; the call runs when it is taken."""
        self._calls.append(call)

    def follow(self, watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> None:
        """As `Inbox.follow`."""
        self._followed.append((watch, _messages(watch, wrap, lost)))

    def take(self, timeout: float | None) -> E | None:
        """As `Inbox.take`, in virtual seconds; None, too, where nothing will ever happen any more."""
        clockwork = self._cluster.kernel.clockwork
        deadline = None if timeout is None else clockwork.now + timeout
        while True:
            if self._calls:
                return self._calls.popleft()()
            for _, messages in self._followed:
                if (message := next(messages, None)) is not None:
                    return message
            due = self._cluster.next_due()
            if due is None or (deadline is not None and due > deadline):
                self._cluster.advance(deadline if deadline is not None else clockwork.now)
                return None
            self._cluster.advance(due)

    def wake(self, event: E) -> None:
        """As `Inbox.wake`."""
        self._calls.append(lambda: event)

    def close(self, patience: float | None = None) -> None:  # noqa: ARG002 - nothing is ever under way
        """As `Inbox.close`."""
        self._calls.clear()
        for watch, _ in self._followed:
            watch.close()
        self._followed.clear()


def _messages(watch: Follower, wrap: Callable[[WatchEvent], E], lost: Callable[[AccessError], E]) -> Iterator[E | None]:
    """What a watch has to say, and None where it has nothing yet."""
    try:
        for event in watch.steps():
            yield None if event is None else wrap(event)
    except AccessError as error:
        yield lost(error)


def ports(cluster: SimCluster, *, around: Callable[[Wire], Wire] = lambda wire: wire) -> tuple[Ports, SimWire]:
    """Everything that a use-case needs, and the wire that shows what it asked; `around` may stand before it."""
    wire, clock = SimWire(cluster), VirtualClock(cluster)
    return Ports(Client(around(wire), clock, jitter=lambda: 0.0), OneThread(cluster), clock), wire


def seed(cluster: SimCluster, manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Begins a cluster with manifests, and lets it settle: what did not get ready, in words.

    Objects that were read from a cluster (they have a uid) are put back as they were, with their revisions and pods;
    all others are applied, as by `kubectl apply --server-side`. Namespaces that are named are made.
    Raises RefusedManifest with the words of the API server.
    """
    every = sorted(manifests, key=lambda manifest: seeding.first(manifest.kind))
    with _uncollected():
        try:
            seeding.restore(cluster, (manifest for manifest in every if manifest.live))
            for manifest in every:
                if not manifest.live:
                    seeding.apply(cluster, manifest)
        except seeding.Refused as refusal:
            raise _refused(refusal) from None
        left = seeding.settle(cluster)
    return tuple(f"{key.resource}/{key.name} in namespace {key.namespace}" for key in left)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector, who finds nothing in what is kept, and costs a fifth of the time in looking."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def apply(cluster: SimCluster, manifest: Manifest) -> None:
    """`kubectl apply --server-side` of one manifest. Raises RefusedManifest, for conflicts too."""
    try:
        seeding.apply(cluster, manifest, force=False)
    except seeding.Refused as refusal:
        raise _refused(refusal) from None


def set_images(cluster: SimCluster, key: WorkloadKey, images: Mapping[str, str]) -> None:
    """`kubectl set image`: images by container, in one strategic merge patch."""
    containers = [{"name": name, "image": image} for name, image in images.items()]
    body = msgspec.json.encode({"spec": {"template": {"spec": {"containers": containers}}}})
    headers = (("content-type", "application/strategic-merge-patch+json"),)
    path = key.kind.resource.path(key.namespace, key.name)
    request = Request("PATCH", path, (("fieldManager", "kubectl-set"),), headers, body)
    answer = SimWire(cluster).send(request, timeout=0)
    if answer.status >= 300:
        raise ServerFault(answer.body.decode(), status=answer.status)


def read_yaml(body: bytes) -> object:
    """The first document as JSON values, for a simulated cluster that is served to any client: with the bounds of
    `rollonce.text.document`. Raises ValueError."""
    try:
        return next((document.plain(node) for node in document.documents(body)), None)
    except document.Malformed as error:
        raise ValueError(f"yaml: line {error.line}: {error.reason}") from None


def settle(cluster: SimCluster) -> None:
    """Lets time go on until all workloads have the pods that they want, ready; at most an hour."""
    seeding.settle(cluster)


class Scales:
    """Weighs what happens to the workloads of a cluster from now on."""

    def __init__(self, cluster: SimCluster) -> None:
        self._meter = Meter(cluster)

    def costs(self) -> dict[WorkloadKey, Reading]:
        """Rolls and seconds of outage up to now."""
        return {_key(key): reading for key, reading in self._meter.readings().items()}

    def history(self, key: WorkloadKey) -> tuple[Revision, ...]:
        """The revision history of a workload."""
        resource = key.kind.resource
        return self._meter.history(Key(resource.group, resource.plural, key.namespace, key.name))


def _key(key: Key) -> WorkloadKey:
    kind = next(kind for kind in Kind if kind.resource.plural == key.resource)
    return WorkloadKey.of(kind, key.namespace, key.name)


def _refused(refusal: seeding.Refused) -> RefusedManifest:
    place = f"{refusal.seed.place}: " if isinstance(refusal.seed, Manifest) else ""
    return RefusedManifest(f"{place}{refusal.words}", act=f"begin with {refusal.seed}", hint="repair the manifest")
