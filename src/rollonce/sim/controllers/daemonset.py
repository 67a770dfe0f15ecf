"""DaemonSets: one pod a node (pkg/controller/daemon/daemon_controller.go, update.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers import history
from rollonce.sim.controllers.work import DAEMONSETS, NODES, PODS, Queue, Work, key_of, owned_by, pod_from, scaled
from rollonce.sim.store import Key, Object


class DaemonSets:
    """syncDaemonSet: one pod where there is none, then the rolling update."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> None:
        """One pass; each change of a pod brings the next."""
        work, thing = self._work, self._work.get(key)
        if thing is None or pods.is_terminating(thing):
            return
        revision, known, collisions = history.current(work, "DaemonSet", thing)
        digest = history.label(revision)
        selector = thing["spec"]["template"]["spec"].get("nodeSelector") or {}
        nodes = [
            node["metadata"]["name"]
            for node in work.kernel.store.list(NODES)
            if selector.items() <= (node["metadata"].get("labels") or {}).items()
        ]
        owned = history.owned_pods(work, thing)
        by_node: dict[str, list[Object]] = {node: [] for node in nodes}
        for pod in owned:
            by_node.setdefault(_node(pod), []).append(pod)
        for node, found in by_node.items():
            if node not in nodes:
                for pod in found:
                    work.delete(PODS, pod)
            elif not found:
                self._make(thing, node, digest)
        if thing["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate":
            self._roll(thing, {node: found for node, found in by_node.items() if node in nodes}, digest)
        history.clean(work, thing, known, {digest} | {_digest(pod) for pod in owned})
        self._count(thing, nodes, digest, collisions)

    def _roll(self, thing: Object, by_node: dict[str, list[Object]], digest: str) -> None:
        """update.go, rollingUpdate: pods that are not available go first and cost nothing."""
        rolling = thing["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
        surge = scaled(rolling.get("maxSurge"), len(by_node), default=0, up=True)
        budget = scaled(rolling.get("maxUnavailable"), len(by_node), default=1, up=True)
        if not surge and not budget:
            budget = 1
        if surge:
            self._surge(thing, by_node, digest, surge)
            return
        candidates = []
        for found in by_node.values():
            live = [pod for pod in found if not pods.is_terminating(pod)]
            if not live or not self._is_available(thing, live[0]):
                budget -= 1
            for pod in live:
                if _digest(pod) != digest:
                    if self._is_available(thing, pod):
                        candidates.append(pod)
                    else:
                        self._work.delete(PODS, pod)
        for pod in candidates[: max(budget, 0)]:
            self._work.delete(PODS, pod)

    def _surge(self, thing: Object, by_node: dict[str, list[Object]], digest: str, surge: int) -> None:
        busy, candidates = 0, []
        for node, found in by_node.items():
            live = [pod for pod in found if not pods.is_terminating(pod)]
            old = [pod for pod in live if _digest(pod) != digest]
            new = [pod for pod in live if _digest(pod) == digest]
            if old and new:
                if self._is_available(thing, new[0]):
                    self._work.delete(PODS, old[0])
                else:
                    busy += 1
            elif old and self._is_available(thing, old[0]):
                candidates.append(node)
            elif old:
                self._make(thing, node, digest)
        for node in candidates[: max(surge - busy, 0)]:
            self._make(thing, node, digest)

    def _is_available(self, thing: Object, pod: Object) -> bool:
        wait = pods.available_in(pod, thing["spec"].get("minReadySeconds", 0), self._work.now)
        if wait:
            self.queue.add_after(key_of(DAEMONSETS, thing), wait)
        return wait == 0.0

    def _make(self, thing: Object, node: str, digest: str) -> None:
        name, namespace = thing["metadata"]["name"], thing["metadata"]["namespace"]
        unique = self._work.kernel.unique(f"{name}-")
        pod = pod_from(thing["spec"]["template"], owned_by(thing, "DaemonSet"), namespace, unique, f"{name}-")
        labels = {**pod["metadata"].get("labels", {}), history.LABEL: digest, "pod-template-generation": "1"}
        field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [field]}}
        spec = {**pod["spec"], "affinity": {**(pod["spec"].get("affinity") or {}), "nodeAffinity": required}}
        labels["pod-template-generation"] = str(thing["metadata"]["generation"])
        made = {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}
        self._work.create(PODS, namespace, unique, made)

    def _count(self, thing: Object, nodes: list[str], digest: str, collisions: int) -> None:
        """updateDaemonSetStatus."""
        live = [pod for pod in history.owned_pods(self._work, thing) if not pods.is_terminating(pod)]
        available = len({_node(pod) for pod in live if self._is_available(thing, pod)})
        status = {
            "currentNumberScheduled": len({_node(pod) for pod in live}),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(nodes),
            "numberReady": len({_node(pod) for pod in live if pods.is_ready(pod)}),
            "observedGeneration": thing["metadata"]["generation"],
            "updatedNumberScheduled": len({_node(pod) for pod in live if _digest(pod) == digest}) or None,
            "numberAvailable": available or None,
            "numberUnavailable": len(nodes) - available or None,
            "collisionCount": collisions or None,
        }
        self._work.set_status(DAEMONSETS, thing, status)


def _digest(pod: Object) -> str:
    return str(pod["metadata"].get("labels", {}).get(history.LABEL, ""))


def _node(pod: Object) -> str:
    """Where it runs, or will (the affinity that its maker gave it)."""
    named = pod["spec"].get("nodeName")
    if named:
        return str(named)
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])
