"""JSON Patch, RFC 6902, with the leniency of the API server's engine (gopkg.in/evanphx/json-patch.v4)."""

from __future__ import annotations

from typing import Any

MAX_OPERATIONS = 10_000


class Unfit(Exception):
    """The patch cannot be applied to this object."""


class Malformed(Exception):
    """No JSON Patch at all."""


def apply(patch: Any, document: Any) -> Any:
    """The document after the patch, which it does not change. Raises `Unfit` or `Malformed`."""
    if not isinstance(patch, list) or not all(isinstance(each, dict) for each in patch):
        raise Malformed("cannot unmarshal patch")
    for operation in patch:
        document = _one(operation, document)
    return document


def _one(operation: dict[str, Any], document: Any) -> Any:
    op, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise Unfit("missing path")
    steps = _steps(path)
    match op:
        case "add":
            return _change(document, steps, "add", _value(operation))
        case "replace":
            return _change(document, steps, "replace", _value(operation))
        case "remove":
            return _change(document, steps, "remove", None)
        case "test":
            if not _equal(_find(document, steps, lenient=True), operation.get("value")):
                raise Unfit(f"testing value {path} failed")
            return document
        case "move" | "copy":
            origin = operation.get("from")
            if not isinstance(origin, str):
                raise Unfit("missing from")
            moved = _find(document, _steps(origin), lenient=False)
            if op == "move":
                document = _change(document, _steps(origin), "remove", None)
            return _change(document, steps, "add", moved)
    raise Unfit(f"Unexpected kind: {op}")


def _value(operation: dict[str, Any]) -> Any:
    return operation.get("value")


def _steps(path: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise Unfit(f"invalid path {path}")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _find(document: Any, steps: list[str], *, lenient: bool) -> Any:
    """What is there. A missing last member is null to a `test`, as in the API server; a missing parent fails."""
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        if isinstance(document, dict):
            if step not in document and not (lenient and last):
                raise Unfit(f"no member {step}")
            document = document.get(step)
        elif isinstance(document, list):
            document = document[_index(step, len(document) - 1)]
        else:
            raise Unfit("no such path")
    return document


def _change(document: Any, steps: list[str], act: str, value: Any) -> Any:
    """A copy along the path."""
    if not steps:
        return None if act == "remove" else value
    step, rest = steps[0], steps[1:]
    if isinstance(document, dict):
        # The engine replaces what is not there, too.
        if (rest or act == "remove") and step not in document:
            raise Unfit(f"no member {step}")
        copied = dict(document)
        if rest:
            copied[step] = _change(document[step], rest, act, value)
        elif act == "remove":
            del copied[step]
        else:
            copied[step] = value
        return copied
    if isinstance(document, list):
        items = list(document)
        if rest:
            at = _index(step, len(items) - 1)
            items[at] = _change(items[at], rest, act, value)
        elif act == "add":
            items.insert(len(items) if step == "-" else _index(step, len(items)), value)
        elif act == "remove":
            del items[_index(step, len(items) - 1)]
        else:
            items[_index(step, len(items) - 1)] = value
        return items
    raise Unfit("no such path")


def _index(step: str, highest: int) -> int:
    try:
        at = int(step)
    except ValueError:
        raise Unfit(f"no index: {step}") from None
    # The engine counts negative indices from the end.
    if at < 0:
        at += highest + 1
    if not 0 <= at <= highest:
        raise Unfit(f"no index: {step}")
    return at


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
