"""A run that writes to a cluster outlives the stream that it reports to."""

from __future__ import annotations

import io

from rollonce.report.output import Output


class Full(io.RawIOBase):
    """A disk without space."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_nothing() -> None:
    out = Output(io.TextIOWrapper(io.BufferedWriter(Full()), write_through=True))
    out.lines(["one"])
    out.raw(b"two")


def test_a_stream_that_was_closed_before_ends_nothing() -> None:
    out = Output(None)
    out.lines(["one"])
    assert not out.is_terminal


def test_a_letter_that_the_terminal_lacks_is_escaped() -> None:
    """The words of a server are UTF-8, whatever the locale is."""
    kept = io.BytesIO()
    stream = io.TextIOWrapper(kept, encoding="ascii")
    Output(stream).lines(["caf\xe9"])
    assert kept.getvalue() == b"caf\\xe9\n"
