"""Listening on loopback until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from rollonce.errors import PortTaken
from rollonce.gateway.asgi import Application
from rollonce.gateway.handler import Handler

HOST = "127.0.0.1"
# Clients keep connections for later; a server that closes an idle one under a request that is not repeatable (POST)
# makes it fail. client-go lets go of idle connections after 90 s.
KEEP_ALIVE_SECONDS = 600
# At the end open answers are closed; whoever does not take notice is cut off.
GOODBYE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Address:
    """Where a gateway listens. `prefix` starts with a slash; whoever does not know it gets nothing."""

    port: int
    prefix: str

    @property
    def url(self) -> str:
        """The server URL of a kubeconfig."""
        return f"http://{HOST}:{self.port}{self.prefix}"


# Makes the handler within the running loop, and ends it.
Opening = Callable[[], AbstractAsyncContextManager[Handler]]


def serve(opening: Opening, *, port: int, ready: Callable[[Address], None], act: str = "") -> None:
    """Serves until SIGINT or SIGTERM; `port` 0 means any that is free. Returns when all is closed.

    `ready` is called when clients can connect. Raises PortTaken.
    """
    listening = _listen(port, act)
    with contextlib.closing(listening), _many_files():
        address = Address(listening.getsockname()[1], f"/{secrets.token_urlsafe(24)}")
        asyncio.run(_serve(opening, listening, address, ready))


def _listen(port: int, act: str) -> socket.socket:
    # asyncio sends without delay (TCP_NODELAY) only where the protocol is named; else an answer in two parts waits for
    # the acknowledgement of the first, which clients put off for 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"port {port} of {HOST} cannot be listened on: {error.strerror or error}",
            act=act,
            hint="choose another with --port, or leave it out for any that is free",
        ) from error
    return listening


async def _serve(
    opening: Opening, listening: socket.socket, address: Address, ready: Callable[[Address], None]
) -> None:
    # Imported here: every command would pay for it otherwise.
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves signals to us: open watches are to be ended first."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    async with opening() as handler, _stop_signals() as stop:
        application = Application(handler, address.prefix)
        config = uvicorn.Config(
            application,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        server = Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        stopped = asyncio.ensure_future(stop.wait())
        ready(address)
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        application.close()
        await serving
        stopped.cancel()


@contextlib.asynccontextmanager
async def _stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.contextmanager
def _many_files() -> Iterator[None]:
    """As many open files as this process may have: each watch is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
