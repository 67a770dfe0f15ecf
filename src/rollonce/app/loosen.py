"""Frees a StatefulSet that waits for a pod which will never be ready.

An ordered StatefulSet replaces no pod while one is not ready, also where that one is of the revision that is being left
(kubernetes/kubernetes#67250, "Forced rollback" in the documentation of StatefulSets): somebody has to delete it.
"""

from __future__ import annotations

from rollonce.app.news import Event, Listener, Loosened, Progressed, Sent
from rollonce.app.ports import Ports
from rollonce.errors import AccessError, ApiRefusal, Forbidden
from rollonce.model import decode, pod
from rollonce.model.kind import PODS, Kind
from rollonce.model.workload import StatefulSet, WorkloadKey
from rollonce.status.standing import NOT_OBSERVED, InProgress

NOT_FOUND, CONFLICT = 404, 409


class Loosener:
    """Listens to a run, hands everything on, and deletes such pods of the StatefulSets that the run has patched."""

    def __init__(self, ports: Ports, listen: Listener) -> None:
        self._ports = ports
        self._listen = listen
        self._patched: set[WorkloadKey] = set()

    def take(self, event: Event) -> None:
        """As a listener."""
        self._listen(event)
        match event:
            case Sent(key=key) if key.kind is Kind.STATEFUL_SET:
                self._patched.add(key)
            case Progressed(key=key, standing=InProgress(reason=reason)) if key in self._patched:
                # Not before its controller has seen the change: it would make the pod anew as it was.
                if reason != NOT_OBSERVED:
                    self._patched.discard(key)
                    self._loosen(key)
            case _:
                pass

    def _loosen(self, key: WorkloadKey) -> None:
        client = self._ports.client
        try:
            live = decode.workload(key.kind, client.get(key.kind.resource, key.namespace, key.name))
            if not isinstance(live.behaviour, StatefulSet):
                return
            owner = f"StatefulSet/{key.name}"
            pods = [pod.pod(raw) for raw in client.list(PODS, key.namespace).items]
        except AccessError as error:
            self._listen(Loosened(key, "", f"whether one of its pods holds it back is not known: {error.fact}"))
            return
        for stuck in pods:
            # Ready ones are replaced in their order; those of the revision that it goes to are none of our business.
            if stuck.owner == owner and stuck.revision != live.behaviour.update_revision and not stuck.ready:
                self._delete(key, stuck)

    def _delete(self, key: WorkloadKey, stuck: pod.Pod) -> None:
        if stuck.deleting:
            return
        try:
            self._ports.client.delete(PODS, key.namespace, stuck.name, uid=stuck.uid)
        except ApiRefusal as refusal:
            if refusal.status in (NOT_FOUND, CONFLICT):
                return
            by_hand = f"kubectl delete pod {stuck.name} -n {key.namespace}"
            why = "the right to delete pods is missing" if isinstance(refusal, Forbidden) else refusal.fact
            self._listen(
                Loosened(key, stuck.name, f"it holds the rollout back and could not be deleted: {why}; {by_hand}")
            )
        except AccessError as error:
            self._listen(Loosened(key, stuck.name, f"it holds the rollout back and could not be deleted: {error.fact}"))
        else:
            self._listen(
                Loosened(key, stuck.name, "deleted: not ready, of the revision that is undone, it would hold it back")
            )
