"""Ctrl-C during a run that writes: once begins nothing more, twice leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rollonce.app.ports import Brake


@contextmanager
def ctrl_c(brake: Brake) -> Iterator[None]:
    """Within it the first SIGINT pulls the brake, the second one is a KeyboardInterrupt, as SIGTERM always is.

    A signal that is ignored, as in a shell's background job, stays so.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return

    def pull(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        brake.pull()

    signal.signal(signal.SIGINT, pull)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
