"""A JSON document with long lists, written piece by piece: no more than one item of them is held as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

INDENT = 2
# Bytes that are handed on together: a terminal or pipe takes no pleasure in crumbs.
_BATCH = 1 << 16


def pieces(shell: Struct, lists: Mapping[str, Iterable[Struct]]) -> Iterator[bytes]:
    """The indented document, with a newline at the end.

    `shell` is the document with `lists`, in the order of its fields, left empty; the items are taken when their turn
    comes. The bytes are those of the whole document encoded at once.
    """
    batch: list[bytes] = []
    size = 0
    for piece in _every(shell, lists):
        batch.append(piece)
        size += len(piece)
        if size >= _BATCH:
            yield b"".join(batch)
            batch.clear()
            size = 0
    yield b"".join(batch)


def _every(shell: Struct, lists: Mapping[str, Iterable[Struct]]) -> Iterator[bytes]:
    rest = msgspec.json.format(msgspec.json.encode(shell), indent=INDENT)
    for name, items in lists.items():
        # Fields of the document itself stand on lines of their own, and strings of JSON hold no line breaks.
        before, empty, rest = rest.partition(f'\n  "{name}": []'.encode())
        if not empty:
            raise ValueError(f"{name} is not an empty list of the document, or not in its place")
        yield before + empty.removesuffix(b"]")
        comma = b""
        for item in items:
            text = msgspec.json.format(msgspec.json.encode(item), indent=INDENT)
            yield comma + b"\n    " + text.replace(b"\n", b"\n    ")
            comma = b","
        yield b"\n  ]" if comma else b"]"
    yield rest + b"\n"
