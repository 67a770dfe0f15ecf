"""CronJobs: a Job whenever it is due, in virtual time (pkg/controller/cronjob/cronjob_controllerv2.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.clockwork import timestamp
from rollonce.sim.controllers import cron
from rollonce.sim.controllers.jobs import finished
from rollonce.sim.controllers.work import CRONJOBS, JOBS, Queue, Work, controller, owned_by
from rollonce.sim.store import Key, Object

SOURCE = controller("cronjob")
ACTIVE = "Not starting job because prior execution is running and concurrency policy is Forbid"


class CronJobs:
    """syncCronJob: history first, then the latest time that was missed, then a timer for the next."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> None:
        """One pass."""
        work, thing = self._work, self._work.get(key)
        if thing is None or pods.is_terminating(thing):
            return
        owned = work.controlled(thing["metadata"]["uid"], JOBS)
        self._clean(thing, owned)
        status = self._counted(thing, owned)
        schedule = cron.parse(thing["spec"]["schedule"])
        if schedule is None or thing["spec"].get("suspend"):
            work.set_status(CRONJOBS, thing, status)
            return
        since = pods.seconds(status.get("lastScheduleTime") or thing["metadata"]["creationTimestamp"])
        if (limit := thing["spec"].get("startingDeadlineSeconds")) is not None:
            since = max(since, work.now - limit)
        due = cron.latest(schedule, since, work.now)
        if due is not None:
            status = self._start(thing, owned, status, due)
        work.set_status(CRONJOBS, thing, status)
        following = cron.following(schedule, work.now)
        if following is not None:
            self.queue.add_after(key, following - work.now)

    def _start(self, thing: Object, owned: list[Object], status: Object, due: float) -> Object:
        running = [job for job in owned if not finished(job)]
        policy = thing["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and running:
            self._tell(thing, "JobAlreadyActive", ACTIVE)
            return status
        if policy == "Replace":
            for job in running:
                self._delete(thing, job)
            status = {**status, "active": None}
        made = self._make(thing, due)
        active = [*(status.get("active") or []), *([_reference(made)] if made else [])]
        return {**status, "active": active or None, "lastScheduleTime": timestamp(due)}

    def _make(self, thing: Object, due: float) -> Object | None:
        namespace, name = thing["metadata"]["namespace"], f"{thing['metadata']['name']}-{int(due) // 60}"
        if self._work.get(Key(*JOBS, namespace, name)) is not None:
            return None
        given = thing["spec"]["jobTemplate"]
        noted = {"batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(due)}
        metadata = {**(given.get("metadata") or {})}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **noted}
        metadata["ownerReferences"] = [{**owned_by(thing, "CronJob"), "apiVersion": "batch/v1"}]
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": given["spec"]}
        made = self._work.create(JOBS, namespace, name, job)
        self._tell(thing, "SuccessfulCreate", f"Created job {name}")
        return made

    def _delete(self, thing: Object, job: Object) -> None:
        self._work.delete(JOBS, job)
        self._tell(thing, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")

    def _tell(self, thing: Object, reason: str, said: str) -> None:
        self._work.kernel.events.say(SOURCE, thing, reason, said)

    def _counted(self, thing: Object, owned: list[Object]) -> Object:
        """Which of its jobs run, and when the last one succeeded."""
        status = dict(thing.get("status") or {})
        before, there = status.get("active") or [], {job["metadata"]["uid"] for job in owned}
        known = {reference["uid"] for reference in before}
        for job in owned:
            if (how := finished(job)) and job["metadata"]["uid"] in known:
                self._tell(thing, "SawCompletedJob", f"Saw completed job: {job['metadata']['name']}, condition: {how}")
        for reference in before:
            if reference["uid"] not in there:
                self._tell(thing, "MissingJob", f"Active job went missing: {reference['name']}")
        status["active"] = [_reference(job) for job in owned if not finished(job)] or None
        ended = [job["status"]["completionTime"] for job in owned if finished(job) == "Complete"]
        if ended:
            status["lastSuccessfulTime"] = max(ended)
        return status

    def _clean(self, thing: Object, owned: list[Object]) -> None:
        """cleanupFinishedJobs: the oldest go."""
        for how, name, usual in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            ended = [job for job in owned if finished(job) == how]
            for job in ended[: max(len(ended) - thing["spec"].get(name, usual), 0)]:
                self._delete(thing, job)


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    return {
        "kind": "Job", "apiVersion": "batch/v1", "name": metadata["name"], "namespace": metadata["namespace"],
        "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
    }  # fmt: skip
