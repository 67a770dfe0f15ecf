"""What a pod is at a moment, and how long its phases take."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rollonce.sim.clockwork import timestamp
from rollonce.sim.store import Object

FAIL_ANNOTATION = "sim.rollonce.dev/fail"
Failure = Literal["", "image-pull", "crash", "unschedulable", "never-ready"]
FAILURES: tuple[Failure, ...] = ("image-pull", "crash", "unschedulable", "never-ready")
DEFAULT_GRACE = 30.0


@dataclass(frozen=True, slots=True)
class Profile:
    """How long the phases of a pod take, in seconds.

    `terminate` is what containers take to stop, at most the pod's grace period; `detach` and `attach` count only
    for pods with a persistent volume claim; `pull` only for images that the node does not have yet; `init` is one
    init container, `run` what the others take to start, `start` is from there to their readiness, less what their
    probes add; `lag` is what a node takes to notice and to tell, beside each of them. A pod says otherwise by
    annotations that begin with `annotations`: `start-delay` (from its images being there until its containers run),
    `ready-delay` and `stop-delay`, as durations such as `1.5s`.
    """

    name: str
    schedule: float
    attach: float
    detach: float
    pull: float
    init: float
    start: float
    terminate: float
    run: float = 0.0
    lag: float = 0.0
    annotations: str = "sim.rollonce.dev/"


NONE = Profile("none", schedule=0.1, attach=0.0, detach=0.0, pull=0.0, init=0.2, start=0.9, terminate=1.0)
LOCAL = Profile("local", schedule=0.1, attach=0.5, detach=0.0, pull=10.0, init=1.0, start=2.0, terminate=10.0)
CLOUD = Profile("cloud", schedule=1.0, attach=35.0, detach=35.0, pull=30.0, init=1.0, start=5.0, terminate=17.0)
CLOUD_BAD_DAY = Profile(
    "cloud-bad-day", schedule=5.0, attach=120.0, detach=360.0, pull=180.0, init=1.0, start=5.0, terminate=30.0
)
PROFILES = {profile.name: profile for profile in (NONE, LOCAL, CLOUD, CLOUD_BAD_DAY)}


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def delay(pod: Object, name: str, otherwise: float) -> float:
    """Seconds of a pod's annotation, `otherwise` where it has none that is a duration as Go writes them."""
    text = str((pod["metadata"].get("annotations") or {}).get(name, ""))
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return otherwise
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def seconds(stamp: str) -> float:
    """Seconds since the epoch of a timestamp in RFC 3339."""
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC).timestamp()


def condition(thing: Object, kind: str) -> Object | None:
    """The condition of that type, None where there is none."""
    found: Object | None = next((c for c in thing.get("status", {}).get("conditions", []) if c["type"] == kind), None)
    return found


def is_ready(pod: Object) -> bool:
    """Whether its condition Ready is True."""
    ready = condition(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def is_terminating(pod: Object) -> bool:
    """Whether somebody has asked for its deletion."""
    return "deletionTimestamp" in pod["metadata"]


def is_finished(pod: Object) -> bool:
    """Whether no container of it will run again."""
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def is_active(pod: Object) -> bool:
    """Whether it counts for its owner (pkg/controller/controller_utils.go, IsPodActive)."""
    return not is_finished(pod) and not is_terminating(pod)


def available_in(pod: Object, min_ready: float, now: float) -> float | None:
    """Seconds until a ready pod is available, 0 where it is, None where it is not ready.

    pkg/api/v1/pod/util.go, IsPodAvailable.
    """
    ready = condition(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    if not min_ready:
        return 0.0
    return max(seconds(ready["lastTransitionTime"]) + min_ready - now, 0.0)


def failure(pod: Object) -> Failure:
    """What was asked to go wrong, by the annotation or by the beginning of a container's tag."""
    wanted = pod["metadata"].get("annotations", {}).get(FAIL_ANNOTATION, "")
    for known in FAILURES:
        if wanted == known:
            return known
    for container in pod["spec"].get("containers", []) + pod["spec"].get("initContainers", []):
        asked = container_failure(container)
        if asked:
            return asked
    return ""


def container_failure(container: Object) -> Failure:
    """What the tag of a container's image asks for."""
    name = container.get("image", "").rpartition("/")[2].partition("@")[0]
    tag = name.partition(":")[2]
    return next((known for known in FAILURES if tag.startswith(known)), "")


def never_initializes(pod: Object) -> bool:
    """Whether an init container that has to end was asked not to: nothing after it starts."""
    first = (c for c in pod["spec"].get("initContainers") or [] if c.get("restartPolicy") != "Always")
    return any(container_failure(container) in ("crash", "never-ready") for container in first)


def grace_period(pod: Object) -> float:
    """The pod's own grace period in seconds."""
    grace = pod["spec"].get("terminationGracePeriodSeconds")
    return DEFAULT_GRACE if grace is None else float(grace)


def tolerates(tolerations: Iterable[Object], node: Object) -> bool:
    """Whether pods with those tolerations may come onto a node: its taints, its being cordoned."""
    taints = [t for t in node.get("spec", {}).get("taints") or [] if t.get("effect") != "PreferNoSchedule"]
    given = list(tolerations)
    return all(any(_tolerates(toleration, taint) for toleration in given) for taint in taints)


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same = toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")
    return bool(same)


def claims(pod: Object) -> list[str]:
    """The names of the persistent volume claims that it mounts."""
    volumes = pod["spec"].get("volumes") or []
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume.get("persistentVolumeClaim")]


def with_conditions(status: Object, wanted: Iterable[tuple[str, bool, str, str]], now: float) -> Object:
    """A pod status with those conditions (type, truth, reason, message); a time moves where the truth does."""
    conditions = {c["type"]: c for c in status.get("conditions", [])}
    for kind, truth, reason, message in wanted:
        before = conditions.get(kind)
        state = "True" if truth else "False"
        since = before["lastTransitionTime"] if before and before["status"] == state else timestamp(now)
        made: dict[str, Any] = {"type": kind, "status": state, "lastProbeTime": None, "lastTransitionTime": since}
        if reason:
            made["reason"] = reason
        if message:
            made["message"] = message
        conditions[kind] = made
    return {**status, "conditions": list(conditions.values())}
