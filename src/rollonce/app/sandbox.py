"""Serving a simulated cluster to any client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rollonce.app import simulated
from rollonce.gateway import kubeconfig, serving
from rollonce.gateway.simulation import Driver
from rollonce.manifests.manifest import Manifest
from rollonce.sim import seeding
from rollonce.sim.cluster import SimCluster

# The name of cluster, user and context in the kubeconfig.
NAME = "rollonce-sandbox"


@dataclass(frozen=True, slots=True)
class Options:
    """`port` 0 is any that is free; `speed` is virtual seconds per second."""

    port: int = 0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A sandbox that answers."""

    url: str
    kubeconfig: Path


def begin(manifests: Sequence[Manifest], now: float) -> tuple[SimCluster, tuple[str, ...]]:
    """A cluster with these objects at virtual time `now`, and what did not get ready in it, in words.

    `now` is seconds since the epoch; a cluster whose dump tells of later moments is later.
    Raises RefusedManifest.
    """
    # Workloads get the time that they need to settle before `now`, so that nothing is made in a client's future.
    cluster = SimCluster(now - seeding.PATIENCE, yaml=simulated.read_yaml)
    unsettled = simulated.seed(cluster, manifests)
    cluster.advance(now)
    return cluster, unsettled


def serve(cluster: SimCluster, options: Options, opened: Callable[[Opened], None]) -> None:
    """Serves a simulated cluster until SIGINT or SIGTERM; the kubeconfig exists as long. Raises PortTaken."""

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
