"""When nothing moves any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def at(found: Iterable[Any], workloads: Iterable[str]) -> bool:
    """Whether these, `deployment/web`, are rolled out, no pod is going away, and no controller has a write to come."""
    things = {f"{item['kind'].lower()}/{item['metadata']['name']}": item for item in found}
    if any("deletionTimestamp" in item["metadata"] for item in things.values()):
        return False
    sets = [item for item in things.values() if item["kind"] != "Pod"]
    return all(_is_seen(item) for item in sets) and all(_is_rolled_out(things.get(name)) for name in workloads)


def _is_seen(workload: Any) -> bool:
    return bool(workload["status"].get("observedGeneration") == workload["metadata"]["generation"])


def _is_rolled_out(workload: Any) -> bool:
    if workload is None:
        return False
    status = workload["status"]
    match workload["kind"]:
        case "Deployment":
            wanted = workload["spec"]["replicas"]
            counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
            # Written last: that the roll is over, and that the last of the old pods is gone.
            over = any(each.get("reason") == "NewReplicaSetAvailable" for each in status.get("conditions", []))
            return counts == [wanted] * 3 and over and not status.get("terminatingReplicas", 0)
        case "StatefulSet":
            wanted = workload["spec"]["replicas"]
            counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
            return counts == [wanted] * 3 and status.get("currentRevision") == status.get("updateRevision")
        case "DaemonSet":
            wanted = status["desiredNumberScheduled"]
            names = ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable")
            return [status.get(name, 0) for name in names] == [wanted] * 3
    raise AssertionError(workload["kind"])
