"""Volumes: a claim is attached to one node at a time, and stays busy until it is detached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rollonce.sim.controllers.work import CLAIMS, Work, controller
from rollonce.sim.store import Key, Object

SOURCE = controller("attachdetach")
SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


class Claims:
    """Attach and detach of persistent volume claims as durations; what may be shared is never waited for."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._node: dict[Key, str] = {}
        self._users: dict[Key, set[str]] = {}
        self._waiting: dict[Key, list[Callable[[], None]]] = {}

    def _key(self, namespace: str, name: str) -> Key:
        return Key(*CLAIMS, namespace, name)

    def _is_shared(self, key: Key) -> bool:
        claim = self._work.get(key)
        return claim is not None and bool(SHARED & set(claim["spec"].get("accessModes", [])))

    def detached(self, namespace: str, names: list[str]) -> tuple[str, ...]:
        """The volumes of those that are to be attached to a node first."""
        keys = [self._key(namespace, name) for name in names]
        return tuple(self._volume(key) for key in keys if not self._is_shared(key) and key not in self._node)

    def tell_attached(self, pod: Object, volumes: tuple[str, ...]) -> None:
        """Says that volumes were attached for a pod (operation_generator.go, GenerateAttachVolumeFunc)."""
        for volume in volumes:
            said = f'AttachVolume.Attach succeeded for volume "{volume}" '
            self._work.kernel.events.say(SOURCE, pod, "SuccessfulAttachVolume", said)

    def attach(self, pod: Object, names: list[str], retry: Callable[[], None]) -> float | None:
        """Seconds until all are mounted; None where one is busy elsewhere, and `retry` is called later."""
        namespace, uid, node = pod["metadata"]["namespace"], pod["metadata"]["uid"], pod["spec"]["nodeName"]
        keys = [self._key(namespace, name) for name in names]
        alone = [key for key in keys if not self._is_shared(key)]
        for key in alone:
            if self._node.get(key, node) != node:
                self._waiting.setdefault(key, []).append(retry)
                self._tell_busy(pod, key)
                return None
        fresh = any(key not in self._node for key in alone) or len(alone) < len(keys)
        for key in alone:
            self._node[key] = node
            self._users.setdefault(key, set()).add(uid)
        return self._work.profile.attach if fresh else 0.0

    def _volume(self, key: Key) -> str:
        """The persistent volume of a claim, in the name that a provisioner gives where none is bound."""
        claim = self._work.get(key)
        if claim is None:
            return key.name
        return str(claim["spec"].get("volumeName") or f"pvc-{claim['metadata']['uid']}")

    def _tell_busy(self, pod: Object, key: Key) -> None:
        """attachdetach/reconciler/reconciler.go, reportMultiAttachError"""
        users = (self._work.uids.get(uid) for uid in self._users.get(key, ()))
        names = sorted(user.name for user in users if user is not None)
        why = "Volume is already exclusively attached to one node and can't be attached to another"
        if names:
            why = f"Volume is already used by pod(s) {', '.join(names)}"
        said = f'Multi-Attach error for volume "{self._volume(key)}" {why}'
        self._work.kernel.events.say(SOURCE, pod, "FailedAttachVolume", said, warning=True)

    def hold(self, namespace: str, names: list[str], node: str, uid: str) -> None:
        """They are mounted there already."""
        for key in (self._key(namespace, name) for name in names):
            if not self._is_shared(key):
                self._node[key] = node
                self._users.setdefault(key, set()).add(uid)

    def release(self, namespace: str, names: list[str], uid: str) -> None:
        """The pod is gone: what nobody else uses is detached after a while."""
        for key in (self._key(namespace, name) for name in names):
            users = self._users.get(key)
            if users is None or uid not in users:
                continue
            users.discard(uid)
            if not users:
                self._work.kernel.clockwork.after(self._work.profile.detach, partial(self._detached, key))

    def _detached(self, key: Key) -> None:
        if not self._users.get(key):
            self._node.pop(key, None)
            self._users.pop(key, None)
            for retry in self._waiting.pop(key, []):
                retry()
