"""Scheduler and kubelet: a pod is bound, started, made ready, restarted and stopped, each after its time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from rollonce.sim import pods
from rollonce.sim.clockwork import timestamp
from rollonce.sim.controllers.claims import Claims
from rollonce.sim.controllers.work import NODES, Work
from rollonce.sim.store import Change, Key, Object

SCHEDULER = "kube-scheduler"
KUBELET = "kubelet"
# The conditions of a pod in the order in which a kubelet leaves them; gates of readiness come after them.
SANDBOX, SCHEDULED = "PodReadyToStartContainers", "PodScheduled"
CONDITIONS = (SANDBOX, "Initialized", "Ready", "ContainersReady", SCHEDULED)
TOPOLOGY = frozenset({"topology.kubernetes.io/zone", "topology.kubernetes.io/region"})
# progressDeadlineSeconds where none is given: what has not got ready by then does not get ready by itself.
PATIENCE = 600.0
# CrashLoopBackOff: seconds between restarts; after the last one the cluster is at rest.
BACKOFF = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)


class Kubelet:
    """All nodes' kubelets, and the scheduler that feeds them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._claims = Claims(work)
        self._images: set[tuple[str, str]] = set()
        self._turn = 0
        self._turn_ip = 0

    def note(self, change: Change) -> None:
        """A pod was written."""
        key, pod, before = change.key, change.object, change.previous
        if change.type == "DELETED":
            self._claims.release(key.namespace, pods.claims(pod), pod["metadata"]["uid"])
            return
        if before is None:
            self._take(key, pod)
        if pods.is_terminating(pod):
            if before is None or not pods.is_terminating(before):
                self._later(0.0, key, pod, self._stop)
            elif before["metadata"].get("finalizers") and not pod["metadata"].get("finalizers"):
                self._later(0.0, key, pod, self._gone)
        elif before is None:
            self._begin(key, pod)
        elif before["spec"].get("containers") != pod["spec"].get("containers"):
            self._later(0.0, key, pod, self._restart)

    def _take(self, key: Key, pod: Object) -> None:
        """A pod that was put back as it was holds its volumes, and its node has its images."""
        node = pod["spec"].get("nodeName")
        if node and pod.get("status", {}).get("phase") == "Running":
            self._images |= {(node, container["image"]) for container in _every(pod)}
            self._claims.hold(key.namespace, pods.claims(pod), node, pod["metadata"]["uid"])

    def _begin(self, key: Key, pod: Object) -> None:
        """A new pod is scheduled; one that was put back goes on from where it was, and what was stuck stays so."""
        status = pod.get("status", {})
        if pods.is_finished(pod) or pods.is_ready(pod) or self._is_stuck(pod):
            return
        if not pod["spec"].get("nodeName") or not status.get("conditions"):
            self._later(self._work.profile.schedule, key, pod, self._bind)
        elif status.get("phase") == "Running":
            self._later(self._work.profile.start + _probing(pod), key, pod, self._ready)
        else:
            self._later(0.0, key, pod, self._mount)

    def _is_stuck(self, pod: Object) -> bool:
        """Whether it says what keeps it from getting ready, or has not got ready for longer than a rollout may take."""
        status = pod.get("status", {})
        for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            waiting = container.get("state", {}).get("waiting") or {}
            if waiting.get("reason", "PodInitializing") not in ("ContainerCreating", "PodInitializing"):
                return True
        stamps = [c["lastTransitionTime"] for c in status.get("conditions") or [] if c["status"] == "False"]
        return any(self._work.now - pods.seconds(stamp) > PATIENCE for stamp in stamps)

    def _later(self, seconds: float, key: Key, pod: Object, act: Callable[[Key, Object], None]) -> None:
        """Acts on the same pod, if it is still there by then; what starts pods does not act on terminating ones."""
        self._work.kernel.clockwork.after(seconds, partial(self._due, key, pod["metadata"]["uid"], act))

    def _due(self, key: Key, uid: str, act: Callable[[Key, Object], None]) -> None:
        live = self._work.get(key)
        if live is None or live["metadata"]["uid"] != uid:
            return
        if not pods.is_terminating(live) or act in (self._stop, self._gone):
            act(key, live)

    def _status(self, key: Key, pod: Object, status: Object, manager: str = KUBELET) -> Object:
        generation = pod["metadata"].get("generation", 1)
        before = {c["type"]: c for c in pod.get("status", {}).get("conditions", [])}
        conditions = [
            # Whoever binds a pod says nothing of its generation.
            c if c == before.get(c["type"]) and c["type"] == SCHEDULED else {**c, "observedGeneration": generation}
            for c in sorted(status.get("conditions", []), key=_rank)
        ]
        status = {**status, "conditions": conditions}
        if manager == KUBELET:
            status["observedGeneration"] = generation
        return self._work.kernel.update(key, {**pod, "status": status}, manager=manager, subresource="status")

    def _bind(self, key: Key, pod: Object) -> None:
        node = pod["spec"].get("nodeName") or self._choose(pod)
        status = pod.get("status", {})
        now = self._work.now
        if not node:
            count = len(self._work.kernel.store.list(NODES))
            message = f"0/{count} nodes are available: {count} node(s) didn't match Pod's node affinity/selector."
            status = pods.with_conditions(status, [(SCHEDULED, False, "Unschedulable", message)], now)
            self._status(key, pod, {**status, "phase": "Pending"}, SCHEDULER)
            return
        status = pods.with_conditions(status, [(SCHEDULED, True, "", "")], now)
        status["conditions"] = [_bare(c) if c["type"] == SCHEDULED else c for c in status["conditions"]]
        bound = {
            **pod,
            "metadata": {**pod["metadata"], **self._placed(pod, node)},
            "spec": {**pod["spec"], "nodeName": node},
            "status": {**status, "phase": "Pending"},
        }
        # A binding is no update: nobody owns what it writes, and the generation stays
        # (pkg/registry/core/pod/storage/storage.go, assignPod).
        self._mount(key, self._work.kernel.store.put(key, bound))

    def _placed(self, pod: Object, node: str) -> Object:
        """Labels with those of the node that say where it is (plugin/pkg/admission/podtopologylabels)."""
        found = self._work.get(Key(*NODES, "", node)) or {"metadata": {}}
        where = {k: v for k, v in (found["metadata"].get("labels") or {}).items() if k in TOPOLOGY}
        return {"labels": {**(pod["metadata"].get("labels") or {}), **where}} if where else {}

    def _choose(self, pod: Object) -> str:
        if pods.failure(pod) == "unschedulable":
            return ""
        wanted = _named_node(pod)
        selector = pod["spec"].get("nodeSelector") or {}
        fitting = [
            node["metadata"]["name"]
            for node in self._work.kernel.store.list(NODES)
            if (node["metadata"]["name"] == wanted if wanted else not node.get("spec", {}).get("unschedulable"))
            and selector.items() <= (node["metadata"].get("labels") or {}).items()
        ]
        if not fitting:
            return ""
        self._turn += 1
        return str(fitting[self._turn % len(fitting)])

    def _mount(self, key: Key, pod: Object) -> None:
        now = self._work.now
        waiting = [
            (SANDBOX, False, "", ""),
            ("Initialized", not pod["spec"].get("initContainers"), "", ""),
            ("ContainersReady", False, "ContainersNotReady", _unready(pod)),
            ("Ready", False, "ContainersNotReady", _unready(pod)),
        ]
        status = pods.with_conditions(pod["status"], waiting, now)
        status = {**status, **self._address(pod), "startTime": status.get("startTime", timestamp(now))}
        pod = self._status(key, pod, {**status, **_containers(pod, self._waits("ContainerCreating"))})
        self._attach(key, pod)

    def _address(self, pod: Object) -> Object:
        node = self._work.get(Key(*NODES, "", pod["spec"]["nodeName"])) or {}
        addresses = node.get("status", {}).get("addresses") or []
        found = [each["address"] for each in addresses if each["type"] == "InternalIP"]
        return {"hostIP": found[0]} if found else {}

    def _attach(self, key: Key, pod: Object) -> None:
        names, node, uid = pods.claims(pod), pod["spec"]["nodeName"], pod["metadata"]["uid"]
        wait = (
            self._claims.attach(key.namespace, names, node, uid, partial(self._attach_again, key, uid))
            if names
            else 0.0
        )
        if wait is not None:
            self._later(wait, key, pod, self._pull)

    def _attach_again(self, key: Key, uid: str) -> None:
        self._work.kernel.clockwork.after(0.0, partial(self._due, key, uid, self._attach))

    def _pull(self, key: Key, pod: Object) -> None:
        if pods.failure(pod) == "image-pull":
            self._status(key, pod, {**pod["status"], **_containers(pod, self._waits("ImagePullBackOff"))})
            return
        self._later(self._pulling(pod), key, pod, self._initialize)

    def _pulling(self, pod: Object) -> float:
        """Seconds until all images are on the node, which has them then."""
        wanted = {(pod["spec"]["nodeName"], container["image"]) for container in _every(pod)}
        missing = wanted - self._images
        self._images |= wanted
        return self._work.profile.pull if missing else 0.0

    def _initialize(self, key: Key, pod: Object) -> None:
        profile = self._work.profile
        usual = profile.init * len(pod["spec"].get("initContainers") or []) + profile.run
        self._later(pods.delay(pod, f"{profile.annotations}start-delay", usual), key, pod, self._run)

    def _run(self, key: Key, pod: Object) -> None:
        asked = pods.failure(pod)
        ends = pod["spec"].get("restartPolicy", "Always") != "Always"
        if pods.never_initializes(pod):
            status = pods.with_conditions(
                pod["status"], [("Initialized", False, "ContainersNotInitialized", "")], self._work.now
            )
            self._status(key, pod, {**status, **_containers(pod, self._waits("PodInitializing"))})
            return
        if asked == "crash" and pod["spec"].get("restartPolicy") == "Never":
            self._end(key, pod, "Failed", 1)
            return
        if asked == "crash":
            self._crash(key, pod)
            return
        begun = [(SANDBOX, True, "", ""), ("Initialized", True, "", "")]
        status = pods.with_conditions(pod["status"], begun, self._work.now)
        self._turn_ip += 1
        address = f"10.{self._turn_ip >> 16 & 255}.{self._turn_ip >> 8 & 255}.{self._turn_ip & 255}"
        status = {**status, "phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        pod = self._status(key, pod, {**status, **_containers(pod, self._runs(ready=False))})
        if ends and asked != "never-ready":
            self._later(self._starting(pod), key, pod, partial(self._end, phase="Succeeded", code=0))
        elif asked != "never-ready":
            self._later(self._starting(pod), key, pod, self._ready)

    def _end(self, key: Key, pod: Object, phase: str, code: int) -> None:
        """The containers of a pod that is not to run for ever have ended."""
        now = self._work.stamp
        reason = "Completed" if phase == "Succeeded" else "Error"

        def made(container: Object, before: Object) -> Object:
            started = before.get("state", {}).get("running", {}).get("startedAt", now)
            ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now}
            running = self._runs(ready=False)(container, before)
            return {**running, "started": False, "state": {"terminated": ended}}

        told = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        unready = [(kind, False, told, "") for kind in ("ContainersReady", "Ready")]
        status = pods.with_conditions(pod["status"], unready, self._work.now)
        self._status(key, pod, {**status, "phase": phase, **_containers(pod, made)})

    def _starting(self, pod: Object) -> float:
        """Seconds from running to ready."""
        profile = self._work.profile
        return pods.delay(pod, f"{profile.annotations}ready-delay", profile.start + _probing(pod))

    def _ready(self, key: Key, pod: Object) -> None:
        status = pods.with_conditions(
            pod["status"], [("ContainersReady", True, "", ""), ("Ready", True, "", "")], self._work.now
        )
        status["conditions"] = [_bare(c) if c["status"] == "True" else c for c in status["conditions"]]
        self._status(key, pod, {**status, **_containers(pod, self._runs(ready=True))})

    def _crash(self, key: Key, pod: Object) -> None:
        started = [container["restartCount"] for container in pod["status"].get("containerStatuses", [])]
        times = max(started, default=0)
        waits = self._waits("CrashLoopBackOff")
        status = {**pod["status"], "phase": "Running", **_containers(pod, waits)}
        for container in status["containerStatuses"]:
            container["restartCount"] = times + 1
        self._status(key, pod, status)
        if times < len(BACKOFF):
            self._later(BACKOFF[times], key, pod, self._crash)

    def _restart(self, key: Key, pod: Object) -> None:
        """An image was changed in place: that one container restarts."""
        before = {c["name"]: c for c in pod.get("status", {}).get("containerStatuses", [])}
        changed = {c["name"] for c in pod["spec"]["containers"] if before.get(c["name"], c)["image"] != c["image"]}
        if not changed or pod["status"].get("phase") != "Running":
            return
        waits = self._waits("ContainerCreating")
        statuses = [
            {**waits(c, old), "image": old.get("image", c["image"])} if c["name"] in changed else old
            for c in pod["spec"]["containers"]
            for old in [before.get(c["name"], {})]
        ]
        unready = [(kind, False, "ContainersNotReady", _unready(pod)) for kind in ("ContainersReady", "Ready")]
        status = pods.with_conditions({**pod["status"], "containerStatuses": statuses}, unready, self._work.now)
        pod = self._status(key, pod, status)
        wanted = any(
            pods.container_failure(c) in {"image-pull", "crash", "never-ready"} for c in pod["spec"]["containers"]
        )
        if not wanted:
            again = pods.delay(pod, f"{self._work.profile.annotations}start-delay", self._work.profile.run)
            self._later(self._pulling(pod) + again + self._starting(pod), key, pod, self._restarted)

    def _restarted(self, key: Key, pod: Object) -> None:
        statuses = [
            {**c, "restartCount": c["restartCount"] + 1} if "waiting" in c.get("state", {}) else c
            for c in pod["status"]["containerStatuses"]
        ]
        self._ready(key, {**pod, "status": {**pod["status"], "containerStatuses": statuses}})

    def _stop(self, key: Key, pod: Object) -> None:
        """Not ready at once; gone when its containers have stopped, at the latest when its grace is over."""
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds", pods.grace_period(pod)))
        if pods.is_ready(pod):
            unready = [(kind, False, "ContainersNotReady", _unready(pod)) for kind in ("ContainersReady", "Ready")]
            pod = self._status(key, pod, pods.with_conditions(pod["status"], unready, self._work.now))
        started = pod.get("status", {}).get("phase") == "Running"
        stopping = pods.delay(pod, f"{self._work.profile.annotations}stop-delay", self._work.profile.terminate)
        self._later(min(stopping, grace) if started else 0.0, key, pod, self._gone)

    def _gone(self, key: Key, pod: Object) -> None:
        if not pod["metadata"].get("finalizers"):
            self._work.kernel.delete(key)

    def _waits(self, reason: str) -> Callable[[Object, Object], Object]:
        def made(container: Object, before: Object) -> Object:
            restarts = before.get("restartCount", 0)
            return {
                "name": container["name"], "image": container["image"], "imageID": before.get("imageID", ""),
                "ready": False, "started": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}},
                "lastState": {},
            }  # fmt: skip

        return made

    def _runs(self, *, ready: bool) -> Callable[[Object, Object], Object]:
        stamp = timestamp(self._work.now)

        def made(container: Object, before: Object) -> Object:
            running = before.get("state", {}).get("running") or {"startedAt": stamp}
            return {
                "name": container["name"], "image": container["image"], "imageID": image_id(container["image"]),
                "containerID": f"containerd://{image_id(container['image'] + container['name'])[-64:]}",
                "ready": ready, "started": True, "restartCount": before.get("restartCount", 0),
                "state": {"running": running}, "lastState": {},
            }  # fmt: skip

        return made


def _rank(condition: Object) -> int:
    return CONDITIONS.index(condition["type"]) if condition["type"] in CONDITIONS else len(CONDITIONS)


def _every(pod: Object) -> list[Object]:
    return [*pod["spec"].get("containers", []), *(pod["spec"].get("initContainers") or [])]


def image_id(image: str) -> str:
    """An image ID that is the same for the same image."""
    name, _, digest = image.partition("@")
    return f"{name.rpartition(':')[0] or name}@{digest or 'sha256:' + hashlib.sha256(image.encode()).hexdigest()}"


def _containers(pod: Object, made: Callable[[Object, Object], Object]) -> Object:
    """The two lists of container statuses."""
    lists = {}
    for part, field in (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")):
        before = {c["name"]: c for c in pod["status"].get(field, [])}
        found = [made(c, before.get(c["name"], {})) for c in pod["spec"].get(part) or []]
        if found:
            lists[field] = found
    return lists


def _named_node(pod: Object) -> str:
    """The node that a DaemonSet's affinity names."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or []
    for field in (field for term in terms for field in term.get("matchFields") or []):
        if field["key"] == "metadata.name":
            return str(field["values"][0])
    return ""


def _probing(pod: Object) -> float:
    probes = (container.get("readinessProbe") or {} for container in pod["spec"].get("containers", []))
    return float(max((probe.get("initialDelaySeconds", 0) for probe in probes), default=0))


def _unready(pod: Object) -> str:
    names = " ".join(container["name"] for container in pod["spec"].get("containers", []))
    return f"containers with unready status: [{names}]"


def _bare(condition: Object) -> Object:
    return {name: value for name, value in condition.items() if name not in {"reason", "message"}}
