"""Where a DaemonSet's rollout stands."""

from __future__ import annotations

from rollonce.model.workload import DaemonSet, OnDelete
from rollonce.status.standing import (
    FEWER_AVAILABLE,
    FEWER_PODS,
    FEWER_READY,
    FEWER_UPDATED,
    Complete,
    InProgress,
    Standing,
    count,
)


def compute(d: DaemonSet) -> Standing:
    """The standing of a DaemonSet whose controller has seen its last change."""
    if isinstance(d.strategy, OnDelete):
        return Complete("OnDelete: pods take the template when somebody deletes them")
    if d.desired > d.scheduled:
        return InProgress(FEWER_PODS, count(d.scheduled, d.desired, "scheduled"))
    if d.desired > d.updated:
        return InProgress(FEWER_UPDATED, count(d.updated, d.desired, "updated"))
    if d.desired > d.available:
        return InProgress(FEWER_AVAILABLE, count(d.available, d.desired, "available"))
    if d.desired > d.ready:
        return InProgress(FEWER_READY, count(d.ready, d.desired, "ready"))
    return Complete(count(d.ready, d.desired, "updated and ready"))
