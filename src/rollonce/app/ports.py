"""What a use-case needs from outside, handed in together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rollonce.cluster.client import Client
from rollonce.cluster.clock import Clock
from rollonce.cluster.fanout import FanOut


class Brake:
    """Asks a run to begin nothing more. It may be pulled from a signal handler, and stays so."""

    def __init__(self) -> None:
        self.pulled = False
        self._wake: list[Callable[[], None]] = []

    def pull(self) -> None:
        """Begin nothing more."""
        self.pulled = True
        for wake in self._wake:
            wake()

    def wakes(self, wake: Callable[[], None]) -> None:
        """Who waits is woken by this; it may be called from within anything, and must not wait for a lock."""
        self._wake.append(wake)


@dataclass(frozen=True, slots=True)
class Ports:
    """The cluster, how calls run side by side, the clock that waits are measured with, and what stops a run."""

    client: Client
    fanout: FanOut
    clock: Clock
    brake: Brake = field(default_factory=Brake)

    def close(self) -> None:
        """Give threads and connections back."""
        self.fanout.close()
        self.client.close()
