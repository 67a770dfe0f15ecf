"""The use-case of `audit` and `explain`: gather evidence from clusters and files, and judge it. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from rollonce.app import dumps
from rollonce.app.ports import Ports
from rollonce.cluster.client import Client
from rollonce.errors import AccessError, ApiRefusal, Forbidden, MalformedSelector, NothingMatched
from rollonce.history import collect
from rollonce.history.collect import Collected
from rollonce.history.evidence import Evidence, Gap, Subject
from rollonce.history.review import Question, Review, review
from rollonce.model import selector as labels
from rollonce.model.kind import CONTROLLER_REVISIONS, EVENTS, PODS, REPLICA_SETS, SECRETS, Kind, Resource
from rollonce.model.reference import Every, Named, Selection

GONE = 410
BAD_REQUEST = 400
_RIGHTS = "ask for a Role with the verb list on it"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster to be read: its name (empty where it is the only one), its ports, the namespace, None for all."""

    name: str
    ports: Ports
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where evidence comes from: clusters, dumps, API audit logs."""

    clusters: tuple[Cluster, ...] = ()
    dumps: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """One list that is read, and what its lack costs. `limit` is how many objects a page has."""

    resource: Resource
    kind: str
    cost: str
    limit: int = 500
    selector: str = ""
    names_only: bool = False


@dataclass(frozen=True, slots=True)
class Got:
    """How far the reading of one source has come.

    `pages` have been read with `items` in them; `share` is the part of the source that they are, from 0 to 1, None
    where nobody knows.
    """

    source: str
    pages: int
    items: int
    share: float | None


class Gathering:
    """Evidence while it comes together, so that an interrupted run can tell what it has.

    `listen` is told how far it is, from several threads.
    """

    def __init__(self, listen: Callable[[Got], None] = lambda _: None) -> None:
        self._parts: list[Collected] = []
        self.listen = listen

    def part(self, cluster: str) -> Collected:
        """A new place for evidence of a cluster."""
        part = Collected(cluster)
        self._parts.append(part)
        return part

    def evidence(self, selection: Selection) -> Evidence:
        """What is there so far, as far as the selection goes."""
        whole = Evidence()
        for part in list(self._parts):
            whole = _joined(whole, part.evidence())
        return chosen(whole, selection)


def gather(sources: Sources, selection: Selection, into: Gathering) -> None:
    """Reads everything.

    Raises errors of access where a cluster cannot be asked for any workload, UnreadableFile.
    """
    for path in sources.dumps:
        _dump(path, into)
    for path in dumps.logs(sources.logs):
        dumps.read_log(path, into.part(sources.clusters[0].name if len(sources.clusters) == 1 else ""))
    for cluster in sources.clusters:
        _cluster(cluster, selection, into)


def _dump(path: str, into: Gathering) -> None:
    part, pieces = into.part(""), 0

    def got(share: float | None) -> None:
        nonlocal pieces
        pieces += 1
        into.listen(Got(path, pieces, part.items, share))

    dumps.read(path, part, got)


def judge(evidence: Evidence, question: Question, selection: Selection) -> Review:
    """The review. Raises NothingMatched where workloads are named and none of them is there."""
    names = [target for target in selection.targets if isinstance(target, Named)]
    there = {(s.key.kind_name, s.key.name) for s in _subjects(evidence)}
    if names and not any((target.kind_name, target.name) in there for target in names):
        raise NothingMatched(
            f"there is no {', '.join(map(str, names))}, and nothing is left of it",
            hint="see kubectl get for the names, and -n for the namespace",
        )
    absent = [target for target in names if (target.kind_name, target.name) not in there]
    gaps = tuple(Gap(str(target), "it is not there, and nothing is left of it") for target in absent)
    return review(replace(evidence, gaps=(*evidence.gaps, *gaps)), question)


def chosen(evidence: Evidence, selection: Selection) -> Evidence:
    """The evidence about the workloads that a selection takes. Raises MalformedSelector."""
    named = {(t.kind_name, t.name) for t in selection.targets if isinstance(t, Named)}
    kinds = {t.kind_name for t in selection.targets if isinstance(t, Every)}
    wanted = labels.parse(selection.selector, act="audit") if selection.selector else ()
    taken = {live.subject for live in evidence.lives if labels.matches(wanted, live.workload.labels or {})}

    def takes(subject: Subject) -> bool:
        key = subject.key
        if selection.namespace is not None and key.namespace != selection.namespace:
            return False
        if wanted and subject not in taken:
            return False
        return (key.kind_name, key.name) in named or key.kind_name in kinds

    return replace(
        evidence,
        lives=tuple(live for live in evidence.lives if takes(live.subject)),
        snapshots=tuple(s for s in evidence.snapshots if takes(s.subject)),
        writes=tuple(w for w in evidence.writes if takes(w.subject)),
    )


def _subjects(evidence: Evidence) -> Iterable[Subject]:
    yield from (live.subject for live in evidence.lives)
    yield from (snapshot.subject for snapshot in evidence.snapshots)


def _joined(one: Evidence, other: Evidence) -> Evidence:
    skipped: dict[str, int] = {}
    for what, n in (*one.skipped, *other.skipped):
        skipped[what] = skipped.get(what, 0) + n
    return Evidence(
        one.lives + other.lives,
        one.snapshots + other.snapshots,
        one.pods + other.pods,
        one.occurrences + other.occurrences,
        one.writes + other.writes,
        one.releases + other.releases,
        one.rejected + other.rejected,
        one.gaps + other.gaps,
        tuple(skipped.items()),
    )


# --- a cluster


def _cluster(cluster: Cluster, selection: Selection, into: Gathering) -> None:
    lists = list(reads(selection))
    parts = {each: into.part(cluster.name) for each in lists}

    def call(each: Read) -> Callable[[], ApiRefusal | None]:
        return lambda: _list(cluster, each, parts[each], into.listen)

    refusals = cluster.ports.fanout.gather([call(each) for each in lists])
    main = [refusal for each, refusal in zip(lists, refusals, strict=True) if each.resource in _MAIN]
    if all(refusal is not None for refusal in main):
        raise main[0] or AccessError("nothing can be listed")


_MAIN = frozenset(
    {kind.resource for kind in (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)}
    | {REPLICA_SETS, CONTROLLER_REVISIONS}
)
_LACK: Mapping[Kind, str] = {
    Kind.DEPLOYMENT: "of Deployments neither strategy nor writers are known",
    Kind.STATEFUL_SET: "of StatefulSets neither strategy nor writers are known",
    Kind.DAEMON_SET: "of DaemonSets neither strategy nor writers are known",
}


def reads(selection: Selection) -> Iterable[Read]:
    """The lists that a selection needs."""
    kinds = {target.kind_name for target in selection.targets}
    for kind, lack in _LACK.items():
        if kind.singular in kinds:
            yield Read(kind.resource, kind.title, lack, selector=selection.selector)
    if Kind.DEPLOYMENT.singular in kinds:
        yield Read(REPLICA_SETS, "ReplicaSet", "the revisions of Deployments cannot be seen")
    if kinds - {Kind.DEPLOYMENT.singular}:
        lost = "the revisions of StatefulSets and DaemonSets cannot be seen"
        yield Read(CONTROLLER_REVISIONS, "ControllerRevision", lost)
    yield Read(PODS, "Pod", "what a roll took is estimated, and failed revisions are not known as such")
    yield Read(EVENTS, "Event", "rolls of the last hour are known less well")
    yield Read(
        SECRETS,
        collect.RELEASE,
        "what helm wrote is known by its field manager only",
        selector="owner=helm",
        names_only=True,
    )


def raw(cluster: Cluster, each: Read, listen: Callable[[Got], None] = lambda _: None) -> Iterator[bytes]:
    """The objects of one list, page by page."""
    client: Client = cluster.ports.client
    source = f"{cluster.name}: {each.resource}" if cluster.name else str(each.resource)
    items = 0
    pages = client.pages(
        each.resource, cluster.namespace, selector=each.selector, names_only=each.names_only, limit=each.limit
    )
    for number, page in enumerate(pages, 1):
        yield from page.items
        items += len(page.items)
        left = page.remaining if page.token else 0
        listen(Got(source, number, items, None if left is None else items / max(items + left, 1)))


def _list(cluster: Cluster, each: Read, into: Collected, listen: Callable[[Got], None]) -> ApiRefusal | None:
    """Reads one list; None, or why it could not be read."""
    for attempt in (1, 2):
        try:
            for item in raw(cluster, each, listen):
                into.add(item, each.kind)
        except Forbidden as refusal:
            into.gap(f"{each.resource} cannot be listed", each.cost, _RIGHTS)
            return refusal
        except ApiRefusal as refusal:
            if refusal.status == GONE and attempt == 1:
                # What was read stays: an object that comes twice counts once.
                continue
            if refusal.status == BAD_REQUEST and each.selector:
                raise MalformedSelector(
                    f"the server does not understand -l {each.selector!r}: {refusal.fact}",
                    hint="a selector is such as app=agent,tier!=test or 'app in (a,b)'",
                ) from refusal
            into.gap(f"{each.resource} could be listed in part only: {refusal.fact}", each.cost)
            return refusal
        return None
    return None
