"""What a change costs: nothing, a roll, or an outage; and why."""

from __future__ import annotations

import pytest

from rollonce.model.workload import (
    Behaviour,
    Claim,
    CronJob,
    DaemonSet,
    Deployment,
    OnDelete,
    Recreate,
    Rolling,
    StatefulSet,
)
from rollonce.plan import cost
from rollonce.plan.operation import Cost, Disruption
from tests.unit.builders import workload

KINDS = {Deployment: "deployment/x", StatefulSet: "statefulset/x", DaemonSet: "daemonset/x", CronJob: "cronjob/x"}
NONE, ROLL, OUTAGE = Disruption.NONE, Disruption.ROLL, Disruption.OUTAGE


def of(behaviour: Behaviour, *claims: Claim) -> Cost:
    return cost.of_change(workload(KINDS[type(behaviour)], behaviour=behaviour, claims=claims))


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "disruption", "why"),
    [
        (None, None, 0, NONE, "it has no pods"),
        (None, None, 1, ROLL, "rolling update, at least 1 of 1 pod serving"),
        ("25%", "25%", 1, ROLL, "rolling update, at least 1 of 1 pod serving"),
        ("25%", "25%", 3, ROLL, "rolling update, at least 3 of 3 pods serving"),
        ("25%", "25%", 4, ROLL, "rolling update, at least 3 of 4 pods serving"),
        (0, 1, 1, OUTAGE, "no surge possible: all of 1 pod may be down at once"),
        (0, 1, 2, ROLL, "rolling update, at least 1 of 2 pods serving"),
        # Both rounded to nothing: the controller takes one.
        (0, "49%", 2, ROLL, "rolling update, at least 1 of 2 pods serving"),
        (0, "49%", 1, OUTAGE, "no surge possible: all of 1 pod may be down at once"),
        ("0%", "0%", 1, OUTAGE, "no surge possible: all of 1 pod may be down at once"),
        ("0%", "34%", 3, ROLL, "rolling update, at least 2 of 3 pods serving"),
        (0, "99%", 3, ROLL, "rolling update, at least 1 of 3 pods serving"),
        (0, "100%", 3, OUTAGE, "no surge possible: all of 3 pods may be down at once"),
        (1, "100%", 3, OUTAGE, "maxUnavailable 3: all of 3 pods may be down at once"),
        (1, 5, 3, OUTAGE, "maxUnavailable 5: all of 3 pods may be down at once"),
        (1, 0, 1, ROLL, "rolling update, at least 1 of 1 pod serving"),
    ],
)
def test_a_rolling_update_of_a_deployment(
    surge: int | str | None, unavailable: int | str | None, replicas: int, disruption: Disruption, why: str
) -> None:
    assert of(Deployment(Rolling(surge, unavailable), replicas)) == Cost(disruption, why)


def test_recreate_is_an_outage_unless_there_are_no_pods() -> None:
    assert of(Deployment(Recreate(), 1)) == Cost(OUTAGE, "Recreate: 1 pod down before a new one starts")
    assert of(Deployment(Recreate(), 3)) == Cost(OUTAGE, "Recreate: 3 pods down before a new one starts")
    assert of(Deployment(Recreate(), 0)) == Cost(NONE, "it has no pods")


def test_a_paused_deployment_pays_later() -> None:
    later = "; paused, so it happens when somebody resumes it"
    assert of(Deployment(Recreate(), 1, paused=True)).why == f"Recreate: 1 pod down before a new one starts{later}"
    assert of(Deployment(Rolling(), 2, paused=True)).why == f"rolling update, at least 2 of 2 pods serving{later}"


@pytest.mark.parametrize(
    ("strategy", "replicas", "disruption", "why"),
    [
        (Rolling(), 0, NONE, "it has no pods"),
        (Rolling(), 1, OUTAGE, "no surge possible: all of 1 pod may be down at once"),
        (Rolling(), 3, ROLL, "pod by pod, at least 2 of 3 pods serving"),
        (Rolling(partition=2), 3, ROLL, "pod by pod, at least 2 of 3 pods serving"),
        (Rolling(partition=3), 3, NONE, "partition 3 holds back all of 3 pods"),
        (Rolling(partition=9), 1, NONE, "partition 9 holds back all of 1 pod"),
        (Rolling(None, 3), 3, OUTAGE, "no surge possible: all of 3 pods may be down at once"),
        (Rolling(None, 3, partition=1), 3, ROLL, "pod by pod, at least 1 of 3 pods serving"),
        (Rolling(None, "100%"), 2, OUTAGE, "no surge possible: all of 2 pods may be down at once"),
        # The controller rounds a share down, and takes one at least (getStatefulSetMaxUnavailable).
        (Rolling(None, "67%"), 3, ROLL, "pod by pod, at least 1 of 3 pods serving"),
        (Rolling(None, "99%"), 2, ROLL, "pod by pod, at least 1 of 2 pods serving"),
        (Rolling(None, "1%"), 3, ROLL, "pod by pod, at least 2 of 3 pods serving"),
        (OnDelete(), 3, NONE, "OnDelete: pods take it when somebody deletes them"),
    ],
)
def test_a_stateful_set(strategy: Rolling | OnDelete, replicas: int, disruption: Disruption, why: str) -> None:
    assert of(StatefulSet(strategy, replicas)) == Cost(disruption, why)


@pytest.mark.parametrize(
    ("strategy", "nodes", "disruption", "why"),
    [
        (Rolling(), 0, NONE, "it has no pods"),
        (Rolling(), 1, OUTAGE, "no surge: all of 1 pod may be down at once"),
        (Rolling(), 3, ROLL, "3 pods, each node is without its pod for a while"),
        (Rolling(0, "67%"), 3, OUTAGE, "no surge: all of 3 pods may be down at once"),
        (Rolling(0, "66%"), 3, ROLL, "3 pods, each node is without its pod for a while"),
        (Rolling(1, 0), 1, ROLL, "1 pod, each node starts the new pod first"),
        (Rolling("1%", 0), 3, ROLL, "3 pods, each node starts the new pod first"),
        (OnDelete(), 3, NONE, "OnDelete: pods take it when somebody deletes them"),
    ],
)
def test_a_daemon_set(strategy: Rolling | OnDelete, nodes: int, disruption: Disruption, why: str) -> None:
    assert of(DaemonSet(strategy, desired=nodes)) == Cost(disruption, why)


def test_a_cron_job_costs_nothing() -> None:
    assert of(CronJob()) == Cost(NONE, "a CronJob's next jobs take it, nothing restarts")


@pytest.mark.parametrize(
    ("modes", "rolling", "recreate"),
    [
        (
            ("ReadWriteOnce",),
            "ReadWriteOnce volume work binds the new pod to the old one's node",
            "ReadWriteOnce volume work is detached and attached",
        ),
        (
            ("ReadWriteOncePod",),
            "ReadWriteOncePod volume work lets no second pod start: the roll may not finish",
            "ReadWriteOncePod volume work is handed from pod to pod",
        ),
        ((), "volume work: its access modes are not known here", "volume work: its access modes are not known here"),
    ],
)
def test_volumes_are_named_as_risks(modes: tuple[str, ...], rolling: str, recreate: str) -> None:
    claim = Claim("work", modes)
    assert of(Deployment(Rolling(), 2), claim).risks == (rolling,)
    assert of(Deployment(Recreate(), 2), claim).risks == (recreate,)


def test_where_the_old_pod_goes_first_no_second_one_waits_for_its_volume() -> None:
    claim = Claim("work", ("ReadWriteOncePod",))
    handed = ("ReadWriteOncePod volume work is handed from pod to pod",)
    assert of(StatefulSet(Rolling(), 3), claim).risks == handed
    assert of(DaemonSet(Rolling(), desired=3), claim).risks == handed
    assert of(Deployment(Rolling(0, 1), 3), claim).risks == handed
    assert of(DaemonSet(Rolling(1, 0), desired=3), claim).risks != handed


def test_a_volume_that_many_may_mount_is_no_risk() -> None:
    assert of(Deployment(Recreate(), 2), Claim("shared", ("ReadWriteMany",))).risks == ()


def test_what_rolls_nothing_names_no_volume() -> None:
    claim = Claim("work", ("ReadWriteOnce",))
    assert of(Deployment(Recreate(), 0), claim).risks == ()
    assert of(StatefulSet(OnDelete(), 3), claim).risks == ()
    assert of(CronJob(), claim).risks == ()
