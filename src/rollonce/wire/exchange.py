"""One request, one response, and the port that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the API server sees it.

    `path` is absolute below the server's URL and already percent-encoded, `query` is
    ordered and not encoded, header names are lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and encoded query, as on the request line."""
        if not self.query:
            return self.path
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response; header names are lower case, the body is already decompressed."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """First value of a header by its lower-case name, None where it is absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Stream(Protocol):
    """A response whose body arrives bit by bit (a watch)."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def read(self) -> bytes | None:
        """Next bytes as they arrive; empty at the end of the body.

        None means that nothing has arrived yet: from a stream that does not wait, for its server is in this process
        and stands still meanwhile. Raises an error of `rollonce.errors` where the connection is cut.
        """
        ...

    def close(self) -> None:
        """End the stream from any thread; a `read` under way returns or raises soon."""
        ...


class Wire(Protocol):
    """Carries requests to one API server. Safe to call from several threads."""

    def send(self, request: Request, *, timeout: float) -> Response:
        """The whole response, whatever its status; `timeout` in seconds.

        Raises `errors.ConnectionLost` where the request may have reached the server and no
        whole response came back, `errors.Unreachable` where it cannot have reached it.
        """
        ...

    def stream(self, request: Request, *, timeout: float) -> Stream:
        """Status and headers at once, the body from `Stream.read`; `timeout` in seconds to the headers."""
        ...

    def close(self) -> None:
        """Give connections and streams back to the system; what is under way may still end."""
        ...
