"""What a kubelet writes of a pod: its conditions in their order, and the states of its containers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

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


def containers(pod: Object, made: Made) -> Object:
    """The two lists of container statuses."""
    lists = {}
    for part, field in (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")):
        before = {c["name"]: c for c in pod["status"].get(field, [])}
        found = [made(c, before.get(c["name"], {})) for c in pod["spec"].get(part) or []]
        if found:
            lists[field] = found
    return lists


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
