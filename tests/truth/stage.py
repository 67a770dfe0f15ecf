"""What a history is played on: the real control plane or the simulated cluster, with one face."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from rollonce.app.ports import Ports
from tests.truth.writes import Ask, Object, fields

REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision as the controllers made it, and when a watch first told of it (seconds since the epoch)."""

    number: int
    name: str
    fields: dict[str, str]
    at: float


class Stage(Protocol):
    """Times are seconds since the epoch."""

    sightings: Sightings

    def ask(self, user: str, ask: Ask) -> tuple[int, Any]:
        """Status and answer of a request."""
        ...

    def ports(self, user: str) -> Ports:
        """For use-cases of ours; the caller closes them."""
        ...

    def kubectl(self, user: str, namespace: str, *words: str) -> bool:
        """Runs the real kubectl; False where there is none."""
        ...

    def now(self) -> float:
        """The time."""
        ...

    def passed(self, seconds: float) -> None:
        """Lets time pass."""
        ...


class Sightings:
    """Every revision that a watch has told of, by namespace, and what is still there."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[str, dict[int, Seen]] = defaultdict(dict)
        self._there: dict[str, dict[str, Object]] = defaultdict(dict)

    def note(self, kind: str, thing: Object, at: float) -> None:
        """An event of a watch on ReplicaSets or ControllerRevisions; `kind` is its type."""
        metadata = thing["metadata"]
        number = number_of(thing)
        with self._lock:
            there = self._there[metadata["namespace"]]
            if kind == "DELETED":
                there.pop(metadata["name"], None)
                return
            there[metadata["name"]] = thing
            if number:
                seen = self._seen[metadata["namespace"]]
                seen.setdefault(number, Seen(number, metadata["name"], fields(template_of(thing)), at))

    def seen(self, namespace: str) -> list[Seen]:
        """All revisions so far, in the order of their numbers."""
        with self._lock:
            return [self._seen[namespace][number] for number in sorted(self._seen[namespace])]

    def there(self, namespace: str) -> list[Object]:
        """The ReplicaSets and ControllerRevisions that are there."""
        with self._lock:
            return list(self._there[namespace].values())


def number_of(thing: Object) -> int:
    """The revision that an object is now; 0 where its controller has not said it yet."""
    if "revision" in thing:
        return int(thing["revision"])
    return int((thing["metadata"].get("annotations") or {}).get(REVISION) or 0)


def template_of(thing: Object) -> Object:
    """The pod template that an object remembers."""
    spec = thing["data"]["spec"] if "data" in thing else thing["spec"]
    template: Object = spec["template"]
    return template
