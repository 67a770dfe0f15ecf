"""What a simulated cluster begins with: manifests that are applied, and objects of a dump, put back as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from rollonce.sim import pods
from rollonce.sim.api import crds, defaults, eventviews
from rollonce.sim.api.kinds import Definition, Kind
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers.work import DAEMONSETS, DEPLOYMENTS, NODES, PODS, STATEFULSETS
from rollonce.sim.store import Collection, Key, Object
from rollonce.wire import Request, Response

APPLY = (("content-type", "application/apply-patch+yaml"),)
JSON = (("content-type", "application/json"),)
# Of a kind without its definition nothing is known but that its objects are kept as they are.
_ANYTHING = Definition({crds.PRESERVE: True})
DEFAULT_NAMESPACE = "default"
# Who has applied what is there from the beginning, as far as managedFields tell: a later `kubectl apply --server-side`
# is then the same applier, and takes away what it leaves out.
MANAGER = "kubectl"
# Virtual seconds that seeded workloads have to get ready, and how often it is looked whether they are.
PATIENCE = 3600.0
LOOK = 5.0
# These are there before what may stand in them.
_FIRST = ("CustomResourceDefinition", "Namespace")
_SETTLING = (DEPLOYMENTS, STATEFULSETS, DAEMONSETS)


class Seed(Protocol):
    """An object to begin with: what it is, and the JSON of all of it. An empty namespace means `default`."""

    @property
    def api_version(self) -> str:
        """As in the object."""
        ...

    @property
    def kind(self) -> str:
        """As in the object."""
        ...

    @property
    def namespace(self) -> str:
        """As in the object."""
        ...

    @property
    def name(self) -> str:
        """As in the object."""
        ...

    @property
    def body(self) -> bytes:
        """All of it."""
        ...


class Refused(Exception):
    """The API server does not take an object; `words` are its own, with all causes."""

    def __init__(self, seed: Seed, words: str) -> None:
        super().__init__(words)
        self.seed = seed
        self.words = words


def first(kind: str) -> int:
    """Sorts what has to be there first to the front."""
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def apply(cluster: SimCluster, thing: Seed, *, manager: str = MANAGER, force: bool = True) -> None:
    """A server-side apply, as by `kubectl apply --server-side`; its namespace is made where there is none.
    With `force` it takes what other managers own, else that is a conflict.

    A kind that is not built in is served from then on, as if its definition had been there. Raises `Refused`.
    """
    kind = _kind(cluster, thing)
    namespace = _space(kind, thing)
    _make_namespaces(cluster, [namespace])
    path = _path(kind, namespace)
    if thing.name:
        query = (("fieldManager", manager), ("force", "true" if force else "false"))
        words = _ask(cluster, Request("PATCH", f"{path}/{quote(thing.name, safe='')}", query, APPLY, thing.body))
    else:
        words = _ask(cluster, Request("POST", path, (("fieldManager", manager),), JSON, thing.body))
    if words:
        raise Refused(thing, words)


def restore(cluster: SimCluster, things: Iterable[Seed]) -> None:
    """Puts objects of a dump back with uid, status, managedFields and owners: controllers find what they left.

    Time goes on to the newest moment that the objects tell of. Nodes that pods run on are there, too.
    Raises `Refused` where an object has no kind that can be served.
    """
    placed: list[tuple[Key, Object]] = []
    for thing in things:
        kind = _kind(cluster, thing)
        namespace = _space(kind, thing)
        whole: Object = msgspec.json.decode(thing.body)
        bare = {name: value for name, value in whole.items() if name not in ("apiVersion", "kind")}
        metadata = {**bare["metadata"], **({"namespace": namespace} if namespace else {})}
        # A dump made by hand may lack defaults; a controller would take its own defaulted template for another one.
        whole = eventviews.stored(kind, defaults.complete(kind, {**whole, "metadata": metadata}, whole))
        placed.append((Key(*kind.collection, namespace, thing.name), whole))
    newest = max((time for _, whole in placed for time in _moments(whole)), default=0.0)
    cluster.advance(newest)
    _take_nodes(cluster, placed)
    for key, whole in placed:
        cluster.kernel.store.put(key, whole)
    _make_namespaces(cluster, (key.namespace for key, _ in placed))


def settle(cluster: SimCluster, patience: float = PATIENCE) -> tuple[Key, ...]:
    """Lets time go on until all workloads have the pods that they want, ready; those that did not get there."""
    end = cluster.kernel.clockwork.now + patience
    left = _unsettled(cluster)
    while left and cluster.kernel.clockwork.now < end and cluster.next_due() is not None:
        cluster.advance(min(cluster.kernel.clockwork.now + LOOK, end))
        left = _unsettled(cluster)
    return left


def _unsettled(cluster: SimCluster) -> tuple[Key, ...]:
    store = cluster.kernel.store
    return tuple(
        Key(*collection, thing["metadata"]["namespace"], thing["metadata"]["name"])
        for collection in _SETTLING
        for thing in store.list(collection)
        if not _is_settled(thing)
    )


def _is_settled(thing: Object) -> bool:
    status = thing.get("status", {})
    if status.get("observedGeneration", 0) < thing["metadata"].get("generation", 0):
        return False
    spec = thing["spec"]
    if "currentNumberScheduled" in status:
        wanted = status.get("desiredNumberScheduled", 0)
        counts = [status.get("numberAvailable", 0), status.get("currentNumberScheduled", 0)]
        updated = status.get("updatedNumberScheduled", 0)
    else:
        wanted = spec.get("replicas", 1)
        counts = [status.get("availableReplicas", 0), status.get("replicas", 0)]
        updated = status.get("updatedReplicas", 0)
    how = spec.get("updateStrategy") or {}
    # These stay behind their template on purpose.
    held = spec.get("paused") or how.get("type") == "OnDelete" or (how.get("rollingUpdate") or {}).get("partition")
    return all(count == wanted for count in counts) and (bool(held) or updated == wanted)


def _kind(cluster: SimCluster, thing: Seed) -> Kind:
    for kind in cluster.kernel.kinds.all():
        if (kind.api_version, kind.kind) == (thing.api_version, thing.kind):
            return kind
    group, _, version = thing.api_version.rpartition("/")
    if "." not in group:
        raise Refused(thing, f'no matches for kind "{thing.kind}" in version "{thing.api_version}"')
    lower = thing.kind.lower()
    plural = f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}es" if lower.endswith("s") else f"{lower}s"
    kind = Kind(group, version, plural, thing.kind, namespaced=True, definition=_ANYTHING)
    cluster.kernel.kinds.add(kind)
    return kind


def _space(kind: Kind, thing: Seed) -> str:
    return (thing.namespace or DEFAULT_NAMESPACE) if kind.namespaced else ""


def _path(kind: Kind, namespace: str) -> str:
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
    return f"{root}/namespaces/{namespace}/{kind.resource}" if namespace else f"{root}/{kind.resource}"


def _make_namespaces(cluster: SimCluster, names: Iterable[str]) -> None:
    """Those that are not there yet; a name that no namespace can have is refused with what was to stand in it."""
    for name in sorted(set(names)):
        if name and cluster.kernel.store.get(Key("", "namespaces", "", name)) is None:
            body = msgspec.json.encode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            _ask(cluster, Request("POST", "/api/v1/namespaces", (("fieldManager", MANAGER),), JSON, body))


def _ask(cluster: SimCluster, request: Request) -> str:
    """The server's words where it refuses, else nothing."""
    answer = cluster.handle(request, cluster.kernel.clockwork.now)
    if not isinstance(answer, Response):
        raise TypeError(f"{request.target} is a watch")
    return "" if answer.status < 300 else str(msgspec.json.decode(answer.body).get("message", ""))


def _moments(thing: Object) -> Iterable[float]:
    """When it was made, written and last got ready or not."""
    metadata = thing["metadata"]
    stamps = [metadata.get("creationTimestamp"), *(entry.get("time") for entry in metadata.get("managedFields") or [])]
    status: Mapping[str, Any] = thing.get("status") or {}
    stamps += [condition.get("lastTransitionTime") for condition in status.get("conditions") or []]
    for stamp in stamps:
        if stamp:
            yield pods.seconds(stamp)


def _take_nodes(cluster: SimCluster, placed: list[tuple[Key, Object]]) -> None:
    """The nodes of the dump, or those that its pods name, instead of ours: what runs there stays there."""
    store = cluster.kernel.store
    given = {key.name for key, _ in placed if key.collection == NODES}
    named = {str(thing["spec"]["nodeName"]) for key, thing in placed if _is_on_node(key.collection, thing)}
    used = {str(pod["spec"].get("nodeName")) for pod in store.list(PODS)}
    if not given and not named:
        return
    for node in store.list(NODES):
        if (name := node["metadata"]["name"]) not in used | given | named:
            cluster.kernel.delete(Key(*NODES, "", name))
    for name in sorted(named - given):
        if store.get(Key(*NODES, "", name)) is None:
            cluster.add_node(name)


def _is_on_node(collection: Collection, thing: Object) -> bool:
    return collection == PODS and bool(thing["spec"].get("nodeName")) and not pods.is_finished(thing)
