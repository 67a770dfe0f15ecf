"""What a YAML scalar means to kubectl: YAML 1.1 as its Go reader takes it.

go.yaml.in/yaml/v2, resolve.go (through sigs.k8s.io/yaml): a leading zero is octal, `yes` and `y` are true, a timestamp
stays a string, and a key is always a string.
"""

from __future__ import annotations

import re

Value = str | int | float | bool | None

NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = "y Y yes Yes YES true True TRUE on On ON"
_FALSE = "n N no No NO false False FALSE off Off OFF"
BOOLEANS = dict.fromkeys(_TRUE.split(), True) | dict.fromkeys(_FALSE.split(), False)

_STARTS_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BASES = {"x": 16, "b": 2, "o": 8}
_LARGEST = 2**64 - 1
_SMALLEST = -(2**63)
# No number that a manifest means has more digits; the time of a conversion grows with their square.
_LONGEST = 400
_STANDARD = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


def resolve(text: str) -> Value:
    """The value of a plain scalar. Raises ValueError for what JSON has no number for."""
    if text in NULL:
        return None
    if (flag := BOOLEANS.get(text)) is not None:
        return flag
    if text[0] not in _STARTS_NUMBER or len(text) > _LONGEST:
        return text
    if _ENDLESS.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON has")
    bare = text.replace("_", "")
    if found := _INTEGER.fullmatch(bare):
        value = _integer(found[2]) * (-1 if found[1] == "-" else 1)
        # Go's int64, then its uint64; what is larger is a float.
        if _SMALLEST <= value <= _LARGEST:
            return value
    if _FLOAT.fullmatch(bare):
        return _float(bare)
    return text


def tagged(text: str, tag: str) -> Value:
    """The value of a scalar in quotes, or with a tag. Raises ValueError where the two do not fit."""
    name = tag.removeprefix(_STANDARD)
    if tag == name or name not in _TYPES:
        return text
    value = resolve(text)
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "bool"):
        raise ValueError(f"cannot decode {text!r} as !!{name}")
    return value


def key(text: str, *, plain: bool) -> str:
    """A key as the string that it is in JSON (sigs.k8s.io/yaml, convertToJSONableObject)."""
    if not plain or (text.isidentifier() and text not in BOOLEANS):
        return text
    try:
        value = resolve(text)
    except ValueError:
        return text
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return text


def _integer(digits: str) -> int:
    base = _BASES.get(digits[1:2].lower())
    if base:
        return int(digits[2:], base)
    return int(digits, 8) if digits[0] == "0" else int(digits)


def _float(text: str) -> int | float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is no number that JSON has")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
