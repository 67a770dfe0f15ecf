"""Which write concerns which controller."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.clockwork import timestamp
from rollonce.sim.controllers import nodes
from rollonce.sim.controllers.cronjobs import CronJobs
from rollonce.sim.controllers.daemonset import DaemonSets
from rollonce.sim.controllers.deployment import Deployments
from rollonce.sim.controllers.disruption import BUDGETS, Disruption
from rollonce.sim.controllers.garbage import Garbage
from rollonce.sim.controllers.jobs import Jobs
from rollonce.sim.controllers.kubelet import Kubelet
from rollonce.sim.controllers.replicaset import ReplicaSets
from rollonce.sim.controllers.statefulset import StatefulSets
from rollonce.sim.controllers.work import (
    ADOPTED,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    NODES,
    PODS,
    REPLICASETS,
    REVISIONS,
    STATEFULSETS,
    Queue,
    Work,
    key_of,
    owner,
    selects,
)
from rollonce.sim.kernel import Kernel
from rollonce.sim.pods import Profile
from rollonce.sim.store import Change, Collection, Key

NODE_NAMES = ("node-0", "node-1", "node-2")


def install(kernel: Kernel, profile: Profile = pods.NONE) -> Dispatch:
    """Starts the controllers on a kernel: three nodes where there is none, then a listener on the store.

    What is in the store already is synced once, as after a restart of the controller manager: nothing of it rolls.
    """
    work = Work(kernel, profile)
    dispatch = Dispatch(work)
    for key, thing in kernel.store.everything():
        work.note(Change(0, "ADDED", key, thing, None))
    kernel.store.listen(dispatch.note)
    if not kernel.store.list(NODES):
        for name in NODE_NAMES:
            add_node(kernel, name)
    dispatch.adopt()
    return dispatch


def add_node(kernel: Kernel, name: str) -> None:
    """One more node that takes pods."""
    number = len(kernel.store.list(NODES))
    node = nodes.registered(name, number, timestamp(kernel.clockwork.now))
    kernel.create(Key(*NODES, "", name), node, manager="kubelet")


ADOPTERS = {
    PODS: (REPLICASETS, STATEFULSETS, DAEMONSETS),
    REPLICASETS: (DEPLOYMENTS,),
    REVISIONS: (STATEFULSETS, DAEMONSETS),
}


class Dispatch:
    """All controllers of one cluster."""

    def __init__(self, work: Work) -> None:
        """Makes the controllers; they see what `note` tells them."""
        self._work = work
        self._kubelet = Kubelet(work)
        self._garbage = Garbage(work)
        self._deployments = Deployments(work)
        self._disruption = Disruption(work)
        replicasets = ReplicaSets(work)
        self._queues: dict[Collection, Queue] = {
            DEPLOYMENTS: self._deployments.queue,
            REPLICASETS: replicasets.queue,
            STATEFULSETS: StatefulSets(work).queue,
            DAEMONSETS: DaemonSets(work).queue,
            JOBS: Jobs(work).queue,
            CRONJOBS: CronJobs(work).queue,
            BUDGETS: self._disruption.queue,
        }

    def adopt(self) -> None:
        """Everything that is there already is looked at once."""
        for collection in (*self._queues, PODS):
            for thing in self._work.kernel.store.list(collection):
                key = Key(*collection, thing["metadata"].get("namespace", ""), thing["metadata"]["name"])
                self.note(Change(0, "ADDED", key, thing, None))

    def note(self, change: Change) -> None:
        """Called within every write: nothing is done here but asking for syncs."""
        self._work.note(change)
        self._garbage.note(change)
        queue = self._queues.get(change.key.collection)
        if queue is not None and change.type != "DELETED":
            queue.add(change.key)
        if change.key.collection == PODS:
            self._kubelet.note(change)
            self._disruption.concerned(change.key, change.object)
        self._owner(change)
        if change.type != "DELETED" and change.key.collection in ADOPTED and owner(change.object) is None:
            self._orphan(change)
        elif change.previous is not None and owner(change.object) != owner(change.previous):
            self._owner(change._replace(object=change.previous))

    def _orphan(self, change: Change) -> None:
        """Whoever selects it looks whether to adopt it (getDeploymentsForReplicaSet and the like)."""
        labels = change.object["metadata"].get("labels") or {}
        for collection in ADOPTERS[change.key.collection]:
            for thing in self._work.kernel.store.list(collection, change.key.namespace):
                if selects(thing["spec"].get("selector"), labels):
                    self._queues[collection].add(key_of(collection, thing))

    def _owner(self, change: Change) -> None:
        """Asks for a sync of the owner; of the Deployment too where a pod is gone (deletePod, for Recreate)."""
        reference = owner(change.object)
        key = self._work.uids.get(reference["uid"]) if reference else None
        if key is None or key.collection not in self._queues:
            return
        self._queues[key.collection].add(key)
        if change.type == "DELETED" and key.collection == REPLICASETS:
            above = self._work.get(key)
            reference = owner(above) if above else None
            key = self._work.uids.get(reference["uid"]) if reference else None
            if key is not None and key.collection == DEPLOYMENTS:
                self._deployments.queue.add(key)
