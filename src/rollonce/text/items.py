"""Splits a stream of JSON into objects, without ever holding more than one of them.

What kubectl writes is a List: its items come out one by one. Lists and objects may follow each other, on lines of their
own or not; a top-level array counts as a list of items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

# An API server stores no object larger than 3 MB (etcd's limit, twice the default); indented it is four times as large.
MAX_ITEM = 64_000_000
# A string, or what opens and closes, or the quote of a string that has not ended yet.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_ITEMS = re.compile(rb'"items"\s*:\s*\[')
_KIND = re.compile(rb'"kind"\s*:\s*"([A-Za-z]+)List"')
# From so many bytes on items are read many at a time; a pipe gives 64 KB at once. Between two of them stands one of
# these: as the API server writes a list, as kubectl writes one, and as its `-o json` indents it.
_MANY = 1 << 15
_BETWEEN = (b'},{"metadata":{', b'},{"apiVersion":', b'},{"kind":', b"\n        },\n        {\n", b'}\n,{"')
_TRIES = 4
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_BLANK = b" \t\r\n,\x1e"
_BLANKS = re.compile(rb"[ \t\r\n,\x1e]*")
_QUOTE = 0x22
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Item:
    """One object. `kind` is that of a typed list's items, which do not name theirs; else empty."""

    raw: bytes
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is no object, and was passed over."""

    reason: str


class _At(Enum):
    TOP = auto()
    ITEMS = auto()
    TAIL = auto()


class Splitter:
    """`feed` it pieces of any size, then `end`: the one gives objects that have become complete, the other the rest."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = _At.TOP
        self._kind = ""
        self._bare = False
        self._indent: bytes | None = None
        self._scan = _Scan()
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[Item | Fault]:
        """Objects that are complete by now; of a long list its last ones wait for what follows them."""
        self._buffer += piece
        if not self._begun:
            if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
                return
            self._begun = True
            if self._buffer.startswith(_BOM):
                self._drop(len(_BOM))
        while True:
            if self._at is _At.ITEMS and len(self._buffer) >= _MANY and (many := self._many()):
                yield from many
                if len(self._buffer) < _MANY:
                    return
            found = self._step()
            if found is None:
                break
            if found is not _NOTHING:
                yield found
        if len(self._buffer) > MAX_ITEM:
            self._drop(len(self._buffer))
            self._at = _At.TOP
            yield Fault(f"something larger than {MAX_ITEM // 1_000_000} MB that is no object")

    def end(self) -> Iterator[Item | Fault]:
        """What is left at the end of the stream."""
        while (found := self._step()) is not None:
            if found is not _NOTHING:
                yield found
        if self._buffer.strip(_BLANK):
            yield Fault("it ends in the middle of an object")
        elif self._at is not _At.TOP:
            yield Fault("it ends in the middle of a list")

    def _drop(self, n: int) -> None:
        del self._buffer[:n]
        self._scan = _Scan()

    def _step(self) -> Item | Fault | None:
        """One object, `_NOTHING` where something else was passed, None where more is needed."""
        match self._at:
            case _At.TOP:
                return self._top()
            case _At.ITEMS:
                return self._item()
            case _At.TAIL:
                return self._tail()

    def _top(self) -> Item | Fault | None:
        self._skip_blank()
        if not self._buffer:
            return None
        first = self._buffer[:1]
        if first == b"[":
            self._enter(1, bare=True)
            return _NOTHING
        if first != b"{":
            return self._garbage()
        end, items = self._scan.object(self._buffer, stop_at_items=True)
        if items:
            found = _KIND.search(self._buffer, 0, items)
            self._kind = found[1].decode() if found else ""
            self._enter(items, bare=False)
            return _NOTHING
        if not end:
            return None
        raw = bytes(self._buffer[:end])
        self._drop(end)
        return Item(raw)

    def _enter(self, n: int, *, bare: bool) -> None:
        self._drop(n)
        self._bare = bare
        self._kind = "" if bare else self._kind
        self._indent = None
        self._at = _At.ITEMS

    def _garbage(self) -> Fault | None:
        """Passes over a line that begins nothing."""
        line = self._buffer.find(b"\n")
        if line < 0 and len(self._buffer) < 4096:
            return None
        shown = bytes(self._buffer[: line if 0 <= line < 40 else 40]).decode("utf-8", "replace")
        self._drop(line + 1 if line >= 0 else len(self._buffer))
        return Fault(f"a line that begins no object: {shown.strip()!r}")

    def _many(self) -> list[Item]:
        """All items of the buffer but the last, at the speed of the decoder; none where that cannot be done.

        The text is cut before what looks like the beginning of an item. Where it is none, brackets do not match, or
        a string does not end, and nothing is lost but the try: what decodes as a list has been cut rightly.
        """
        start, end = self._blank(), len(self._buffer)
        for _ in range(_TRIES):
            cut = self._between(end)
            if not cut:
                break
            brace = self._buffer.index(b"}", cut) + 1
            with memoryview(self._buffer) as view:
                text = b"".join((b"[", view[start:brace], b"]"))
            try:
                found = _LIST.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                end = cut
                continue
            self._drop(brace)
            # A copy each: the whole text would live as long as any of them.
            return [Item(bytes(raw), self._kind) for raw in found]
        return []

    def _between(self, end: int) -> int:
        """The last place before `end` that looks like one between two items, 0 where there is none."""
        for begin in (max(end - _MANY, 0), 0):
            cut = max(self._buffer.rfind(each, begin, end) for each in _BETWEEN)
            if cut > 0:
                return cut
        return 0

    def _item(self) -> Item | Fault | None:
        self._skip_blank()
        if not self._buffer or self._buffer[0] in _BLANK:
            return None
        if self._buffer[:1] == b"]":
            self._drop(1)
            self._at = _At.TOP if self._bare else _At.TAIL
            return _NOTHING
        if self._buffer[:1] != b"{":
            self._at = _At.TOP
            return _NOTHING
        end = self._end_by_indent() if self._indent else self._scan.object(self._buffer, stop_at_items=False)[0]
        if not end:
            return None
        raw = bytes(self._buffer[:end])
        self._drop(end)
        return Item(raw, self._kind)

    def _end_by_indent(self) -> int:
        """An item of an indented list ends at the first brace that stands as deep as its first one.

        Strings of JSON hold no line breaks, so that nothing inside can look like it.
        """
        closing = (self._indent or b"") + b"}"
        end = self._buffer.find(closing, self._scan.position)
        if end < 0:
            self._scan.position = max(len(self._buffer) - len(closing), 0)
            return 0
        return end + len(closing)

    def _tail(self) -> Item | Fault | None:
        """What a List has after its items, to its closing brace."""
        self._skip_blank()
        end = self._scan.closing(self._buffer)
        if not end:
            return None
        self._drop(end)
        self._at = _At.TOP
        return _NOTHING

    def _blank(self) -> int:
        """How much of the buffer's start means nothing."""
        found = _BLANKS.match(self._buffer)
        return found.end() if found else 0

    def _skip_blank(self) -> None:
        n = self._blank()
        # What comes after the first brace tells how the item ends.
        waits = self._at is _At.ITEMS and n + 1 >= len(self._buffer) and bytes(self._buffer[n : n + 1]) in (b"", b"{")
        if not n or waits:
            return
        if self._at is _At.ITEMS and self._buffer[n : n + 1] == b"{":
            blank = bytes(self._buffer[:n])
            line = blank.rfind(b"\n")
            # Only an item that itself goes over several lines ends on a line of its own.
            spread = bytes(self._buffer[n + 1 : n + 2]) in (b"\n", b"\r")
            self._indent = blank[line:] if line >= 0 and spread else None
        self._drop(n)


_NOTHING = Item(b"")


class _Scan:
    """Follows braces from where it stopped, so that pieces are read once."""

    def __init__(self) -> None:
        self.position = 0
        self._depth = 0

    def object(self, buffer: bytearray, *, stop_at_items: bool) -> tuple[int, int]:
        """End of the object at the buffer's start (0: not there yet), or the place after `"items": [` at its top."""
        for token in _TOKEN.finditer(buffer, self.position):
            first = buffer[token.start()]
            if token.group() == b'"':
                self.position = token.start()
                return 0, 0
            if first == _QUOTE:
                if stop_at_items and self._depth == 1 and token.group() == b'"items"':
                    found = _ITEMS.match(buffer, token.start())
                    if found:
                        return 0, found.end()
                    if len(buffer) - token.end() < 64 and not buffer[token.end() :].strip(b" \t\r\n:"):
                        self.position = token.start()
                        return 0, 0
            elif first in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return token.end(), 0
            self.position = token.end()
        return 0, 0

    def closing(self, buffer: bytearray) -> int:
        """Place after the brace that closes what was open before the buffer began; 0 where it is not there yet."""
        for token in _TOKEN.finditer(buffer, self.position):
            first = buffer[token.start()]
            if token.group() == b'"':
                break
            if first != _QUOTE:
                self._depth += 1 if first in b"{[" else -1
                if self._depth < 0:
                    return token.end()
            self.position = token.end()
        return 0
