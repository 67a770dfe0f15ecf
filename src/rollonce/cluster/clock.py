"""Waiting is an effect: everything here that waits is handed a clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time in seconds from any origin, and waiting."""

    def now(self) -> float:
        """Seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Returns when `now` has moved by that much."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """As `Clock.now`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """As `Clock.sleep`."""
        time.sleep(seconds)
