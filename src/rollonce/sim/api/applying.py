"""What a server-side apply sends, read and held against the schema
(apimachinery/pkg/util/managedfields/internal, sigs.k8s.io/structured-merge-diff typed/validate.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import fieldsets, gojson, sent, status
from rollonce.sim.api.schema import ANY, Field, Shape, fields, key_default, known
from rollonce.sim.api.sent import STRICT, Writing, Yaml
from rollonce.sim.api.status import encode
from rollonce.sim.api.target import Target
from rollonce.sim.api.typed import Repeated
from rollonce.sim.store import Object

_NO_YAML = "error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content"
_INTO_MAP = (
    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type "
    "map[string]interface {{}}"
)
_NUMBERS = frozenset({"int", "int32", "int64", "float64", "byte"})
_TEXTS = frozenset({"string", "bytes"})
_ANY_SCALAR = frozenset({"Quantity", "IntOrString", "Time", "MicroTime"})


def read(body: bytes, yaml: Yaml | None) -> Object:
    """The object; without `yaml`, of YAML only what is JSON is read."""
    if not body.strip():
        return {}
    try:
        value = gojson.read(body)
    except gojson.Broken:
        try:
            value = sent.from_yaml(body, yaml)
        except ValueError:
            raise status.bad_request(_NO_YAML) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise status.bad_request("error decoding YAML: " + _INTO_MAP.format(gojson.kind_of(value)))
    return value


def note_repeated(body: bytes, how: Writing) -> None:
    """Refuses, or warns of, names that are given twice."""
    if not how.strict or not body.strip():
        return
    try:
        found = sorted(_repeated(gojson.read(body, strict=True)))
    except gojson.Broken:
        # Of a name that is given twice in YAML the last value counts, and nobody is told.
        return
    if not found:
        return
    lines = "\n".join(f'  line 1: key "{name}" already set in map' for name in found)
    said = f"error converting YAML to JSON: yaml: unmarshal errors:\n{lines}"
    if how.validation == STRICT:
        raise status.bad_request(f"error strict decoding YAML: {said}")
    how.warnings.append(said)


def _repeated(value: Any) -> Iterator[str]:
    if isinstance(value, Repeated):
        yield from value.names
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _repeated(each)


def check(thing: Object, target: Target) -> None:
    """Raises what the field manager says of an object that is none of this kind."""
    kind = target.kind
    version, name = thing.get("apiVersion") or "", thing.get("kind") or ""
    group, _, number = str(version).rpartition("/")
    if (version, name) != (kind.api_version, kind.kind):
        raise status.bad_request(f"invalid object type: {group}/{number}, Kind={name}")
    metadata = thing.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise status.bad_request("metadata.managedFields must be nil")
    errors = list(_map(thing, kind.type, ""))
    if errors:
        given = metadata if isinstance(metadata, dict) else {}
        named = f"{given.get('namespace') or ''}/{given.get('name') or ''}; {group}/{number}, Kind={name}"
        said = errors[0] if len(errors) == 1 else "errors:\n" + "\n".join(f"  {each}" for each in errors)
        raise status.Refusal(500, "", f"failed to create typed patch object ({named}): {said}")


def _map(value: Any, type_: str, at: str) -> Iterator[str]:
    """What is wrong in a struct."""
    table = fields(type_)
    for name, child in value.items():
        if not at and name in ("kind", "apiVersion"):
            continue
        how = table.get(name)
        if how is not None:
            yield from _value(child, how.shape, how, f"{at}.{name}")
        elif known(type_):
            yield f"{at}.{name}: field not declared in schema"


def _value(value: Any, shape: Shape, how: Field, at: str) -> Iterator[str]:
    if value is None:
        return
    if shape.form == "struct":
        if isinstance(value, dict):
            yield from _map(value, shape.name, at)
        else:
            yield f"{at}: expected map, got &{{{gojson.shown(value)}}}"
    elif shape.form == "map":
        if isinstance(value, dict):
            for name, each in value.items():
                yield from _value(each, shape.inner or ANY, how, f"{at}.{name}")
        else:
            yield f"{at}: expected map, got &{{{gojson.shown(value)}}}"
    elif shape.form == "list":
        if isinstance(value, list):
            yield from _list(value, shape, how, at)
        else:
            yield f"{at}: expected list, got &{{{gojson.shown(value)}}}"
    else:
        yield from _scalar(value, shape.form, at)


def _list(value: list[Any], shape: Shape, how: Field, at: str) -> Iterator[str]:
    seen: set[str] = set()
    associative = fieldsets.is_list(value, how)
    for index, each in enumerate(value):
        where = f"{at}[{index}]"
        if associative and how.keys:
            if not isinstance(each, dict):
                yield f"{at}: element {index}: associative list with keys may not have non-map elements"
                return
            if all(each.get(key) is None and key_default(how, key) is None for key in how.keys):
                names = " ".join(f'"{key}"' for key in how.keys)
                yield (
                    f"{at}: element {index}: associative list with keys has an element that omits all key fields "
                    f"[{names}] (and doesn't have default values for any key fields)"
                )
                return
        if associative:
            element = fieldsets.element(each, how)
            where = fieldsets.shown((*(), element))
            if element in seen:
                yield f"{at}: duplicate entries for key {where}"
            seen.add(element)
            where = at + where
        yield from _value(each, shape.inner or ANY, how, where)


def _scalar(value: Any, form: str, at: str) -> Iterator[str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if form in _NUMBERS and not number:
        found = {bool: "bool", str: "string", list: "[]interface {}", dict: "map[string]interface {}"}[type(value)]
        yield f"{at}: expected numeric (int or float), got {found}"
    elif form in _TEXTS and not isinstance(value, str):
        shown = encode(value).decode() if not isinstance(value, dict | list) else gojson.shown(value)
        yield f"{at}: expected string, got &value.valueUnstructured{{Value:{shown}}}"
    elif form == "bool" and not isinstance(value, bool):
        yield f"{at}: expected boolean, got &{{{gojson.shown(value)}}}"
    elif form in _ANY_SCALAR and isinstance(value, dict | list):
        yield f"{at}: expected any scalar, got &{{{gojson.shown(value)}}}"
