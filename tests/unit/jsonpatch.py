"""JSON Patch (RFC 6902) as the API server applies it: `test`, `add`, `replace`, `remove`; all or nothing."""

from __future__ import annotations

import copy
from typing import Any

import msgspec


class Unprocessable(Exception):
    """422: an operation could not be applied, so none is."""


def apply(document: dict[str, Any], patch: bytes) -> dict[str, Any]:
    """The patched copy. A `test` against null passes where the member is absent and its parent is not."""
    patched = copy.deepcopy(document)
    for operation in msgspec.json.decode(patch):
        *way, last = (_unescaped(token) for token in operation["path"].split("/")[1:])
        parent: Any = patched
        for token in way:
            parent = _member(parent, token)
            if parent is None:
                raise Unprocessable(operation["path"])
        match operation["op"]:
            case "test":
                if _member(parent, last) != operation["value"]:
                    raise Unprocessable(operation["path"])
            case "add" if isinstance(parent, dict):
                parent[last] = operation["value"]
            case "replace" if isinstance(parent, dict) and last in parent:
                parent[last] = operation["value"]
            case "replace" if isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
                parent[int(last)] = operation["value"]
            case "remove" if isinstance(parent, dict) and last in parent:
                del parent[last]
            case "add" if isinstance(parent, list) and last == "-":
                parent.append(operation["value"])
            case "add" if isinstance(parent, list) and last.isdigit() and int(last) <= len(parent):
                parent.insert(int(last), operation["value"])
            case "remove" if isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
                del parent[int(last)]
            case _:
                raise Unprocessable(operation["path"])
    return patched


def _member(parent: Any, token: str) -> Any:
    if isinstance(parent, dict):
        return parent.get(token)
    if isinstance(parent, list) and token.isdigit() and int(token) < len(parent):
        return parent[int(token)]
    return None


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")
