"""What all controllers share: who owns what, queues of keys, and the ways to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from rollonce.sim import pods
from rollonce.sim.api import admission, defaults
from rollonce.sim.clockwork import timestamp
from rollonce.sim.events import Source
from rollonce.sim.kernel import CONTROLLER_MANAGER, Kernel
from rollonce.sim.pods import Profile
from rollonce.sim.store import Change, Collection, Key, Object

Place = TypeVar("Place")

DEPLOYMENTS = Collection("apps", "deployments")
REPLICASETS = Collection("apps", "replicasets")
STATEFULSETS = Collection("apps", "statefulsets")
DAEMONSETS = Collection("apps", "daemonsets")
REVISIONS = Collection("apps", "controllerrevisions")
JOBS = Collection("batch", "jobs")
CRONJOBS = Collection("batch", "cronjobs")
PODS = Collection("", "pods")
NODES = Collection("", "nodes")
CLAIMS = Collection("", "persistentvolumeclaims")

ADOPTED = frozenset({PODS, REPLICASETS, REVISIONS})
NEVER_RELEASED = (REVISIONS, "StatefulSet")

# Between a write and the sync that sees it: informer and queue of the real controllers. Writes within it are one sync.
LATENCY = 0.004
# What one write of a controller takes.
WRITE = 0.008
# From one write of a sync to its next one, where another writer may come between.
BETWEEN = 0.006
# What a controller waits before it tries again after an error, at first and at most
# (client-go/util/workqueue/default_rate_limiters.go).
RETRY, LONGEST_RETRY = 0.005, 1000.0


def owner(thing: Object) -> Object | None:
    """The owner reference of its controller, None where it has none."""
    references = thing["metadata"].get("ownerReferences", [])
    found: Object | None = next((r for r in references if r.get("controller")), None)
    return found


def owned_by(thing: Object, kind: str) -> Object:
    """A controlling owner reference to an object (metav1.NewControllerRef)."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": thing["metadata"]["name"],
        "uid": thing["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects; an absent one selects nothing."""
    if selector is None:
        return False
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_matches(expression, labels) for expression in selector.get("matchExpressions") or [])


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def scaled(value: int | str | None, total: int, *, default: int | str, up: bool) -> int:
    """An IntOrString of a total; a percentage is rounded up or down (GetScaledValueFromIntOrPercent)."""
    value = default if value is None else value
    if isinstance(value, int):
        return value
    product = int(value.removesuffix("%")) * total
    return -(-product // 100) if up else product // 100


def _fits(by: Object, kind: str, thing: Object, collection: Collection) -> bool:
    """A StatefulSet takes only pods with its names (isMemberOf)."""
    if (kind, collection) != ("StatefulSet", PODS):
        return True
    name, _, ordinal = thing["metadata"]["name"].rpartition("-")
    return bool(name == by["metadata"]["name"]) and str(ordinal).isdigit()


def key_of(collection: Collection, thing: Object) -> Key:
    """The key under which an object of that collection is stored."""
    return Key(*collection, thing["metadata"].get("namespace", ""), thing["metadata"]["name"])


class AlreadyThere(Exception):
    """What was to be created is there."""


class Conflict(Exception):
    """Somebody wrote the object between the read of a sync and its write."""


class Queue:
    """Keys to sync, each at most once at a time, a little after it was asked for.

    A sync takes as long as what it writes; what is asked for meanwhile is one sync after it. A sync that is an
    iterator goes on a little later wherever it yields: there others may write between its writes.
    """

    def __init__(self, kernel: Kernel, sync: Callable[[Key], Iterator[None] | None]) -> None:
        self._clockwork = kernel.clockwork
        self._store = kernel.store
        self._sync = sync
        self._waiting: set[Key] = set()
        self._timers: set[tuple[Key, float]] = set()
        self._busy: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}

    def add(self, key: Key) -> None:
        """Asks for a sync; what is asked for already is one sync."""
        if key not in self._waiting:
            self._waiting.add(key)
            due = max(self._clockwork.now + LATENCY, self._busy.pop(key, 0.0))
            self._clockwork.at(due, partial(self._run, key))

    def add_after(self, key: Key, seconds: float) -> None:
        """Asks for a sync in so many seconds."""
        due = self._clockwork.now + seconds
        if (key, due) not in self._timers:
            self._timers.add((key, due))
            self._clockwork.at(due, partial(self._elapsed, key, due))

    def retry(self, key: Key) -> None:
        """Asks for a sync after one that failed: each time twice as late (workqueue/default_rate_limiters.go)."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, min(RETRY * 2.0**failures, LONGEST_RETRY))

    def forget(self, key: Key) -> None:
        """A sync succeeded."""
        self._failures.pop(key, None)

    def _elapsed(self, key: Key, due: float) -> None:
        self._timers.discard((key, due))
        self.add(key)

    def _run(self, key: Key) -> None:
        before = self._store.version
        steps = self._sync(key)
        if steps is None:
            self._end(key, self._store.version - before)
        else:
            self._go_on(key, steps, 0)

    def _go_on(self, key: Key, steps: Iterator[None], waited: int) -> None:
        """The sync until it yields or ends; `waited` is how often it has yielded, each time for a write."""
        before = self._store.version
        try:
            next(steps)
        except StopIteration:
            self._end(key, self._store.version - before, again=bool(waited))
        except Conflict:
            # Whoever wrote has asked for a sync.
            self._end(key, self._store.version - before, again=True)
        else:
            self._clockwork.at(self._clockwork.now + BETWEEN, partial(self._go_on, key, steps, waited + 1))

    def _end(self, key: Key, written: int, *, again: bool = False) -> None:
        # What the sync writes asks for the next one, which begins when this one has ended.
        self._waiting.discard(key)
        if written or again:
            self._busy[key] = self._clockwork.now + written * WRITE
            self.add(key)


def _drop(index: dict[Place, dict[Key, None]], place: Place, key: Key) -> None:
    kept = index.get(place, {})
    kept.pop(key, None)
    if not kept:
        index.pop(place, None)


class Work:
    """The kernel as controllers use it: reads by owner, writes in their name."""

    def __init__(self, kernel: Kernel, profile: Profile) -> None:
        self.kernel = kernel
        self.profile = profile
        # Dependents by the uid of any owner, and of the controlling one by collection; dicts keep the order of making.
        self.dependents: dict[str, dict[Key, None]] = {}
        self._controlled: dict[tuple[str, Collection], dict[Key, None]] = {}
        self.uids: dict[str, Key] = {}
        # What nobody controls, and a controller may adopt, by namespace.
        self._orphans: dict[tuple[str, Collection], dict[Key, None]] = {}

    @property
    def now(self) -> float:
        """Virtual time, seconds since the epoch."""
        return self.kernel.clockwork.now

    @property
    def stamp(self) -> str:
        """Virtual time as metadata.Time."""
        return timestamp(self.now)

    def note(self, change: Change) -> None:
        """Keeps the indexes along with the store."""
        if change.previous is not None:
            self._forget(change.key, change.previous)
        if change.type != "DELETED":
            self._remember(change.key, change.object)

    def _remember(self, key: Key, thing: Object) -> None:
        self.uids[thing["metadata"]["uid"]] = key
        if key.collection in ADOPTED and owner(thing) is None:
            self._orphans.setdefault((key.namespace, key.collection), {})[key] = None
        for reference in thing["metadata"].get("ownerReferences", []):
            self.dependents.setdefault(reference["uid"], {})[key] = None
            if reference.get("controller"):
                self._controlled.setdefault((reference["uid"], key.collection), {})[key] = None

    def _forget(self, key: Key, thing: Object) -> None:
        self.uids.pop(thing["metadata"]["uid"], None)
        if key.collection in ADOPTED:
            _drop(self._orphans, (key.namespace, key.collection), key)
        for reference in thing["metadata"].get("ownerReferences", []):
            uid = reference["uid"]
            _drop(self.dependents, uid, key)
            _drop(self._controlled, (uid, key.collection), key)

    def get(self, key: Key) -> Object | None:
        """The object, None where there is none."""
        return self.kernel.store.get(key)

    def controlled(self, uid: str, collection: Collection) -> list[Object]:
        """What that owner controls, oldest first and then by name."""
        found = [self.get(key) for key in self._controlled.get((uid, collection), {})]
        return sorted((thing for thing in found if thing is not None), key=age)

    def adoptable(self, by: Object, kind: str, collection: Collection) -> list[Object]:
        """What nobody controls and an owner selects; before it adopts, it reads itself past its cache."""
        selector = by["spec"].get("selector")
        orphans = [self.get(key) for key in self._orphans.get((by["metadata"]["namespace"], collection), {})]
        return [
            thing
            for thing in orphans
            if thing is not None
            and not pods.is_terminating(thing)
            and selects(selector, thing["metadata"].get("labels") or {})
            and _fits(by, kind, thing, collection)
        ]

    def claimed(self, by: Object, kind: str, collection: Collection) -> list[Object]:
        """What an owner controls, oldest first, after it has adopted what its selector selects and released the rest.

        pkg/controller/controller_ref_manager.go, ClaimObject; history/controller_history.go for what never is released.
        """
        uid = by["metadata"]["uid"]
        found, kept = self.controlled(uid, collection), []
        if pods.is_terminating(by):
            return found
        selector = by["spec"].get("selector")
        for thing in found:
            if selects(selector, thing["metadata"].get("labels") or {}) or (collection, kind) == NEVER_RELEASED:
                kept.append(thing)
            else:
                self._own(collection, thing, [r for r in thing["metadata"]["ownerReferences"] if r["uid"] != uid])
        for thing in self.adoptable(by, kind, collection):
            references = [*thing["metadata"].get("ownerReferences", []), owned_by(by, kind)]
            kept.append(self._own(collection, thing, references))
        return sorted(kept, key=age)

    def _own(self, collection: Collection, thing: Object, references: list[Object]) -> Object:
        metadata = {name: part for name, part in thing["metadata"].items() if name != "ownerReferences"}
        if references:
            metadata["ownerReferences"] = references
        return self.update(collection, {**thing, "metadata": metadata})

    def create(self, collection: Collection, namespace: str, name: str, thing: Object) -> Object:
        """Creates in the name of the controller manager, with what the API server fills in. Raises AlreadyThere."""
        key = Key(*collection, namespace, name)
        if self.get(key) is not None:
            raise AlreadyThere(key)
        kind = self.kernel.kinds.of(collection)
        made = {**thing, "metadata": {**thing["metadata"], "name": name}}
        if kind is not None:
            made = defaults.complete(kind, made)
        if collection != PODS:
            return self.kernel.create(key, made, manager=CONTROLLER_MANAGER)
        tracked = self.kernel.prepared(key, made, manager=CONTROLLER_MANAGER)
        return self.kernel.store.put(key, admission.pod(tracked))

    def update(self, collection: Collection, thing: Object) -> Object:
        """Writes metadata and spec in the name of the controller manager."""
        return self.kernel.update(key_of(collection, thing), thing, manager=CONTROLLER_MANAGER)

    def set_status(self, collection: Collection, thing: Object, status: Object) -> Object:
        """Writes the status where it differs; keys whose value is None are left out."""
        status = {name: value for name, value in status.items() if value is not None}
        if thing.get("status") == status:
            return thing
        return self.kernel.update(
            key_of(collection, thing), {**thing, "status": status}, manager=CONTROLLER_MANAGER, subresource="status"
        )

    def unchanged(self, collection: Collection, thing: Object) -> None:
        """Raises Conflict where somebody else wrote it meanwhile."""
        live = self.get(key_of(collection, thing))
        if live is None or live["metadata"]["resourceVersion"] != thing["metadata"]["resourceVersion"]:
            raise Conflict(thing["metadata"]["name"])

    def create_pod(self, source: Source, by: Object, pod: Object) -> None:
        """Creates a pod of `by`, and says so (pkg/controller/controller_utils.go, createPods)."""
        metadata = pod["metadata"]
        self.create(PODS, metadata["namespace"], metadata["name"], pod)
        self.kernel.events.say(source, by, "SuccessfulCreate", f"Created pod: {metadata['name']}")

    def delete_pod(self, source: Source, by: Object, pod: Object) -> None:
        """Deletes a pod of `by`, and says so (DeletePod)."""
        self.delete(PODS, pod)
        self.kernel.events.say(source, by, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def delete(self, collection: Collection, thing: Object) -> None:
        """Deletes as a DELETE with background propagation would: pods get their grace, finalizers hold."""
        key = key_of(collection, thing)
        live = self.get(key)
        if live is None or pods.is_terminating(live):
            return
        metadata = live["metadata"]
        if collection == PODS:
            # pkg/registry/core/pod/strategy.go, CheckGracefulDelete: nothing to wait for where nothing runs.
            waits = live["spec"].get("nodeName") and not pods.is_finished(live)
            grace = pods.grace_period(live) if waits else 0.0
        else:
            grace = 0.0
        if not grace and not metadata.get("finalizers"):
            self.kernel.delete(key)
            return
        ended = {"deletionTimestamp": timestamp(self.now + grace), "deletionGracePeriodSeconds": int(grace)}
        self.kernel.update(key, {**live, "metadata": {**metadata, **ended}}, manager=CONTROLLER_MANAGER)


def controller(name: str) -> Source:
    """A controller of the controller manager as it tells Events."""
    return Source(f"{name}-controller", CONTROLLER_MANAGER)


def age(thing: Object) -> tuple[str, str]:
    """Sorts the oldest first, by name where two are equally old (ReplicaSetsByCreationTimestamp)."""
    return thing["metadata"]["creationTimestamp"], thing["metadata"]["name"]


def pod_from(template: Object, owned: Object, namespace: str, name: str, generate_name: str = "") -> Object:
    """A pod of a template (pkg/controller/controller_utils.go, GetPodFromTemplate)."""
    metadata: Object = {"name": name, "namespace": namespace}
    if generate_name:
        metadata["generateName"] = generate_name
    for part in ("labels", "annotations", "finalizers"):
        if template.get("metadata", {}).get(part):
            metadata[part] = template["metadata"][part]
    metadata["ownerReferences"] = [owned]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": template["spec"],
        "status": {"phase": "Pending"},
    }
