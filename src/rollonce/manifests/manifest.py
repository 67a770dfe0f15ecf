"""One object that was handed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; `line` and `column` count from 1, and are 0 where they are unknown."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """As compilers write it, so that editors find it."""
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object as JSON, and what it is called.

    `namespace` is empty where the text names none, `name` where the server is to make one (generateName); `uid` is
    set for an object that was read from a cluster.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    body: bytes
    place: Place

    @property
    def live(self) -> bool:
        """Whether it was read from a cluster: it has a history that an apply would lose."""
        return bool(self.uid)

    def __str__(self) -> str:
        """As kubectl names it."""
        return f"{self.kind}/{self.name}" + (f" in namespace {self.namespace}" if self.namespace else "")
