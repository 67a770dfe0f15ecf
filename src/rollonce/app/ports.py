"""What a use-case needs from outside, handed in together."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce.cluster.client import Client
from rollonce.cluster.clock import Clock
from rollonce.cluster.fanout import FanOut


@dataclass(frozen=True, slots=True)
class Ports:
    """The cluster, how calls run side by side, and the clock that waits are measured with."""

    client: Client
    fanout: FanOut
    clock: Clock

    def close(self) -> None:
        """Give threads and connections back."""
        self.fanout.close()
        self.client.close()
