"""The published schemas, made from the table of types: OpenAPI v3 a group at a time (kube-openapi/pkg/handler3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from rollonce.sim.api.kinds import Kind, Kinds
from rollonce.sim.api.schema import Field, Shape, fields, known, published
from rollonce.sim.store import Object

PREFIX = "/openapi/v3"
_APIS = "io.k8s.apimachinery.pkg"
_SCALARS: dict[str, Object] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "format": "int32"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "byte": {"type": "integer"},
    "Any": {},
}
# Plain values that are published as types of their own.
_NAMED: dict[str, tuple[str, Object]] = {
    "Time": (f"{_APIS}.apis.meta.v1.Time", {"type": "string", "format": "date-time"}),
    "MicroTime": (f"{_APIS}.apis.meta.v1.MicroTime", {"type": "string", "format": "date-time"}),
    "Quantity": (f"{_APIS}.api.resource.Quantity", {"oneOf": [{"type": "string"}, {"type": "number"}]}),
    "IntOrString": (
        f"{_APIS}.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
    "FieldsV1": (f"{_APIS}.apis.meta.v1.FieldsV1", {"type": "object"}),
    "RawExtension": (f"{_APIS}.runtime.RawExtension", {"type": "object"}),
}
# Fields that hold anything.
_ANYTHING = {"fieldsV1": "FieldsV1", "data": "RawExtension", "parameters": "RawExtension"}
_ANSWER: Object = {"200": {"description": "OK"}}
_WRITES = ("dryRun", "fieldManager", "fieldValidation", "force")


def answer(path: str, kinds: Kinds) -> Object | None:
    """The document at a path; None where there is none."""
    if path == PREFIX:
        return {"paths": {group: {"serverRelativeURL": _url(group, kinds)} for group in _groups(kinds)}}
    group = path.removeprefix(f"{PREFIX}/")
    found = _groups(kinds).get(group)
    return _document(group, found) if found else None


def _groups(kinds: Kinds) -> dict[str, list[Kind]]:
    """The kinds of each group and version, under its path."""
    groups: dict[str, list[Kind]] = {}
    for kind in kinds.all():
        prefix = "apis" if kind.group else "api"
        groups.setdefault(f"{prefix}/{kind.api_version}", []).append(kind)
    return groups


def _url(group: str, kinds: Kinds) -> str:
    told = repr([(kind.resource, kind.definition) for kind in _groups(kinds)[group]])
    return f"{PREFIX}/{group}?hash={hashlib.sha256(told.encode()).hexdigest().upper()}"


def documents(kinds: Kinds) -> Iterator[Object]:
    """The document of each group and version."""
    for group, found in _groups(kinds).items():
        yield _document(group, found)


def _document(group: str, kinds: list[Kind]) -> Object:
    schemas: dict[str, Object] = {}
    for kind in kinds:
        name = _kind_name(kind)
        if kind.definition is not None:
            schema = dict(kind.definition.schema)
            properties = {**(schema.get("properties") or {}), "metadata": _reference("ObjectMeta", schemas)}
            schemas[name] = {**schema, "type": "object", "properties": properties}
        elif known(kind.type):
            schemas[name] = _struct(kind.type, schemas)
        schemas.setdefault(name, {"type": "object"})["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    paths = {path: item for kind in kinds for path, item in _paths(group, kind)}
    head = {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}}
    return {**head, "paths": paths, "components": {"schemas": schemas}}


def _gvk(kind: Kind) -> Object:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _kind_name(kind: Kind) -> str:
    if kind.definition is None and known(kind.type):
        return published(kind.type)
    return f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{kind.kind}"


def _reference(type_: str, schemas: dict[str, Object]) -> Object:
    if type_ in _NAMED:
        name, made = _NAMED[type_]
        schemas[name] = made
    elif (name := published(type_)) not in schemas:
        schemas[name] = {}
        schemas[name] = _struct(type_, schemas)
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def _struct(type_: str, schemas: dict[str, Object]) -> Object:
    properties = {name: _field(name, field, schemas) for name, field in sorted(fields(type_).items())}
    made: Object = {"type": "object", "properties": properties}
    if required := sorted(name for name, field in fields(type_).items() if field.required):
        made["required"] = required
    return made


def _field(name: str, field: Field, schemas: dict[str, Object]) -> Object:
    if field.shape.form == "Any" and name in _ANYTHING:
        return _reference(_ANYTHING[name], schemas)
    made = dict(_shape(field.shape, schemas))
    if field.enum and made["type"] == "array":
        made["items"] = {**made["items"], "enum": list(field.enum)}
    elif field.enum:
        made["enum"] = list(field.enum)
    if field.keys:
        made |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(field.keys)}
    elif field.set:
        made["x-kubernetes-list-type"] = "set"
    if field.atomic:
        made["x-kubernetes-map-type"] = "atomic"
    if field.merge:
        made["x-kubernetes-patch-merge-key"] = field.merge
    if field.strategy:
        made["x-kubernetes-patch-strategy"] = ",".join(field.strategy)
    return made


def _shape(shape: Shape, schemas: dict[str, Object]) -> Object:
    if shape.form == "struct":
        return _reference(shape.name, schemas)
    if shape.form in _NAMED:
        return _reference(shape.form, schemas)
    if shape.inner is not None:
        inner = _shape(shape.inner, schemas)
        if shape.form == "list":
            return {"type": "array", "items": inner}
        return {"type": "object", "additionalProperties": inner}
    return _SCALARS[shape.form]


def _paths(group: str, kind: Kind) -> Iterator[tuple[str, Object]]:
    """The paths of a kind with what clients look for in them: does PATCH know fieldValidation?"""
    space = "namespaces/{namespace}/" if kind.namespaced else ""
    told: dict[str, Any] = {"x-kubernetes-group-version-kind": _gvk(kind), "responses": _ANSWER}
    writes = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _WRITES]

    def act(name: str) -> Object:
        return {**told, "x-kubernetes-action": name}

    root = f"/{group}/{space}{kind.resource}"
    yield root, {"get": act("list"), "post": {**act("post"), "parameters": writes}}
    one = {
        "get": act("get"), "put": {**act("put"), "parameters": writes},
        "patch": {**act("patch"), "parameters": writes}, "delete": act("delete"),
    }  # fmt: skip
    yield f"{root}/{{name}}", one
