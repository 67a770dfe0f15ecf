"""The status of a Deployment: counts, and conditions in the words of the real one."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers import replicasets_of
from rollonce.sim.controllers.work import DEPLOYMENTS, Queue, Work, key_of
from rollonce.sim.store import Object

NO_DEADLINE = 2**31 - 1


def deadline(deployment: Object) -> int | None:
    """progressDeadlineSeconds, None where there is no limit (HasProgressDeadline)."""
    limit = deployment["spec"].get("progressDeadlineSeconds")
    return None if limit is None or limit == NO_DEADLINE else int(limit)


def without(status: Object, kind: str) -> Object:
    """A status less one condition."""
    kept = [c for c in status.get("conditions", []) if c["type"] != kind]
    return {**{k: v for k, v in status.items() if k != "conditions"}, **({"conditions": kept} if kept else {})}


def with_condition(status: Object, kind: str, truth: str, reason: str, message: str, stamp: str) -> Object:
    """A status with that condition (SetDeploymentCondition): the same truth and reason change nothing."""
    before = pods.condition({"status": status}, kind)
    if before and before["status"] == truth and before["reason"] == reason:
        return status
    since = before["lastTransitionTime"] if before and before["status"] == truth else stamp
    made = {
        "type": kind, "status": truth, "lastUpdateTime": stamp, "lastTransitionTime": since,
        "reason": reason, "message": message,
    }  # fmt: skip
    kept = [c for c in status.get("conditions", []) if c["type"] != kind]
    return {**status, "conditions": [*kept, made]}


def _sum(sets: list[Object], field: str) -> int:
    return sum(rs.get("status", {}).get(field, 0) for rs in sets)


def counted(deployment: Object, every: list[Object], new: Object | None, stamp: str) -> Object:
    """sync.go, calculateStatus."""
    available = _sum(every, "availableReplicas")
    before = deployment.get("status", {})
    status: Object = {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": _sum(every, "replicas") or None,
        "updatedReplicas": (_sum([new], "replicas") if new else 0) or None,
        "readyReplicas": _sum(every, "readyReplicas") or None,
        "availableReplicas": available or None,
        "unavailableReplicas": max(sum(replicasets_of.replicas(rs) for rs in every) - available, 0) or None,
        "terminatingReplicas": _sum(every, "terminatingReplicas"),
        "collisionCount": before.get("collisionCount"),
        "conditions": before.get("conditions"),
    }
    status = {name: value for name, value in status.items() if value is not None}
    if available >= replicasets_of.replicas(deployment) - replicasets_of.max_unavailable(deployment):
        message = "Deployment has minimum availability."
        return with_condition(status, "Available", "True", "MinimumReplicasAvailable", message, stamp)
    message = "Deployment does not have minimum availability."
    return with_condition(status, "Available", "False", "MinimumReplicasUnavailable", message, stamp)


def is_complete(deployment: Object, status: Object) -> bool:
    """deployment_util.go, DeploymentComplete."""
    wanted = replicasets_of.replicas(deployment)
    counts = [status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas")]
    seen = int(status.get("observedGeneration", 0)) >= int(deployment["metadata"]["generation"])
    return seen and counts == [wanted] * 3


def _is_progressing(deployment: Object, status: Object) -> bool:
    before = deployment.get("status", {})
    updated, was = status.get("updatedReplicas", 0), before.get("updatedReplicas", 0)
    return bool(
        updated > was
        or status.get("replicas", 0) - updated < before.get("replicas", 0) - was
        or status.get("readyReplicas", 0) > before.get("readyReplicas", 0)
        or status.get("availableReplicas", 0) > before.get("availableReplicas", 0)
    )


def _is_late(deployment: Object, status: Object, now: float) -> bool:
    """DeploymentTimedOut."""
    limit, progress = deadline(deployment), pods.condition({"status": status}, "Progressing")
    if limit is None or progress is None or progress["reason"] == "NewReplicaSetAvailable":
        return False
    if progress["reason"] == "ProgressDeadlineExceeded":
        return True
    return pods.seconds(progress["lastUpdateTime"]) + limit < now


def synced(work: Work, queue: Queue, deployment: Object, every: list[Object], new: Object | None) -> None:
    """Writes the status during a rollout (progress.go, syncRolloutStatus), and comes back at the deadline."""
    status = counted(deployment, every, new, work.stamp)
    progress = pods.condition({"status": status}, "Progressing")
    if deadline(deployment) is None:
        status = without(status, "Progressing")
    else:
        done = (
            progress is not None
            and progress["reason"] == "NewReplicaSetAvailable"
            and status.get("replicas", 0) == status.get("updatedReplicas", 0)
        )
        if not done:
            status = _progress(work, deployment, status, new)
    if status == deployment.get("status"):
        _come_back(work, queue, deployment, status)
    else:
        work.unchanged(DEPLOYMENTS, deployment)
        work.set_status(DEPLOYMENTS, deployment, status)


def _progress(work: Work, deployment: Object, status: Object, new: Object | None) -> Object:
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        message = f"{subject} has successfully progressed."
        return with_condition(status, "Progressing", "True", "NewReplicaSetAvailable", message, work.stamp)
    if _is_progressing(deployment, status):
        message = f"{subject} is progressing."
        before = pods.condition({"status": status}, "Progressing")
        fresh = with_condition(
            without(status, "Progressing"), "Progressing", "True", "ReplicaSetUpdated", message, work.stamp
        )
        if before and before["status"] == "True":
            fresh["conditions"][-1]["lastTransitionTime"] = before["lastTransitionTime"]
        return fresh
    if _is_late(deployment, status, work.now):
        message = f"{subject} has timed out progressing."
        return with_condition(status, "Progressing", "False", "ProgressDeadlineExceeded", message, work.stamp)
    return status


def _come_back(work: Work, queue: Queue, deployment: Object, status: Object) -> None:
    """progress.go, requeueStuckDeployment."""
    limit, progress = deadline(deployment), pods.condition({"status": status}, "Progressing")
    if limit is None or progress is None or is_complete(deployment, status):
        return
    if progress["reason"] not in {"ProgressDeadlineExceeded", "NewReplicaSetAvailable"}:
        left = pods.seconds(progress["lastUpdateTime"]) + limit - work.now
        queue.add_after(key_of(DEPLOYMENTS, deployment), max(left, 0.0) + 1)
