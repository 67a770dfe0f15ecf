"""PodDisruptionBudgets: how many of the pods that they select may go (pkg/controller/disruption/disruption.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers.work import PODS, Queue, Work, key_of, owner, scaled, selects
from rollonce.sim.store import Collection, Key, Object

BUDGETS = Collection("policy", "poddisruptionbudgets")
ALLOWED = "DisruptionAllowed"


class Disruption:
    """trySync: the counts of each budget."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def concerned(self, key: Key, pod: Object) -> None:
        """Asks for a sync of each budget that selects a pod."""
        labels = pod["metadata"].get("labels") or {}
        for budget in self._work.kernel.store.list(BUDGETS, key.namespace):
            if selected(budget, labels):
                self.queue.add(key_of(BUDGETS, budget))

    def sync(self, key: Key) -> None:
        """One pass."""
        budget = self._work.get(key)
        if budget is None or pods.is_terminating(budget):
            return
        store = self._work.kernel.store
        found = [
            pod for pod in store.list(PODS, key.namespace) if selected(budget, pod["metadata"].get("labels") or {})
        ]
        expected, desired = self._expected(budget["spec"], found)
        disrupted = (budget.get("status") or {}).get("disruptedPods") or {}
        disrupted = {
            pod["metadata"]["name"]: disrupted[pod["metadata"]["name"]]
            for pod in found
            if pod["metadata"]["name"] in disrupted and not pods.is_terminating(pod)
        }
        healthy = sum(
            1
            for pod in found
            if not pods.is_terminating(pod) and pods.is_ready(pod) and pod["metadata"]["name"] not in disrupted
        )
        allowed = max(healthy - desired, 0) if expected > 0 else 0
        self._write(
            budget,
            {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "disruptedPods": disrupted or None,
                "disruptionsAllowed": allowed,
                "expectedPods": expected,
                "observedGeneration": budget["metadata"]["generation"],
            },
        )

    def _expected(self, spec: Object, found: list[Object]) -> tuple[int, int]:
        """How many pods there should be, and how many of them have to be healthy (getExpectedPodCount)."""
        if spec.get("maxUnavailable") is not None:
            total = self._scale(found)
            return total, max(total - scaled(spec["maxUnavailable"], total, default=0, up=True), 0)
        least = spec.get("minAvailable")
        if isinstance(least, str):
            total = self._scale(found)
            return total, scaled(least, total, default=0, up=True)
        return (len(found), least) if least is not None else (0, 0)

    def _scale(self, found: list[Object]) -> int:
        """The sum of the counts that the controllers of these pods want; nobody wants a pod of its own."""
        scales: dict[str, int] = {}
        for pod in found:
            reference = owner(pod)
            key = self._work.uids.get(reference["uid"]) if reference else None
            above = self._work.get(key) if key else None
            if above is not None and reference is not None:
                # A Deployment counts, not its ReplicaSets (getPodDeployment).
                top = owner(above)
                higher = self._work.uids.get(top["uid"]) if top else None
                counted = (self._work.get(higher) if higher else None) or above
                scales[counted["metadata"]["uid"]] = int(counted["spec"].get("replicas", 1))
        return sum(scales.values())

    def _write(self, budget: Object, status: Object) -> None:
        generation = budget["metadata"]["generation"]
        truth, reason = ("True", "SufficientPods") if status["disruptionsAllowed"] else ("False", "InsufficientPods")
        before = pods.condition(budget, ALLOWED)
        since = before["lastTransitionTime"] if before and before["status"] == truth else self._work.stamp
        condition = {
            "type": ALLOWED, "status": truth, "reason": reason, "message": "", "observedGeneration": generation,
            "lastTransitionTime": since,
        }  # fmt: skip
        self._work.set_status(BUDGETS, budget, {**status, "conditions": [condition]})


def selected(budget: Object, labels: Object) -> bool:
    """Whether a budget is about pods with these labels; an empty selector selects all."""
    selector = budget["spec"].get("selector")
    return selector is not None and selects(selector, labels)
