"""A small HTTP server that answers by script: what a test needs to see a client meet bad luck.

It speaks raw sockets, because most of what is tested is what no HTTP library would send.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """A request that was received, and the ways to answer it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    _socket: socket.socket
    ended: threading.Event = field(default_factory=threading.Event)
    keep: bool = True

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, status: int, body: bytes, *headers: str) -> None:
        head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
        self.raw("\r\n".join([*head, "", ""]).encode() + body)

    def json(self, status: int, value: object, *headers: str) -> None:
        self.answer(status, json.dumps(value).encode(), "Content-Type: application/json", *headers)

    def chunked(self, *pieces: bytes, end: bool = True) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.more(*pieces)
        if end:
            self.raw(b"0\r\n\r\n")

    def more(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.raw(b"%x\r\n%s\r\n" % (len(piece), piece))

    def cut(self) -> None:
        """Ends the connection with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep = False

    def hang_up(self) -> None:
        """Ends the connection in an orderly way."""
        self.keep = False

    def wait(self) -> None:
        """Leaves the client waiting until it gives up, or the test ends."""
        self.keep = False
        with contextlib.suppress(OSError):
            while not self.ended.is_set() and self._socket.recv(1000):
                pass


Step = Callable[[Exchange], None]


class Server:
    """Answers the n-th request by the n-th step, later ones by the last."""

    def __init__(self, steps: Sequence[Step], tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Exchange] = []
        self._steps = steps
        self._tls = tls
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                connection = _shaken(connection, self._tls)
            with self._lock:
                self._open.add(connection)
            with connection.makefile("rb") as source:
                while (exchange := _received(source, connection, number)) is not None:
                    exchange.ended = self._ended
                    with self._lock:
                        step = self._steps[min(len(self.seen), len(self._steps) - 1)]
                        self.seen.append(exchange)
                    step(exchange)
                    if not exchange.keep:
                        return
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _shaken(connection: socket.socket, tls: ssl.SSLContext) -> socket.socket:
    """A connection over TLS. One that is refused stays open until the client leaves: a reset would eat the alert."""
    with connection.dup() as spare:
        try:
            return tls.wrap_socket(connection, server_side=True)
        except OSError:
            spare.settimeout(5)
            while spare.recv(1000):
                pass
            raise


def _received(source: Iterator[bytes], connection: socket.socket, number: int) -> Exchange | None:
    line = next(source, b"")
    if not line:
        return None
    if b" HTTP/1." not in line:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    for header in source:
        if header in (b"\r\n", b""):
            break
        name, _, value = header.decode().partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}|{value}" if name in headers else value
    body = source.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
    return Exchange(method, target, headers, body, number, connection)


def status(code: int, reason: str = "", message: str = "") -> dict[str, object]:
    """A Status as the API server sends it."""
    return {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}


def thing(name: str = "ceo", version: str = "7") -> dict[str, object]:
    """An object as the API server sends it."""
    return {"kind": "Deployment", "metadata": {"name": name, "resourceVersion": version}}


def listing(*names: str, version: str = "9", token: str = "") -> dict[str, object]:
    """A page of a list as the API server sends it."""
    metadata = {"resourceVersion": version, "continue": token}
    return {"kind": "DeploymentList", "metadata": metadata, "items": [{"metadata": {"name": n}} for n in names]}


def line(kind: str, value: dict[str, object]) -> bytes:
    """A line of a watch."""
    return json.dumps({"type": kind, "object": value}).encode() + b"\n"


def says(code: int, value: object, *headers: str) -> Step:
    """A step that answers with JSON."""
    return lambda exchange: exchange.json(code, value, *headers)
