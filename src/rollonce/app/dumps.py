"""Reading files: dumps made with kubectl, API audit logs; plain or gzip, one piece at a time."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rollonce.errors import UnreadableFile
from rollonce.history.collect import Collected
from rollonce.text.items import Fault, Item, Splitter

# The memory of a larger piece is given back and asked for again at each of them.
_PIECE = 1 << 16
_GZIP = b"\x1f\x8b"
# An audit event with both bodies of the largest object; what is longer is no line of a log.
_LONGEST_LINE = 16_000_000


def items(path: str, got: Callable[[float | None], None] = lambda _: None) -> Iterator[Item | Fault]:
    """The objects of a dump, one by one. Raises UnreadableFile where it cannot be opened.

    `got` is told after each piece which part of the file has been read, None where its size says nothing of that.
    """
    splitter = Splitter()
    with _open(path) as file:
        size, done = _size(file), 0
        for piece in _pieces(file, path):
            if isinstance(piece, Fault):
                yield piece
                break
            yield from splitter.feed(piece)
            done += len(piece)
            got(done / size if size else None)
        else:
            if not done:
                # What a redirection leaves behind where the command before it failed.
                yield Fault("it is empty")
    yield from splitter.end()


def _size(file: io.BufferedReader | gzip.GzipFile) -> int:
    """Bytes of a plain file, 0 of what is a pipe or packed."""
    if isinstance(file, gzip.GzipFile):
        return 0
    told = os.fstat(file.fileno())
    return told.st_size if stat.S_ISREG(told.st_mode) else 0


def read(path: str, into: Collected, got: Callable[[float | None], None] = lambda _: None) -> None:
    """A dump into evidence; `got` as in `items`. Raises UnreadableFile."""
    for item in items(path, got):
        match item:
            case Item(raw=raw, kind=kind):
                into.add(raw, kind)
            case Fault(reason=reason):
                into.reject(path, reason)


def logs(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files that paths mean: a folder stands for the files in it, sorted by name. Raises UnreadableFile."""
    found: list[str] = []
    for path in paths:
        place = Path(path)
        if place.is_dir():
            found += sorted(str(file) for file in place.iterdir() if file.is_file())
        else:
            found.append(path)
    return tuple(found)


def read_log(path: str, into: Collected) -> None:
    """One file of an API audit log into evidence. Raises UnreadableFile."""
    with _open(path) as file:
        number = 0
        while True:
            number += 1
            try:
                line = file.readline(_LONGEST_LINE)
            except (OSError, EOFError, zlib.error) as fault:
                into.reject(f"{path}, line {number}", f"it cannot be read on: {fault}")
                return
            if not line:
                return
            into.add_log_line(line, f"{path}, line {number}")


def _pieces(file: io.BufferedReader | gzip.GzipFile, path: str) -> Iterator[bytes | Fault]:
    while True:
        try:
            piece = file.read1(_PIECE)
        except (OSError, EOFError, zlib.error) as fault:
            yield Fault(f"{path} cannot be read on: {fault}")
            return
        if not piece:
            return
        yield piece


@contextmanager
def _open(path: str) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    try:
        file = (Path("/dev/stdin") if path == "-" else Path(path)).open("rb")
    except OSError as fault:
        raise UnreadableFile(f"{path}: {fault.strerror or fault}", hint="give the path of a dump or log") from None
    with file:
        # A pipe has to be looked into without taking what then would be missing.
        if file.peek(2).startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file
