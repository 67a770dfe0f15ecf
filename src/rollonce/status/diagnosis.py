"""Why a rollout does not get on: what its pods, and the Events about them, say.

Nothing here is a verdict: a pod that cannot be scheduled may be so in a minute, and an image may be pushed late. The
words are those of the API, with the object that they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from rollonce.model import credential
from rollonce.model.kind import Kind
from rollonce.model.pod import ContainerState, Notice, Pod
from rollonce.model.workload import Workload, WorkloadKey


class Trouble(StrEnum):
    """What keeps a rollout from getting on."""

    IMAGE_PULL = "image-pull"
    CRASH_LOOP = "crash-loop"
    CONTAINER_CONFIG = "container-config"
    UNSCHEDULABLE = "unschedulable"
    SCHEDULING_GATED = "scheduling-gated"
    VOLUME = "volume"
    SANDBOX = "sandbox"
    UNHEALTHY = "unhealthy"
    FAILED_CREATE = "failed-create"


@dataclass(frozen=True, slots=True)
class Finding:
    """One trouble: `where` names the pod, the container within it, or the object that makes pods."""

    trouble: Trouble
    where: str
    words: str


# pkg/kubelet/images/types.go
_IMAGE = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
        "RegistryUnavailable", "SignatureValidationFailed",
    }
)  # fmt: skip
# pkg/kubelet/kuberuntime/kuberuntime_container.go, pkg/kubelet/container/sync_result.go
_CONFIG = frozenset(
    {
        "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError",
        "PreStartHookError", "PostStartHookError",
    }
)  # fmt: skip
# pkg/kubelet/events/event.go, pkg/controller/volume/events/event.go
_VOLUME = frozenset({"FailedAttachVolume", "FailedMount", "FailedMapVolume", "VolumeResizeFailed"})
_BY_REASON = {
    **dict.fromkeys(_VOLUME, Trouble.VOLUME),
    "FailedCreatePodSandBox": Trouble.SANDBOX,
    "Unhealthy": Trouble.UNHEALTHY,
}
# One probe that fails while a container starts is usual.
_PROBES = 3
_LONGEST = 400


def findings(workload: Workload, pods: Iterable[Pod], notices: Iterable[Notice]) -> tuple[Finding, ...]:
    """What pods of the workload's last change, and Events since then, complain of; each trouble of a container once."""
    mine = {pod.name: pod for pod in pods if _is_of(workload, pod)}
    found: dict[tuple[Trouble, str], Finding] = {}
    for pod in mine.values():
        for finding in _of_pod(pod):
            # Of many pods in the same trouble one tells it.
            found.setdefault((finding.trouble, finding.where.partition(", ")[2]), finding)
    for notice in (notice for notice in notices if _second(notice.last) >= _second(workload.changed)):
        if (told := _of_notice(workload, mine, notice)) is not None:
            found.setdefault((told.trouble, ""), told)
    return tuple(found.values())


def _is_of(workload: Workload, pod: Pod) -> bool:
    """Whether it is a pod of that workload, made since it last changed."""
    new = _second(pod.created) >= _second(workload.changed)
    return new and not pod.deleting and _makes(workload.key, pod.owner)


def _second(stamp: str) -> str:
    """A timestamp in UTC without its fraction, which only some of them have."""
    return stamp[: len("2026-01-02T03:04:05")]


def _makes(key: WorkloadKey, owner: str) -> bool:
    """Whether `Kind/name` is what makes the pods of a workload: itself, or its ReplicaSet, called after it."""
    kind, _, name = owner.partition("/")
    if key.kind is Kind.DEPLOYMENT:
        return kind == "ReplicaSet" and name.rpartition("-")[0] == key.name
    return kind == key.kind.title and name == key.name


def _of_pod(pod: Pod) -> Iterator[Finding]:
    if pod.unscheduled:
        yield Finding(Trouble.UNSCHEDULABLE, f"pod {pod.name}", _said(pod.unscheduled))
    if pod.gated:
        yield Finding(Trouble.SCHEDULING_GATED, f"pod {pod.name}", _said(pod.gated))
    for container in pod.containers:
        where = f"pod {pod.name}, container {container.name}"
        if container.waiting in _IMAGE:
            yield Finding(Trouble.IMAGE_PULL, where, _said(container.waiting, container.message))
        elif container.waiting in _CONFIG:
            yield Finding(Trouble.CONTAINER_CONFIG, where, _said(container.waiting, container.message))
        elif _crashes(container):
            yield Finding(Trouble.CRASH_LOOP, where, _crash(container))


def _crashes(container: ContainerState) -> bool:
    """Back-off, or restarted after a bad end; a container that has ended once may do better the next time."""
    bad = container.ended is not None and container.ended.exit_code != 0
    return container.waiting == "CrashLoopBackOff" or (bad and container.restarts > 1 and not container.ready)


def _crash(container: ContainerState) -> str:
    times = f", {container.restarts} restart{'' if container.restarts == 1 else 's'}" if container.restarts else ""
    if container.ended is None:
        return _said(f"it ends again and again{times}", container.message)
    why = f" ({container.ended.reason})" if container.ended.reason not in ("", "Error") else ""
    return _said(f"exit code {container.ended.exit_code}{why}{times}", container.ended.message)


def _of_notice(workload: Workload, mine: dict[str, Pod], notice: Notice) -> Finding | None:
    if notice.namespace != workload.key.namespace:
        return None
    if notice.kind == "Pod" and notice.name in mine:
        trouble = _BY_REASON.get(notice.reason)
        if trouble is None or (trouble is Trouble.UNHEALTHY and notice.count < _PROBES):
            return None
        return Finding(trouble, f"pod {notice.name}", _said(notice.message))
    if notice.reason == "FailedCreate" and _makes(workload.key, f"{notice.kind}/{notice.name}"):
        return Finding(Trouble.FAILED_CREATE, f"{notice.kind.lower()}/{notice.name}", _said(notice.message))
    return None


def _said(*parts: str) -> str:
    """In one line, not too long; words in which something looks like a credential are not repeated."""
    shown = [
        credential.HIDDEN if credential.by_form(text) else text for text in (" ".join(part.split()) for part in parts)
    ]
    words = ": ".join(text for text in shown if text)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."
