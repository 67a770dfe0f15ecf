"""Where a Deployment's rollout stands."""

from __future__ import annotations

from rollonce.model.workload import Condition, Deployment
from rollonce.status.standing import (
    FEWER_AVAILABLE,
    FEWER_PODS,
    FEWER_READY,
    FEWER_UPDATED,
    NOT_CONFIRMED,
    OLD_PODS,
    Complete,
    Failed,
    Held,
    InProgress,
    Standing,
    count,
)

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
NEW_REPLICA_SET_AVAILABLE = "NewReplicaSetAvailable"
# Without a deadline the controller keeps no Progressing condition
# (kubernetes/kubernetes, pkg/controller/deployment/util, HasProgressDeadline).
NO_DEADLINE = 2**31 - 1


def compute(deployment: Deployment, before: Deployment | None = None) -> Standing:
    """The standing of a Deployment whose controller has seen its last change."""
    progressing = deployment.condition("Progressing")
    counted = _by_counts(deployment)
    if progressing is not None and _failed(progressing) and not _is_old_news(progressing, before):
        trouble = _trouble(deployment)
        return Failed(DEADLINE_EXCEEDED, progressing.message + (f" ({trouble})" if trouble else ""))
    if deployment.paused and isinstance(counted, InProgress) and counted.reason in (FEWER_UPDATED, OLD_PODS):
        return Held("Paused", f"it is paused: {counted.message}")
    if isinstance(counted, InProgress):
        trouble = _trouble(deployment)
        return InProgress(counted.reason, f"{counted.message}; {trouble}") if trouble else counted
    return counted


def _by_counts(d: Deployment) -> Standing:
    if d.replicas > d.current:
        return InProgress(FEWER_PODS, count(d.current, d.replicas, "there"))
    if d.replicas > d.updated:
        return InProgress(FEWER_UPDATED, count(d.updated, d.replicas, "updated"))
    surplus = d.current - min(d.updated, d.replicas)
    if surplus > 0:
        return InProgress(OLD_PODS, f"{surplus} old or surplus {'pod' if surplus == 1 else 'pods'} still to go")
    if d.updated > d.available:
        return InProgress(FEWER_AVAILABLE, count(d.available, d.updated, "available"))
    if d.replicas > d.ready:
        return InProgress(FEWER_READY, count(d.ready, d.replicas, "ready"))
    return _confirmed(d)


def _confirmed(d: Deployment) -> Standing:
    """Counts fit; the controller's own word decides, where it keeps one."""
    progressing, available = d.condition("Progressing"), d.condition("Available")
    keeps_word = d.progress_deadline != NO_DEADLINE and not d.paused
    if keeps_word and (progressing is None or progressing.reason != NEW_REPLICA_SET_AVAILABLE):
        return InProgress(NOT_CONFIRMED, "waiting for its controller to confirm the new pods")
    if available is None or available.status != "True":
        return InProgress(NOT_CONFIRMED, "waiting for its controller to call it available")
    return Complete(count(d.ready, d.replicas, "updated and ready"))


def _failed(progressing: Condition | None) -> bool:
    return progressing is not None and progressing.status == "False" and progressing.reason == DEADLINE_EXCEEDED


def _is_old_news(progressing: Condition, before: Deployment | None) -> bool:
    """Whether the failure was said before the change already.

    Under Recreate the controller reports the new generation as observed while it still removes
    the old pods, and leaves the last rollout's condition in place until the new ReplicaSet exists
    (kubernetes/kubernetes, pkg/controller/deployment: recreate.go and progress.go).
    """
    return before is not None and progressing == before.condition("Progressing")


def _trouble(d: Deployment) -> str:
    failure = d.condition("ReplicaFailure")
    if failure is None or failure.status != "True":
        return ""
    return f"{failure.reason}: {failure.message}"
