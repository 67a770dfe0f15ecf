"""Objects that arrive as protobuf, as typed clients send them since Kubernetes 1.34 (`kubectl create`, helm 4).

Answers are JSON always: those clients accept both. The table in wiretypes.py has a line per kind, and one per message:
`number name type` for each field, where a type is

- `string`, `bool`, `int`, `bytes`, or the name of a message;
- `time`, `microtime`, `duration`, `quantity`, `intorstring`, `raw`: messages that are a plain value in JSON;
- `items:T`: a message that is a list in JSON;
- `[]T` a list, `{}T` a map from strings, `*T` a pointer: its zero is a value, any other zero is an absent field;
- `^T` in the place of name and type: a message whose fields are those of the message around it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec

from rollonce.sim.clockwork import timestamp
from rollonce.sim.store import Object

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
# apimachinery/pkg/runtime/serializer/protobuf/protobuf.go
MAGIC = b"k8s\x00"
_Value = int | bytes


class Malformed(ValueError):
    """Bytes that are no such message."""


class _Field(NamedTuple):
    name: str
    type: str
    repeated: bool = False
    map: bool = False
    pointer: bool = False
    inline: bool = False


def decode(body: bytes) -> Object:
    """The object as JSON has it; raises Malformed."""
    if not body.startswith(MAGIC):
        raise Malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    unknown = dict(_fields(body[len(MAGIC) :]))
    head = dict(_fields(_bytes(unknown.get(1, b""))))
    api_version, kind = _text(head.get(1, b"")), _text(head.get(2, b""))
    message = "meta/v1.DeleteOptions" if kind == "DeleteOptions" else _kinds().get(f"{api_version} {kind}")
    if message is None:
        raise Malformed(f'no kind "{kind}" is registered for version "{api_version}"')
    return {"kind": kind, "apiVersion": api_version, **_message(message, _bytes(unknown.get(2, b"")))}


@cache
def _kinds() -> dict[str, str]:
    return dict(_lines("KINDS"))


@cache
def _messages() -> dict[str, str]:
    return dict(_lines("MESSAGES"))


def _lines(table: str) -> Iterator[tuple[str, str]]:
    # Imported at the first message that comes: few clients send any.
    from rollonce.sim.api import wiretypes

    for line in getattr(wiretypes, table).replace("\n  ", " ").splitlines():
        name, _, value = line.partition(" =")
        yield name, value.strip()


@cache
def _fields_of(message: str) -> dict[int, _Field]:
    fields: dict[int, _Field] = {}
    for told in filter(None, _messages()[message].split("; ")):
        number, *rest = told.split()
        marked = rest[-1]
        name = "" if marked.startswith("^") else rest[0]
        fields[int(number)] = _Field(
            name,
            marked.lstrip("[]{}*^"),
            repeated=marked.startswith("[]"),
            map=marked.startswith("{}"),
            pointer=marked.startswith("*"),
            inline=marked.startswith("^"),
        )
    return fields


def _message(message: str, data: bytes) -> Object:
    made: Object = {}
    known = _fields_of(message)
    for number, sent in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        if field.map:
            entry = dict(_fields(_bytes(sent)))
            value = _value(field.type, entry.get(2, b""))
            made.setdefault(field.name, {})[_text(entry.get(1, b""))] = value
        elif field.repeated:
            made.setdefault(field.name, []).append(_value(field.type, sent))
        elif field.inline:
            made.update(_message(field.type, _bytes(sent)))
        else:
            value = _value(field.type, sent)
            if field.pointer or value not in (None, "", 0, {}, []):
                made[field.name] = value
    return made


def _value(type_: str, sent: _Value) -> Any:
    match type_:
        case "string":
            return _text(sent)
        case "bool":
            return bool(sent)
        case "int":
            return _signed(sent)
        case "bytes":
            return base64.b64encode(_bytes(sent)).decode()
        case "time" | "microtime" | "duration" | "quantity" | "intorstring" | "raw":
            return _plain(type_, dict(_fields(_bytes(sent))))
    if type_.startswith("items:"):
        inner = type_.removeprefix("items:")
        return [_value(inner, each) for number, each in _fields(_bytes(sent)) if number == 1]
    return _message(type_, _bytes(sent))


def _plain(type_: str, parts: dict[int, _Value]) -> Any:
    """What is a message on the wire and a plain value in JSON."""
    first = parts.get(1)
    match type_:
        case "time" | "microtime":
            if first is None:
                return None
            seconds = _signed(first) + _signed(parts.get(2, 0)) / 1e9
            try:
                return timestamp(seconds, micro=type_ == "microtime")
            except (ValueError, OverflowError, OSError):
                raise Malformed(f"{seconds} is no time") from None
        case "duration":
            return f"{_signed(first or 0) / 1e9:g}s"
        case "quantity":
            return _text(first or b"")
        case "intorstring":
            return _text(parts.get(3, b"")) if first else _signed(parts.get(2, 0))
    try:
        return msgspec.json.decode(_bytes(first or b"null"))
    except msgspec.MsgspecError as error:
        raise Malformed(str(error)) from None


def _fields(data: bytes) -> Iterator[tuple[int, _Value]]:
    """Number and value of each field of a message, as they are on the wire."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        match key & 7:
            case 0:
                value, place = _varint(data, place)
                yield key >> 3, value
            case 2:
                length, place = _varint(data, place)
                yield key >> 3, _cut(data, place, length)
                place += length
            case 1 | 5 as wire:
                length = 8 if wire == 1 else 4
                yield key >> 3, int.from_bytes(_cut(data, place, length), "little")
                place += length
            case wire:
                raise Malformed(f"illegal wireType {wire}")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        if place >= len(data):
            raise Malformed("unexpected EOF")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise Malformed("proto: integer overflow")


def _cut(data: bytes, place: int, length: int) -> bytes:
    if place + length > len(data):
        raise Malformed("unexpected EOF")
    return data[place : place + length]


def _number(sent: _Value) -> int:
    if isinstance(sent, bytes):
        raise Malformed("wrong wireType = 2")
    return sent


def _signed(sent: _Value) -> int:
    value = _number(sent) & 0xFFFF_FFFF_FFFF_FFFF
    return value - (1 << 64) if value >> 63 else value


def _bytes(sent: _Value) -> bytes:
    if isinstance(sent, int):
        raise Malformed("wrong wireType = 0")
    return sent


def _text(sent: _Value) -> str:
    try:
        return _bytes(sent).decode()
    except UnicodeDecodeError:
        raise Malformed("invalid UTF-8") from None
