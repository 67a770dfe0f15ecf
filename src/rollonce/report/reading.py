"""How far a long reading has come: one line on a terminal, written over, gone at the end; nothing elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rollonce.app.audit import Got
from rollonce.report import spans
from rollonce.report.output import Output

# Seconds before the first line and between two of them: what is over sooner needs no line.
_PATIENCE = 0.5
_PACE = 0.1
_ERASE = "\r\x1b[K"


class Reading:
    """Takes what the threads of a reading tell. `now` is a clock in seconds."""

    def __init__(self, out: Output, now: Callable[[], float]) -> None:
        self._out = out
        self._now = now
        self._begun = now()
        self._next = self._begun + _PATIENCE
        self._shown = False
        self._sources: dict[str, Got] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._shown:
                self._out.raw(_ERASE.encode())
            self._next = float("inf")

    def take(self, got: Got) -> None:
        """Notes it, and shows the whole now and then."""
        with self._lock:
            self._sources[got.source] = got
            now = self._now()
            if self._out.is_terminal and now >= self._next:
                self._next = now + _PACE
                self._shown = True
                self._out.raw(f"{_ERASE}{self.line(now)}".encode())

    def line(self, now: float) -> str:
        """`reading: 120 pages, 60,000 objects, 40%, about 12 s left`."""
        sources = self._sources.values()
        pages, items = sum(each.pages for each in sources), sum(each.items for each in sources)
        told = [f"{pages:,} pages", f"{items:,} objects"]
        unfinished = [each for each in sources if each.share != 1.0]
        if unfinished and all(each.share for each in unfinished):
            whole = sum(each.items / (each.share or 1.0) for each in sources) or 1.0
            share = min(items / whole, 1.0)
            told.append(f"{share:.0%}")
            if share:
                told.append(f"about {spans.seconds((now - self._begun) * (1 - share) / share)} left")
        return f"reading: {', '.join(told)}"
