"""JSON as Go reads it: repeated names are kept in mind, bytes that are no UTF-8 become U+FFFD, and what is wrong is
said in the words of encoding/json (scanner.go)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from rollonce.sim.api import typed

MAX_DEPTH = 10_000
_SPACE = frozenset(b" \t\r\n")
_DIGITS = frozenset(b"0123456789")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_decode = msgspec.json.Decoder().decode


class Broken(Exception):
    """Not JSON."""


def read(body: bytes, *, strict: bool = False) -> Any:
    """The value; objects in which a name is repeated are `typed.Repeated` where `strict`. Raises Broken."""
    try:
        if not strict:
            return _decode(body)
        return json.loads(body.decode(), object_pairs_hook=typed.pairs, parse_constant=_constant)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        pass
    _scan(body)
    try:
        return json.loads(body.decode(errors="replace"), object_pairs_hook=typed.pairs)
    except (ValueError, RecursionError):
        raise Broken("exceeded max depth") from None


def kind_of(value: Any) -> str:
    """What Go calls a JSON value."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def shown(value: Any) -> str:
    """As Go prints a decoded value with %v: map[a:1 b:[x y]]."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return f"map[{' '.join(f'{name}:{shown(value[name])}' for name in sorted(value))}]"
        case list():
            return f"[{' '.join(map(shown, value))}]"
    return str(value)


def _constant(name: str) -> Any:
    raise ValueError(name)


def _quoted(byte: int) -> str:
    if byte == ord("'"):
        return r"'\''"
    if byte == ord('"'):
        return "'\"'"
    letter = chr(byte)
    if byte < 0x20 or 0x7F <= byte < 0xA1 or byte == 0xAD:
        escapes = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\b": r"\b", "\f": r"\f", "\v": r"\v", "\a": r"\a"}
        return f"'{escapes.get(letter, f'{chr(92)}x{byte:02x}' if byte < 0x80 else f'{chr(92)}u{byte:04x}')}'"
    return f"'{letter}'" if byte != ord("\\") else r"'\\'"


class _Scanner:
    """Walks over the bytes as Go's scanner does."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def peek(self) -> int:
        if self.at >= len(self.body):
            raise Broken("unexpected end of JSON input")
        return self.body[self.at]

    def space(self) -> int:
        while self.peek() in _SPACE:
            self.at += 1
        return self.peek()

    def fail(self, where: str) -> Broken:
        return Broken(f"invalid character {_quoted(self.peek())} {where}")

    def scalar(self) -> None:
        byte = self.peek()
        if byte == ord('"'):
            self.string()
        elif byte in _LITERALS:
            word = _LITERALS[byte]
            self.at += 1
            for wanted in word[1:]:
                if self.peek() != wanted:
                    raise self.fail(f"in literal {word.decode()} (expecting {_quoted(wanted)})")
                self.at += 1
        elif byte in _DIGITS or byte == ord("-"):
            self.number()
        else:
            raise self.fail("looking for beginning of value")

    def string(self) -> None:
        self.at += 1
        while (byte := self.peek()) != ord('"'):
            if byte < 0x20:
                raise self.fail("in string literal")
            self.at += 1
            if byte == ord("\\"):
                escape = self.peek()
                if escape not in b'"\\/bfnrtu':
                    raise self.fail("in string escape code")
                self.at += 1
                for _ in range(4 if escape == ord("u") else 0):
                    if self.peek() not in _HEX:
                        raise self.fail(r"in \u hexadecimal character escape")
                    self.at += 1
        self.at += 1

    def number(self) -> None:
        if self.peek() == ord("-"):
            self.at += 1
            if self.peek() not in _DIGITS:
                raise self.fail("in numeric literal")
        if self.peek() == ord("0"):
            self.at += 1
        else:
            self._digits()
        if self.at < len(self.body) and self.body[self.at] == ord("."):
            self.at += 1
            if self.peek() not in _DIGITS:
                raise self.fail("after decimal point in numeric literal")
            self._digits()
        if self.at < len(self.body) and self.body[self.at] in b"eE":
            self.at += 1
            if self.peek() in b"+-":
                self.at += 1
            if self.peek() not in _DIGITS:
                raise self.fail("in exponent of numeric literal")
            self._digits()

    def _digits(self) -> None:
        while self.at < len(self.body) and self.body[self.at] in _DIGITS:
            self.at += 1


def _scan(body: bytes) -> None:
    """Raises Broken with what Go says of the first thing that is wrong."""
    scanner = _Scanner(body)
    closing: list[int] = []
    while True:
        byte = scanner.space()
        if byte in b"{[":
            scanner.at += 1
            closing.append(byte + 2)
            if len(closing) > MAX_DEPTH:
                raise Broken("exceeded max depth")
            if scanner.space() != closing[-1]:
                if byte == ord("{"):
                    _name(scanner)
                continue
        else:
            scanner.scalar()
            if not closing:
                break
        if not _ended(scanner, closing):
            break
    while scanner.at < len(body):
        if body[scanner.at] not in _SPACE:
            raise scanner.fail("after top-level value")
        scanner.at += 1


def _ended(scanner: _Scanner, closing: list[int]) -> bool:
    """Goes on behind a value; whether another one follows."""
    while closing:
        byte, inside = scanner.space(), closing[-1]
        scanner.at += 1
        if byte == inside:
            closing.pop()
            continue
        if byte == ord(","):
            if inside == ord("}"):
                scanner.space()
                _name(scanner)
            return True
        scanner.at -= 1
        raise scanner.fail("after object key:value pair" if inside == ord("}") else "after array element")
    return False


def _name(scanner: _Scanner) -> None:
    if scanner.space() != ord('"'):
        raise scanner.fail("looking for beginning of object key string")
    scanner.string()
    if scanner.space() != ord(":"):
        raise scanner.fail("after object key")
    scanner.at += 1
