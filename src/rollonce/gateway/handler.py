"""What the gateway serves."""

from __future__ import annotations

from typing import Protocol

from rollonce.wire import Request, Response


class Body(Protocol):
    """An answer that arrives bit by bit: a watch."""

    status: int
    headers: tuple[tuple[str, str], ...]

    async def read(self) -> bytes:
        """What arrives next; empty at the end."""
        ...

    def close(self) -> None:
        """The client is gone or the server ends: a `read` under way returns soon."""
        ...


class Handler(Protocol):
    """Answers requests, in the event loop."""

    async def handle(self, request: Request) -> Response | Body:
        """The answer, whole or bit by bit; header names of a request are lower case."""
        ...
