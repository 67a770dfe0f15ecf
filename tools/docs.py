"""Writes the generated parts of the documentation: `python -m tools.docs --write`.

A part stands between `<!-- NAME:start -->` and `<!-- NAME:end -->`. Without `--write` the stale ones are named.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from rollonce.cli import audit, config, converge, demo, explain, init, plan, rbac, sandbox, undo
from rollonce.fleetfile import form, schema
from rollonce.fleetfile.shape import Choice, Count, Either, Fields, Flag, Items, Shape, Table, Text, Version
from rollonce.report import audit_document, events_json

ROOT = Path(__file__).parents[1]


def options_table(command: click.Command) -> str:
    """One row per option, in the order of `--help`."""
    rows = ["| option | value | default | what it does |", "| --- | --- | --- | --- |"]
    context = click.Context(command)
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else f"`{option.make_metavar(context)}`".replace("|", "\\|")
        default = f"`{option.default}`" if option.show_default else ""
        rows.append(f"| {names} | {value} | {default} | {(option.help or '').replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def keys_table() -> str:
    """One row per key of the fleet file, in the order of the form."""
    rows = ["| key | value | meaning |", "| --- | --- | --- |"]
    rows += [f"| `{path}` | {value} | {about} |" for path, value, about in _keys(form.FILE, "")]
    return "\n".join(rows)


def _keys(shape: Shape, path: str) -> Iterator[tuple[str, str, str]]:
    match shape:
        case Fields(fields=fields, required=required):
            for name, inner in fields.items():
                here = f"{path}.{name}" if path else name
                must = ", required" if name in required else ""
                yield here, _form(inner) + must, inner.about.replace("|", "\\|")
                yield from _keys(inner, here)
        case Table(key=key, value=value):
            where = f"{path}.{'KIND/NAME' if key is form.WORKLOAD else 'NAME'}"
            yield where, _form(value), value.about
            yield from _keys(value, where)
        case Either(fields=fields):
            yield from _keys(fields, path)
        case _:
            pass


def _form(shape: Shape) -> str:
    match shape:
        case Text():
            return "text"
        case Choice(words=words):
            return " or ".join(f"`{word}`" for word in words)
        case Flag():
            return "true or false"
        case Count():
            return "whole number"
        case Version(number=number):
            return f"`{number}`"
        case Items():
            return "list"
        case Fields() | Table():
            return "mapping"
        case Either():
            return "list or mapping"
        case _ as never:
            typing.assert_never(never)


def objects_table(*documents: type) -> str:
    """One row per object of JSON documents, outermost first: its fields, and what it is."""
    rows = ["| object | fields | what it is |", "| --- | --- | --- |"]
    waiting, seen = list(documents), set(documents)
    while waiting:
        struct = waiting.pop(0)
        fields = msgspec.structs.fields(struct)
        names = ", ".join(f"`{field.encode_name}`" for field in fields)
        tag = getattr(struct, "__struct_config__").tag  # noqa: B009 - type checkers do not know it
        title = f"`{tag}`" if tag else struct.__name__.removesuffix("Part")
        rows.append(f"| {title} | {names} | {' '.join((struct.__doc__ or '').split())} |")
        for inner in (each for field in fields for each in _structs(field.type)):
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return "\n".join(rows)


def _structs(type_: object) -> Iterator[type]:
    """The objects that a field may hold."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        yield type_
    for part in typing.get_args(type_):
        yield from _structs(part)


# file -> its content
FILES: dict[str, Callable[[], str]] = {
    "docs/fleet-file.schema.json": lambda: (
        msgspec.json.format(msgspec.json.encode(schema.document()), indent=2).decode() + "\n"
    ),
}

# (page, name of the part) -> its content
PARTS: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/audit.md", "options"): lambda: options_table(audit.command),
    ("docs/audit.md", "objects"): lambda: objects_table(audit_document.Document),
    ("docs/converge.md", "options"): lambda: options_table(converge.command),
    ("docs/events.md", "events"): lambda: objects_table(*typing.get_args(events_json.Line)),
    ("docs/plan.md", "options"): lambda: options_table(plan.command),
    ("docs/undo.md", "options"): lambda: options_table(undo.command),
    ("docs/rbac.md", "options"): lambda: options_table(rbac.command),
    ("docs/demo.md", "options"): lambda: options_table(demo.command),
    ("docs/sandbox.md", "options"): lambda: options_table(sandbox.command),
    ("docs/explain.md", "options"): lambda: options_table(explain.command),
    ("docs/init.md", "options"): lambda: options_table(init.command),
    ("docs/config.md", "show"): lambda: options_table(config.show),
    ("docs/fleet-file.md", "keys"): keys_table,
}


def renewed(page: str) -> str:
    """The page as it should be."""
    if page in FILES:
        return FILES[page]()
    text = (ROOT / page).read_text()
    for (where, name), make in PARTS.items():
        if where == page:
            text = replaced(text, name, make())
    return text


def replaced(text: str, name: str, content: str) -> str:
    """A page with another content of one of its parts. Raises ValueError where it has no such part."""
    start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
    head, _, rest = text.partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"there are no lines {start.strip()} and {end}")
    return f"{head}{start}\n{content}\n\n{end}{tail}"


def pages() -> list[str]:
    """Every page with a generated part, and every generated file."""
    return sorted({*FILES, *(page for page, _ in PARTS)})


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a page is stale and may not be written."""
    stale = [page for page in pages() if not (ROOT / page).exists() or renewed(page) != (ROOT / page).read_text()]
    for page in stale:
        if "--write" in arguments:
            (ROOT / page).write_text(renewed(page))
        sys.stdout.write(f"{'written' if '--write' in arguments else 'stale'}: {page}\n")
    return 1 if stale and "--write" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
