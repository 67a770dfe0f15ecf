"""Fields as the API server writes them in a conflict: `.spec.template.spec.containers[name="agent"].image`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_KEYS = re.compile(r'\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]')
_PAIR = re.compile(r'([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)')
_decode = msgspec.json.Decoder().decode
_ABSENT = object()


def find(document: Any, field: str) -> tuple[bool, Any]:
    """Whether the object has the field, and its value."""
    found = _find(document, field)
    return found is not _ABSENT, None if found is _ABSENT else found


def _find(document: Any, rest: str) -> Any:
    if not rest:
        return document
    if rest.startswith(".") and isinstance(document, dict):
        # A name may have dots, which nothing quotes: the longest one that is there counts.
        names = [n for n in document if rest.startswith(n, 1) and rest[1 + len(n) : 2 + len(n)] in ("", ".", "[")]
        return next(
            (
                found
                for n in sorted(names, key=len, reverse=True)
                if (found := _find(document[n], rest[1 + len(n) :])) is not _ABSENT
            ),
            _ABSENT,
        )
    keys = _KEYS.match(rest)
    if keys and isinstance(document, list):
        item = _item(document, keys.group(1))
        return _ABSENT if item is _ABSENT else _find(item, rest[keys.end() :])
    return _ABSENT


def _item(items: list[Any], text: str) -> Any:
    if text.isdecimal():
        return items[int(text)] if int(text) < len(items) else _ABSENT
    if text.startswith("="):
        wanted = _value(text[1:])
        return next((item for item in items if item == wanted), _ABSENT)
    keys = {name: _value(value) for name, value in _PAIR.findall(text)}
    return next((i for i in items if isinstance(i, dict) and all(i.get(k, v) == v for k, v in keys.items())), _ABSENT)


def _value(text: str) -> Any:
    try:
        return _decode(text.encode())
    except msgspec.DecodeError:
        return text


def owner_name(field: str) -> str:
    """What tells whether the value is a credential: the name of a list's element around it, else its own."""
    named = re.findall(r'\[name="([^"]*)"\]', field)
    last = field.rpartition(".")[2]
    return named[-1] if named and last == "value" else last


def matches(pattern: str, field: str) -> bool:
    """Whether a field is meant: with or without the dot before it, `[*]` for every element of a list."""
    wanted = "." + pattern.lstrip(".")
    parts = [re.escape(part) for part in wanted.split("[*]")]
    return re.fullmatch(r"\[[^\[\]]*\]".join(parts), field) is not None
