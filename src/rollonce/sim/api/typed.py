"""What Go's decoder makes of an object: wrong types and unknown fields are named, and what is left is as it is written
back (sigs.k8s.io/json, encoding/json: pointers and omitempty)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from rollonce.sim.api import quantities
from rollonce.sim.api.schema import ANY, Field, Shape, fields

Json = dict[str, Any]
MAX_STRICT = 100
QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_QUANTITY = re.compile(r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
_MICRO = re.compile(r".{19}\.\d{6}(Z|[+-]\d\d:\d\d)$")
# So many characters of a time are there before the parts of a second.
_SECONDS = 19
_RANGES = {"int32": 2**31, "int64": 2**63, "int": 2**63, "byte": 256}
# Filled with zero where there is nothing, unless they are left out when empty.
_ZEROS: dict[str, Any] = {"string": "", "bool": False, "int": 0, "int32": 0, "int64": 0, "float64": 0, "Quantity": "0"}


class Mismatch(Exception):
    """A value that the type cannot hold."""


class Repeated(dict[str, Any]):
    """An object in which names were given more than once; the last one counts."""

    def __init__(self, pairs: list[tuple[str, Any]], names: tuple[str, ...] = ()) -> None:
        super().__init__(pairs)
        counted = Counter(name for name, _ in pairs)
        self.names = names or tuple(name for name, count in counted.items() if count > 1)


def pairs(found: list[tuple[str, Any]]) -> Json:
    """A hook of a JSON parser that keeps in mind which names were repeated."""
    made = dict(found)
    return made if len(made) == len(found) else Repeated(found)


class Decoder:
    """Reads one object of a type. `strict` is what a strict decoder has to say of it.

    `plain` is for what is converted from maps, as after a strategic merge patch: the words are others
    (apimachinery/pkg/runtime/converter.go).
    """

    def __init__(self, *, plain: bool = False) -> None:
        self.strict: list[str] = []
        self._plain = plain
        self._error: Mismatch | None = None

    def decode(self, thing: Json, type_: str, live: Json | None = None) -> Json:
        """The object as it is written back; parts of `live`, which is written already, are taken as they are.

        Raises Mismatch for the first value that does not fit.
        """
        done = self._struct(thing, live, type_, (), "")
        if self._error is not None:
            raise self._error
        return done

    def _note(self, what: str, where: str, name: str) -> None:
        said = f'{what} field "{f"{where}.{name}" if where else name}"'
        if len(self.strict) < MAX_STRICT and said not in self.strict:
            self.strict.append(said)

    def _wrong(self, value: Any, shape: Shape, owner: tuple[str, ...]) -> None:
        if self._error is None and self._plain:
            self._error = Mismatch(_unconverted(value, shape))
        elif self._error is None:
            what = _described(value)
            if owner:
                struct = owner[0].rpartition(".")[2]
                into = f"Go struct field {struct}.{'.'.join(owner[1:])}"
            else:
                into = "Go value"
            self._error = Mismatch(f"json: cannot unmarshal {what} into {into} of type {shape.told}")

    def _struct(self, value: Json, live: Any, type_: str, owner: tuple[str, ...], where: str) -> Json:
        known = fields(type_)
        before = live if isinstance(live, dict) else {}
        done: Json = {}
        if isinstance(value, Repeated):
            for name in value.names:
                self._note("duplicate", where, name)
        path = owner[1:]
        for name, child in value.items():
            field = known.get(name)
            if field is None:
                self._note("unknown", where, name)
                continue
            if child is None:
                continue
            if child is before.get(name):
                done[name] = child
                continue
            at = f"{where}.{name}" if where else name
            written = self._value(child, before.get(name), field.shape, (type_, *path, name), at)
            if field.omitted and _empty(written, field):
                continue
            # What is stored as protobuf knows no empty list.
            done[name] = None if written == [] and not field.shape.pointer else written
        for name, filler in _fillers(type_):
            if name not in done:
                done[name] = filler
        return value if _same(value, done) else done

    def _value(self, value: Any, live: Any, shape: Shape, owner: tuple[str, ...], where: str) -> Any:
        if value is None:
            return None
        match shape.form:
            case "struct":
                if isinstance(value, dict):
                    return self._struct(value, live, shape.name, owner, where)
            case "list":
                if isinstance(value, list):
                    return self._list(value, live, shape, owner, where)
            case "map":
                if isinstance(value, dict):
                    return self._map(value, shape, owner, where)
            case "Any":
                return value
            case form:
                return self._scalar(value, form, shape, owner)
        self._wrong(value, shape, owner)
        return value

    def _list(self, value: list[Any], live: Any, shape: Shape, owner: tuple[str, ...], where: str) -> list[Any]:
        inner = shape.inner or ANY
        before = live if isinstance(live, list) else []
        kept = {id(each): each for each in before}
        done = []
        for index, each in enumerate(value):
            if isinstance(each, dict) and id(each) in kept:
                done.append(each)
                continue
            written = self._value(each, None, inner, owner, f"{where}[{index}]")
            done.append(_zero(inner) if written is None and not inner.pointer else written)
        return value if all(map(_is, value, done)) else done

    def _map(self, value: Json, shape: Shape, owner: tuple[str, ...], where: str) -> Json:
        inner = shape.inner or ANY
        if isinstance(value, Repeated):
            for name in value.names:
                self._note("duplicate", where, name)
        done = {}
        for name, each in value.items():
            written = self._value(each, None, inner, owner, f"{where}.{name}")
            done[name] = _zero(inner) if written is None and not inner.pointer else written
        return value if _same(value, done) else done

    def _scalar(self, value: Any, form: str, shape: Shape, owner: tuple[str, ...]) -> Any:
        match form, value:
            case ("string", str()):
                return value
            case ("bytes", str()):
                return self._bytes(value)
            case "bool", bool():
                return value
            case (("int" | "int32" | "int64" | "byte"), int()) if not isinstance(value, bool):
                if -_RANGES[form] <= value < _RANGES[form]:
                    return value
                self._wrong(value, Shape(form, shape.name), owner)
                return value
            case "float64", (int() | float()) if not isinstance(value, bool):
                return value
            case "Quantity", (int() | float() | str()) if not isinstance(value, bool):
                return self._quantity(value)
            case "IntOrString", (int() | str()) if not isinstance(value, bool):
                return value
            case (("Time" | "MicroTime"), str()):
                return self._time(value, form)
        told = {"Time": "string", "MicroTime": "string", "IntOrString": "int32"}
        self._wrong(value, Shape(told[form]) if form in told else shape, owner)
        return value

    def _bytes(self, value: str) -> str:
        text = value.replace("\n", "").replace("\r", "")
        wrong = next((at for at, letter in enumerate(text) if letter not in _BASE64 and letter != "="), None)
        if wrong is None and len(text) % 4:
            wrong = len(text) - len(text) % 4
        if wrong is not None:
            self._error = self._error or Mismatch(f"illegal base64 data at input byte {wrong}")
        return text

    def _quantity(self, value: Any) -> Any:
        text = str(value)
        if not text:
            return "0"
        if not _QUANTITY.match(text):
            self._error = self._error or Mismatch(QUANTITY_RULE)
            return value
        written = quantities.canonical(value)
        if not quantities.known(text):
            self._error = self._error or Mismatch("unable to parse quantity's suffix")
        return written

    def _time(self, value: str, form: str) -> Any:
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            moment = None
        if "T" not in value or moment is None or moment.tzinfo is None:
            layout = "2006-01-02T15:04:05Z07:00" if form == "Time" else _MICRO_LAYOUT
            self._error = self._error or Mismatch(f'parsing time "{value}" as "{layout}": cannot parse')
            return value
        if form == "MicroTime" and not _MICRO.match(value):
            why = f'cannot parse "{value[_SECONDS:]}" as ".000000"'
            self._error = self._error or Mismatch(f'parsing time "{value}" as "{_MICRO_LAYOUT}": {why}')
            return value
        moment = moment.astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if form == "Time" else "%Y-%m-%dT%H:%M:%S.%fZ")


def _is(one: Any, other: Any) -> bool:
    return one is other


def _same(value: Json, done: Json) -> bool:
    return (
        type(value) is dict and len(value) == len(done) and all(done.get(name) is each for name, each in value.items())
    )


@cache
def _fillers(type_: str) -> tuple[tuple[str, Any], ...]:
    """What an empty struct is written with."""
    return tuple(
        (name, None if field.shape.pointer else _zero(field.shape))
        for name, field in fields(type_).items()
        if not field.zeroed and not (field.omitted and (field.shape.pointer or field.shape.form not in _WRITTEN))
    )


# Structs have no empty value that omitempty would know.
_WRITTEN = frozenset({"struct", "Time", "MicroTime", "Quantity", "IntOrString"})


def _zero(shape: Shape) -> Any:
    if shape.form == "struct":
        return empty(shape.name)
    if shape.form == "IntOrString":
        return 0
    return _ZEROS.get(shape.form)


@cache
def empty(type_: str) -> Json:
    """An empty struct as it is written; not to be changed."""
    return dict(_fillers(type_))


def _empty(value: Any, field: Field) -> bool:
    if field.shape.pointer:
        return value is None
    if field.shape.form in _WRITTEN:
        return field.zeroed and value == empty(field.shape.name)
    if field.shape.form == "Any":
        return False
    return value in ("", 0, False) or value == [] or value == {}


def _unconverted(value: Any, shape: Shape) -> str:
    found = {bool: "bool", int: "int64", float: "float64", str: "string", list: "slice", dict: "map"}[type(value)]
    match shape.form:
        case "struct":
            return f"cannot restore struct from: {found}"
        case "list" | "map":
            return f"cannot restore {'slice' if shape.form == 'list' else 'map'} from {found}"
        case "string" if found == "int64":
            return "cannot convert int64 to string"
    return f"unrecognized type: {shape.form}"


def _described(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return f"number {value}" if isinstance(value, float) or abs(value) >= 2**31 else "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def unknown(names: Iterable[str]) -> str:
    """What a strict decoder says at its end."""
    return "strict decoding error: " + ", ".join(names)
