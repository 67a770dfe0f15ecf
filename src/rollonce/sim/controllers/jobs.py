"""Jobs: pods that run to completion (pkg/controller/job/job_controller.go)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers.work import JOBS, PODS, Queue, Work, controller, key_of, owned_by, pod_from
from rollonce.sim.store import Key, Object

FINISHED = ("Complete", "Failed")
REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
EXCEEDED = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
LATE = ("DeadlineExceeded", "Job was active longer than specified deadline")
SOURCE = controller("job")


class Jobs:
    """syncJob: pods until so many have succeeded, or too many have failed."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> None:
        """One pass; each change of a pod brings the next."""
        work, job = self._work, self._work.get(key)
        if job is None or pods.is_terminating(job):
            return
        if finished(job):
            self._expire(key, job)
            return
        owned = work.controlled(job["metadata"]["uid"], PODS)
        active = [pod for pod in owned if pods.is_active(pod)]
        succeeded = sum(1 for pod in owned if pod.get("status", {}).get("phase") == "Succeeded")
        failed = sum(1 for pod in owned if pod.get("status", {}).get("phase") == "Failed")
        status = {**job.get("status", {}), "terminating": 0, "uncountedTerminatedPods": {}}
        if job["spec"].get("suspend"):
            for pod in active:
                work.delete_pod(SOURCE, job, pod)
            work.set_status(JOBS, job, status)
            return
        status.setdefault("startTime", work.stamp)
        status |= {"succeeded": succeeded or None, "failed": failed or None}
        ended = self._ending(job, status, succeeded, failed)
        if ended is None:
            wanted = min(job["spec"].get("parallelism", 1), max(_completions(job) - succeeded, 0))
            for _ in range(wanted - len(active)):
                self._make(job)
            for pod in active[wanted:]:
                work.delete_pod(SOURCE, job, pod)
            ready = sum(1 for pod in active if pods.is_ready(pod))
            work.set_status(JOBS, job, {**status, "active": max(wanted, 0) or None, "ready": ready})
            return
        for pod in active:
            work.delete_pod(SOURCE, job, pod)
        work.set_status(JOBS, job, {**self._ended(status, *ended), "active": None, "ready": 0})
        # recordJobFinished
        done = ended[0] == "Complete"
        reason, said = ("Completed", "Job completed") if done else ended[1]
        work.kernel.events.say(SOURCE, job, reason, said, warning=not done)

    def _ending(self, job: Object, status: Object, succeeded: int, failed: int) -> tuple[str, tuple[str, str]] | None:
        deadline = job["spec"].get("activeDeadlineSeconds")
        if succeeded >= _completions(job):
            return "Complete", REACHED
        if failed > job["spec"].get("backoffLimit", 6):
            return "Failed", EXCEEDED
        if deadline is not None:
            left = pods.seconds(status["startTime"]) + deadline - self._work.now
            if left <= 0:
                return "Failed", LATE
            self.queue.add_after(key_of(JOBS, job), left)
        return None

    def _ended(self, status: Object, kind: str, why: tuple[str, str]) -> Object:
        """Two conditions: that it will end so, and that it has."""
        stamp = self._work.stamp
        first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
        conditions = [
            {
                "type": each, "status": "True", "lastProbeTime": stamp, "lastTransitionTime": stamp,
                "reason": why[0], "message": why[1],
            }
            for each in (first, kind)
        ]  # fmt: skip
        done = {**status, "conditions": [*status.get("conditions", []), *conditions]}
        return {**done, "completionTime": stamp} if kind == "Complete" else done

    def _make(self, job: Object) -> None:
        name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
        unique = self._work.kernel.unique(f"{name}-")
        owned = {**owned_by(job, "Job"), "apiVersion": "batch/v1"}
        pod = pod_from(job["spec"]["template"], owned, namespace, unique, f"{name}-")
        uid = job["metadata"]["uid"]
        named = {f"{prefix}{what}": value for prefix in ("batch.kubernetes.io/", "") for what, value in
                 (("controller-uid", uid), ("job-name", name))}  # fmt: skip
        labels = {**pod["metadata"].get("labels", {}), **named}
        self._work.create_pod(SOURCE, job, {**pod, "metadata": {**pod["metadata"], "labels": labels}})

    def _expire(self, key: Key, job: Object) -> None:
        """ttlafterfinished_controller.go."""
        limit = job["spec"].get("ttlSecondsAfterFinished")
        ended = next((c for c in job["status"]["conditions"] if c["type"] in FINISHED), None)
        if limit is None or ended is None:
            return
        left = pods.seconds(ended["lastTransitionTime"]) + limit - self._work.now
        if left <= 0:
            self._work.delete(JOBS, job)
        else:
            self.queue.add_after(key, left)


def finished(job: Object) -> str:
    """How it has ended, empty while it has not."""
    found = (c["type"] for c in job.get("status", {}).get("conditions", []) if c["status"] == "True")
    return next((kind for kind in found if kind in FINISHED), "")


def _completions(job: Object) -> int:
    """Without a number one success is enough."""
    return int(job["spec"].get("completions") or 1)
