"""Serving a simulated cluster to any client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from rollonce.gateway import kubeconfig, serving
from rollonce.gateway.simulation import Driver
from rollonce.sim.cluster import SimCluster

# The name of cluster, user and context in the kubeconfig.
NAME = "rollonce-sandbox"


@dataclass(frozen=True, slots=True)
class Options:
    """`start` is the virtual time at which it begins (seconds since the epoch), `port` 0 any that is free,
    `speed` virtual seconds per second.
    """

    start: float
    port: int = 0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A sandbox that answers."""

    url: str
    kubeconfig: Path


def serve(options: Options, opened: Callable[[Opened], None]) -> None:
    """Serves a simulated cluster until SIGINT or SIGTERM; the kubeconfig exists as long. Raises PortTaken."""
    cluster = SimCluster(options.start)

    @contextlib.asynccontextmanager
    async def driven() -> AsyncIterator[Driver]:
        driver = Driver(cluster, cluster.kernel.clockwork.now, speed=options.speed)
        try:
            yield driver
        finally:
            driver.close()

    with contextlib.ExitStack() as stack:

        def ready(address: serving.Address) -> None:
            file = stack.enter_context(kubeconfig.written(address.url, name=NAME))
            opened(Opened(address.url, file))

        serving.serve(driven, port=options.port, ready=ready, act="sandbox")
