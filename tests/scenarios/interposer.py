"""Stands between our client and its wire: sees every request, and can break any of them at a chosen moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rollonce.errors import ConnectionLost, Unreachable
from rollonce.wire import Request, Response, Stream, Wire

Moment = Literal["before", "lost", "after"]


@dataclass
class Interposer:
    """Counts requests from 0 in the order of their sending and calls hooks around them.

    A hook gets the request's number and the request; what it raises, our client sees.
    """

    before: Callable[[int, Request], None] = lambda _n, _request: None
    after: Callable[[int, Request], None] = lambda _n, _request: None
    requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def around(self, wire: Wire) -> Wire:
        """The wire that our client gets."""
        return _Wire(wire, self)

    def enter(self, request: Request) -> int:
        """Note a request; its number."""
        with self._lock:
            self.requests.append(request)
            return len(self.requests) - 1

    @property
    def methods(self) -> list[str]:
        """`GET`, `PATCH`, ..., and `WATCH`, in the order of sending."""
        return [method(request) for request in self.requests]


def method(request: Request) -> str:
    """The request's method, `WATCH` for a watch."""
    return "WATCH" if ("watch", "true") in request.query else request.method


class _Wire:
    def __init__(self, inner: Wire, interposer: Interposer) -> None:
        self._inner = inner
        self._interposer = interposer

    def send(self, request: Request, *, timeout: float) -> Response:
        number = self._interposer.enter(request)
        self._interposer.before(number, request)
        response = self._inner.send(request, timeout=timeout)
        self._interposer.after(number, request)
        return response

    def stream(self, request: Request, *, timeout: float) -> Stream:
        number = self._interposer.enter(request)
        self._interposer.before(number, request)
        stream = self._inner.stream(request, timeout=timeout)
        try:
            self._interposer.after(number, request)
        except BaseException:
            # The client never gets this stream, so nobody else can close it.
            stream.close()
            raise
        return stream

    def close(self) -> None:
        self._inner.close()


def before_patch(act: Callable[[], object], *, times: int = 1) -> Interposer:
    """Acts as somebody else, right before each of the first `times` patches of ours is sent."""
    left = [times]
    lock = threading.Lock()

    def hook(_number: int, request: Request) -> None:
        with lock:
            due = request.method == "PATCH" and left[0] > 0
            left[0] -= due
        if due:
            act()

    return Interposer(before=hook)


def after_patch(act: Callable[[], object]) -> Interposer:
    """Acts as somebody else, right after each patch of ours was committed and before its answer is read."""

    def hook(_number: int, request: Request) -> None:
        if request.method == "PATCH":
            act()

    return Interposer(after=hook)


def cut(number: int, moment: Moment) -> Interposer:
    """Breaks the connection of one request.

    `before` it is sent, so that this is known; while it is sent, so that it is `lost` and nobody
    knows; or `after` the server has committed it.
    """

    def lose(n: int, _request: Request) -> None:
        if n == number:
            raise ConnectionLost("the connection was cut by the test")

    def refuse(n: int, _request: Request) -> None:
        if n == number:
            raise Unreachable("the connection was refused by the test")

    match moment:
        case "before":
            return Interposer(before=refuse)
        case "lost":
            return Interposer(before=lose)
        case "after":
            return Interposer(after=lose)
