"""What pods and Events complain of, in the form in which kubelets, the scheduler and controllers report it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rollonce.model import pod as pods
from rollonce.model.pod import Notice, Pod
from rollonce.model.workload import Workload
from rollonce.status.diagnosis import Finding, Trouble, findings
from tests.unit.builders import workload

CHANGED = "2026-01-02T03:04:05Z"
Object = dict[str, Any]


def a_pod(*statuses: Object, init: tuple[Object, ...] = (), conditions: tuple[Object, ...] = (), **meta: Any) -> Pod:
    """A pod of deployment/ceo, made a second after the change."""
    metadata: Object = {
        "name": "ceo-5d4f8c7b9-x2x4z",
        "namespace": "agents",
        "uid": "p1",
        "creationTimestamp": "2026-01-02T03:04:06Z",
        "ownerReferences": [{"kind": "ReplicaSet", "name": "ceo-5d4f8c7b9", "controller": True}],
    }
    status = {"conditions": conditions, "containerStatuses": statuses, "initContainerStatuses": init}
    return pods.pod(json.dumps({"metadata": metadata | meta, "status": status}).encode())


def waiting(reason: str, message: str = "", **more: Any) -> Object:
    """A container's status."""
    state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return {"name": "agent", "ready": False, "restartCount": 0, "state": state, **more}


def ended(code: int, reason: str = "Error", message: str = "") -> Object:
    """A state."""
    found = {"exitCode": code, "reason": reason, "startedAt": CHANGED, "finishedAt": CHANGED}
    return {"terminated": found | ({"message": message} if message else {})}


def an_event(reason: str, message: str, *, kind: str = "Pod", name: str = "", **more: Any) -> Notice:
    """A Warning about the pod above, or another object, of a second after the change."""
    about = {"kind": kind, "namespace": "agents", "name": name or "ceo-5d4f8c7b9-x2x4z"}
    thing = {
        "metadata": {"name": "e1", "namespace": "agents"},
        "involvedObject": about,
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "lastTimestamp": "2026-01-02T03:04:06Z",
    }
    found = pods.notice(json.dumps(thing | more).encode())
    assert found is not None
    return found


def ceo(reference: str = "deployment/ceo") -> Workload:
    return replace(workload(reference), changed=CHANGED)


OTHER = [{"kind": "ReplicaSet", "name": "ceo-b-5d4f8c7b9", "controller": True}]
NAMESAKE = [{"kind": "StatefulSet", "name": "ceo", "controller": True}]


def only(*seen: Pod | Notice, of: Workload | None = None) -> Finding:
    found = findings(of or ceo(), [p for p in seen if isinstance(p, Pod)], [n for n in seen if isinstance(n, Notice)])
    assert len(found) == 1, found
    return found[0]


# The words are those of the sources that are named; of containerd where a runtime speaks.
# kubernetes/pkg/kubelet/images/image_manager.go, containerd/pkg/cri: what a pull ends with
NOT_FOUND = (
    'failed to pull and unpack image "registry.test/agent:b2": failed to resolve reference '
    '"registry.test/agent:b2": registry.test/agent:b2: not found'
)
# pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff
BACK_OFF = "back-off 20s restarting failed container=agent pod=ceo-5d4f8c7b9-x2x4z_agents(p1)"
# pkg/scheduler/framework/types.go, FitError
NO_NODE = "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: }, 2 Insufficient memory. no new claims."
# pkg/controller/volume/attachdetach/reconciler/reconciler.go
MULTI_ATTACH = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) ceo-6c5d-abcde'
# pkg/kubelet/volumemanager, operation_generator.go
MOUNT = 'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found'


@pytest.mark.parametrize(
    ("status", "trouble", "words"),
    [
        (waiting("ErrImagePull", NOT_FOUND), Trouble.IMAGE_PULL, f"ErrImagePull: {NOT_FOUND}"),
        (
            waiting("ImagePullBackOff", f'Back-off pulling image "registry.test/agent:b2": ErrImagePull: {NOT_FOUND}'),
            Trouble.IMAGE_PULL,
            'ImagePullBackOff: Back-off pulling image "registry.test/agent:b2": ErrImagePull: ',
        ),
        (waiting("InvalidImageName", "couldn't parse image"), Trouble.IMAGE_PULL, "InvalidImageName: couldn't"),
        (
            waiting("CreateContainerConfigError", 'secret "token" not found'),
            Trouble.CONTAINER_CONFIG,
            'CreateContainerConfigError: secret "token" not found',
        ),
        (
            waiting("CrashLoopBackOff", BACK_OFF, restartCount=3, lastState=ended(1, message="no route\nto host\n")),
            Trouble.CRASH_LOOP,
            "exit code 1, 3 restarts: no route to host",
        ),
        (
            waiting("CrashLoopBackOff", BACK_OFF, restartCount=1, lastState=ended(137, "OOMKilled")),
            Trouble.CRASH_LOOP,
            "exit code 137 (OOMKilled), 1 restart",
        ),
        # Between two back-offs, when it has just ended again.
        (
            {"name": "agent", "ready": False, "restartCount": 4, "state": ended(2)},
            Trouble.CRASH_LOOP,
            "exit code 2, 4 restarts",
        ),
    ],
)
def test_a_container(status: Object, trouble: Trouble, words: str) -> None:
    found = only(a_pod(status))
    assert (found.trouble, found.where) == (trouble, "pod ceo-5d4f8c7b9-x2x4z, container agent")
    assert found.words.startswith(words)


def test_an_init_container_that_crashes() -> None:
    migrate = waiting("CrashLoopBackOff", BACK_OFF, name="migrate", restartCount=2, lastState=ended(1))
    found = only(a_pod(waiting("PodInitializing"), init=(migrate,)))
    assert (found.trouble, found.where.partition(", ")[2]) == (Trouble.CRASH_LOOP, "container migrate")


def test_the_words_of_the_scheduler() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": NO_NODE}
    assert only(a_pod(conditions=(condition,))) == Finding(Trouble.UNSCHEDULABLE, "pod ceo-5d4f8c7b9-x2x4z", NO_NODE)


@pytest.mark.parametrize(
    ("reason", "message", "trouble"),
    [
        ("FailedAttachVolume", MULTI_ATTACH, Trouble.VOLUME),
        ("FailedMount", MOUNT, Trouble.VOLUME),
        ("FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: no IP addresses left", Trouble.SANDBOX),
    ],
)
def test_an_event_of_a_pod(reason: str, message: str, trouble: Trouble) -> None:
    found = only(a_pod(waiting("ContainerCreating")), an_event(reason, message))
    assert (found.trouble, found.words) == (trouble, message)


# pkg/controller/controller_utils.go, createPods; the words after the colon are those of admission
QUOTA = (
    'Error creating: pods "ceo-5d4f8c7b9-" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, '
    "limited: pods=2"
)
DENIED = 'Error creating: admission webhook "pods.policy.test" denied the request: images need a digest'


@pytest.mark.parametrize("message", [QUOTA, DENIED])
@pytest.mark.parametrize(
    ("reference", "kind", "name"),
    [
        ("deployment/ceo", "ReplicaSet", "ceo-5d4f8c7b9"),
        ("statefulset/db", "StatefulSet", "db"),
        ("daemonset/log", "DaemonSet", "log"),
    ],
)
def test_pods_that_are_not_taken(reference: str, kind: str, name: str, message: str) -> None:
    found = only(an_event("FailedCreate", message, kind=kind, name=name), of=ceo(reference))
    assert found == Finding(Trouble.FAILED_CREATE, f"{kind.lower()}/{name}", message)


def test_a_probe_that_fails_is_told_when_it_goes_on_failing() -> None:
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    running = {"name": "agent", "ready": False, "restartCount": 0, "state": {"running": {}}}
    assert findings(ceo(), [a_pod(running)], [an_event("Unhealthy", said, count=2)]) == ()
    assert only(a_pod(running), an_event("Unhealthy", said, count=3)).trouble is Trouble.UNHEALTHY


@pytest.mark.parametrize(
    "seen",
    [
        a_pod(waiting("ContainerCreating")),
        a_pod(waiting("PodInitializing")),
        a_pod({"name": "agent", "ready": True, "restartCount": 0, "state": {"running": {}}}),
        # It has ended once, and is started again: that may be all.
        a_pod({"name": "agent", "ready": False, "restartCount": 1, "state": ended(1)}),
        a_pod({"name": "agent", "ready": True, "restartCount": 5, "state": {"running": {}}, "lastState": ended(1)}),
        a_pod({"name": "agent", "ready": False, "restartCount": 3, "state": ended(0, "Completed")}),
        # Of the rollout before, on its way out, of another workload, of nobody.
        a_pod(waiting("ImagePullBackOff"), ownerReferences=OTHER),
        a_pod(waiting("ImagePullBackOff"), creationTimestamp="2026-01-02T03:04:04Z"),
        a_pod(waiting("ImagePullBackOff"), deletionTimestamp=CHANGED),
        a_pod(waiting("ImagePullBackOff"), ownerReferences=NAMESAKE),
        a_pod(waiting("ImagePullBackOff"), ownerReferences=[]),
    ],
)
def test_what_is_no_trouble_of_this_rollout(seen: Pod) -> None:
    assert findings(ceo(), [seen], []) == ()


@pytest.mark.parametrize(
    "notice",
    [
        an_event("FailedMount", MOUNT, lastTimestamp="2026-01-02T03:04:04Z"),
        an_event("FailedMount", MOUNT, name="ceo-5d4f8c7b9-other"),
        an_event("FailedMount", MOUNT, involvedObject={"kind": "Pod", "namespace": "x", "name": "ceo-5d4f8c7b9-x2x4z"}),
        an_event("FailedCreate", QUOTA, kind="ReplicaSet", name="cso-5d4f8c7b9"),
        an_event("DNSConfigForming", "Nameserver limits were exceeded"),
    ],
)
def test_events_that_are_none_of_its(notice: Notice) -> None:
    assert findings(ceo(), [a_pod(waiting("ContainerCreating"))], [notice]) == ()


def test_many_pods_in_the_same_trouble_are_one_finding() -> None:
    seen = [a_pod(waiting("ImagePullBackOff"), name=f"ceo-5d4f8c7b9-{n}") for n in range(5)]
    assert len(findings(ceo(), seen, [])) == 1


def test_both_containers_tell_theirs() -> None:
    seen = a_pod(waiting("ImagePullBackOff"), waiting("ImagePullBackOff", name="git-sync"))
    assert [f.where.partition(", ")[2] for f in findings(ceo(), [seen], [])] == [
        "container agent",
        "container git-sync",
    ]


def test_last_words_that_look_like_a_credential_are_not_repeated() -> None:
    loop = waiting("CrashLoopBackOff", BACK_OFF, restartCount=3, lastState=ended(1, message="bad token=hunter2hunter2"))
    assert only(a_pod(loop)).words == "exit code 1, 3 restarts: (hidden)"


def test_long_words_are_cut() -> None:
    assert len(only(a_pod(waiting("ErrImagePull", "x " * 900))).words) == 400


def test_an_event_of_the_newer_api() -> None:
    """Its count is in its series, and its time has another name."""
    found = an_event(
        "Unhealthy", "Readiness probe failed", count=None, lastTimestamp=None, eventTime="2026-01-02T03:04:06.000001Z",
        series={"count": 7, "lastObservedTime": "2026-01-02T03:05:06.000001Z"},
    )  # fmt: skip
    assert (found.count, found.last) == (7, "2026-01-02T03:05:06.000001Z")


def test_an_event_that_is_no_warning() -> None:
    assert pods.notice(b'{"type":"Normal","reason":"Pulled"}') is None
