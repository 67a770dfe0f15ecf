"""Custom kinds: what a CustomResourceDefinition serves, and how its schema prunes, fills in and refuses
(apiextensions-apiserver/pkg/apiserver/schema: pruning, defaulting; kube-openapi/pkg/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rollonce.sim.api import status, typed
from rollonce.sim.api.kinds import Definition, Kind
from rollonce.sim.api.status import Cause
from rollonce.sim.store import Object

RESOURCE = "customresourcedefinitions"
GROUP = "apiextensions.k8s.io"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,),
}  # fmt: skip
Json = Mapping[str, Any]


def served(definition: Object) -> list[Kind]:
    """The kinds of a definition, the stored version first."""
    spec = definition["spec"]
    names = spec["names"]
    versions = sorted(spec.get("versions") or (), key=lambda version: not version.get("storage"))
    kinds = []
    for version in versions:
        if not version.get("served"):
            continue
        parts = version.get("subresources") or {}
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        kinds.append(
            Kind(
                spec["group"],
                version["name"],
                names["plural"],
                names["kind"],
                spec.get("scope") == "Namespaced",
                tuple(names.get("shortNames") or ()),
                tuple(part for part in ("status", "scale") if part in parts),
                tuple(names.get("categories") or ()),
                definition=Definition(schema, tuple(version.get("additionalPrinterColumns") or ()), parts.get("scale")),
                names=names.get("singular") or names["kind"].lower(),
            )
        )
    return kinds


def established(definition: Object, stamp: str) -> Object:
    """The definition as its controllers leave it: names accepted, served."""
    names = definition["spec"]["names"]
    accepted = {"singular": names["kind"].lower(), "listKind": f"{names['kind']}List", **names}
    stored = [version["name"] for version in definition["spec"].get("versions") or () if version.get("storage")]
    conditions = [
        {
            "type": "NamesAccepted", "status": "True", "lastTransitionTime": stamp, "reason": "NoConflicts",
            "message": "no conflicts found",
        },
        {
            "type": "Established", "status": "True", "lastTransitionTime": stamp, "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted",
        },
    ]  # fmt: skip
    before = definition.get("status") or {}
    versions = [*(before.get("storedVersions") or ()), *stored]
    told = {
        "conditions": before.get("conditions") or conditions,
        "acceptedNames": accepted,
        "storedVersions": list(dict.fromkeys(versions)),
    }
    return {**definition, "spec": {**definition["spec"], "names": accepted}, "status": told}


def decoded(kind: Kind, thing: Object) -> tuple[Object, list[str]]:
    """An object less what its schema does not know, and the names of that. Raises typed.Mismatch."""
    schema = kind.definition.schema if kind.definition is not None else {}
    unknown: list[str] = []
    if isinstance(thing, typed.Repeated):
        unknown += [f'duplicate field "{name}"' for name in thing.names]
    decoder = typed.Decoder()
    metadata = thing.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise typed.Mismatch("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    head = decoder.decode({"metadata": metadata}, "*")["metadata"]
    rest = {name: value for name, value in thing.items() if name not in ("kind", "apiVersion", "metadata")}
    pruned = _pruned(rest, schema, "", unknown)
    filled = _filled(pruned, schema)
    unknown += decoder.strict
    return {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": head, **filled}, unknown


def _pruned(value: Any, schema: Json, at: str, unknown: list[str]) -> Any:
    if isinstance(value, dict):
        known, more = schema.get("properties") or {}, schema.get("additionalProperties")
        kept = {}
        for name, child in value.items():
            where = f"{at}.{name}" if at else name
            if name in known:
                kept[name] = _pruned(child, known[name], where, unknown)
            elif isinstance(more, dict):
                kept[name] = _pruned(child, more, where, unknown)
            elif more or schema.get(PRESERVE) or (schema.get("x-kubernetes-embedded-resource") and name == "metadata"):
                kept[name] = child
            else:
                unknown.append(f'unknown field "{where}"')
        return kept
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_pruned(each, schema["items"], f"{at}[{index}]", unknown) for index, each in enumerate(value)]
    return value


def _filled(value: Any, schema: Json) -> Any:
    if isinstance(value, dict):
        known, more = schema.get("properties") or {}, schema.get("additionalProperties")
        filled = {}
        for name, child in value.items():
            below = known.get(name, more if isinstance(more, dict) else {})
            if child is None and "default" in below and not below.get("nullable"):
                child = below["default"]
            filled[name] = _filled(child, below)
        for name, below in known.items():
            if name not in filled and "default" in below:
                filled[name] = _filled(below["default"], below)
        return filled
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_filled(each, schema["items"]) for each in value]
    return value


def check(kind: Kind, thing: Object) -> Iterator[Cause]:
    """What the schema refuses."""
    if kind.definition is None:
        return
    rest = {name: value for name, value in thing.items() if name not in ("kind", "apiVersion", "metadata")}
    schema = kind.definition.schema
    required = [name for name in schema.get("required") or () if name not in ("kind", "apiVersion", "metadata")]
    yield from _checked(rest, {**schema, "required": required}, "")


def _checked(value: Any, schema: Json, at: str) -> Iterator[Cause]:
    if value is None and schema.get("nullable"):
        return
    wanted = schema.get("type")
    if schema.get(INT_OR_STRING):
        if isinstance(value, bool) or not isinstance(value, int | str):
            yield _wrong_type(at, "integer,string", value)
            return
    elif wanted in _TYPES:
        right = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
        if not right:
            yield _wrong_type(at, wanted, value)
            return
    if "enum" in schema and value not in schema["enum"]:
        yield status.unsupported(at, value, schema["enum"])
    if isinstance(value, str):
        yield from _checked_text(value, schema, at)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _checked_number(value, schema, at)
    elif isinstance(value, dict):
        known, more = schema.get("properties") or {}, schema.get("additionalProperties")
        for name in schema.get("required") or ():
            if name not in value:
                yield status.required(f"{at}.{name}" if at else name)
        for name, child in value.items():
            below = known.get(name, more if isinstance(more, dict) else None)
            if below is not None:
                yield from _checked(child, below, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        if "maxItems" in schema and len(value) > schema["maxItems"]:
            message = f"Too many: {len(value)}: must have at most {schema['maxItems']} items"
            yield Cause(at, "FieldValueTooMany", message)
        if "minItems" in schema and len(value) < schema["minItems"]:
            yield status.bad(at, len(value), f"{at} in body should have at least {schema['minItems']} items")
        for index, each in enumerate(value):
            yield from _checked(each, schema.get("items") or {}, f"{at}[{index}]")


def _checked_text(value: str, schema: Json, at: str) -> Iterator[Cause]:
    if "minLength" in schema and len(value) < schema["minLength"]:
        yield status.bad(at, value, f"{at} in body should be at least {schema['minLength']} chars long")
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield Cause(at, "FieldValueTooLong", f"Too long: may not be more than {schema['maxLength']} bytes")
    if "pattern" in schema:
        try:
            fits = re.search(schema["pattern"], value) is not None
        except re.error:
            fits = True
        if not fits:
            yield status.bad(at, value, f"{at} in body should match '{schema['pattern']}'")


def _checked_number(value: float, schema: Json, at: str) -> Iterator[Cause]:
    if "minimum" in schema and value < schema["minimum"]:
        yield status.bad(at, value, f"{at} in body should be greater than or equal to {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        yield status.bad(at, value, f"{at} in body should be less than or equal to {schema['maximum']}")


def _wrong_type(at: str, wanted: str, value: Any) -> Cause:
    found = next(
        (name for name in ("boolean", "integer", "number", "string", "array", "object") if _is(value, name)), "null"
    )
    message = f'Invalid value: "{found}": {at} in body must be of type {wanted}: "{found}"'
    return Cause(at, "FieldValueTypeInvalid", message)


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
