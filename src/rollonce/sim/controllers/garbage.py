"""Garbage collection: what is owned goes when its last owner is gone."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers.work import Queue, Work
from rollonce.sim.kernel import CONTROLLER_MANAGER
from rollonce.sim.store import Change, Key, Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Garbage:
    """pkg/controller/garbagecollector/garbagecollector.go, attemptToDeleteItem and attemptToOrphan."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def note(self, change: Change) -> None:
        """Asks for a look at the dependents of what has gone, and at what waits for its dependents."""
        if change.type == "DELETED":
            for key in list(self._work.dependents.get(change.object["metadata"]["uid"], {})):
                self.queue.add(key)
            for reference in change.object["metadata"].get("ownerReferences", []):
                owner = self._work.uids.get(reference["uid"])
                if owner is not None:
                    self.queue.add(owner)
        elif pods.is_terminating(change.object) and change.object["metadata"].get("finalizers"):
            self.queue.add(change.key)

    def sync(self, key: Key) -> None:
        """Deletes what has no owner left; finishes what waits for its dependents."""
        thing = self._work.get(key)
        if thing is None:
            return
        finalizers = thing["metadata"].get("finalizers", [])
        if pods.is_terminating(thing):
            if ORPHAN in finalizers:
                self._orphan(key, thing)
            elif FOREGROUND in finalizers:
                self._foreground(key, thing)
            return
        references = thing["metadata"].get("ownerReferences", [])
        if references and not any(reference["uid"] in self._work.uids for reference in references):
            self._work.delete(key.collection, thing)

    def _dependents(self, thing: Object) -> list[tuple[Key, Object]]:
        keys = list(self._work.dependents.get(thing["metadata"]["uid"], {}))
        return [(key, found) for key in keys if (found := self._work.get(key)) is not None]

    def _foreground(self, key: Key, thing: Object) -> None:
        uid = thing["metadata"]["uid"]
        blocking = False
        for found, dependent in self._dependents(thing):
            reference = next(r for r in dependent["metadata"]["ownerReferences"] if r["uid"] == uid)
            blocking = blocking or bool(reference.get("blockOwnerDeletion"))
            if not pods.is_terminating(dependent):
                if self._work.dependents.get(dependent["metadata"]["uid"]):
                    metadata = {**dependent["metadata"], "finalizers": [FOREGROUND], "deletionGracePeriodSeconds": 0}
                    metadata["deletionTimestamp"] = self._work.stamp
                    changed = {**dependent, "metadata": metadata}
                    self._work.kernel.update(found, changed, manager=CONTROLLER_MANAGER)
                else:
                    self._work.delete(found.collection, dependent)
        left = self._work.dependents.get(uid)
        if not left or not blocking:
            self._release(key, FOREGROUND)

    def _orphan(self, key: Key, thing: Object) -> None:
        uid = thing["metadata"]["uid"]
        for found, dependent in self._dependents(thing):
            kept = [r for r in dependent["metadata"]["ownerReferences"] if r["uid"] != uid]
            metadata = {k: v for k, v in dependent["metadata"].items() if k != "ownerReferences"}
            if kept:
                metadata["ownerReferences"] = kept
            self._work.kernel.update(found, {**dependent, "metadata": metadata}, manager=CONTROLLER_MANAGER)
        self._release(key, ORPHAN)

    def _release(self, key: Key, finalizer: str) -> None:
        thing = self._work.get(key)
        if thing is None:
            return
        kept = [name for name in thing["metadata"].get("finalizers", []) if name != finalizer]
        if not kept:
            self._work.kernel.delete(key)
            return
        changed = {**thing, "metadata": {**thing["metadata"], "finalizers": kept}}
        self._work.kernel.update(key, changed, manager=CONTROLLER_MANAGER)
