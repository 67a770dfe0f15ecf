"""Volumes: a claim is attached to one node at a time, and stays busy until it is detached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rollonce.sim.controllers.work import CLAIMS, Work
from rollonce.sim.store import Key

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

    def attach(self, namespace: str, names: list[str], node: str, uid: str, retry: Callable[[], None]) -> float | None:
        """Seconds until all are mounted; None where one is busy elsewhere: `retry` is called later."""
        keys = [self._key(namespace, name) for name in names]
        alone = [key for key in keys if not self._is_shared(key)]
        for key in alone:
            if self._node.get(key, node) != node:
                self._waiting.setdefault(key, []).append(retry)
                return None
        fresh = any(key not in self._node for key in alone) or len(alone) < len(keys)
        for key in alone:
            self._node[key] = node
            self._users.setdefault(key, set()).add(uid)
        return self._work.profile.attach if fresh else 0.0

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
