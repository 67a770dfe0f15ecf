"""What a cluster remembers: objects under keys, a version that only grows, and the log of changes."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from rollonce.sim.deferred import known

# An object is plain JSON, immutable by convention: whoever changes one copies the path to the change.
Object = dict[str, Any]
OWNERS = "managedFields"
# Changes that a watch can go back to, as the watch cache of an API server has a bounded window.
REMEMBERED = 10_000
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


class _Shelf:
    """The objects of one collection, by namespace and, kept in order, by name."""

    def __init__(self) -> None:
        self.spaces: dict[str, dict[str, Object]] = {}
        self._names: dict[str, list[str]] = {}

    def twin(self) -> _Shelf:
        """Another one with the same objects on it."""
        other = _Shelf()
        other.spaces = {space: dict(held) for space, held in self.spaces.items()}
        other._names = {space: list(names) for space, names in self._names.items()}
        return other

    def put(self, namespace: str, name: str, thing: Object) -> None:
        held = self.spaces.setdefault(namespace, {})
        if name not in held:
            bisect.insort(self._names.setdefault(namespace, []), name)
        held[name] = thing

    def pop(self, namespace: str, name: str) -> Object | None:
        held = self.spaces.get(namespace, {})
        last = held.pop(name, None)
        if last is not None:
            names = self._names[namespace]
            del names[bisect.bisect_left(names, name)]
            if not held:
                del self.spaces[namespace], self._names[namespace]
        return last

    def of(self, namespace: str) -> list[Object]:
        held = self.spaces.get(namespace, {})
        return [held[name] for name in self._names.get(namespace, ())]


class Store:
    """Objects by collection, in order of namespace and name where they are listed.

    The log remembers `remembered` changes at least; what is older is compacted away.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.version = 1
        # The version up to which changes are forgotten.
        self.compacted = 0
        self._remembered = remembered
        # By group and plural name.
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        self._log: list[Change] = []
        self._versions: list[int] = []
        self._listeners: list[Callable[[Change], None]] = []

    def __deepcopy__(self, _: dict[int, Any]) -> Store:
        """A store with the same objects and the same log, to whose changes nobody listens yet."""
        twin = Store(self._remembered)
        twin.version, twin.compacted = self.version, self.compacted
        twin._shelves = {collection: shelf.twin() for collection, shelf in self._shelves.items()}
        twin._log = list(self._log)
        twin._versions = list(self._versions)
        return twin

    def get(self, key: Key) -> Object | None:
        """The object, None where there is none."""
        shelf = self._shelves.get(key[:2])
        return shelf.spaces.get(key.namespace, {}).get(key.name) if shelf is not None else None

    def list(self, collection: Collection, namespace: str | None = None) -> list[Object]:
        """All objects of a collection, in all namespaces where `namespace` is None; costs what it returns."""
        shelf = self._shelves.get(collection)
        if shelf is None:
            return []
        if namespace is not None:
            return shelf.of(namespace)
        return [thing for space in sorted(shelf.spaces) for thing in shelf.of(space)]

    def everything(self) -> Iterator[tuple[Key, Object]]:
        """Each object under its key, oldest version first."""
        found = [
            (Key(*collection, space, name), thing)
            for collection, shelf in self._shelves.items()
            for space, held in shelf.spaces.items()
            for name, thing in held.items()
        ]
        return iter(sorted(found, key=lambda each: int(each[1]["metadata"]["resourceVersion"])))

    def put(self, key: Key, thing: Object) -> Object:
        """Stores an object under a new resourceVersion; what equals the stored one changes nothing."""
        previous = self.get(key)
        if previous is not None and is_same(previous, thing) and _owners(previous) == _owners(thing):
            return previous
        self.version += 1
        stored = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.version)}}
        self._shelves.setdefault(key[:2], _Shelf()).put(key.namespace, key.name, stored)
        self._note(Change(self.version, "MODIFIED" if previous is not None else "ADDED", key, stored, previous))
        return stored

    def remove(self, key: Key) -> Object | None:
        """Removes an object; its last state, None where there was none."""
        shelf = self._shelves.get(key[:2])
        last = shelf.pop(key.namespace, key.name) if shelf is not None else None
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
        """The changes after a version; those that are compacted away are not among them."""
        start = bisect.bisect_right(self._versions, version)
        return iter(self._log[start:])

    def _note(self, change: Change) -> None:
        self._log.append(change)
        self._versions.append(change.version)
        if len(self._log) > 2 * self._remembered:
            # Half at a time: each change is moved once.
            self.compacted = self._versions[-self._remembered - 1]
            del self._log[: -self._remembered], self._versions[: -self._remembered]
        for listener in self._listeners:
            listener(change)


def is_same(one: Object, other: Object) -> bool:
    """Whether nothing differs but the version and who owns what."""
    before, after = one["metadata"], other["metadata"]
    return _agree(one, other, "metadata") and (before is after or _agree(before, after, "resourceVersion", OWNERS))


def _agree(one: Object, other: Object, *but: str) -> bool:
    # Parts are shared: what was not changed is the same object, and the last to be changed stands last.
    if any(name not in but and (name not in one or one[name] != other[name]) for name in reversed(other)):
        return False
    return all(name in other or name in but for name in one)


def _owners(thing: Object) -> Any:
    """Who owns what; not since when (ignoreManagedFieldsTimestamps)."""
    owners = known(thing["metadata"].get(OWNERS))
    return owners and [{name: value for name, value in entry.items() if name != "time"} for entry in owners]
