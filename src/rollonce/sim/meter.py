"""What happened to the workloads of a simulated cluster: rolls by the revision history, outage by the pods.

The history is what a real cluster keeps, too: ReplicaSets with their revision, ControllerRevisions. The outage is the
time in which a workload that wants pods had no ready one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rollonce.sim import pods
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers.work import DAEMONSETS, DEPLOYMENTS, PODS, REPLICASETS, REVISIONS, STATEFULSETS, owner
from rollonce.sim.store import Change, Key, Object

WORKLOADS = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFULSETS, "DaemonSet": DAEMONSETS}
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one workload, since the meter was made: rolls, and virtual seconds without a ready pod."""

    rolls: int
    outage: float


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a revision history: its number and the images by container, init containers first."""

    number: int
    images: dict[str, str]


class Meter:
    """Listens to a cluster from its making on."""

    def __init__(self, cluster: SimCluster) -> None:
        self._store = cluster.kernel.store
        self._clockwork = cluster.kernel.clockwork
        self._workloads: dict[str, Key] = {}  # of owners of pods, by their uid
        self._ready: dict[Key, set[str]] = {}
        self._down_since: dict[Key, float] = {}
        self._outage: dict[Key, float] = {}
        self._first: dict[Key, int] = {}
        newest = self._newest()
        for key, thing in self._all():
            self._first[key] = newest.get(thing["metadata"]["uid"], 1)
            self._ready[key] = set()
        for pod in self._store.list(PODS):
            self._take(pod, ready=pods.is_ready(pod))
        for key in self._ready:
            self._judge(key)
        self._store.listen(self._note)

    def readings(self) -> dict[Key, Reading]:
        """What is known up to now, of each workload that there is; one that is new has not rolled yet."""
        found = {}
        newest = self._newest()
        for key, thing in self._all():
            rolls = newest.get(thing["metadata"]["uid"], 1) - self._first.get(key, 1)
            down = self._clockwork.now - self._down_since[key] if key in self._down_since else 0.0
            found[key] = Reading(max(rolls, 0), self._outage.get(key, 0.0) + down)
        return found

    def history(self, key: Key) -> tuple[Revision, ...]:
        """The revision history of a workload as it is kept now, oldest first."""
        thing = self._store.get(key)
        if thing is None:
            return ()
        uid = thing["metadata"]["uid"]
        made = (Revision(number, _images(template)) for owned, number, template in self._revisions() if owned == uid)
        return tuple(sorted(made, key=lambda revision: revision.number))

    def _newest(self) -> dict[str, int]:
        """The highest revision by the uid of the workload."""
        newest: dict[str, int] = {}
        for uid, number, _ in self._revisions():
            newest[uid] = max(newest.get(uid, 0), number)
        return newest

    def _revisions(self) -> Iterator[tuple[str, int, Object]]:
        """Owner's uid, number and pod template of each revision that is kept."""
        for rs in self._store.list(REPLICASETS):
            if (reference := owner(rs)) is not None:
                number = (rs["metadata"].get("annotations") or {}).get(REVISION, "0")
                yield reference["uid"], int(number), rs["spec"]["template"]
        for revision in self._store.list(REVISIONS):
            if (reference := owner(revision)) is not None:
                yield reference["uid"], int(revision["revision"]), revision["data"]["spec"]["template"]

    def _all(self) -> Iterator[tuple[Key, Object]]:
        for collection in WORKLOADS.values():
            for thing in self._store.list(collection):
                yield Key(*collection, thing["metadata"]["namespace"], thing["metadata"]["name"]), thing

    def _note(self, change: Change) -> None:
        if change.key.collection == PODS:
            key = self._take(change.object, ready=change.type != "DELETED" and pods.is_ready(change.object))
        elif change.key.collection in WORKLOADS.values():
            key = change.key
        else:
            return
        if key is not None:
            self._judge(key)

    def _take(self, pod: Object, *, ready: bool) -> Key | None:
        key = self._workload(pod)
        if key is not None:
            names = self._ready.setdefault(key, set())
            (names.add if ready else names.discard)(pod["metadata"]["name"])
        return key

    def _judge(self, key: Key) -> None:
        """A workload that wants pods and has no ready one is down, from this moment until it is not."""
        down = not self._ready.get(key) and self._wants(key)
        if down:
            self._down_since.setdefault(key, self._clockwork.now)
        elif (since := self._down_since.pop(key, None)) is not None:
            self._outage[key] = self._outage.get(key, 0.0) + self._clockwork.now - since

    def _wants(self, key: Key) -> bool:
        thing = self._store.get(key)
        if thing is None:
            return False
        if key.collection == DAEMONSETS:
            return bool(thing.get("status", {}).get("desiredNumberScheduled", 0))
        return bool(thing["spec"].get("replicas", 1))

    def _workload(self, pod: Object) -> Key | None:
        reference = owner(pod)
        if reference is None:
            return None
        if reference["uid"] not in self._workloads:
            namespace, kind, name = pod["metadata"]["namespace"], reference["kind"], reference["name"]
            if kind == "ReplicaSet":
                above = self._store.get(Key(*REPLICASETS, namespace, name))
                reference_above = owner(above) if above else None
                if reference_above is None:
                    return None
                kind, name = reference_above["kind"], reference_above["name"]
            if kind not in WORKLOADS:
                return None
            self._workloads[reference["uid"]] = Key(*WORKLOADS[kind], namespace, name)
        return self._workloads[reference["uid"]]


def _images(template: Object) -> dict[str, str]:
    spec = template["spec"]
    every = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return {container["name"]: container["image"] for container in every}
