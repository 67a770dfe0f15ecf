"""A small world around the executor: one stored Deployment, its controller, foreign writers, a wire that loses answers.

Everything that happens is one of `ACTS`, a word; what cannot happen at a moment does nothing. Watch events come in
order, late or twice. What the world knows of the truth is in its public fields, for laws to compare with.
"""

from __future__ import annotations

import copy

from rollonce.plan import decide
from rollonce.plan.operation import Patch
from rollonce.rollout import step as executor
from rollonce.rollout.events import (
    Accepted,
    Blind,
    Deleted,
    Effect,
    Event,
    Found,
    Lost,
    Missing,
    ReadAgain,
    Rejected,
    Seen,
    Send,
    Unreadable,
)
from rollonce.rollout.states import Ended, Rolling
from rollonce.rollout.step import Terms
from tests.unit import jsonpatch
from tests.unit.builders import wish
from tests.unit.strategies import Object, read

OLD, TARGET = {"agent": "a:1", "git-sync": "g:1"}, {"agent": "a:2", "git-sync": "g:2"}

WIRE = ("perform", "perform", "answer", "answer", "lose request", "lose answer", "busy", "cannot read")
WATCH = ("see", "see again", "see all")
CONTROLLER = ("observe", "progress", "finish", "fail", "scale")
FOREIGN = ("other image", "put ours", "other deploy", "annotate", "undo", "strip annotations", "delete", "make anew")
ACTS = (*WIRE, *WATCH, *CONTROLLER, *FOREIGN, "blind")


class World:
    """Begins with a plan that has been made, and its patch about to be sent."""

    def __init__(self, annotations: dict[str, str] | None = None) -> None:
        self.version = 100
        self.births = 1
        self.stored: Object | None = self._born(OLD, annotations)
        self.template = 1
        self.first = copy.deepcopy(self.stored)
        self.terms = Terms(wish("agent=a:2", "git-sync=g:2"))
        self.events: list[Event] = []
        self.delivered = 0
        self.blind = False
        self.sent = 0
        self.steps = 0
        self.committed = False
        self.overwritten = False
        self.sent_for_nothing = False
        self.finished = False
        self.failed = False
        patch = decide.one(read(self.stored), self.terms.wish)
        assert isinstance(patch, Patch)
        self.effect: Effect | None = None
        self.reply: Event | None = None
        self.state, effects = executor.begin(patch)
        self._note(effects)

    def act(self, word: str) -> None:
        """Let it happen, where it can."""
        getattr(self, "_" + word.replace(" ", "_"))()

    def calm_down(self) -> None:
        """No more foreign writes and no more losses: every answer and event comes, the controller finishes."""
        for _ in range(4 * executor.MOST_ATTEMPTS):
            for word in ("perform", "answer", "finish"):
                self.act(word)
        self._see_all()

    # --- the wire

    def _perform(self) -> None:
        """The server does what it was asked for; the answer is on its way."""
        if self.effect is None or self.reply is not None:
            return
        match self.effect:
            case _ if self.stored is None:
                self.reply = Missing()
            case ReadAgain():
                self.reply = Found(read(self.stored))
            case Send(patch=patch) if isinstance(patch, Patch):
                try:
                    patched = jsonpatch.apply(self.stored, patch.operations)
                except jsonpatch.Unprocessable:
                    self.reply = Rejected("422", conflict=True)
                    return
                self._store(patched)
                self.committed, self.overwritten = True, False
                self.reply = Accepted(read(patched))

    def _answer(self) -> None:
        if self.reply is not None:
            self._take(self.reply)

    def _lose_answer(self) -> None:
        """After the server did it; nobody knows."""
        if self.reply is not None:
            self._take(Lost("reset") if isinstance(self.effect, Send) else Unreadable("reset"))

    def _lose_request(self) -> None:
        """Before the server did it; nobody knows. Of a read only every other time, else all would end there."""
        if isinstance(self.effect, Send) and self.reply is None:
            self._take(Lost("reset"))

    def _busy(self) -> None:
        """409: the server gave up applying it anew."""
        if isinstance(self.effect, Send) and self.reply is None:
            self._take(Rejected("409", conflict=True))

    def _cannot_read(self) -> None:
        if isinstance(self.effect, ReadAgain) and self.reply is None and self.version % 3 == 0:
            self._take(Unreadable("403"))

    def _see(self) -> None:
        if self.delivered < len(self.events) and not self.blind:
            self.delivered += 1
            self._step(self.events[self.delivered - 1])

    def _see_all(self) -> None:
        for _ in range(len(self.events) - self.delivered):
            self._see()

    def _see_again(self) -> None:
        if self.delivered and not self.blind:
            self._step(self.events[self.delivered - 1])

    def _blind(self) -> None:
        """The watch is lost for good; the driver says so again of whoever begins to wait later."""
        if self.version % 5 == 0:
            self.blind = True
            self._step(Blind("watch lost"))

    def _take(self, event: Event) -> None:
        self.effect = self.reply = None
        self._step(event)

    def _step(self, event: Event) -> None:
        if isinstance(self.state, Ended):
            return
        self.steps += 1
        self.state, effects = executor.step(self.state, event, self.terms)
        if self.blind and isinstance(self.state, Rolling):
            self.state, effects = executor.step(self.state, Blind("watch lost"), self.terms)
        self._note(effects)

    def _note(self, effects: tuple[Effect, ...]) -> None:
        assert len(effects) <= 1
        for effect in effects:
            assert self.effect is None, "only one effect is ever under way"
            self.effect = effect
            if isinstance(effect, Send):
                self.sent += 1
                self.sent_for_nothing |= self.committed and not self.overwritten

    # --- the controller

    def _status(self, **counts: object) -> None:
        if self.stored is not None:
            changed = copy.deepcopy(self.stored)
            changed["status"] |= {"observedGeneration": changed["metadata"]["generation"]} | counts
            self._store(changed)

    def _observe(self) -> None:
        """It has seen the change and has removed nothing yet: the last rollout's condition stays."""
        self._status(updatedReplicas=0)

    def _progress(self) -> None:
        self._status(updatedReplicas=0, conditions=self._conditions("True", "ReplicaSetUpdated"))

    def _finish(self) -> None:
        self._status(**self._complete())
        self.finished |= self.stored is not None and _images(self.stored) == TARGET
        self.template = self.stored["metadata"]["generation"] if self.stored else self.template

    def _fail(self) -> None:
        self._status(updatedReplicas=0, conditions=self._conditions("False", "ProgressDeadlineExceeded"))
        self.failed |= self.stored is not None and _images(self.stored) == TARGET

    def _complete(self) -> Object:
        return {
            "replicas": 1,
            "updatedReplicas": 1,
            "readyReplicas": 1,
            "availableReplicas": 1,
            "conditions": self._conditions("True", "NewReplicaSetAvailable"),
        }

    def _conditions(self, status: str, reason: str) -> list[Object]:
        return [
            {"type": "Progressing", "status": status, "reason": reason, "lastUpdateTime": str(self.version)},
            {"type": "Available", "status": "True"},
        ]

    # --- others

    def _scale(self) -> None:
        """Twice the same count: the generation moves, the pods do not."""
        if self.stored is not None:
            changed = copy.deepcopy(self.stored)
            changed["spec"]["minReadySeconds"] = self.version
            self._store(changed)

    def _other_image(self) -> None:
        self._write({"agent": f"x:{self.version}"}, None)

    def _put_ours(self) -> None:
        self._write(TARGET, None)

    def _other_deploy(self) -> None:
        self._write({"git-sync": f"y:{self.version}"}, {"rollonce.dev/deploy-id": "run-9"})

    def _annotate(self) -> None:
        self._write({}, {"team": str(self.version)})

    def _undo(self) -> None:
        """As `kubectl rollout undo` does it: the old images, and the old annotations too."""
        if self.stored is not None:
            changed = copy.deepcopy(self.stored)
            changed["metadata"].pop("annotations", None)
            if "annotations" in (self.first or {})["metadata"]:
                changed["metadata"]["annotations"] = dict((self.first or {})["metadata"]["annotations"])
            _put(changed, OLD)
            self._store_foreign(changed)

    def _strip_annotations(self) -> None:
        if self.stored is not None:
            changed = copy.deepcopy(self.stored)
            changed["metadata"].pop("annotations", None)
            self._store_foreign(changed)

    def _delete(self) -> None:
        if self.stored is not None:
            self.events.append(Deleted(self.stored["metadata"]["uid"]))
            self.stored = None
            self.overwritten = True

    def _make_anew(self) -> None:
        if self.stored is None:
            self.births += 1
            self._store_foreign(self._born(OLD, None))

    def _write(self, images: dict[str, str], annotations: dict[str, str] | None) -> None:
        if self.stored is not None:
            changed = copy.deepcopy(self.stored)
            _put(changed, images)
            if annotations:
                changed["metadata"].setdefault("annotations", {}).update(annotations)
            self._store_foreign(changed)

    def _store_foreign(self, changed: Object) -> None:
        self.overwritten |= self.stored is None or _images(self.stored) != _images(changed)
        self._store(changed)

    def _store(self, changed: Object) -> None:
        """As the server does it: a write that changes nothing is none, one of the spec moves the generation."""
        if changed == self.stored:
            return
        self.version += 1
        changed["metadata"]["resourceVersion"] = str(self.version)
        if self.stored is not None and changed["spec"] != self.stored["spec"]:
            changed["metadata"]["generation"] = self.stored["metadata"]["generation"] + 1
        self.stored = changed
        self.events.append(Seen(read(changed)))

    def _born(self, images: dict[str, str], annotations: dict[str, str] | None) -> Object:
        metadata: Object = {"name": "ceo", "namespace": "agents", "uid": f"u{self.births}", "generation": 1}
        if annotations is not None:
            metadata["annotations"] = annotations
        metadata["resourceVersion"] = str(self.version)
        containers = [{"name": name, "image": image} for name, image in images.items()]
        return {
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 1, "template": {"spec": {"containers": containers}}},
            "status": {"observedGeneration": 1, **self._complete()},
        }


def _images(thing: Object) -> dict[str, str]:
    return {c["name"]: c["image"] for c in thing["spec"]["template"]["spec"]["containers"]}


def _put(thing: Object, images: dict[str, str]) -> None:
    for container in thing["spec"]["template"]["spec"]["containers"]:
        container["image"] = images.get(container["name"], container["image"])
