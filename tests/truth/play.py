"""Plays a history on a stage and keeps what was done, when, and what the template was after it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rollonce.app import converge
from rollonce.model import edit, reference
from rollonce.model.deploy import Deploy, Source
from rollonce.plan.decide import Policy, Wish
from rollonce.plan.desired import Desired
from tests.truth import writes
from tests.truth.plan import BEFORE, IMAGES, WINDOW, Act, History, Step
from tests.truth.stage import Seen, Stage, number_of
from tests.truth.writes import Ask, Object

_PATIENCE = 60.0


class NotPlayed(AssertionError):
    """The stage did not do what the history needs."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that changed the template: the fields after it, and when it was sent and answered."""

    step: int
    fields: dict[str, str]
    sent: float
    answered: float


@dataclass(slots=True)
class Record:
    """What happened; `late` are steps that came so late after the one before that time parts them."""

    history: History
    namespace: str
    start: dict[str, str]
    done: list[Done] = field(default_factory=list)
    revisions: list[Seen] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)


def play(stage: Stage, history: History, namespace: str) -> Record:
    """Makes the namespace and the workload, and plays every step. Raises NotPlayed."""
    return _Player(stage, history, namespace).play()


class _Player:
    def __init__(self, stage: Stage, history: History, namespace: str) -> None:
        self._stage = stage
        self._history = history
        self._where = writes.path(history, namespace)
        self._record = Record(history, namespace, dict(history.start))
        # The fields as they were when each deploy began.
        self._before: dict[int, dict[str, str]] = {}
        self._clock = 0.0

    def play(self) -> Record:
        record = self._record
        self._make()
        self._settle(record.start)
        steps = self._history.steps
        for index, step in enumerate(steps):
            self._stage.passed(step.gap)
            self._step(index, step)
            if index + 1 == len(steps) or steps[index + 1].wait:
                self._settle(record.done[-1].fields if record.done else record.start)
            if step.broken:
                self._break()
        self._finish()
        record.revisions = self._stage.sightings.seen(record.namespace)
        record.shown = shown(self._stage, record.namespace)
        return record

    def _ask(self, user: str, ask: Ask) -> Object:
        status, answer = self._stage.ask(user, ask)
        if status >= 300:
            raise NotPlayed(f"seed {self._history.seed}: {ask.method} {ask.path} as {user}: {status} {answer}")
        found: Object = answer
        return found

    def _make(self) -> None:
        space = self._record.namespace
        self._ask("admin", Ask("POST", "/api/v1/namespaces", {"metadata": {"name": space}}))
        group = "rbac.authorization.k8s.io"
        people = sorted({step.user for step in self._history.steps})
        binding = {
            "metadata": {"name": "may-deploy"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": name} for name in people],
        }
        self._stage.ask("admin", Ask("POST", f"/apis/{group}/v1/namespaces/{space}/rolebindings", binding))
        where = writes.path(self._history, space, one=False)
        self._ask("admin", Ask("POST", where, writes.workload(self._history), manager="kubectl-create"))

    def _live(self) -> Object:
        return self._ask("admin", Ask("GET", self._where))

    def _step(self, index: int, step: Step) -> None:
        record = self._record
        before = record.done[-1].fields if record.done else record.start
        origin = self._before.setdefault(step.deploy, before)
        if step.back:
            # What it puts right is the deploy before it.
            origin = self._before[self._history.steps[index - 1].deploy]
        values = {f: origin[f] if value == BEFORE else value for f, value in step.values}
        sent = self._stage.now()
        self._send(step, values)
        after = writes.fields(self._live()["spec"]["template"])
        if after == before:
            return
        last = record.done[-1] if record.done else None
        answered = self._stage.now()
        # When it was written lies between the two; a machine with too much to do takes its time.
        tardy = last is not None and answered - last.sent > WINDOW - 2
        if last is not None and self._history.steps[last.step].deploy == step.deploy and tardy:
            record.late.append(index)
        record.done.append(Done(index, after, sent, answered))

    def _send(self, step: Step, values: dict[str, str]) -> None:
        history, where, space = self._history, self._where, self._record.namespace
        ref = f"{history.kind}/{history.name}"
        match step.act:
            case Act.CONVERGE:
                self._converge(step, ref, values)
            case Act.UNDO:
                if not (step.real and self._former() and self._stage.kubectl(step.user, space, "rollout", "undo", ref)):
                    ask = writes.undo(history, where, self._live(), self._stage.sightings.there(space))
                    if ask is not None:
                        self._ask(step.user, ask)
            case Act.RESTART:
                if not (step.real and self._stage.kubectl(step.user, space, "rollout", "restart", ref)):
                    stamp = datetime.fromtimestamp(self._stage.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                    self._ask(step.user, writes.restart(where, stamp))
            case Act.SCALE:
                if history.kind != "daemonset":
                    self._ask(step.user, writes.scale(where, int(values["replicas"])))
            case Act.SET:
                pairs = [f"{name}={writes.image(name, tag)}" for name, tag in values.items()]
                if not (step.real and self._stage.kubectl(step.user, space, "set", "image", ref, *pairs)):
                    self._ask(step.user, writes.change(step.act, history, where, values, {}))
            case _:
                live = self._live() if step.act is Act.APPLY else {}
                self._ask(step.user, writes.change(step.act, history, where, values, live))

    def _former(self) -> bool:
        return len(self._stage.sightings.there(self._record.namespace)) > 1

    def _converge(self, step: Step, ref: str, values: dict[str, str]) -> None:
        pairs = [f"{name}={writes.image(name, tag)}" for name, tag in values.items() if name in IMAGES]
        desired = Desired.of((edit.pair(text, act="test") for text in pairs), act="test")
        wish = Wish(desired, Deploy(step.deploy_id, Source.GIVEN), Policy(again=True))
        selection = reference.select([ref], namespace=self._record.namespace, selector="", everything=False, act="test")
        options = converge.Options(selection, wish, act="test", timeout=_PATIENCE)
        with closing(self._stage.ports(step.user)) as ports:
            result = converge.carry_out(ports, converge.prepare(ports, options), lambda _event: None)
        if result.interruption is not None:
            raise result.interruption

    def _settle(self, fields: dict[str, str]) -> None:
        """Waits until the controller has acted on all writes: the newest revision is the template."""
        deadline = self._stage.now() + _PATIENCE
        while True:
            seen = self._stage.sightings.seen(self._record.namespace)
            if seen and seen[-1].fields == fields:
                live = self._live()
                if live.get("status", {}).get("observedGeneration", 0) >= live["metadata"]["generation"]:
                    return
            if self._stage.now() > deadline:
                raise NotPlayed(f"seed {self._history.seed}: no revision for {fields}; there are {seen}")
            self._stage.passed(0.1)

    def _finish(self) -> None:
        """Waits for the last rollout, unless its pods never come up."""
        deadline = self._stage.now() + _PATIENCE
        while self._stage.now() < deadline:
            live = self._live()
            status, wanted = live.get("status", {}), live["spec"].get("replicas", 0)
            if self._history.kind == "daemonset":
                wanted = status.get("desiredNumberScheduled", 0)
                now = status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
            else:
                now = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
                if status.get("replicas", 0) != wanted:
                    now = (-1, -1)
            if now == (wanted, wanted):
                self._stage.passed(0.5)
                return
            self._stage.passed(0.3)
        raise NotPlayed(f"seed {self._history.seed}: the last rollout does not end: {json.dumps(status)}")

    def _break(self) -> None:
        """Waits until a pod is in trouble, and writes the Event that its kubelet would."""
        space = self._record.namespace
        deadline = self._stage.now() + _PATIENCE
        while True:
            listed = self._ask("admin", Ask("GET", f"/api/v1/namespaces/{space}/pods"))["items"]
            broken = [pod for pod in listed if _waits(pod)]
            if broken:
                break
            if self._stage.now() > deadline:
                raise NotPlayed(f"seed {self._history.seed}: no pod is in trouble")
            self._stage.passed(0.2)
        pod = broken[0]["metadata"]
        at = datetime.fromtimestamp(self._stage.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "metadata": {"name": f"{pod['name']}.{len(self._record.done)}", "namespace": space},
            "involvedObject": {"kind": "Pod", "namespace": space, "name": pod["name"], "uid": pod["uid"]},
            "reason": "BackOff",
            "message": "Back-off restarting failed container",
            "type": "Warning",
            "source": {"component": "kubelet"},
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }
        self._ask("admin", Ask("POST", f"/api/v1/namespaces/{space}/events", event))


def _waits(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return any("waiting" in status.get("state", {}) and "rashLoop" in str(status["state"]) for status in statuses)


def shown(stage: Stage, namespace: str) -> list[int]:
    """The numbers that its ReplicaSets and ControllerRevisions have, and that ReplicaSets say they had."""
    numbers: set[int] = set()
    for thing in stage.sightings.there(namespace):
        former = (thing["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision-history", "")
        numbers |= {number_of(thing), *(int(word) for word in former.split(",") if word)}
    return sorted(numbers - {0})
