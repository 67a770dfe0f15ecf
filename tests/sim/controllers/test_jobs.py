"""Jobs and CronJobs run to completion, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from rollonce.sim.api import defaults
from rollonce.sim.clockwork import Clockwork, timestamp
from rollonce.sim.controllers import PROFILES, cron, install
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Collection, Key

# 2026-01-01T00:00:30Z, a Thursday
START = 1_767_225_630.0


class Batch:
    """A kernel with controllers, and one Job or CronJob."""

    def __init__(self, resource: str, spec: dict[str, Any]) -> None:
        self.kernel = Kernel(Clockwork(START))
        install(self.kernel, PROFILES["none"])
        self.key = Key("batch", resource, "d", "a")
        kind = self.kernel.kinds.of(self.key.collection)
        assert kind is not None
        self.kernel.create(self.key, defaults.complete(kind, {"metadata": {"name": "a"}, "spec": spec}), manager="test")

    def wait(self, seconds: float) -> None:
        self.kernel.clockwork.advance(self.kernel.clockwork.now + seconds)

    def all(self, resource: str) -> list[dict[str, Any]]:
        return self.kernel.store.list(Collection("" if resource == "pods" else "batch", resource))

    def live(self) -> dict[str, Any]:
        found = self.kernel.store.get(self.key)
        assert found is not None
        return found


def job(image: str = "i:1", **more: Any) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}
    return {"template": {"spec": pod}, **more}


def cronjob(schedule: str, image: str = "i:1", **more: Any) -> dict[str, Any]:
    return {"schedule": schedule, "jobTemplate": {"spec": job(image)}, **more}


def test_a_job_ends_when_enough_pods_have_succeeded() -> None:
    batch = Batch("jobs", job(completions=3, parallelism=2))
    batch.wait(60)
    status = batch.live()["status"]
    assert status["succeeded"] == 3
    assert [c["type"] for c in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert len(batch.all("pods")) == 3


def test_a_job_fails_at_its_backoff_limit() -> None:
    batch = Batch("jobs", job("i:crash", backoffLimit=2))
    batch.wait(600)
    assert batch.live()["status"]["failed"] == 3
    assert batch.live()["status"]["conditions"][-1]["reason"] == "BackoffLimitExceeded"


def test_a_finished_job_goes_after_its_time() -> None:
    batch = Batch("jobs", job(ttlSecondsAfterFinished=30))
    batch.wait(20)
    assert batch.all("jobs")
    batch.wait(30)
    assert batch.all("jobs") == batch.all("pods") == []


def test_a_cronjob_makes_a_job_whenever_it_is_due() -> None:
    batch = Batch("cronjobs", cronjob("*/10 * * * *"))
    batch.wait(3600)
    assert batch.live()["status"]["lastScheduleTime"] == "2026-01-01T01:00:00Z"
    # successfulJobsHistoryLimit
    assert len(batch.all("jobs")) == 3


def test_a_suspended_cronjob_makes_none() -> None:
    batch = Batch("cronjobs", cronjob("* * * * *", suspend=True))
    batch.wait(600)
    assert batch.all("jobs") == []


@pytest.mark.parametrize(("policy", "least", "most"), [("Forbid", 1, 1), ("Allow", 5, 5), ("Replace", 1, 1)])
def test_jobs_that_overlap_follow_the_policy(policy: str, least: int, most: int) -> None:
    batch = Batch("cronjobs", cronjob("* * * * *", "i:never-ready", concurrencyPolicy=policy))
    batch.wait(300)
    assert least <= len(batch.all("jobs")) <= most


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("*/15 * * * *", "2026-01-01T00:15:00Z"),
        ("0 12 * * mon-wed", "2026-01-05T12:00:00Z"),
        ("30 4 1,15 * *", "2026-01-01T04:30:00Z"),
        ("0 0 13 * fri", "2026-01-02T00:00:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("5/20 8 * JAN ?", "2026-01-01T08:05:00Z"),
        ("@weekly", "2026-01-04T00:00:00Z"),
    ],
)
def test_a_schedule_is_read_as_cron_does(schedule: str, due: str) -> None:
    parsed = cron.parse(schedule)
    assert parsed is not None
    following = cron.following(parsed, START)
    assert following is not None
    assert timestamp(following) == due


@pytest.mark.parametrize("schedule", ["", "* * * *", "60 * * * *", "a * * * *", "* 25 * * *"])
def test_what_is_no_schedule_is_none(schedule: str) -> None:
    assert cron.parse(schedule) is None
