"""What the API and the controllers share: the store, virtual time, and the rules that hold for every write."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import managed
from rollonce.sim.api.kinds import Kinds
from rollonce.sim.clockwork import Clockwork, timestamp
from rollonce.sim.events import Recorder
from rollonce.sim.identity import uid
from rollonce.sim.store import OWNERS, Collection, Key, Object, Store, is_same

CONTROLLER_MANAGER = "kube-controller-manager"
# Whose registry strategy counts generations; a Service, a ConfigMap, a Namespace have none.
GENERATIONS = frozenset({
    "pods", "replicationcontrollers", "deployments", "replicasets", "statefulsets", "daemonsets", "cronjobs", "jobs",
    "poddisruptionbudgets", "ingresses", "ingressclasses", "networkpolicies", "endpointslices", "priorityclasses",
    "customresourcedefinitions",
})  # fmt: skip


_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
# Without a factor in common with 27, so that no step is made twice; large, so that neighbours look different.
_STRIDE = 5_386_957


class Kernel:
    """Creates, updates and deletes objects as the registry of an API server does.

    Controllers write through this, and the API after it has validated, defaulted and merged.
    """

    def __init__(self, clockwork: Clockwork) -> None:
        self.store = Store()
        self.clockwork = clockwork
        self.kinds = Kinds()
        self.events = Recorder(self.store, clockwork)
        self._made = 0
        self._addresses = 0

    def create(self, key: Key, thing: Object, *, manager: str) -> Object:
        """Stores a new object with uid, creationTimestamp and, for what has one, generation 1.

        The name is that of `key`; whoever creates has resolved generateName (`unique`).
        """
        return self.store.put(key, self._made_new(key, thing, manager, tracked=False))

    def update(self, key: Key, thing: Object, *, manager: str, subresource: str = "") -> Object:
        """Stores a changed object; generation grows where the spec changed, and for a Deployment also where an
        annotation did (pkg/registry/apps/deployment/strategy.go, PrepareForUpdate).

        Raises KeyError where there is none.
        """
        previous = self.store.get(key)
        if previous is None:
            raise KeyError(key)
        if is_same(previous, thing):
            return previous
        made = self.prepared(key, thing, manager=manager, subresource=subresource, tracked=True)
        return self.store.put(key, self._owned(key, previous, made, manager, subresource))

    def prepared(
        self,
        key: Key,
        thing: Object,
        *,
        manager: str,
        subresource: str = "",
        tracked: bool = False,
        version: str = "",
    ) -> Object:
        """The object as `create` or `update` would store it; `tracked` where its managedFields are already right.

        `version` is the one that the writer goes by, where it is not the one that is stored.
        """
        previous = self.store.get(key)
        if previous is None:
            return self._made_new(key, thing, manager, tracked=tracked, version=version)
        metadata = dict(thing["metadata"])
        changed = subresource != "status" and thing.get("spec") != previous.get("spec")
        if subresource != "status" and key.collection == Collection("apps", "deployments"):
            changed = changed or metadata.get("annotations") != previous["metadata"].get("annotations")
        if "generation" in previous["metadata"]:
            metadata["generation"] = previous["metadata"]["generation"] + bool(changed)
        prepared = {**thing, "metadata": metadata}
        return prepared if tracked else self._tracked(key, previous, prepared, manager, subresource, version)

    def _made_new(self, key: Key, thing: Object, manager: str, *, tracked: bool, version: str = "") -> Object:
        self._made += 1
        metadata: dict[str, Any] = {
            **thing.get("metadata", {}),
            "name": key.name,
            "uid": uid(f"{self._made}/{'/'.join(key)}"),
            "creationTimestamp": timestamp(self.clockwork.now),
        }
        if key.namespace:
            metadata["namespace"] = key.namespace
        kind = self.kinds.of(key.collection)
        if key.resource in GENERATIONS or (kind is not None and kind.definition is not None):
            metadata["generation"] = 1
        made = {**thing, "metadata": metadata}
        if tracked:
            return made
        if version:
            return self._tracked(key, None, made, manager, "", version)
        return self._owned(key, None, made, manager, "")

    def _tracked(
        self, key: Key, previous: Object | None, thing: Object, manager: str, subresource: str, version: str = ""
    ) -> Object:
        """The object with its managedFields after a write that is no apply."""
        kind = self.kinds.of(key.collection)
        if kind is None:
            return thing
        write = managed.Write(manager, version or kind.api_version, kind.type, subresource, self.clockwork.now)
        fields = managed.track(previous, thing, write)
        if fields is None:
            return thing
        metadata = {name: value for name, value in thing["metadata"].items() if name != "managedFields"}
        if fields:
            metadata["managedFields"] = fields
        return {**thing, "metadata": metadata}

    def _owned(self, key: Key, previous: Object | None, thing: Object, manager: str, subresource: str) -> Object:
        """The same, once somebody asks: of what controllers write, most is written again before.

        Where it may be that nobody owns anything, it is asked at once: then there are no managedFields.
        """
        kind = self.kinds.of(key.collection)
        sure = previous["metadata"].get(OWNERS) if previous is not None else thing.get("spec")
        if kind is None or not sure:
            return self._tracked(key, previous, thing, manager, subresource)
        write = managed.Write(manager, kind.api_version, kind.type, subresource, self.clockwork.now)
        return {**thing, "metadata": {**thing["metadata"], OWNERS: managed.later(previous, thing, write)}}

    def delete(self, key: Key) -> Object | None:
        """Removes an object at once: its finalizers and grace period are the caller's business."""
        return self.store.remove(key)

    def unique(self, prefix: str) -> str:
        """A name from a generateName: the prefix and five characters, which do not repeat in fourteen million.

        The alphabet is that of apimachinery/pkg/util/rand. Where a real API server draws again when a name is taken,
        this steps through all of them.
        """
        self._made += 1
        rest = self._made * _STRIDE % len(_LETTERS) ** 5
        drawn = ""
        for _ in range(5):
            rest, letter = divmod(rest, len(_LETTERS))
            drawn += _LETTERS[letter]
        return prefix + drawn

    def next_address(self) -> int:
        """A number for an address or a port that was not given before."""
        self._addresses += 1
        return self._addresses
