"""The scheduler: which node a pod comes to, and what is said of it (pkg/scheduler/schedule_one.go)."""

from __future__ import annotations

from collections import Counter

from rollonce.sim import pods
from rollonce.sim.controllers.work import NODES, Work
from rollonce.sim.events import Source
from rollonce.sim.store import Object

SCHEDULER = "kube-scheduler"
SOURCE = Source("default-scheduler", SCHEDULER, "default-scheduler-control-plane", current=True)
# In the words of the plugins NodeUnschedulable and NodeAffinity.
CORDONED = "node(s) were unschedulable"
UNFIT = "node(s) didn't match Pod's node affinity/selector"
NO_NODES = "no nodes available to schedule pods"


class Scheduler:
    """One node after the other, among those that fit."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._turn = 0

    def choose(self, pod: Object) -> str:
        """A node; empty where none fits."""
        if pods.failure(pod) == "unschedulable":
            return ""
        nodes = self._work.kernel.store.list(NODES)
        fitting = [node["metadata"]["name"] for node in nodes if not _against(pod, node)]
        if not fitting:
            return ""
        self._turn += 1
        return str(fitting[self._turn % len(fitting)])

    def bound(self, pod: Object, node: str) -> None:
        """Says where a pod has come to."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        said = f"Successfully assigned {namespace}/{name} to {node}"
        self._work.kernel.events.say(SOURCE, pod, "Scheduled", said, action="Binding")

    def refused(self, pod: Object) -> str:
        """Says that a pod has come nowhere; the words, for its condition."""
        nodes = self._work.kernel.store.list(NODES)
        count = len(nodes)
        reasons = Counter(_against(pod, node) or UNFIT for node in nodes)
        told = ", ".join(sorted(f"{number} {reason}" for reason, number in reasons.items()))
        helpless = f"0/{count} nodes are available: {count} Preemption is not helpful for scheduling."
        said = f"0/{count} nodes are available: {told}. no new claims to deallocate, preemption: {helpless}"
        said = said if count else NO_NODES
        self._work.kernel.events.say(SOURCE, pod, "FailedScheduling", said, warning=True, action="Scheduling")
        return said


def _against(pod: Object, node: Object) -> str:
    """Why a pod does not come to a node; empty where it may."""
    wanted = _named_node(pod)
    if not wanted and node.get("spec", {}).get("unschedulable"):
        return CORDONED
    selector = pod["spec"].get("nodeSelector") or {}
    labels = node["metadata"].get("labels") or {}
    fits = wanted in ("", node["metadata"]["name"]) and selector.items() <= labels.items()
    return "" if fits else UNFIT


def _named_node(pod: Object) -> str:
    """The node that a DaemonSet's affinity names."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or []
    for field in (field for term in terms for field in term.get("matchFields") or []):
        if field["key"] == "metadata.name":
            return str(field["values"][0])
    return ""
