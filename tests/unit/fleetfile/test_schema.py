"""The schema and the reader take the same files, as far as a schema can know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from rollonce.fleetfile import reading, schema
from rollonce.text import document
from tests.unit.fleetfile.files import faults, text
from tests.unit.fleetfile.test_reading import GOOD

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def accepts(shape: Mapping[str, Any], value: Any) -> bool:
    """The part of JSON Schema that ours uses; a keyword that is not known here fails the test."""
    return all(_holds(keyword, wanted, shape, value) for keyword, wanted in shape.items())


def _holds(keyword: str, wanted: Any, shape: Mapping[str, Any], value: Any) -> bool:
    match keyword:
        case "$schema" | "title" | "description":
            return True
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            kinds = tuple(kind for name in names for kind in _TYPES[name])
            return isinstance(value, kinds) and (not isinstance(value, bool) or "boolean" in names)
        case "const":
            return bool(value == wanted and type(value) is type(wanted))
        case "enum":
            return value in wanted
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
        case "required":
            return not isinstance(value, dict) or all(name in value for name in wanted)
        case "minItems" | "minProperties":
            return not isinstance(value, list | dict) or len(value) >= wanted
        case "uniqueItems":
            return not isinstance(value, list) or len(value) == len({str(item) for item in value})
        case "items":
            return not isinstance(value, list) or all(accepts(wanted, item) for item in value)
        case "properties":
            return not isinstance(value, dict) or all(accepts(wanted[k], v) for k, v in value.items() if k in wanted)
        case "additionalProperties":
            others = [v for k, v in value.items() if k not in shape.get("properties", {})] if value else []
            return not others if wanted is False else all(accepts(wanted, other) for other in others)
        case "propertyNames":
            return not isinstance(value, dict) or all(accepts(wanted, name) for name in value)
        case "oneOf":
            return sum(accepts(one, value) for one in wanted) == 1
        case "allOf":
            return all(accepts(one, value) for one in wanted)
        case "not":
            return not accepts(wanted, value)
    raise AssertionError(f"the schema has {keyword}, which this test does not know")


def valid(content: bytes) -> bool:
    node = document.parse(content)
    assert node is not None
    return accepts(schema.document(), document.plain(node))


GOOD_FILES = [
    GOOD,
    text(),
    text({"workloads": "{kinds: [deploy]}", "environments": "{a: , b: {selector: 'x in (a,b)'}}"}),
    text({"policy": "{timeout: 90, mayForce: []}", "sidecars": "{'*': r/x}"}),
]


@pytest.mark.parametrize("content", GOOD_FILES)
def test_what_the_reader_takes_the_schema_takes(content: bytes) -> None:
    reading.read(content, "f")
    assert valid(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"enviroments": "{}"},
        {"images": ""},
        {"version": "2"},
        {"version": "'1'"},
        {"environments": "{}"},
        {"environments": "{a: {namespace: A_b}}"},
        {"environments": "{a: {namespace: }}"},
        {"environments": "{a: {namespace: a, namespaces: [b]}}"},
        {"environments": "{A: {}}"},
        {"workloads": "[]"},
        {"workloads": "[ceo]"},
        {"workloads": "[deployment/a, deployment/a]"},
        {"workloads": "{selector: a}"},
        {"images": "{agent: [a]}"},
        {"images": "{Agent: a}"},
        {"overrides": "{deploy/ceo: {}}"},
        {"policy": "{timeout: soon}"},
        {"policy": "{wait: maybe}"},
        {"policy": "{mayForce: [everything]}"},
        {"policy": "[]"},
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(changes: dict[str, str]) -> None:
    assert not valid(text(changes))
    assert faults(text(changes))
