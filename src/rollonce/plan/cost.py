"""What a change of the template costs a workload here: nothing, a roll, or an outage."""

from __future__ import annotations

from typing import assert_never

from rollonce.model import quantity
from rollonce.model.workload import (
    CronJob,
    DaemonSet,
    Deployment,
    OnDelete,
    Recreate,
    Rolling,
    StatefulSet,
    Workload,
)
from rollonce.plan.operation import Cost, Disruption

OF_METADATA = Cost(Disruption.NONE, "only labels and annotations of the workload itself change, nothing restarts")

_ONE_NODE = "ReadWriteOnce"
_ONE_POD = "ReadWriteOncePod"


def of_change(workload: Workload) -> Cost:
    """The cost of changing this workload's template now.

    An outage is predicted where the strategy may take the last ready pod; volumes that only one
    node or one pod may mount are named as risks.
    """
    behaviour = workload.behaviour
    if isinstance(behaviour, CronJob):
        return Cost(Disruption.NONE, "a CronJob's next jobs take it, nothing restarts")
    if workload.pods == 0:
        return Cost(Disruption.NONE, "it has no pods")
    match behaviour:
        case Deployment():
            cost = _deployment(behaviour)
        case StatefulSet():
            cost = _stateful_set(behaviour)
        case DaemonSet():
            cost = _daemon_set(behaviour)
        case _ as never:
            assert_never(never)
    return cost if cost.disruption is Disruption.NONE else _with_volumes(cost, workload)


def _deployment(deployment: Deployment) -> Cost:
    later = "; paused, so it happens when somebody resumes it" if deployment.paused else ""
    match deployment.strategy:
        case Recreate():
            return Cost(
                Disruption.OUTAGE,
                f"Recreate: {_pods(deployment.replicas)} down before a new one starts{later}",
            )
        case Rolling(max_surge=surge, max_unavailable=unavailable):
            n = deployment.replicas
            more = quantity.resolve(surge, n, default="25%", round_up=True)
            fewer = quantity.resolve(unavailable, n, default="25%", round_up=False)
            if more == 0 and fewer == 0:
                fewer = 1  # both rounded to nothing: the controller takes one (ResolveFenceposts)
            if fewer >= n:
                surge_words = "no surge possible" if more == 0 else f"maxUnavailable {fewer}"
                return Cost(Disruption.OUTAGE, f"{surge_words}: all of {_pods(n)} may be down at once{later}")
            return Cost(Disruption.ROLL, f"rolling update, at least {n - fewer} of {_pods(n)} serving{later}")
        case _ as never:
            assert_never(never)


def _stateful_set(stateful: StatefulSet) -> Cost:
    match stateful.strategy:
        case OnDelete():
            return Cost(Disruption.NONE, "OnDelete: pods take it when somebody deletes them")
        case Rolling(max_unavailable=unavailable, partition=partition):
            n = stateful.replicas
            rolled = n - min(partition, n)
            if rolled == 0:
                return Cost(Disruption.NONE, f"partition {partition} holds back all of {_pods(n)}")
            # A share is rounded down there (stateful_set_utils.go, getStatefulSetMaxUnavailable).
            at_once = max(1, quantity.resolve(unavailable, n, default=1, round_up=False))
            if min(at_once, rolled) >= n:
                return Cost(Disruption.OUTAGE, f"no surge possible: all of {_pods(n)} may be down at once")
            return Cost(Disruption.ROLL, f"pod by pod, at least {n - min(at_once, rolled)} of {_pods(n)} serving")
        case _ as never:
            assert_never(never)


def _daemon_set(daemon: DaemonSet) -> Cost:
    match daemon.strategy:
        case OnDelete():
            return Cost(Disruption.NONE, "OnDelete: pods take it when somebody deletes them")
        case Rolling(max_surge=surge, max_unavailable=unavailable):
            n = daemon.desired
            more = quantity.resolve(surge, n, default=0, round_up=True)
            fewer = quantity.resolve(unavailable, n, default=1, round_up=True)
            if more == 0 and fewer >= n:
                return Cost(Disruption.OUTAGE, f"no surge: all of {_pods(n)} may be down at once")
            how = "each node starts the new pod first" if more else "each node is without its pod for a while"
            return Cost(Disruption.ROLL, f"{_pods(n)}, {how}")
        case _ as never:
            assert_never(never)


def _with_volumes(cost: Cost, workload: Workload) -> Cost:
    first = _old_pod_goes_first(workload)
    risks = []
    for claim in workload.claims:
        if _ONE_POD in claim.access_modes:
            what = "is handed from pod to pod" if first else "lets no second pod start: the roll may not finish"
            risks.append(f"{_ONE_POD} volume {claim.name} {what}")
        elif _ONE_NODE in claim.access_modes:
            what = "is detached and attached" if first else "binds the new pod to the old one's node"
            risks.append(f"{_ONE_NODE} volume {claim.name} {what}")
        elif not claim.access_modes:
            risks.append(f"volume {claim.name}: its access modes are not known here")
    return Cost(cost.disruption, cost.why, tuple(risks))


def _old_pod_goes_first(workload: Workload) -> bool:
    match workload.behaviour:
        case Deployment(strategy=Recreate()) | StatefulSet():
            return True
        case Deployment(strategy=Rolling(max_surge=surge), replicas=n):
            return quantity.resolve(surge, n, default="25%", round_up=True) == 0
        case DaemonSet(strategy=Rolling(max_surge=surge), desired=n):
            return quantity.resolve(surge, n, default=0, round_up=True) == 0
        case _:
            return False


def _pods(n: int) -> str:
    return "1 pod" if n == 1 else f"{n} pods"
