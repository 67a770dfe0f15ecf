"""Where text goes. What happens to the text must not end a run that writes to a cluster: a reader that goes away
(`| head`), a full disk, an encoding that lacks a letter of the server's words."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from itertools import islice
from typing import TextIO

# A report may have hundreds of thousands of lines.
_AT_ONCE = 4096


class Output:
    """A text stream that turns silent, once, when it cannot be written to any more.

    None is a stream that was closed before the process began.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = io.StringIO() if stream is None else stream
        if isinstance(self.stream, io.TextIOWrapper):
            self.stream.reconfigure(errors="backslashreplace")

    @property
    def is_terminal(self) -> bool:
        """Whether a person may be watching."""
        return self.stream.isatty()

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines at once, so that a log shows them when they happen."""
        left = iter(lines)
        while text := "".join(f"{line}\n" for line in islice(left, _AT_ONCE)):
            self._write(text)

    def raw(self, document: bytes) -> None:
        """Write a document that brings its own newlines."""
        self._write(document.decode())

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # What is still buffered would raise again when the interpreter flushes at its end.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
