"""JSON documents cut into pieces while they arrive, so that a dump of any size needs the memory of one object.

A list of objects (`kubectl get -o json`) is cut at the borders of its items. What stands in a piece is checked by
whoever decodes it; here only strings and brackets are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rollonce.text.document import MAX_DEPTH, Malformed

# One object is at most as large as an API server takes in (3 MB), indented by kubectl; with room.
MAX_PIECE = 32_000_000

# A complete string, a bracket, or the beginning of a string whose end is still to come.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|"', re.DOTALL)
_GAP = re.compile(rb"[\s,]*")
_SPACE = re.compile(rb"\s*")
_ITEMS = re.compile(rb"\s*:\s*\Z")
_OPENING = frozenset(b"{[")


@dataclass(frozen=True, slots=True)
class Piece:
    """A document, or one item of a list.

    `line` and `column` count from 1. Of a list the document itself comes after its items, without them.
    """

    text: bytes
    line: int
    column: int
    item: bool


def pieces(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """The pieces in the order of the text. Raises `Malformed`."""
    cutter = _Cutter()
    for chunk in chunks:
        yield from cutter.take(chunk)
    cutter.end()


class _Cutter:
    """Keeps what is not complete yet: `_text` from the begin of the piece that is being read."""

    def __init__(self) -> None:
        self._text = b""
        self._at = 0  # up to where tokens have been read
        self._begin = -1  # of the item that is open
        self._document = (1, 1)
        self._shell: list[bytes] = []  # of the document that is open, without its items
        self._in_items = False
        self._key = b""
        self._key_end = 0
        self._open: list[int] = []
        self._line = 1  # of the first byte of `_text`
        self._column = 1

    def take(self, chunk: bytes) -> Iterator[Piece]:
        self._text += chunk
        if len(self._text) > MAX_PIECE + len(chunk):
            raise Malformed(f"an object larger than {MAX_PIECE // 1_000_000} MB", self._line)
        while True:
            if not self._open:
                self._skip(_SPACE.match(self._text, 0).end())  # type: ignore[union-attr]
                if self._text and not self._text.startswith(b"{"):
                    raise Malformed("a JSON object should begin here", self._line, self._column)
            token = _TOKEN.search(self._text, self._at)
            if token is None or token[0] == b'"':
                self._at = token.start() if token else len(self._text)
                return
            self._at = token.end()
            yield from self._token(token)

    def end(self) -> None:
        if self._open or self._text.strip():
            raise Malformed("the text ends within an object", *self._place(len(self._text.rstrip())))

    def _token(self, token: re.Match[bytes]) -> Iterator[Piece]:
        letter = token[0][0]
        if letter in _OPENING:
            self._enter(letter, token.start())
        elif letter == ord('"'):
            if len(self._open) == 1:
                self._key, self._key_end = token[0], token.end()
        else:
            yield from self._leave(letter, token)

    def _enter(self, letter: int, start: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels", *self._place(start))
        if not self._open:
            self._document = (self._line, self._column)
        elif len(self._open) == 1 and letter == ord("[") and self._key == b'"items"':
            self._in_items = bool(_ITEMS.match(self._text[self._key_end : start]))
            if self._in_items:
                self._cut(start + 1)
        elif len(self._open) == 2 and self._in_items:
            self._begin = start
        self._open.append(letter)

    def _leave(self, letter: int, token: re.Match[bytes]) -> Iterator[Piece]:
        if not self._open or self._open.pop() != letter - 2:
            raise Malformed(f"{chr(letter)} closes nothing", *self._place(token.start()))
        if len(self._open) == 2 and self._in_items:
            gap = _GAP.match(self._text, 0)
            if gap is None or gap.end() != self._begin:
                raise Malformed("an item that is no object", *self._place(0))
            yield Piece(self._text[self._begin : token.end()], *self._place(self._begin), item=True)
            self._skip(token.end())
        elif len(self._open) == 1 and self._in_items:
            if not _GAP.fullmatch(self._text, 0, token.start()):
                raise Malformed("an item that is no object", *self._place(0))
            self._in_items = False
            self._skip(token.start())
        elif not self._open:
            self._cut(token.end())
            yield Piece(b"".join(self._shell), *self._document, item=False)
            self._shell.clear()

    def _cut(self, end: int) -> None:
        self._shell.append(self._text[:end])
        self._skip(end)

    def _skip(self, count: int) -> None:
        self._line, self._column = self._place(count)
        self._text = self._text[count:]
        self._at = max(self._at - count, 0)
        self._key_end -= count

    def _place(self, offset: int) -> tuple[int, int]:
        lines = self._text.count(b"\n", 0, offset)
        if not lines:
            return self._line, self._column + offset
        return self._line + lines, offset - self._text.rfind(b"\n", 0, offset)
