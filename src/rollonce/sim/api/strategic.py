"""Strategic merge patch (apimachinery/pkg/util/strategicpatch/patch.go)."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import gojson
from rollonce.sim.api.schema import PLAIN, Field, fields

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"
Json = dict[str, Any]


class Malformed(Exception):
    """The patch says what no patch may; `code` is that of the answer: for most of it the server has no other word than
    its own failure (endpoints/handlers/patch.go, interpretStrategicMergePatchError)."""

    def __init__(self, message: str, code: int = 500) -> None:
        super().__init__(message)
        self.code = code


def apply(patch: Json, document: Json, type_: str) -> Json:
    """The document after the patch, which it does not change. `type_` is the kind, empty where nothing is known."""
    return _map(patch, document, type_)


def _map(patch: Json, live: Json, type_: str) -> Json:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return {name: value for name, value in patch.items() if name != DIRECTIVE}
    if directive == "delete":
        return {}
    if DIRECTIVE in patch:
        raise _unknown(directive, patch)
    known = fields(type_)
    merged = dict(live)
    if RETAIN in patch:
        kept = patch[RETAIN]
        if not isinstance(kept, list):
            raise Malformed("invalid patch format of retainKeys", 400)
        merged = {name: value for name, value in merged.items() if name in kept}
    for name, value in patch.items():
        if name in (DIRECTIVE, RETAIN) or name.startswith((DELETE_FROM, ORDER)):
            continue
        field = known.get(name, PLAIN)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            held = merged.get(name)
            if name not in merged and value.get(DIRECTIVE) == "delete":
                continue
            merged[name] = _map(value, held if isinstance(held, dict) else {}, field.type)
        elif isinstance(value, list) and "merge" in field.strategy:
            held = merged.get(name)
            merged[name] = _list(value, held if isinstance(held, list) else [], field)
        else:
            merged[name] = value
    for name, value in patch.items():
        if name.startswith(DELETE_FROM) and isinstance(value, list):
            field_name = name.removeprefix(DELETE_FROM)
            if isinstance(merged.get(field_name), list):
                merged[field_name] = [each for each in merged[field_name] if each not in value]
    for name in merged:
        how, sent = known.get(name, PLAIN), patch.get(name)
        order = patch.get(ORDER + name)
        # Without an order of its own, a patch asks for that of its items.
        if order is None and isinstance(sent, list) and "merge" in how.strategy:
            order = [each.get(how.merge) if how.merge else each for each in sent]
        if isinstance(order, list) and isinstance(merged[name], list):
            before = live.get(name)
            names = [each.get(how.merge) if how.merge and isinstance(each, dict) else each for each in order]
            merged[name] = _ordered(merged[name], before if isinstance(before, list) else [], names, how.merge)
    return merged


def _unknown(directive: Any, patch: Json) -> Malformed:
    return Malformed(f"unknown patch type: {gojson.shown(directive)} in map: {gojson.shown(patch)}")


def _list(patch: list[Any], live: list[Any], field: Field) -> list[Any]:
    key = field.merge
    if not key:
        return live + [each for index, each in enumerate(patch) if each not in live and each not in patch[:index]]
    items: list[Json] = []
    for each in patch:
        if not isinstance(each, dict):
            raise Malformed(f"list element types are not identical: {gojson.shown([live, patch])}")
        if each.get(DIRECTIVE) == "merge":
            raise Malformed("merging lists cannot yet be specified in the patch")
        if each.get(DIRECTIVE, "delete") not in ("delete", "replace"):
            raise _unknown(each[DIRECTIVE], each)
        items.append(each)
    if any(each.get(DIRECTIVE) == "replace" for each in items):
        # The one directive makes all of them the new list.
        return [each for each in items if each.get(DIRECTIVE) != "replace"]
    merged = list(live)
    for each in items:
        if key not in each:
            raise Malformed(f"map: {gojson.shown(each)} does not contain declared merge key: {key}")
        same = [at for at, held in enumerate(merged) if isinstance(held, dict) and held.get(key) == each[key]]
        if each.get(DIRECTIVE) == "delete":
            merged = [held for at, held in enumerate(merged) if at not in same]
        elif same:
            merged[same[0]] = _map(each, merged[same[0]], field.type)
        else:
            merged.append(_map(each, {}, field.type))
    return merged


def _ordered(merged: list[Any], live: list[Any], order: list[Any], key: str) -> list[Any]:
    """In the order that the patch asks for; what only the server has stays behind what it stood behind."""

    def name(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = order
    before = [name(each) for each in live]
    patched = sorted((each for each in merged if name(each) in wanted), key=lambda each: wanted.index(name(each)))
    others = [each for each in merged if name(each) not in wanted]

    def place(item: Any) -> int:
        return before.index(name(item)) if name(item) in before else -1

    result: list[Any] = []
    while patched and others:
        # An item that the server did not have before is of the patch and goes first.
        if place(patched[0]) >= 0 and 0 <= place(others[0]) < place(patched[0]):
            result.append(others.pop(0))
        else:
            result.append(patched.pop(0))
    return result + patched + others
