"""A recording: what the API server's watches said while one change rolled out.

The first line of a file is its header, every other line one watch event, all in the order of resourceVersion (one
etcd gave them, so they compare as numbers). Nothing of rollonce is imported here: this is what it is measured against.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """What was done.

    `patched` is the resourceVersion of the answer to the patch. `desired` says how many pods there should be from
    which resourceVersion on, `updated` how many of them should run `image` (None: all of them).
    """

    scenario: str
    kind: str
    image: str
    patched: int
    desired: tuple[tuple[int, int], ...]
    updated: int | None = None


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One watch event; `type` is ADDED, MODIFIED or DELETED; what was there at the beginning is ADDED."""

    type: str
    kind: str
    object: Object

    @property
    def version(self) -> int:
        """Its resourceVersion."""
        return int(self.object["metadata"]["resourceVersion"])

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.object["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class Recording:
    """One change, from before it until after its end."""

    header: Header
    events: tuple[WatchEvent, ...]

    @property
    def first_true(self) -> int | None:
        """Index of the first event, from the patch on, after which the pods are as they should be; None: never.

        As they should be: as many as desired, all ready, as many of them as should run the new image, and the others
        (a partition holds them back) the old one. A pod that is being deleted is neither there nor in the way: no
        controller counts it.
        """
        pods: dict[str, Object] = {}
        for index, event in enumerate(self.events):
            if event.kind == "Pod":
                if event.type == "DELETED":
                    pods.pop(event.name, None)
                else:
                    pods[event.name] = event.object
            if event.version >= self.header.patched and self._holds(pods.values(), event.version):
                return index
        return None

    def _holds(self, pods: Iterable[Object], version: int) -> bool:
        there = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        desired = [count for since, count in self.header.desired if since <= version][-1]
        new = [pod for pod in there if _image(pod) == self.header.image]
        updated = desired if self.header.updated is None else self.header.updated
        return len(there) == desired and len(new) == updated and all(map(_is_ready, there))

    def text(self) -> str:
        """The file's content."""
        lines: Sequence[Object] = [asdict(self.header), *(asdict(event) for event in self.events)]
        return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def load(path: Path) -> Recording:
    """The recording in a file."""
    first, *rest = (json.loads(line) for line in path.read_text().splitlines())
    desired = tuple((since, count) for since, count in first.pop("desired"))
    return Recording(Header(**first, desired=desired), tuple(WatchEvent(**line) for line in rest))


def every() -> dict[str, Recording]:
    """All recordings by the names of their files."""
    return {path.stem: load(path) for path in sorted(FOLDER.glob("*.jsonl"))}


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
