"""Raw ASGI: HTTP becomes a Request, and an answer becomes HTTP. Nothing that a client sends gets out of here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from rollonce.gateway import refusals
from rollonce.gateway.handler import Body, Handler
from rollonce.wire import Request, Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# apiserver/pkg/server/config.go, MaxRequestBodyBytes
MAX_BODY = 3 * 1024 * 1024
# A body that is too long is read to its end as long as it is not absurd: who is still sending reads no answer.
DISCARDED_AT_MOST = 32 * MAX_BODY
# More parameters than any client sends.
MAX_PARAMETERS = 1000
_log = logging.getLogger(__name__)


class Application:
    """The ASGI application: everything below `prefix` goes to the handler, anything else is 404.

    `prefix` starts with a slash and is what makes the server's address unguessable.
    """

    def __init__(self, handler: Handler, prefix: str) -> None:
        self._handler = handler
        self._prefix = prefix
        self._streaming: set[Body] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request; raises nothing but cancellation."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except Exception:
            _log.exception("a request could not be answered: %s %s", scope["method"], scope["path"])
            answer = refusals.internal_error()
        if answer is None:
            return
        try:
            if isinstance(answer, Response):
                await _send_whole(answer, send)
            else:
                await self._send_stream(answer, receive, send)
        except OSError:
            # The client went away while it was answered.
            return

    def close(self) -> None:
        """Ends every answer under way."""
        for body in tuple(self._streaming):
            body.close()

    async def _answer(self, scope: Message, receive: Receive) -> Response | Body | None:
        """None where the client is gone before it has said everything."""
        path: str = scope["raw_path"].decode("latin-1")
        if not path.startswith(f"{self._prefix}/") and path != self._prefix:
            return refusals.not_found()
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        if any(name == "upgrade" for name, _ in headers):
            return refusals.no_upgrade()
        body = await _body(receive)
        if isinstance(body, _Gone):
            return None
        if isinstance(body, _TooLong):
            return refusals.too_large(MAX_BODY)
        try:
            query = parse_qsl(
                scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
            )
        except ValueError:
            return refusals.bad_request("the query has too many parameters")
        request = Request(scope["method"], path.removeprefix(self._prefix) or "/", tuple(query), headers, body)
        return await self._handler.handle(request)

    async def _send_stream(self, body: Body, receive: Receive, send: Send) -> None:
        self._streaming.add(body)
        gone = asyncio.ensure_future(_close_when_gone(receive, body))
        try:
            await send({"type": "http.response.start", "status": body.status, "headers": _encoded(body.headers)})
            # The headers go out with the first bytes of the body, and an idle watch has none for long.
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            while chunk := await body.read():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._streaming.discard(body)
            body.close()


class _Gone:
    """The client closed the connection within its request."""


class _TooLong:
    """The body is longer than an API server takes."""


async def _body(receive: Receive) -> bytes | _Gone | _TooLong:
    """The whole body."""
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _Gone()
        part: bytes = message.get("body", b"")
        length += len(part)
        if length <= MAX_BODY:
            parts.append(part)
        if not message.get("more_body", False) or length > DISCARDED_AT_MOST:
            return b"".join(parts) if length <= MAX_BODY else _TooLong()


async def _close_when_gone(receive: Receive, body: Body) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    body.close()


async def _send_whole(answer: Response, send: Send) -> None:
    headers = [*_encoded(answer.headers), (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


# Ours to say: what an answer says of its own transport holds no longer.
_OF_TRANSPORT = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "transfer-encoding"})


def _encoded(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers if name not in _OF_TRANSPORT]
