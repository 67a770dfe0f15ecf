"""Watches: what a change is to whoever selects some of the objects (apiserver/pkg/storage/cacher/cache_watcher.go)."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollonce.sim.api import status
from rollonce.sim.store import Change, Collection, Object, Store

INITIAL_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a collection are watched or listed, and how each is shown."""

    namespace: str | None
    matches: Callable[[Object], bool]
    show: Callable[[Object], Object]

    def covers(self, namespace: str, thing: Object) -> bool:
        """Whether an object is one of them."""
        return (self.namespace is None or namespace == self.namespace) and self.matches(thing)


class Subscription:
    """An open watch. `ends` is in virtual time; nothing is added after it."""

    status = 200
    headers = (("content-type", "application/json"),)

    def __init__(self, selection: Selection, ends: float, *, bookmarks: bool, head: Object) -> None:
        self.selection = selection
        self.ends = ends
        self.closed = False
        self._bookmarks = bookmarks
        self._head = head
        self._arrived: list[bytes] = []
        self._drop: Callable[[Subscription], None] = lambda _: None

    def take(self) -> bytes:
        """What has arrived since the last call: one JSON document a line; empty where nothing has."""
        arrived = b"".join(self._arrived)
        self._arrived.clear()
        return arrived

    def close(self) -> None:
        """Ends the watch; what has arrived can still be taken."""
        self.closed = True
        self._drop(self)

    def on_close(self, drop: Callable[[Subscription], None]) -> None:
        """Who is told of the end."""
        self._drop = drop

    def put(self, type_: str, thing: Any) -> None:
        """Adds one event."""
        self._arrived.append(status.encode({"type": type_, "object": thing}) + b"\n")

    def show(self, type_: str, thing: Object) -> None:
        """Adds one event about an object."""
        self.put(type_, self.selection.show(thing))

    def note(self, change: Change) -> None:
        """Adds what a change is to this watch, if anything."""
        before = change.previous is not None and self.selection.covers(change.key.namespace, change.previous)
        after = change.type != "DELETED" and self.selection.covers(change.key.namespace, change.object)
        if after:
            self.show("MODIFIED" if before else "ADDED", change.object)
        elif before and change.previous is not None:
            # The last state that was selected, under the version of the change.
            version = change.object["metadata"]["resourceVersion"]
            metadata = {**change.previous["metadata"], "resourceVersion": version}
            self.show(
                "DELETED", change.object if change.type == "DELETED" else {**change.previous, "metadata": metadata}
            )

    def bookmark(self, version: int, *, initial: bool = False) -> None:
        """Tells how far the watch has come."""
        if not self._bookmarks:
            return
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if initial:
            metadata["annotations"] = {INITIAL_END: "true"}
        self.put("BOOKMARK", {**self._head, "metadata": metadata})


class Watches:
    """All open watches, by collection and namespace; those that time out next are at hand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[tuple[Collection, str | None], dict[int, Subscription]] = {}
        self._ends: list[tuple[float, int, Subscription]] = []
        self._made = 0
        self._followed: Counter[Collection] = Counter()
        store.listen(self._note)

    def add(self, collection: Collection, watch: Subscription) -> None:
        """Sends changes from now on."""
        self._made += 1
        place, number = (collection, watch.selection.namespace), self._made
        self._open.setdefault(place, {})[number] = watch
        self._followed[collection] += 1
        heapq.heappush(self._ends, (watch.ends, number, watch))
        watch.on_close(lambda _: self._remove(place, number))

    def next_end(self) -> float | None:
        """When the next of them times out."""
        while self._ends and self._ends[0][2].closed:
            heapq.heappop(self._ends)
        return self._ends[0][0] if self._ends else None

    def expire(self, now: float) -> None:
        """Ends those whose time has come, with a last bookmark."""
        while (end := self.next_end()) is not None and end <= now:
            watch = heapq.heappop(self._ends)[2]
            watch.bookmark(self._store.version)
            watch.close()

    def follows(self, collection: Collection) -> bool:
        """Whether anybody watches a collection, or a part of it."""
        return self._followed[collection] > 0

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._open.values()))

    def _remove(self, place: tuple[Collection, str | None], number: int) -> None:
        found = self._open.get(place, {})
        if found.pop(number, None) is not None:
            self._followed[place[0]] -= 1
        if not found:
            self._open.pop(place, None)

    def _note(self, change: Change) -> None:
        collection = change.key.collection
        for space in (change.key.namespace, None):
            for watch in tuple(self._open.get((collection, space), {}).values()):
                watch.note(change)
