"""Seconds in words: `45 s`, `3 min`, `3 h 12 m`; with their range where it matters."""

from __future__ import annotations

from datetime import datetime

from rollonce.history.nouns import Span


def seconds(value: float) -> str:
    """One duration, rounded to what a reader keeps in mind."""
    whole = round(value)
    if whole < 120:
        return f"{whole} s"
    minutes = round(value / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} m"


def likely(span: Span) -> str:
    """The likely value and its range: `3 min (1 to 4 min)`; without the range where it is narrow."""
    if span.high == 0:
        return "none"
    low, high = seconds(span.low), seconds(span.high)
    if low == high:
        return seconds(span.likely)
    return f"{seconds(span.likely)} ({low} to {high})"


def time(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at is not None else "at an unknown time"
