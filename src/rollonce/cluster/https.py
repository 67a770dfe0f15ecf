"""Requests over HTTP or HTTPS, one try each, with errors that say whether anything was sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import weakref
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from rollonce.cluster import faults
from rollonce.cluster.faults import Progress
from rollonce.cluster.proxies import Proxy
from rollonce.errors import UnreadableAnswer
from rollonce.wire import Request, Response, Stream

CONNECT_SECONDS = 10.0
# A server's bookmarks come about once a minute, so a watch that is silent for longer is dead.
SILENCE_SECONDS = 150.0
# `timeout` bounds each wait for bytes; this many times it bounds the whole body of a server that drips.
SLOWEST = 10
MAX_BODY = 64_000_000
PIECE = 1 << 18

_progress = Progress()
_FAILURES = (HTTPError, OSError)


class _Plain(HTTPConnection):
    """Notes the moment from which on a request may have reached the server."""

    def endheaders(self, *args: Any, **options: Any) -> None:
        _progress.sent = True
        super().endheaders(*args, **options)


class _Secure(HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        # Where certificates are not checked the kubeconfig says so; urllib3 would warn at each connection.
        self.is_verified = True

    def endheaders(self, *args: Any, **options: Any) -> None:
        _progress.sent = True
        super().endheaders(*args, **options)


class HttpsWire:
    """One server's connections, kept open: `connections` for requests, any number for streams.

    Never repeats a request, never follows a redirect. A connection that the server closed while it
    was idle is noticed before anything is sent on it, and replaced; where the server closes just
    then, the request counts as lost.
    """

    def __init__(
        self,
        server: str,
        *,
        tls: ssl.SSLContext | None = None,
        tls_server_name: str = "",
        proxy: Proxy | None = None,
        connections: int = 16,
    ) -> None:
        parts = urlsplit(server)
        self._where = parts.netloc
        self._prefix = parts.path.rstrip("/")
        # A proxy is asked for http in the absolute form; for https it is a tunnel.
        self._absolute = f"http://{parts.netloc}" if proxy is not None and parts.scheme == "http" else ""
        self._requests = _pool(server, tls, tls_server_name, proxy, connections)
        # Apart, so that watches never take the connections of requests.
        self._streams = _pool(server, tls, tls_server_name, proxy, connections)
        self._open: weakref.WeakSet[_HttpStream] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request, *, timeout: float) -> Response:
        """As `Wire.send`."""
        answer = self._ask(self._requests, request, timeout, "gzip")
        try:
            body = _whole(answer, time.monotonic() + SLOWEST * timeout)
        except _FAILURES as error:
            answer.close()
            raise faults.explain(error, self._where, sent=True) from None
        if body is None:
            answer.close()
            raise UnreadableAnswer(f"{self._where} sent more than {MAX_BODY // 1_000_000} MB in one answer")
        return Response(answer.status, _lower(answer), body)

    def stream(self, request: Request, *, timeout: float) -> Stream:
        """As `Wire.stream`."""
        answer = self._ask(self._streams, request, timeout, "identity")
        connection = getattr(answer, "connection", None)
        if connection is not None and connection.sock is not None:
            connection.sock.settimeout(SILENCE_SECONDS)
        stream = _HttpStream(answer, self._where)
        with self._lock:
            self._open.add(stream)
            closed = self._closed
        if closed:
            stream.close()
        return stream

    def close(self) -> None:
        """As `Wire.close`. A stream that another thread is just opening is closed when it is there."""
        with self._lock:
            self._closed = True
            streams = list(self._open)
        for stream in streams:
            stream.close()
        self._requests.close()
        self._streams.close()

    def _ask(
        self, pool: urllib3.HTTPConnectionPool, request: Request, timeout: float, encoding: str
    ) -> urllib3.HTTPResponse:
        headers = urllib3.HTTPHeaderDict({"accept-encoding": encoding})
        for name, value in request.headers:
            headers.add(name, value)
        _progress.sent = False
        try:
            answer = pool.urlopen(
                request.method,
                self._absolute + self._prefix + request.target,
                body=request.body or None,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=min(timeout, CONNECT_SECONDS), read=timeout),
                preload_content=False,
            )
        except _FAILURES as error:
            # `from None`: what urllib3 raises holds the request.
            raise faults.explain(error, self._where, sent=_progress.sent) from None
        return cast("urllib3.HTTPResponse", answer)


class _HttpStream:
    """A body that is read as it arrives; may be closed by another thread than the one that reads."""

    def __init__(self, answer: urllib3.HTTPResponse, where: str) -> None:
        self.status = answer.status
        self.headers = _lower(answer)
        self._answer = answer
        self._where = where
        self._closed = threading.Event()
        self._reading = threading.Lock()

    def read(self) -> bytes:
        with self._reading:
            if self._closed.is_set():
                self._answer.close()
                return b""
            try:
                piece = self._answer.read1()
            except (*_FAILURES, ValueError, AttributeError) as error:
                # A socket that is shut down while it is read fails in many ways; all of them mean the end.
                self._answer.close()
                if self._closed.is_set():
                    return b""
                if isinstance(error, (ValueError, AttributeError)):
                    raise
                raise faults.explain(error, self._where, sent=True) from None
            if self._closed.is_set() or not piece:
                self._answer.close()
                return b""
            return piece

    def close(self) -> None:
        self._closed.set()
        # Closing the response itself would wait for the reader, which waits for the server.
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            self._answer.shutdown()
        if self._reading.acquire(blocking=False):
            try:
                self._answer.close()
            finally:
                self._reading.release()


def _pool(
    server: str, tls: ssl.SSLContext | None, tls_server_name: str, proxy: Proxy | None, connections: int
) -> urllib3.HTTPConnectionPool:
    parts = urlsplit(server)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    options: dict[str, object] = {"maxsize": connections, "block": False, "socket_options": _socket_options()}
    if secure:
        options["ssl_context"] = tls
        if tls_server_name:
            options["server_hostname"] = tls_server_name
    host = parts.hostname or ""
    pool: urllib3.HTTPConnectionPool
    if proxy is None:
        kind = urllib3.HTTPSConnectionPool if secure else urllib3.HTTPConnectionPool
        pool = kind(f"[{host}]" if ":" in host else host, port, **options)  # type: ignore[arg-type]
    else:
        login = urllib3.make_headers(proxy_basic_auth=proxy.login) if proxy.login else None
        manager = urllib3.ProxyManager(proxy.url, proxy_headers=login, **options)  # type: ignore[arg-type]
        pool = manager.connection_from_host(host, port, parts.scheme)
    pool.ConnectionCls = _Secure if isinstance(pool, urllib3.HTTPSConnectionPool) else _Plain
    return pool


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


def _whole(answer: urllib3.HTTPResponse, deadline: float) -> bytes | None:
    """The decompressed body, None where it is too large."""
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BODY:
            return None
        if time.monotonic() > deadline:
            raise TimeoutError
    answer.release_conn()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _lower(answer: urllib3.HTTPResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in answer.headers.items())
