"""CronJobs: a Job whenever it is due, in virtual time (pkg/controller/cronjob/cronjob_controllerv2.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.clockwork import timestamp
from rollonce.sim.controllers import cron
from rollonce.sim.controllers.jobs import finished
from rollonce.sim.controllers.work import CRONJOBS, JOBS, Queue, Work, owned_by
from rollonce.sim.store import Key, Object


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
            return status
        if policy == "Replace":
            for job in running:
                self._work.delete(JOBS, job)
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
        return self._work.create(JOBS, namespace, name, job)

    def _counted(self, thing: Object, owned: list[Object]) -> Object:
        """Which of its jobs run, and when the last one succeeded."""
        status = dict(thing.get("status") or {})
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
                self._work.delete(JOBS, job)


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    return {
        "kind": "Job", "apiVersion": "batch/v1", "name": metadata["name"], "namespace": metadata["namespace"],
        "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
    }  # fmt: skip
