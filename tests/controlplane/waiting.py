"""Waiting for a condition of a real system."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(probe: Callable[[], T | None], what: str, timeout: float = 30.0, interval: float = 0.05) -> T:
    """Calls `probe` until its answer is true and returns that; times are in seconds.

    Raises TimeoutError that names `what` and the last answer.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s; the last answer was {answer!r}")
        time.sleep(interval)
