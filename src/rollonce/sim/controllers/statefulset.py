"""StatefulSets: numbered pods, in order or all at once (pkg/controller/statefulset/stateful_set_control.go)."""

from __future__ import annotations

from typing import Any

from rollonce.sim import pods
from rollonce.sim.controllers import history
from rollonce.sim.controllers.replicasets_of import replicas
from rollonce.sim.controllers.work import (
    CLAIMS,
    PODS,
    STATEFULSETS,
    AlreadyThere,
    Queue,
    Work,
    controller,
    key_of,
    owned_by,
    pod_from,
)
from rollonce.sim.store import Key, Object

SOURCE = controller("statefulset")


class StatefulSets:
    """UpdateStatefulSet: create what is missing, delete what is too many, then update from the highest down."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> None:
        """One pass; each change of a pod brings the next."""
        work, thing = self._work, self._work.get(key)
        if thing is None:
            return
        found = history.of_statefulset(work, thing)
        update = found.update
        named = thing.get("status", {}).get("currentRevision", "")
        current = next((r for r in found.known if r["metadata"]["name"] == named), update)
        owned = {_ordinal(pod): pod for pod in work.claimed(thing, "StatefulSet", PODS) if _ordinal(pod) >= 0}
        counted = Counted(self._work.now, thing, current, update)
        # What this pass makes is counted by the next one (isCreated).
        counted.count(list(owned.values()))
        if counted.soon:
            self.queue.add_after(key, min(counted.soon))
        if not pods.is_terminating(thing):
            self._pass(thing, owned, current, counted)
        self._store(thing, counted, found.collisions)
        live = {_revision(pod) for pod in owned.values()} | {current["metadata"]["name"], update["metadata"]["name"]}
        spare = [revision for revision in found.known if revision["metadata"]["name"] not in live]
        history.clean(work, thing, spare, lambda _: False)

    def _pass(self, thing: Object, owned: dict[int, Object], current: Object, counted: Counted) -> None:
        """updateStatefulSet."""
        spec = thing["spec"]
        ordered = spec.get("podManagementPolicy", "OrderedReady") != "Parallel"
        start = (spec.get("ordinals") or {}).get("start", 0)
        wanted = range(start, start + replicas(thing))
        there = self._fill(thing, owned, wanted, current, counted)
        condemned = [owned[o] for o in sorted(owned, reverse=True) if o not in wanted]
        if there is None or self._condemn(thing, condemned, ordered=ordered):
            return
        strategy = spec.get("updateStrategy", {})
        if strategy.get("type") == "OnDelete":
            return
        lowest = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        name = counted.update
        for pod in reversed(there[lowest:]):
            if _revision(pod) != name and not pods.is_terminating(pod):
                self._delete(thing, pod)
                counted.status["currentReplicas"] -= 1
                return
            if pods.is_terminating(pod) or not self._is_available(thing, pod):
                return

    def _fill(
        self, thing: Object, owned: dict[int, Object], wanted: range, current: Object, counted: Counted
    ) -> list[Object] | None:
        """processReplica: what is missing is created; None where an ordered set has to wait."""
        ordered = thing["spec"].get("podManagementPolicy", "OrderedReady") != "Parallel"
        there = []
        for ordinal in wanted:
            pod = owned.get(ordinal)
            if pod is None:
                born = current if _is_old(thing, ordinal - wanted.start) else counted.revision
                try:
                    pod = self._make(thing, ordinal, born)
                except AlreadyThere:
                    # One of that name is another's, of a StatefulSet that was deleted, say; nobody is told of its end.
                    self.queue.retry(key_of(STATEFULSETS, thing))
                    return None
                self.queue.forget(key_of(STATEFULSETS, thing))
                if ordered:
                    return None
            elif pods.is_finished(pod):
                if not pods.is_terminating(pod):
                    self._delete(thing, pod)
                if ordered:
                    return None
            elif ordered and (pods.is_terminating(pod) or not self._is_available(thing, pod)):
                return None
            there.append(pod)
        return there

    def _condemn(self, thing: Object, condemned: list[Object], *, ordered: bool) -> bool:
        """processCondemned: the highest goes first, an ordered set waits for each; whether the pass is over."""
        broken = [pod for pod in condemned if pods.is_terminating(pod) or not self._is_available(thing, pod)]
        for pod in condemned:
            waits = pods.is_terminating(pod) or (pod in broken and pod is not broken[-1])
            if not waits or (not ordered and not pods.is_terminating(pod)):
                self._delete(thing, pod)
            if ordered:
                return True
        return False

    def _is_available(self, thing: Object, pod: Object) -> bool:
        wait = pods.available_in(pod, thing["spec"].get("minReadySeconds", 0), self._work.now)
        if wait:
            self.queue.add_after(key_of(STATEFULSETS, thing), wait)
        return wait == 0.0

    def _make(self, thing: Object, ordinal: int, revision: Object) -> Object:
        name, namespace = f"{thing['metadata']['name']}-{ordinal}", thing["metadata"]["namespace"]
        template = {k: v for k, v in revision["data"]["spec"]["template"].items() if k != "$patch"}
        pod = pod_from(template, owned_by(thing, "StatefulSet"), namespace, name, f"{thing['metadata']['name']}-")
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
                said = f"Create Claim {key.name} Pod {name} in StatefulSet {thing['metadata']['name']} success"
                self._work.kernel.events.say(SOURCE, thing, "SuccessfulCreate", said)
            volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": key.name}})
        spec = {**template["spec"], "hostname": name, **({"volumes": volumes} if volumes else {})}
        if thing["spec"].get("serviceName"):
            spec["subdomain"] = thing["spec"]["serviceName"]
        made = {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}
        created = self._work.create(PODS, namespace, name, made)
        self._tell(thing, "Create", name)
        return created

    def _delete(self, thing: Object, pod: Object) -> None:
        self._work.delete(PODS, pod)
        self._tell(thing, "Delete", pod["metadata"]["name"])

    def _tell(self, thing: Object, verb: str, name: str) -> None:
        """stateful_pod_control.go, recordPodEvent."""
        said = f"{verb} Pod {name} in StatefulSet {thing['metadata']['name']} successful"
        self._work.kernel.events.say(SOURCE, thing, f"Successful{verb}", said)

    def _store(self, thing: Object, counted: Counted, collisions: int) -> None:
        """updateStatefulSetStatus; a collision alone is not written."""
        status = counted.completed()
        before = thing.get("status", {})
        behind = status["observedGeneration"] > before.get("observedGeneration", 0)
        if not behind and all(before.get(name, 0) == value for name, value in status.items()):
            return
        kept = {name: value for name, value in status.items() if value or name in ALWAYS_SHOWN}
        self._work.set_status(STATEFULSETS, thing, {**kept, "collisionCount": collisions})


ALWAYS_SHOWN = frozenset({"observedGeneration", "replicas", "availableReplicas"})


class Counted:
    """The status as a pass counts it (updateStatus)."""

    def __init__(self, now: float, thing: Object, current: Object, update: Object) -> None:
        self._now = now
        self._thing = thing
        self.revision = update
        self.update = str(update["metadata"]["name"])
        # In how many seconds the ready pods that are not available yet will be.
        self.soon: list[float] = []
        self.status: dict[str, Any] = {
            "observedGeneration": thing["metadata"]["generation"],
            "currentRevision": current["metadata"]["name"],
            "updateRevision": self.update,
        }

    def count(self, found: list[Object]) -> None:
        """Counts pods."""
        least = self._thing["spec"].get("minReadySeconds", 0)
        ready = [pod for pod in found if pods.is_ready(pod) and pod["status"].get("phase") == "Running"]
        waits = [pods.available_in(pod, least, self._now) for pod in ready]
        self.soon = [wait for wait in waits if wait]
        staying = [_revision(pod) for pod in found if not pods.is_terminating(pod)]
        self.status |= {
            "replicas": len(found),
            "readyReplicas": len(ready),
            "availableReplicas": waits.count(0.0),
            "currentReplicas": staying.count(self.status["currentRevision"]),
            "updatedReplicas": staying.count(self.update),
        }

    def completed(self) -> dict[str, Any]:
        """The status; when every pod is updated and ready, the update is the current one (completeRollingUpdate)."""
        rolling = self._thing["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
        names = ("updatedReplicas", "readyReplicas", "replicas")
        if rolling and all(self.status[name] == replicas(self._thing) for name in names):
            done = {"currentReplicas": self.status["updatedReplicas"], "currentRevision": self.update}
            return {**self.status, **done}
        return self.status


def _revision(pod: Object) -> str:
    return str(pod["metadata"].get("labels", {}).get(history.LABEL, ""))


def _ordinal(pod: Object) -> int:
    """The number at the end of its name, -1 where there is none."""
    text = str(pod["metadata"]["name"]).rpartition("-")[2]
    return int(text) if text.isdigit() else -1


def _is_old(thing: Object, place: int) -> bool:
    """Whether a pod at that place is born at the current revision (newVersionedStatefulSetPod)."""
    strategy = thing["spec"].get("updateStrategy", {})
    rolling = strategy.get("rollingUpdate")
    if rolling is not None:
        return bool(place < rolling.get("partition", 0))
    is_rolling = strategy.get("type", "RollingUpdate") == "RollingUpdate"
    return is_rolling and bool(place < thing.get("status", {}).get("currentReplicas", 0))
