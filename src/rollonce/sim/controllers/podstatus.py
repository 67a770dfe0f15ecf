"""What a kubelet writes of a pod: its conditions in their order, and the states of its containers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from rollonce.sim import pods
from rollonce.sim.store import Object

# Makes the status of a container, given the container and its status so far.
Made = Callable[[Object, Object], Object]

# The conditions of a pod in the order in which a kubelet leaves them; gates of readiness come after them.
SANDBOX, SCHEDULED = "PodReadyToStartContainers", "PodScheduled"
CONDITIONS = (SANDBOX, "Initialized", "Ready", "ContainersReady", SCHEDULED)


def rank(condition: Object) -> int:
    """Where a condition stands among the others."""
    return CONDITIONS.index(condition["type"]) if condition["type"] in CONDITIONS else len(CONDITIONS)


def bare(condition: Object) -> Object:
    """A condition without words."""
    return {name: value for name, value in condition.items() if name not in {"reason", "message"}}


def unready(pod: Object) -> str:
    """The message of what is not ready."""
    names = " ".join(container["name"] for container in pod["spec"].get("containers", []))
    return f"containers with unready status: [{names}]"


def containers(pod: Object, made: Made, first: Made | None = None) -> Object:
    """The two lists of container statuses; init containers that end get those of `first`, where that is given."""
    lists = {}
    for part, field in (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")):
        before = {c["name"]: c for c in pod["status"].get(field, [])}
        found = [
            (first if first and part == "initContainers" and ends(c) else made)(c, before.get(c["name"], {}))
            for c in pod["spec"].get(part) or []
        ]
        if found:
            lists[field] = found
    return lists


def ends(container: Object) -> bool:
    """Whether an init container is none that runs beside the others (a native sidecar)."""
    return bool(container.get("restartPolicy") != "Always")


def blocked(pod: Object, stamp: str) -> Object:
    """The two lists where an init container does not end: those before it have ended, nothing after it has begun."""
    found: dict[str, Made] = {}
    stuck = False
    for container in pod["spec"].get("initContainers") or []:
        failure = pods.container_failure(container)
        if stuck:
            continue
        if failure and (ends(container) or failure == "image-pull"):
            stuck = True
            found[container["name"]] = (
                waiting(_BACKOFFS[failure]) if failure in _BACKOFFS else running(stamp, ready=False)
            )
        else:
            found[container["name"]] = completed(stamp) if ends(container) else running(stamp, ready=True)

    def made(container: Object, before: Object) -> Object:
        return found.get(container["name"], waiting("PodInitializing"))(container, before)

    return containers(pod, made)


_BACKOFFS = {"crash": "CrashLoopBackOff", "image-pull": "ImagePullBackOff"}


def completed(stamp: str) -> Made:
    """A container that has done its work, at `stamp` where it had not before."""

    def made(container: Object, before: Object) -> Object:
        since = before.get("state", {}).get("running", {}).get("startedAt", stamp)
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": stamp}
        told = running(stamp, ready=True)(container, before)
        return {**told, "started": False, "state": {"terminated": before.get("state", {}).get("terminated") or ended}}

    return made


def waiting(reason: str) -> Made:
    """A container that does not run yet, or not any more."""

    def made(container: Object, before: Object) -> Object:
        restarts = before.get("restartCount", 0)
        return {
            "name": container["name"], "image": container["image"], "imageID": before.get("imageID", ""),
            "ready": False, "started": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}},
            "lastState": {},
        }  # fmt: skip

    return made


def running(stamp: str, *, ready: bool) -> Made:
    """A container that runs, since `stamp` where it did not run before."""

    def made(container: Object, before: Object) -> Object:
        since = before.get("state", {}).get("running") or {"startedAt": stamp}
        return {
            "name": container["name"], "image": container["image"], "imageID": image_id(container["image"]),
            "containerID": f"containerd://{image_id(container['image'] + container['name'])[-64:]}",
            "ready": ready, "started": True, "restartCount": before.get("restartCount", 0),
            "state": {"running": since}, "lastState": {},
        }  # fmt: skip

    return made


def image_id(image: str) -> str:
    """An image ID that is the same for the same image."""
    name, _, digest = image.partition("@")
    return f"{name.rpartition(':')[0] or name}@{digest or 'sha256:' + hashlib.sha256(image.encode()).hexdigest()}"
