"""ReplicaSets: as many pods as wanted, and a count of how they are."""

from __future__ import annotations

from collections.abc import Iterator

from rollonce.sim import pods
from rollonce.sim.controllers.work import PODS, REPLICASETS, Queue, Work, controller, key_of, owned_by, pod_from
from rollonce.sim.store import Key, Object

SOURCE = controller("replicaset")


class ReplicaSets:
    """pkg/controller/replicaset/replica_set.go."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> Iterator[None]:
        """Creates or deletes pods, then writes the status."""
        work = self._work
        rs = work.get(key)
        if rs is None:
            return
        owned = work.claimed(rs, "ReplicaSet", PODS)
        if not pods.is_terminating(rs):
            active = [pod for pod in owned if pods.is_active(pod)]
            yield from self._manage(rs, active)
        # The real one counts what it read before it created or deleted; the next sync counts those.
        self._count(rs, owned)

    def _manage(self, rs: Object, active: list[Object]) -> Iterator[None]:
        """Creates in batches, each twice as large as the one before (slowStartBatch); deletes all at once."""
        work = self._work
        missing = rs["spec"].get("replicas", 1) - len(active)
        name, namespace = rs["metadata"]["name"], rs["metadata"]["namespace"]
        made, batch = 0, 1
        while made < missing:
            for _ in range(min(batch, missing - made)):
                unique = work.kernel.unique(f"{name}-")
                pod = pod_from(rs["spec"]["template"], owned_by(rs, "ReplicaSet"), namespace, unique, f"{name}-")
                work.create_pod(SOURCE, rs, pod)
                made += 1
            batch *= 2
            if made < missing:
                yield
        if missing < 0:
            for pod in sorted(active, key=_worth)[:-missing]:
                work.delete_pod(SOURCE, rs, pod)

    def _count(self, rs: Object, owned: list[Object]) -> None:
        """replica_set_utils.go, calculateStatus."""
        work = self._work
        labels = rs["spec"]["template"].get("metadata", {}).get("labels", {})
        min_ready = rs["spec"].get("minReadySeconds", 0)
        active = [pod for pod in owned if pods.is_active(pod)]
        waits = [pods.available_in(pod, min_ready, work.now) for pod in active]
        soon = [wait for wait in waits if wait]
        if soon:
            work_key = key_of(REPLICASETS, rs)
            self.queue.add_after(work_key, min(soon))
        full = sum(1 for pod in active if labels.items() <= pod["metadata"].get("labels", {}).items())
        terminating = sum(1 for pod in owned if pods.is_terminating(pod) and not pods.is_finished(pod))
        status = {
            "replicas": len(active),
            "fullyLabeledReplicas": full or None,
            "readyReplicas": sum(1 for wait in waits if wait is not None) or None,
            "availableReplicas": sum(1 for wait in waits if wait == 0.0) or None,
            "terminatingReplicas": terminating,
            "observedGeneration": rs["metadata"]["generation"],
        }
        # Counted by what was read, written to what is there (updateReplicaSetStatus gets it again).
        live = work.get(key_of(REPLICASETS, rs))
        if live is not None:
            work.set_status(REPLICASETS, live, status)


def _worth(pod: Object) -> tuple[bool, int, bool, float, int, float, str]:
    """What goes first stands first (controller_utils.go, ActivePodsWithRanks): not bound, pending, not ready,
    cheap to delete, ready for a shorter time, restarted more often, younger."""
    status = pod.get("status", {})
    phase = {"Pending": 0, "Unknown": 1}.get(status.get("phase", "Pending"), 2)
    cost = int(pod["metadata"].get("annotations", {}).get("controller.kubernetes.io/pod-deletion-cost", 0))
    ready = pods.condition(pod, "Ready")
    since = pods.seconds(ready["lastTransitionTime"]) if ready and ready["status"] == "True" else 0.0
    restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses", [])), default=0)
    made = pods.seconds(pod["metadata"]["creationTimestamp"])
    return (
        bool(pod["spec"].get("nodeName")), phase, pods.is_ready(pod), cost - since / 1e12, -restarts, -made,
        pod["metadata"]["name"],
    )  # fmt: skip
