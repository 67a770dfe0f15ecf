"""Kubelets: a pod that the scheduler has bound is started, made ready, restarted and stopped, each after its time."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial

from rollonce.sim import pods
from rollonce.sim.controllers import podstatus
from rollonce.sim.controllers.claims import Claims
from rollonce.sim.controllers.nodeevents import KUBELET, NodeEvents, every, failing, in_order
from rollonce.sim.controllers.podstatus import SANDBOX, SCHEDULED
from rollonce.sim.controllers.scheduler import SCHEDULER, Scheduler
from rollonce.sim.controllers.work import NODES, Work
from rollonce.sim.store import Change, Key, Object

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
        self._scheduler = Scheduler(work)
        self._events = NodeEvents(work)
        self._images: set[tuple[str, str]] = set()
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
            self._images |= {(node, container["image"]) for container in every(pod)}
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
        lag = self._work.profile.lag if seconds else 0.0
        self._work.kernel.clockwork.after(seconds + lag, partial(self._due, key, pod["metadata"]["uid"], act))

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
            for c in sorted(status.get("conditions", []), key=podstatus.rank)
        ]
        status = {**status, "conditions": conditions}
        if manager == KUBELET:
            status["observedGeneration"] = generation
        return self._work.kernel.update(key, {**pod, "status": status}, manager=manager, subresource="status")

    def _bind(self, key: Key, pod: Object) -> None:
        given = pod["spec"].get("nodeName")
        node = given or self._scheduler.choose(pod)
        status = pod.get("status", {})
        now = self._work.now
        if not node:
            message = self._scheduler.refused(pod)
            status = pods.with_conditions(status, [(SCHEDULED, False, "Unschedulable", message)], now)
            self._status(key, pod, {**status, "phase": "Pending"}, SCHEDULER)
            return
        status = pods.with_conditions(status, [(SCHEDULED, True, "", "")], now)
        status["conditions"] = [podstatus.bare(c) if c["type"] == SCHEDULED else c for c in status["conditions"]]
        bound = {
            **pod,
            "metadata": {**pod["metadata"], **self._placed(pod, node)},
            "spec": {**pod["spec"], "nodeName": node},
            "status": {**status, "phase": "Pending"},
        }
        # A binding is no update: nobody owns what it writes, and the generation stays
        # (pkg/registry/core/pod/storage/storage.go, assignPod).
        bound = self._work.kernel.store.put(key, bound)
        if not given:
            self._scheduler.bound(pod, node)
        self._mount(key, bound)

    def _placed(self, pod: Object, node: str) -> Object:
        """Labels with those of the node that say where it is (plugin/pkg/admission/podtopologylabels)."""
        found = self._work.get(Key(*NODES, "", node)) or {"metadata": {}}
        where = {k: v for k, v in (found["metadata"].get("labels") or {}).items() if k in TOPOLOGY}
        return {"labels": {**(pod["metadata"].get("labels") or {}), **where}} if where else {}

    def _mount(self, key: Key, pod: Object) -> None:
        now = self._work.now
        waiting = [
            (SANDBOX, False, "", ""),
            ("Initialized", not pod["spec"].get("initContainers"), "", ""),
            ("ContainersReady", False, "ContainersNotReady", podstatus.unready(pod)),
            ("Ready", False, "ContainersNotReady", podstatus.unready(pod)),
        ]
        status = pods.with_conditions(pod["status"], waiting, now)
        status = {**status, **self._address(pod), "startTime": status.get("startTime", self._work.stamp)}
        pod = self._status(key, pod, {**status, **podstatus.containers(pod, podstatus.waiting("ContainerCreating"))})
        self._attach(key, pod)

    def _address(self, pod: Object) -> Object:
        node = self._work.get(Key(*NODES, "", pod["spec"]["nodeName"])) or {}
        addresses = node.get("status", {}).get("addresses") or []
        found = [each["address"] for each in addresses if each["type"] == "InternalIP"]
        return {"hostIP": found[0]} if found else {}

    def _attach(self, key: Key, pod: Object) -> None:
        names, uid = pods.claims(pod), pod["metadata"]["uid"]
        if not names:
            self._later(0.0, key, pod, self._pull)
            return
        fresh = self._claims.detached(key.namespace, names)
        wait = self._claims.attach(pod, names, partial(self._attach_again, key, uid))
        if wait is not None:
            self._later(wait, key, pod, partial(self._attached, volumes=fresh))

    def _attached(self, key: Key, pod: Object, volumes: tuple[str, ...]) -> None:
        self._claims.tell_attached(pod, volumes)
        self._pull(key, pod)

    def _attach_again(self, key: Key, uid: str) -> None:
        self._work.kernel.clockwork.after(0.0, partial(self._due, key, uid, self._attach))

    def _pull(self, key: Key, pod: Object) -> None:
        if pods.failure(pod) == "image-pull":
            self._events.unpullable(pod, failing(pod, "image-pull"))
            stamp, waits = self._work.stamp, podstatus.waiting("ImagePullBackOff")
            early = any(pods.container_failure(c) == "image-pull" for c in pod["spec"].get("initContainers") or [])
            first = podstatus.completed(stamp)
            told = podstatus.blocked(pod, stamp) if early else podstatus.containers(pod, waits, first)
            self._status(key, pod, {**pod["status"], **told})
            return
        seconds, fetched = self._fetch(pod, in_order(pod))
        self._later(seconds, key, pod, partial(self._initialize, seconds=seconds, fetched=fetched))

    def _fetch(self, pod: Object, containers: list[Object]) -> tuple[float, frozenset[str]]:
        """Seconds until the images of containers are on the node, which has them then, and for whom they are pulled."""
        node = pod["spec"]["nodeName"]
        first = {c["image"]: c for c in reversed(containers) if (node, c["image"]) not in self._images}
        fetched = [c for c in containers if first.get(c["image"]) is c]
        self._images |= {(node, image) for image in first}
        self._events.pulling(pod, fetched)
        return self._work.profile.pull if first else 0.0, frozenset(c["name"] for c in fetched)

    def _initialize(self, key: Key, pod: Object, seconds: float, fetched: frozenset[str]) -> None:
        profile = self._work.profile
        self._events.pulled(pod, _named(pod, fetched), seconds)
        usual = profile.init * len(pod["spec"].get("initContainers") or []) + profile.run
        wait = pods.delay(pod, f"{profile.annotations}start-delay", usual)
        self._later(wait, key, pod, partial(self._run, fetched=fetched))

    def _run(self, key: Key, pod: Object, fetched: frozenset[str]) -> None:
        asked = pods.failure(pod)
        ends = pod["spec"].get("restartPolicy", "Always") != "Always"
        self._events.started(pod, _begun(pod), fetched)
        if pods.never_initializes(pod):
            status = pods.with_conditions(
                pod["status"], [("Initialized", False, "ContainersNotInitialized", "")], self._work.now
            )
            self._status(key, pod, {**status, **podstatus.blocked(pod, self._work.stamp)})
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
        pod = self._status(key, pod, {**status, **self._running(pod, ready=False)})
        if ends and asked != "never-ready":
            self._later(self._starting(pod), key, pod, partial(self._end, phase="Succeeded", code=0))
        elif asked != "never-ready":
            self._later(self._starting(pod), key, pod, self._ready)

    def _running(self, pod: Object, *, ready: bool) -> Object:
        stamp = self._work.stamp
        return podstatus.containers(pod, podstatus.running(stamp, ready=ready), podstatus.completed(stamp))

    def _end(self, key: Key, pod: Object, phase: str, code: int) -> None:
        """The containers of a pod that is not to run for ever have ended."""
        now = self._work.stamp
        reason = "Completed" if phase == "Succeeded" else "Error"

        def made(container: Object, before: Object) -> Object:
            started = before.get("state", {}).get("running", {}).get("startedAt", now)
            ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now}
            running = podstatus.running(self._work.stamp, ready=False)(container, before)
            return {**running, "started": False, "state": {"terminated": ended}}

        told = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        unready = [(kind, False, told, "") for kind in ("ContainersReady", "Ready")]
        status = pods.with_conditions(pod["status"], unready, self._work.now)
        self._status(key, pod, {**status, "phase": phase, **podstatus.containers(pod, made, podstatus.completed(now))})

    def _starting(self, pod: Object) -> float:
        """Seconds from running to ready."""
        profile = self._work.profile
        return pods.delay(pod, f"{profile.annotations}ready-delay", profile.start + _probing(pod))

    def _ready(self, key: Key, pod: Object) -> None:
        status = pods.with_conditions(
            pod["status"], [("ContainersReady", True, "", ""), ("Ready", True, "", "")], self._work.now
        )
        status["conditions"] = [podstatus.bare(c) if c["status"] == "True" else c for c in status["conditions"]]
        self._status(key, pod, {**status, **self._running(pod, ready=True)})

    def _crash(self, key: Key, pod: Object) -> None:
        started = [container["restartCount"] for container in pod["status"].get("containerStatuses", [])]
        times = max(started, default=0)
        waits = podstatus.waiting("CrashLoopBackOff")
        first = podstatus.completed(self._work.stamp)
        status = {**pod["status"], "phase": "Running", **podstatus.containers(pod, waits, first)}
        for container in status["containerStatuses"]:
            container["restartCount"] = times + 1
        pod = self._status(key, pod, status)
        crashed = failing(pod, "crash")
        if times:
            self._events.started(pod, crashed)
        self._events.crashed(pod, crashed)
        if times < len(BACKOFF):
            self._later(BACKOFF[times], key, pod, self._crash)

    def _restart(self, key: Key, pod: Object) -> None:
        """An image was changed in place: that one container restarts."""
        before = {c["name"]: c for c in pod.get("status", {}).get("containerStatuses", [])}
        changed = {c["name"] for c in pod["spec"]["containers"] if before.get(c["name"], c)["image"] != c["image"]}
        if not changed or pod["status"].get("phase") != "Running":
            return
        restarting = _named(pod, changed)
        self._events.changed(pod, restarting)
        waits = podstatus.waiting("ContainerCreating")
        statuses = [
            {**waits(c, old), "image": old.get("image", c["image"])} if c["name"] in changed else old
            for c in pod["spec"]["containers"]
            for old in [before.get(c["name"], {})]
        ]
        unready = [(kind, False, "ContainersNotReady", podstatus.unready(pod)) for kind in ("ContainersReady", "Ready")]
        status = pods.with_conditions({**pod["status"], "containerStatuses": statuses}, unready, self._work.now)
        pod = self._status(key, pod, status)
        failures = {pods.container_failure(c) for c in pod["spec"]["containers"]} - {""}
        if failures:
            self._tell_failed(pod, restarting)
            return
        seconds, fetched = self._fetch(pod, restarting)
        again = pods.delay(pod, f"{self._work.profile.annotations}start-delay", self._work.profile.run)
        wait = seconds + again + self._starting(pod)
        self._later(
            wait, key, pod, partial(self._restarted, names=frozenset(changed), seconds=seconds, fetched=fetched)
        )

    def _tell_failed(self, pod: Object, restarting: list[Object]) -> None:
        """They were changed to images that are not there, or that do not run."""
        self._events.unpullable(pod, [c for c in restarting if pods.container_failure(c) == "image-pull"])
        run = [c for c in restarting if pods.container_failure(c) != "image-pull"]
        seconds, fetched = self._fetch(pod, run)
        self._events.pulled(pod, _named(pod, fetched), seconds)
        self._events.started(pod, run, fetched)
        self._events.crashed(pod, [c for c in run if pods.container_failure(c) == "crash"])

    def _restarted(self, key: Key, pod: Object, names: frozenset[str], seconds: float, fetched: frozenset[str]) -> None:
        self._events.pulled(pod, _named(pod, fetched), seconds)
        self._events.started(pod, _named(pod, names), fetched)
        statuses = [
            {**c, "restartCount": c["restartCount"] + 1} if "waiting" in c.get("state", {}) else c
            for c in pod["status"]["containerStatuses"]
        ]
        self._ready(key, {**pod, "status": {**pod["status"], "containerStatuses": statuses}})

    def _stop(self, key: Key, pod: Object) -> None:
        """Not ready at once; gone when its containers have stopped, at the latest when its grace is over."""
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds", pods.grace_period(pod)))
        if pods.is_ready(pod):
            unready = [
                (kind, False, "ContainersNotReady", podstatus.unready(pod)) for kind in ("ContainersReady", "Ready")
            ]
            pod = self._status(key, pod, pods.with_conditions(pod["status"], unready, self._work.now))
        started = pod.get("status", {}).get("phase") == "Running"
        self._events.stopping(pod)
        stopping = pods.delay(pod, f"{self._work.profile.annotations}stop-delay", self._work.profile.terminate)
        self._later(min(stopping, grace) if started else 0.0, key, pod, self._gone)

    def _gone(self, key: Key, pod: Object) -> None:
        if not pod["metadata"].get("finalizers"):
            self._work.kernel.delete(key)


def _named(pod: Object, names: Set[str]) -> list[Object]:
    return [container for container in in_order(pod) if container["name"] in names]


def _begun(pod: Object) -> list[Object]:
    """The containers that are started: none after one that does not end and has to."""
    begun = []
    for container in in_order(pod):
        begun.append(container)
        once = container in (pod["spec"].get("initContainers") or []) and container.get("restartPolicy") != "Always"
        if once and pods.container_failure(container) in ("crash", "never-ready"):
            break
    return begun


def _probing(pod: Object) -> float:
    probes = (container.get("readinessProbe") or {} for container in pod["spec"].get("containers", []))
    return float(max((probe.get("initialDelaySeconds", 0) for probe in probes), default=0))
