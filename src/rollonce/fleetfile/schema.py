"""The form of a fleet file as a JSON Schema, for editors."""

from __future__ import annotations

from typing import assert_never

from rollonce.fleetfile import form
from rollonce.fleetfile.shape import Choice, Count, Either, Fields, Flag, Items, Shape, Table, Text, Version

Json = dict[str, object]


def document() -> Json:
    """The whole schema (https://json-schema.org/draft/2020-12/schema)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rollonce.yaml", **_of(form.FILE)}


def _of(shape: Shape) -> Json:
    match shape:
        case Text(about=about, pattern=pattern):
            return {"description": about, **_text(pattern)}
        case Choice(about=about, words=words):
            return {"description": about, "enum": list(words)}
        case Flag(about=about):
            return {"description": about, "type": "boolean"}
        case Count(about=about):
            return {"description": about, "type": "integer", "minimum": 1}
        case Version(about=about, number=number):
            return {"description": about, "const": number}
        case Items(about=about, of=of, may_be_empty=may_be_empty):
            least = {} if may_be_empty else {"minItems": 1}
            return {"description": about, "type": "array", "items": _of(of), "uniqueItems": True, **least}
        case Fields():
            return _fields(shape)
        case Table(about=about, key=key, value=value):
            return {
                "description": about,
                "type": "object",
                "minProperties": 1,
                "propertyNames": _text(key.pattern),
                "additionalProperties": _of(value),
            }
        case Either(about=about, items=items, fields=fields):
            return {"description": about, "oneOf": [_of(items), _of(fields)]}
        case _ as never:
            assert_never(never)


def _text(pattern: str) -> Json:
    """The type of a text. A scalar that looks like a number is a text to rollonce and none to a schema."""
    return {"type": ["string", "number"], **({"pattern": f"^(?:{pattern})$"} if pattern else {})}


def _fields(shape: Fields) -> Json:
    found: Json = {
        "description": shape.about,
        "type": "object" if shape.required else ["object", "null"],
        "properties": {name: _of(inner) for name, inner in shape.fields.items()},
        "additionalProperties": False,
    }
    if shape.required:
        found["required"] = list(shape.required)
    if shape.exclusive:
        found["allOf"] = [{"not": {"type": "object", "required": list(group)}} for group in shape.exclusive]
    return found
