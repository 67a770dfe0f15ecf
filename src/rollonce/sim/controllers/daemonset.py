"""DaemonSets: one pod a node (pkg/controller/daemon/daemon_controller.go, update.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers import history
from rollonce.sim.controllers.work import (
    DAEMONSETS,
    NODES,
    RETRY,
    Queue,
    Work,
    controller,
    key_of,
    owned_by,
    pod_from,
    scaled,
)
from rollonce.sim.store import Key, Object

SOURCE = controller("daemonset")
GENERATION = "deprecated.daemonset.template.generation"
ALWAYS_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
ByNode = dict[str, list[Object]]


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
        found = history.of_daemonset(work, thing)
        if found is None:
            count = thing.get("status", {}).get("collisionCount", 0) + 1
            work.set_status(DAEMONSETS, thing, {**thing.get("status", {}), "collisionCount": count})
            self.queue.add_after(key, RETRY)
            return
        digest = history.label(found.update)
        nodes = self._nodes(thing)
        by_node = self._by_node(thing)
        if not self._manage(thing, nodes, by_node, digest) and _is_rolling(thing):
            self._roll(thing, len(nodes), by_node, digest)
        live = {_digest(pod) for found in self._by_node(thing).values() for pod in found}
        old = [revision for revision in found.known if revision is not found.update]
        history.clean(work, thing, old, lambda revision: history.label(revision) in live)
        self._count(thing, nodes, digest)

    def _nodes(self, thing: Object) -> list[str]:
        """NodeShouldRunDaemonPod: the selector, and taints that its pods do not tolerate."""
        spec = thing["spec"]["template"]["spec"]
        selector = spec.get("nodeSelector") or {}
        tolerations = [*(spec.get("tolerations") or []), *_tolerated()]
        return [
            node["metadata"]["name"]
            for node in self._work.kernel.store.list(NODES)
            if selector.items() <= (node["metadata"].get("labels") or {}).items()
            and spec.get("nodeName") in (None, "", node["metadata"]["name"])
            and pods.tolerates(tolerations, node)
        ]

    def _by_node(self, thing: Object) -> ByNode:
        by_node: ByNode = {}
        for pod in history.live_pods(self._work, thing, "DaemonSet"):
            by_node.setdefault(_node(pod), []).append(pod)
        return by_node

    def _manage(self, thing: Object, nodes: list[str], by_node: ByNode, digest: str) -> bool:
        """manage and podsShouldBeOnNode; whether anything was created or deleted."""
        needing, gone = [], []
        for node in nodes:
            found = by_node.get(node)
            if found is None:
                needing.append(node)
                continue
            alive = [pod for pod in found if not pods.is_terminating(pod)]
            ended = [pod for pod in alive if pods.is_finished(pod)]
            self._tell_ended(thing, node, ended)
            gone += ended
            running = sorted((pod for pod in alive if not pods.is_finished(pod)), key=_age)
            if not _surge(thing, 1):
                gone += running[1:]
            elif not running:
                needing.append(node)
            elif len(running) > 1:
                gone += self._excess(thing, running, digest)
        gone += [p for node, found in by_node.items() if node not in nodes for p in found if not pods.is_terminating(p)]
        for node in needing:
            self._make(thing, node, digest)
        for pod in gone:
            self._work.delete_pod(SOURCE, thing, pod)
        return bool(needing or gone)

    def _tell_ended(self, thing: Object, node: str, ended: list[Object]) -> None:
        """A daemon's pod never ends by itself for good (podsShouldBeOnNode)."""
        for pod in ended:
            failed = pod["status"]["phase"] == "Failed"
            named = f"{pod['metadata']['namespace']}/{pod['metadata']['name']} on node {node}"
            said = f"Found failed daemon pod {named}, will try to kill it"
            if not failed:
                said = f"Found succeeded daemon pod {named}, will try to delete it"
            reason = "FailedDaemonPod" if failed else "SucceededDaemonPod"
            self._work.kernel.events.say(SOURCE, thing, reason, said, warning=failed)

    def _excess(self, thing: Object, running: list[Object], digest: str) -> list[Object]:
        """While surging there may be an old ready pod beside a new one that is not available yet."""
        new = [pod for pod in running if _digest(pod) == digest]
        old = [pod for pod in running if _digest(pod) != digest]
        gone = new[1:] + old[1:]
        if new and old and (not pods.is_ready(old[0]) or self._is_available(thing, new[0])):
            gone.append(old[0])
        return gone

    def _roll(self, thing: Object, total: int, by_node: ByNode, digest: str) -> None:
        """update.go, rollingUpdate."""
        surge = _surge(thing, total)
        rolling = thing["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
        most = scaled(rolling.get("maxUnavailable"), total, default=1, up=True)
        if surge:
            self._roll_surging(thing, by_node, digest, surge)
        else:
            # updatedDesiredNodeCounts: neither is taken for one unavailable.
            self._roll_deleting(thing, by_node, digest, most or 1)

    def _roll_deleting(self, thing: Object, by_node: ByNode, digest: str, most: int) -> None:
        """Old pods that are not available go at once, others as far as the number of unavailable ones permits."""
        unavailable, allowed, candidates = 0, [], []
        for found in by_node.values():
            new, old, clear = self._pair(thing, found, digest)
            if not clear or (old is None) == (new is None):
                unavailable += 1
            elif new is not None:
                unavailable += not self._is_available(thing, new)
            elif old is not None and not self._is_available(thing, old):
                allowed.append(old)
                unavailable += 1
            elif old is not None and unavailable < most:
                candidates.append(old)
        for pod in [*allowed, *candidates[: max(most - unavailable, 0)]]:
            self._work.delete_pod(SOURCE, thing, pod)

    def _roll_surging(self, thing: Object, by_node: ByNode, digest: str, most: int) -> None:
        """New pods come beside old ones; those go when the new ones are available."""
        surging, allowed, candidates, gone = 0, [], [], []
        for node, found in by_node.items():
            new, old, clear = self._pair(thing, found, digest)
            if not clear:
                surging += 1
            elif old is None:
                continue
            elif new is None:
                if not self._is_available(thing, old):
                    allowed.append(node)
                elif surging < most:
                    candidates.append(node)
            elif self._is_available(thing, new):
                gone.append(old)
            else:
                surging += 1
        for node in [*allowed, *candidates[: max(most - surging, 0)]]:
            self._make(thing, node, digest)
        for pod in gone:
            self._work.delete_pod(SOURCE, thing, pod)

    def _pair(self, thing: Object, found: list[Object], digest: str) -> tuple[Object | None, Object | None, bool]:
        """The new and the old pod of a node, and whether there is at most one of each (findUpdatedPodsOnNode)."""
        live = [pod for pod in found if not pods.is_terminating(pod)]
        new = [pod for pod in live if _is_updated(thing, pod, digest)]
        old = [pod for pod in live if not _is_updated(thing, pod, digest)]
        return next(iter(new), None), next(iter(old), None), len(new) < 2 and len(old) < 2

    def _is_available(self, thing: Object, pod: Object) -> bool:
        wait = pods.available_in(pod, thing["spec"].get("minReadySeconds", 0), self._work.now)
        if wait:
            self.queue.add_after(key_of(DAEMONSETS, thing), wait)
        return wait == 0.0

    def _make(self, thing: Object, node: str, digest: str) -> None:
        """util.CreatePodTemplate: two labels, tolerations, and an affinity to the node."""
        name, namespace = thing["metadata"]["name"], thing["metadata"]["namespace"]
        unique = self._work.kernel.unique(f"{name}-")
        pod = pod_from(thing["spec"]["template"], owned_by(thing, "DaemonSet"), namespace, unique, f"{name}-")
        labels = {**pod["metadata"].get("labels", {}), history.LABEL: digest}
        if (generation := _generation(thing)) is not None:
            labels["pod-template-generation"] = generation
        field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [field]}}
        own = pod["spec"].get("tolerations") or []
        tolerations = [*own, *(toleration for toleration in _tolerated() if toleration not in own)]
        affinity = {**(pod["spec"].get("affinity") or {}), "nodeAffinity": required}
        spec = {**pod["spec"], "affinity": affinity, "tolerations": tolerations}
        made = {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}
        self._work.create_pod(SOURCE, thing, made)

    def _count(self, thing: Object, nodes: list[str], digest: str) -> None:
        """updateDaemonSetStatus: of each node its oldest pod counts."""
        work = self._work
        thing = work.get(key_of(DAEMONSETS, thing)) or thing
        by_node = self._by_node(thing)
        oldest = [min(by_node[node], key=_age) for node in nodes if node in by_node]
        ready = [pod for pod in oldest if pods.is_ready(pod)]
        available = sum(1 for pod in ready if self._is_available(thing, pod))
        collisions = thing.get("status", {}).get("collisionCount")
        status = {
            "currentNumberScheduled": len(oldest),
            "numberMisscheduled": sum(1 for node in by_node if node not in nodes),
            "desiredNumberScheduled": len(nodes),
            "numberReady": len(ready),
            "observedGeneration": thing["metadata"]["generation"],
            "updatedNumberScheduled": sum(1 for pod in oldest if _is_updated(thing, pod, digest)) or None,
            "numberAvailable": available or None,
            "numberUnavailable": len(nodes) - available or None,
            "collisionCount": collisions,
        }
        work.set_status(DAEMONSETS, thing, status)


def _is_rolling(thing: Object) -> bool:
    return bool(thing["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate")


def _surge(thing: Object, total: int) -> int:
    if not _is_rolling(thing):
        return 0
    rolling = thing["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
    return scaled(rolling.get("maxSurge"), total, default=0, up=True)


def _generation(thing: Object) -> str | None:
    annotations = thing["metadata"].get("annotations") or {}
    return str(annotations[GENERATION]) if GENERATION in annotations else None


def _is_updated(thing: Object, pod: Object, digest: str) -> bool:
    """util.IsPodUpdated: by its hash, or by the old counter of templates."""
    generation = _generation(thing)
    counted = pod["metadata"].get("labels", {}).get("pod-template-generation")
    return _digest(pod) == digest or (generation is not None and counted == generation)


def _tolerated() -> list[Object]:
    """util.AddOrUpdateDaemonPodTolerations."""
    return [{"effect": effect, "key": key, "operator": "Exists"} for key, effect in ALWAYS_TOLERATED]


def _digest(pod: Object) -> str:
    return str(pod["metadata"].get("labels", {}).get(history.LABEL, ""))


def _age(pod: Object) -> tuple[bool, str, str]:
    """Bound pods first, then by age (podByCreationTimestampAndPhase)."""
    return not pod["spec"].get("nodeName"), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def _node(pod: Object) -> str:
    """Where it runs, or will (the affinity that its maker gave it)."""
    named = pod["spec"].get("nodeName")
    if named:
        return str(named)
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])
