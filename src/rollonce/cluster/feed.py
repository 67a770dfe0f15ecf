"""The lines of a watch, put together from whatever pieces arrive: pure bookkeeping, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from rollonce.cluster import answers
from rollonce.errors import UnreadableAnswer
from rollonce.wire import Response

MAX_LINE = 64_000_000


@dataclass(frozen=True, slots=True)
class Changed:
    """An object that is new or has changed, as JSON."""

    object: bytes


@dataclass(frozen=True, slots=True)
class Deleted:
    """The last state of an object that is gone, as JSON."""

    object: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything there is now: what happened meanwhile is unknown, and what is missing here is gone."""

    items: tuple[bytes, ...]


WatchEvent = Changed | Deleted | Snapshot


@dataclass(frozen=True, slots=True)
class Expired:
    """The server no longer knows what happened since the last event: list anew."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Another error in the stream, as the response that it would have been."""

    response: Response


Frame = Changed | Deleted | Expired | Fault


class Feed:
    """Turns pieces into frames and remembers from where to go on: `resource_version`."""

    def __init__(self, resource_version: str) -> None:
        self.resource_version = resource_version
        self._parts: list[bytes] = []
        self._size = 0

    def restart(self, resource_version: str | None = None) -> None:
        """A new stream begins: half a line of the old one is never completed."""
        self._parts.clear()
        self._size = 0
        if resource_version is not None:
            self.resource_version = resource_version

    def take(self, piece: bytes) -> list[Frame]:
        """The frames that are complete with this piece. Raises `UnreadableAnswer`."""
        if b"\n" not in piece:
            self._keep(piece)
            return []
        first, *lines = piece.split(b"\n")
        lines.insert(0, b"".join((*self._parts, first)))
        self.restart()
        self._keep(lines.pop())
        return [frame for line in lines if line.strip() and (frame := self._frame(line)) is not None]

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._parts.append(piece)
            self._size += len(piece)
        if self._size > MAX_LINE:
            raise UnreadableAnswer(f"a line of the watch is longer than {MAX_LINE // 1_000_000} MB")

    def _frame(self, line: bytes) -> Frame | None:
        try:
            event = answers.EVENT.decode(line)
            if event.type == "ERROR":
                return _error(bytes(event.object))
            version = answers.OBJECT.decode(event.object).metadata.resource_version
        except (msgspec.MsgspecError, UnicodeDecodeError):
            start = answers.printable(line[: 4 * answers.SHOWN].decode("utf-8", "replace"))
            raise UnreadableAnswer(f"a line of the watch is not of the Kubernetes API: {start}") from None
        if version:
            self.resource_version = version
        match event.type:
            case "ADDED" | "MODIFIED":
                return Changed(bytes(event.object))
            case "DELETED":
                return Deleted(bytes(event.object))
            case "BOOKMARK":
                return None
            case unknown:
                raise UnreadableAnswer(f"the watch sent an event of the unknown type {answers.printable(unknown)!r}")


def _error(body: bytes) -> Expired | Fault:
    status = answers.STATUS.decode(body)
    if status.code == 410 or status.reason in ("Expired", "Gone"):
        return Expired()
    return Fault(Response(status.code if 400 <= status.code < 600 else 500, body=body))
