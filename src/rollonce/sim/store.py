"""What a cluster remembers: objects under keys, a version that only grows, and the log of changes."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

# An object is plain JSON, immutable by convention: whoever changes one copies the path to the change.
Object = dict[str, Any]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class Collection(NamedTuple):
    """A kind of objects: API group (empty for the core) and plural name."""

    group: str
    resource: str

    def __deepcopy__(self, _: dict[int, Any]) -> Collection:
        """Itself: it never changes."""
        return self


class Key(NamedTuple):
    """Which object; the namespace is empty for what has none."""

    group: str
    resource: str
    namespace: str
    name: str

    def __deepcopy__(self, _: dict[int, Any]) -> Key:
        """Itself: it never changes."""
        return self

    @property
    def collection(self) -> Collection:
        """The collection that the object is in."""
        return Collection(self.group, self.resource)


class Change(NamedTuple):
    """One entry of the log. `object` is the state after it, for DELETED the last one with the version of its end."""

    version: int
    type: ChangeType
    key: Key
    object: Object
    previous: Object | None


class Store:
    """Objects by collection, in order of namespace and name where they are listed."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[Collection, dict[tuple[str, str], Object]] = {}
        self._log: list[Change] = []
        self._versions: list[int] = []
        self._listeners: list[Callable[[Change], None]] = []

    def __deepcopy__(self, _: dict[int, Any]) -> Store:
        """A store with the same objects and the same log, to whose changes nobody listens yet."""
        twin = Store()
        twin.version = self.version
        twin._objects = {collection: dict(found) for collection, found in self._objects.items()}
        twin._log = list(self._log)
        twin._versions = list(self._versions)
        return twin

    def get(self, key: Key) -> Object | None:
        """The object, None where there is none."""
        return self._objects.get(key.collection, {}).get((key.namespace, key.name))

    def list(self, collection: Collection, namespace: str | None = None) -> list[Object]:
        """All objects of a collection, in all namespaces where `namespace` is None."""
        found = self._objects.get(collection, {})
        return [found[place] for place in sorted(found) if namespace is None or place[0] == namespace]

    def put(self, key: Key, thing: Object) -> Object:
        """Stores an object under a new resourceVersion; what equals the stored one changes nothing."""
        previous = self.get(key)
        if previous is not None and _without_version(previous) == _without_version(thing):
            return previous
        self.version += 1
        stored = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.version)}}
        self._objects.setdefault(key.collection, {})[key.namespace, key.name] = stored
        self._note(Change(self.version, "MODIFIED" if previous is not None else "ADDED", key, stored, previous))
        return stored

    def remove(self, key: Key) -> Object | None:
        """Removes an object; its last state, None where there was none."""
        last = self._objects.get(key.collection, {}).pop((key.namespace, key.name), None)
        if last is None:
            return None
        self.version += 1
        ended = {**last, "metadata": {**last["metadata"], "resourceVersion": str(self.version)}}
        self._note(Change(self.version, "DELETED", key, ended, last))
        return ended

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Calls back at every change, in the order of changes, from within the write."""
        self._listeners.append(listener)

    def since(self, version: int) -> Iterator[Change]:
        """The changes after a version."""
        start = bisect.bisect_right(self._versions, version)
        return iter(self._log[start:])

    def _note(self, change: Change) -> None:
        self._log.append(change)
        self._versions.append(change.version)
        for listener in self._listeners:
            listener(change)


def _without_version(thing: Object) -> Object:
    return {**thing, "metadata": {k: v for k, v in thing["metadata"].items() if k != "resourceVersion"}}
