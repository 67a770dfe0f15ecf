"""OpenAPI v2: every group in one document, as kubectl asks for it where it checks a List by itself.

It is the v3 documents in the older form, as JSON or as protobuf (gnostic-models/openapiv2/OpenAPIv2.proto).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollonce.sim.api import openapi, status
from rollonce.sim.api.kinds import Kinds
from rollonce.sim.store import Object

PATH = "/openapi/v2"
PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
# The answer says it otherwise: a media type has no @ (kube-openapi/pkg/handler/handler.go).
ANSWERED = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_V3, _V2 = "#/components/schemas/", "#/definitions/"
_KEPT = frozenset({"$ref", "type", "format", "description", "required", "enum"})
_PATCHES = [
    "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
]  # fmt: skip
_OPERATIONS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def document(kinds: Kinds) -> Object:
    """The document as JSON has it."""
    definitions: dict[str, Object] = {}
    paths: dict[str, Object] = {}
    for each in openapi.documents(kinds):
        definitions |= {name: _schema(made) for name, made in each["components"]["schemas"].items()}
        paths |= {path: _path(item) for path, item in each["paths"].items()}
    head = {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}}
    return {**head, "paths": paths, "definitions": definitions}


def _schema(told: Object) -> Object:
    # A type of its own stands alone.
    if "allOf" in told:
        reference = told["allOf"][0]["$ref"].replace(_V3, _V2)
        return {"$ref": reference, **{name: each for name, each in told.items() if name.startswith("x-")}}
    if told.get("x-kubernetes-int-or-string"):
        return {name: each for name, each in told.items() if name.startswith("x-")}
    if "oneOf" in told:
        # A string or a number: the one that is published.
        return {"type": "string"} | ({"format": told["format"]} if "format" in told else {})
    made: Object = {name: each for name, each in told.items() if name in _KEPT or name.startswith("x-")}
    if told.get("x-kubernetes-preserve-unknown-fields"):
        made.pop("type", None)
        return made
    if "properties" in told:
        made["properties"] = {name: _schema(each) for name, each in told["properties"].items()}
    if isinstance(inner := told.get("additionalProperties"), dict):
        made["additionalProperties"] = _schema(inner)
    if "items" in told:
        made["items"] = _schema(told["items"])
    return made


def _path(item: Object) -> Object:
    made: Object = {}
    for verb, told in item.items():
        asked = [{"name": each["name"], "in": "query", "type": "string"} for each in told.get("parameters", ())]
        made[verb] = {
            "consumes": _PATCHES if verb == "patch" else ["*/*"],
            "produces": ["application/json"],
            "parameters": asked,
            "responses": told["responses"],
            "x-kubernetes-action": told["x-kubernetes-action"],
            "x-kubernetes-group-version-kind": told["x-kubernetes-group-version-kind"],
        }
    return made


def encoded(told: Object) -> bytes:
    """The document as protobuf."""
    info = _text(1, told["info"]["title"]) + _text(2, told["info"]["version"])
    paths = [_bytes(2, _named(path, _path_item(item))) for path, item in told["paths"].items()]
    definitions = _schemas(told["definitions"])
    return _text(1, told["swagger"]) + _bytes(2, info) + _bytes(8, b"".join(paths)) + _bytes(9, definitions)


def _path_item(item: Object) -> bytes:
    return b"".join(_bytes(_OPERATIONS[verb], _operation(told)) for verb, told in item.items())


def _operation(told: Object) -> bytes:
    parts = [_text(6, each) for each in told["produces"]] + [_text(7, each) for each in told["consumes"]]
    for each in told["parameters"]:
        query = _text(2, each["in"]) + _text(4, each["name"]) + _text(6, each["type"])
        # A parameter, of those that are no body, in the query.
        parts.append(_bytes(8, _bytes(1, _bytes(2, _bytes(3, query)))))
    answers = [
        _bytes(1, _named(code, _bytes(1, _text(1, said["description"])))) for code, said in told["responses"].items()
    ]
    return b"".join([*parts, _bytes(9, b"".join(answers)), *_extensions(13, told)])


def _schemas(told: dict[str, Object]) -> bytes:
    return b"".join(_bytes(1, _named(name, _encoded(each))) for name, each in told.items())


def _encoded(told: Object) -> bytes:
    parts = [_text(1, told["$ref"])] if "$ref" in told else []
    parts += [_text(number, told[name]) for number, name in ((2, "format"), (4, "description")) if name in told]
    parts += [_text(19, each) for each in told.get("required", ())]
    parts += [_bytes(20, _any(each)) for each in told.get("enum", ())]
    if "additionalProperties" in told:
        parts.append(_bytes(21, _bytes(1, _encoded(told["additionalProperties"]))))
    if "type" in told:
        parts.append(_bytes(22, _text(1, told["type"])))
    if "items" in told:
        parts.append(_bytes(23, _bytes(1, _encoded(told["items"]))))
    if "properties" in told:
        parts.append(_bytes(25, _schemas(told["properties"])))
    return b"".join([*parts, *_extensions(31, told)])


def _extensions(number: int, told: Object) -> Iterable[bytes]:
    return (_bytes(number, _named(name, _any(each))) for name, each in told.items() if name.startswith("x-"))


def _any(value: Any) -> bytes:
    # YAML, which JSON is.
    return _text(2, status.encode(value).decode())


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _bytes(2, value)


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _bytes(number: int, value: bytes) -> bytes:
    """A field of wire type 2: its key, its length, its bytes."""
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
