"""Where a StatefulSet's rollout stands."""

from __future__ import annotations

from rollonce.model.workload import OnDelete, StatefulSet
from rollonce.status.standing import (
    FEWER_AVAILABLE,
    FEWER_PODS,
    FEWER_READY,
    FEWER_UPDATED,
    NOT_CONFIRMED,
    OLD_PODS,
    Complete,
    InProgress,
    Standing,
    count,
)


def compute(s: StatefulSet) -> Standing:
    """The standing of a StatefulSet whose controller has seen its last change."""
    if isinstance(s.strategy, OnDelete):
        return Complete("OnDelete: pods take the template when somebody deletes them")
    if s.replicas > s.pods:
        return InProgress(FEWER_PODS, count(s.pods, s.replicas, "there"))
    if s.pods > s.replicas:
        surplus = s.pods - s.replicas
        return InProgress(OLD_PODS, f"{surplus} surplus {'pod' if surplus == 1 else 'pods'} still to go")
    rolled = max(0, s.replicas - s.strategy.partition)
    if rolled > s.updated:
        return InProgress(FEWER_UPDATED, count(s.updated, rolled, "updated"))
    if s.replicas > s.ready:
        return InProgress(FEWER_READY, count(s.ready, s.replicas, "ready"))
    if s.min_ready_seconds and s.replicas > s.available:
        return InProgress(FEWER_AVAILABLE, count(s.available, s.replicas, "available"))
    if s.strategy.partition == 0 and s.current_revision != s.update_revision:
        return InProgress(NOT_CONFIRMED, "waiting for its controller to confirm the new revision")
    if s.strategy.partition:
        return Complete(
            f"{count(rolled, s.replicas, 'updated')}, partition {s.strategy.partition} holds the others back"
        )
    return Complete(count(s.ready, s.replicas, "updated and ready"))
