"""Looks into the pods and Events of a namespace where a rollout takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rollonce.app.ports import Ports
from rollonce.cluster.watch import Changed, Deleted, Snapshot, Watch, WatchEvent
from rollonce.errors import AccessError, UnreadableAnswer
from rollonce.model import pod as pods
from rollonce.model.kind import EVENTS, PODS
from rollonce.model.pod import Notice, Pod
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.status import diagnosis
from rollonce.status.diagnosis import Finding

# Seconds that a rollout may take before anybody asks why; most are over by then, and cost no further request.
PATIENCE = 3.0
# Namespaces that are looked into: two watches each.
MOST_NAMESPACES = 4
# Warnings of a namespace that are kept, the newest.
_MOST_NOTICES = 2000


@dataclass(frozen=True, slots=True)
class Opened:
    """The two watches of a namespace, or why there are none."""

    namespace: str
    watches: tuple[Watch, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one message of a watch shows; `whole` where nothing else is there."""

    namespace: str
    pods: tuple[Pod, ...] = ()
    gone: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    whole: bool = False


@dataclass(slots=True)
class _Place:
    pods: dict[str, Pod] = field(default_factory=dict)
    notices: dict[tuple[str, str, str], Notice] = field(default_factory=dict)


class Lookout:
    """What is known of the namespaces that are looked into. Used by one thread, `opening` excepted."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._places: dict[str, _Place] = {}
        self._since: dict[WorkloadKey, float] = {}
        self._told: set[tuple[WorkloadKey, diagnosis.Trouble, str]] = set()
        self._watches: list[Watch] = []
        self._closed = False
        self.found: dict[WorkloadKey, list[Finding]] = {}

    def rolls(self, key: WorkloadKey, now: float) -> None:
        """Its rollout is waited for, from now on."""
        self._since.setdefault(key, now)

    def ended(self, key: WorkloadKey) -> None:
        """It is not waited for any more."""
        self._since.pop(key, None)

    def due(self, now: float) -> tuple[str, ...]:
        """The namespaces to look into from now on; each is told once."""
        slow = (key.namespace for key, since in self._since.items() if since + PATIENCE <= now)
        new = [namespace for namespace in dict.fromkeys(slow) if namespace not in self._places]
        chosen = tuple(new[: MOST_NAMESPACES - len(self._places)])
        for namespace in chosen:
            self._places[namespace] = _Place()
        return chosen

    def next_due(self) -> float | None:
        """When there may be something to look into."""
        if len(self._places) >= MOST_NAMESPACES:
            return None
        waits = (since for key, since in self._since.items() if key.namespace not in self._places)
        return min((since + PATIENCE for since in waits), default=None)

    def opening(self, namespace: str) -> Callable[[], Opened]:
        """Opens the watches; for another thread."""

        def opened() -> Opened:
            watches: list[Watch] = []
            try:
                for resource, fields in ((PODS, ""), (EVENTS, "type=Warning")):
                    watches.append(self._ports.client.watch(resource, namespace, fields=fields, resource_version=""))
            except AccessError as error:
                for watch in watches:
                    watch.close()
                return Opened(namespace, (), error.fact)
            self._watches += watches
            if self._closed:
                self.close()
            return Opened(namespace, tuple(watches))

        return opened

    def close(self) -> None:
        """Ends the watches, those that are still being opened too."""
        self._closed = True
        for watch in self._watches:
            watch.close()

    def take(self, glimpse: Glimpse) -> None:
        """What a watch showed."""
        place = self._places[glimpse.namespace]
        if glimpse.whole:
            place.pods.clear()
        place.pods |= {pod.name: pod for pod in glimpse.pods}
        for name in glimpse.gone:
            place.pods.pop(name, None)
        for notice in glimpse.notices:
            known = (notice.kind, notice.name, notice.reason)
            place.notices.pop(known, None)
            place.notices[known] = notice
        while len(place.notices) > _MOST_NOTICES:
            del place.notices[next(iter(place.notices))]

    def news(self, namespace: str, rolling: Mapping[WorkloadKey, Workload]) -> Iterator[tuple[WorkloadKey, Finding]]:
        """What was not told before of the workloads in a namespace whose rollouts are waited for."""
        place = self._places[namespace]
        for key in [key for key in self._since if key.namespace == namespace and key in rolling]:
            found = diagnosis.findings(rolling[key], place.pods.values(), place.notices.values())
            self.found[key] = list(found)
            for finding in found:
                known = (key, finding.trouble, finding.where.partition(", ")[2])
                if known not in self._told:
                    self._told.add(known)
                    yield key, finding


def glimpses(namespace: str, *, of_pods: bool) -> Callable[[WatchEvent], Glimpse]:
    """Makes a glimpse of an event of one of the two watches."""

    def of(event: WatchEvent) -> Glimpse:
        match event:
            case Changed(object=raw):
                return _shown(namespace, (raw,), of_pods=of_pods)
            case Deleted(object=raw):
                return (
                    Glimpse(namespace, gone=tuple(pod.name for pod in _pods((raw,)))) if of_pods else Glimpse(namespace)
                )
            case Snapshot(items=items):
                return _shown(namespace, items, of_pods=of_pods, whole=of_pods)

    return of


def _shown(namespace: str, items: Iterable[bytes], *, of_pods: bool, whole: bool = False) -> Glimpse:
    if of_pods:
        return Glimpse(namespace, pods=tuple(_pods(items)), whole=whole)
    return Glimpse(namespace, notices=tuple(_notices(items)))


def _pods(items: Iterable[bytes]) -> Iterator[Pod]:
    for raw in items:
        try:
            yield pods.pod(raw)
        except UnreadableAnswer:
            continue


def _notices(items: Iterable[bytes]) -> Iterator[Notice]:
    for raw in items:
        try:
            notice = pods.notice(raw)
        except UnreadableAnswer:
            continue
        if notice is not None:
            yield notice
