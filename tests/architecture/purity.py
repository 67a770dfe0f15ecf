"""What a package that decides may not do, read from its syntax tree.

import-linter follows chains of imports; this looks at one file and also sees calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

PURE_PACKAGES = ("errors", "history", "manifests", "model", "plan", "rollout", "sim", "status", "wire")

# A folder of rollonce is allowed here because the layers decide which one.
ALLOWED_MODULES = frozenset(
    {
        "__future__",
        "abc",
        "base64",
        "bisect",
        "collections",
        "collections.abc",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "functools",
        "hashlib",
        "heapq",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "msgspec",
        "operator",
        "re",
        "rollonce",
        "shlex",
        "string",
        "textwrap",
        "types",
        "typing",
        "urllib.parse",
        "zlib",
    }
)
ALLOWED_NAMES = {"pathlib": frozenset({"PurePosixPath"})}
FORBIDDEN_BUILTINS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
CLOCKS = frozenset({"now", "today", "utcnow"})


class Violation(NamedTuple):
    """One forbidden thing, at one line."""

    line: int
    what: str


def violations(source: str) -> list[Violation]:
    """Everything in `source` that a pure module may not do, in the order of its lines."""
    tree = ast.parse(source)
    datetime_names = frozenset(_names_of_datetime(tree))
    return sorted(found for node in ast.walk(tree) for found in _in_node(node, datetime_names))


def _in_node(node: ast.AST, datetime_names: frozenset[str]) -> Iterator[Violation]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                if not _is_allowed(alias.name):
                    yield Violation(node.lineno, f"import of {alias.name}")
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for alias in names:
                if not _is_allowed_from(module, alias.name):
                    yield Violation(node.lineno, f"import of {module}.{alias.name}")
        case ast.Name(id=name, ctx=ast.Load()) if name in FORBIDDEN_BUILTINS:
            yield Violation(node.lineno, f"use of {name}")
        # Any base when it is called, so that an alias does not hide it; a plain field named `now` is data.
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in CLOCKS:
            yield Violation(node.lineno, f"clock: .{attr}()")
        case ast.Attribute(value=base, attr=attr) if attr in CLOCKS and _root(base) in datetime_names:
            yield Violation(node.lineno, f"clock: datetime's {attr}")
        case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
            yield Violation(node.lineno, "local time zone: .astimezone()")


def _is_allowed(module: str) -> bool:
    return module in ALLOWED_MODULES or module.split(".")[0] in {"msgspec", "rollonce"}


def _is_allowed_from(module: str, name: str) -> bool:
    return _is_allowed(module) or f"{module}.{name}" in ALLOWED_MODULES or name in ALLOWED_NAMES.get(module, ())


def _names_of_datetime(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.asname or alias.name for alias in names if alias.name == "datetime")
            case ast.ImportFrom(module="datetime", names=names):
                yield from (alias.asname or alias.name for alias in names)


def _root(expression: ast.expr) -> str | None:
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else None
