"""The line that tells how far a reading has come."""

from __future__ import annotations

import io

from rollonce.app.audit import Got
from rollonce.report.output import Output
from rollonce.report.reading import Reading


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pages_objects_and_the_time_that_is_left_are_told() -> None:
    """A quarter of the ReplicaSets after three seconds, and all Deployments: a third of everything."""
    clock = Clock()
    reading = Reading(Output(Terminal()), clock)
    reading.take(Got("replicasets.apps", 5, 2500, 0.25))
    reading.take(Got("deployments.apps", 2, 1000, 1.0))
    assert reading.line(103.0) == "reading: 7 pages, 3,500 objects, 32%, about 6 s left"


def test_what_nobody_counts_is_told_without_a_share() -> None:
    reading = Reading(Output(Terminal()), Clock())
    reading.take(Got("pods", 1, 500, None))
    assert reading.line(101.0) == "reading: 1 pages, 500 objects"


def test_on_a_terminal_the_line_comes_after_a_moment_and_goes_at_the_end() -> None:
    clock, terminal = Clock(), Terminal()
    with Reading(Output(terminal), clock) as reading:
        reading.take(Got("pods", 1, 500, 0.5))
        assert terminal.getvalue() == ""
        clock.now += 1
        reading.take(Got("pods", 2, 600, 0.6))
        assert "2 pages" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_elsewhere_nothing_is_written() -> None:
    clock, pipe = Clock(), io.StringIO()
    with Reading(Output(pipe), clock) as reading:
        clock.now += 10
        reading.take(Got("pods", 1, 500, 0.5))
    assert pipe.getvalue() == ""
