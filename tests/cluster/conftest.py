from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollonce.cluster import https
from rollonce.cluster.client import Client
from rollonce.cluster.https import HttpsWire
from rollonce.model.kind import Kind
from tests.cluster import certificates
from tests.cluster.certificates import Authority
from tests.cluster.server import Server, Step

DEPLOYMENTS = Kind.DEPLOYMENT.resource


class FakeClock:
    """Time moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose server says nothing more fails within seconds."""
    monkeypatch.setattr(https, "SILENCE_SECONDS", 5.0)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers by their steps, and ends them."""
    servers: list[Server] = []

    def start(*steps: Step, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(steps, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client(serve: Callable[..., Server], clock: FakeClock) -> Callable[..., tuple[Client, Server]]:
    """A client of a server that follows these steps."""

    def connect(*steps: Step, timeout: float = 5.0) -> tuple[Client, Server]:
        server = serve(*steps)
        return Client(HttpsWire(server.url), clock, timeout=timeout, jitter=lambda: 0.0), server

    return connect


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return certificates.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
