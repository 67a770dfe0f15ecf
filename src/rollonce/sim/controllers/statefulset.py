"""StatefulSets: numbered pods, in order or all at once (pkg/controller/statefulset/stateful_set_control.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers import history
from rollonce.sim.controllers.replicasets_of import replicas
from rollonce.sim.controllers.work import CLAIMS, PODS, STATEFULSETS, Queue, Work, key_of, owned_by, pod_from
from rollonce.sim.store import Key, Object


class StatefulSets:
    """UpdateStatefulSet: create what is missing, delete what is too many, then update from the highest down."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> None:
        """One pass; each change of a pod brings the next."""
        work, thing = self._work, self._work.get(key)
        if thing is None or pods.is_terminating(thing):
            return
        update, known, collisions = history.current(work, "StatefulSet", thing)
        named = thing.get("status", {}).get("currentRevision", "")
        current = next((r for r in known if r["metadata"]["name"] == named), update)
        owned = {_ordinal(pod): pod for pod in work.controlled(thing["metadata"]["uid"], PODS)}
        self._pass(thing, owned, current, update)
        self._count(thing, current, update, collisions)
        live = {p["metadata"].get("labels", {}).get(history.LABEL, "") for p in owned.values()}
        named_live = live | {current["metadata"]["name"], update["metadata"]["name"]}
        history.clean(work, thing, known, named_live)

    def _pass(self, thing: Object, owned: dict[int, Object], current: Object, update: Object) -> None:
        spec = thing["spec"]
        ordered = spec.get("podManagementPolicy", "OrderedReady") != "Parallel"
        start = (spec.get("ordinals") or {}).get("start", 0)
        wanted = range(start, start + replicas(thing))
        strategy = spec.get("updateStrategy", {})
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for ordinal in wanted:
            pod = owned.get(ordinal)
            if pod is None or pods.is_finished(pod):
                if pod is not None:
                    self._work.delete(PODS, pod)
                    return
                born = current if _is_old(thing, ordinal - start, partition) else update
                self._make(thing, ordinal, born)
                if ordered:
                    return
            elif ordered and (pods.is_terminating(pod) or not self._is_available(thing, pod)):
                return
        for ordinal in sorted((o for o in owned if o not in wanted), reverse=True):
            if not pods.is_terminating(owned[ordinal]):
                self._work.delete(PODS, owned[ordinal])
            if ordered:
                return
        if strategy.get("type") == "OnDelete":
            return
        name = update["metadata"]["name"]
        for ordinal in sorted((o for o in owned if o in wanted and o - start >= partition), reverse=True):
            pod = owned[ordinal]
            if pod["metadata"].get("labels", {}).get(history.LABEL) != name and not pods.is_terminating(pod):
                self._work.delete(PODS, pod)
                return
            if pods.is_terminating(pod) or not self._is_available(thing, pod):
                return

    def _is_available(self, thing: Object, pod: Object) -> bool:
        wait = pods.available_in(pod, thing["spec"].get("minReadySeconds", 0), self._work.now)
        if wait:
            self.queue.add_after(key_of(STATEFULSETS, thing), wait)
        return wait == 0.0

    def _make(self, thing: Object, ordinal: int, revision: Object) -> None:
        name, namespace = f"{thing['metadata']['name']}-{ordinal}", thing["metadata"]["namespace"]
        template = {k: v for k, v in revision["data"]["spec"]["template"].items() if k != "$patch"}
        pod = pod_from(template, owned_by(thing, "StatefulSet"), namespace, name)
        labels = {
            **pod["metadata"].get("labels", {}),
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
            history.LABEL: revision["metadata"]["name"],
        }
        volumes = list(template["spec"].get("volumes") or [])
        for claim in thing["spec"].get("volumeClaimTemplates") or []:
            volume = claim["metadata"]["name"]
            key = Key(*CLAIMS, namespace, f"{volume}-{name}")
            if self._work.get(key) is None:
                made = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {}, "spec": claim["spec"]}
                self._work.create(CLAIMS, namespace, key.name, made)
            volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": key.name}})
        spec = {**template["spec"], "hostname": name, **({"volumes": volumes} if volumes else {})}
        self._work.create(
            PODS, namespace, name, {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}
        )

    def _count(self, thing: Object, current: Object, update: Object, collisions: int) -> None:
        """updateStatefulSet and completeRollingUpdate."""
        owned = history.owned_pods(self._work, thing)
        ready = [pod for pod in owned if pods.is_ready(pod)]
        active = [pod for pod in owned if pods.is_active(pod)]
        names = {which: revision["metadata"]["name"] for which, revision in (("now", current), ("next", update))}
        on = {w: sum(1 for p in active if p["metadata"]["labels"].get(history.LABEL) == n) for w, n in names.items()}
        wanted = replicas(thing)
        rolling = thing["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
        if rolling and on["next"] == len(owned) == len(ready) == wanted:
            names["now"], on["now"] = names["next"], on["next"]
        available = sum(1 for pod in ready if self._is_available(thing, pod))
        status = {
            "observedGeneration": thing["metadata"]["generation"],
            "replicas": len(owned),
            "readyReplicas": len(ready) or None,
            "availableReplicas": available,
            "currentReplicas": on["now"] or None,
            "updatedReplicas": on["next"] or None,
            "currentRevision": names["now"],
            "updateRevision": names["next"],
            "collisionCount": collisions,
        }
        self._work.set_status(STATEFULSETS, thing, status)


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _is_old(thing: Object, place: int, partition: int) -> bool:
    """Whether a pod at that place is born at the current revision (newVersionedStatefulSetPod)."""
    strategy = thing["spec"].get("updateStrategy", {})
    if strategy.get("type") == "OnDelete":
        return False
    if not strategy.get("rollingUpdate"):
        return bool(place < thing.get("status", {}).get("currentReplicas", 0))
    return place < partition
