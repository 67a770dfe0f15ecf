"""The dispatch by kind, and what all kinds share: deletion, and a status that lags behind."""

from __future__ import annotations

from typing import assert_never

from rollonce.model.workload import CronJob, DaemonSet, Deployment, StatefulSet, Workload
from rollonce.status import daemonset, deployment, statefulset
from rollonce.status.standing import DELETING, NOT_OBSERVED, Complete, InProgress, Standing


def observed(workload: Workload) -> bool:
    """Whether its controller has seen the workload's last change.

    A status without observedGeneration was never written. A CronJob has none and needs none.
    """
    if isinstance(workload.behaviour, CronJob):
        return True
    seen = workload.behaviour.observed_generation
    return seen is not None and seen >= workload.generation


def compute(workload: Workload, before: Workload | None = None) -> Standing:
    """Where the rollout of the workload's present template stands.

    `before` is the workload as it was read before the change that is waited for, where there was
    one: what its status said of the *last* rollout is no news of this one.
    """
    behaviour = workload.behaviour
    if isinstance(behaviour, CronJob):
        return Complete("its next jobs run the template")
    if workload.deleting:
        return InProgress(DELETING, "it is being deleted")
    if not observed(workload):
        return InProgress(NOT_OBSERVED, "waiting for its controller to see the change")
    earlier = before.behaviour if before is not None else None
    match behaviour:
        case Deployment():
            return deployment.compute(behaviour, earlier if isinstance(earlier, Deployment) else None)
        case StatefulSet():
            return statefulset.compute(behaviour)
        case DaemonSet():
            return daemonset.compute(behaviour)
        case _ as never:
            assert_never(never)
