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

from rollonce.cli import audit, converge, demo, explain, sandbox
from rollonce.report import audit_json

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


def objects_table(document: type) -> str:
    """One row per object of a JSON document, outermost first: its fields, and what it is."""
    rows = ["| object | fields | what it is |", "| --- | --- | --- |"]
    waiting, seen = [document], {document}
    while waiting:
        struct = waiting.pop(0)
        fields = msgspec.structs.fields(struct)
        names = ", ".join(f"`{field.encode_name}`" for field in fields)
        rows.append(
            f"| {struct.__name__.removesuffix('Part')} | {names} | {' '.join((struct.__doc__ or '').split())} |"
        )
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


# (page, name of the part) -> its content
PARTS: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/audit.md", "options"): lambda: options_table(audit.command),
    ("docs/audit.md", "objects"): lambda: objects_table(audit_json.Document),
    ("docs/converge.md", "options"): lambda: options_table(converge.command),
    ("docs/demo.md", "options"): lambda: options_table(demo.command),
    ("docs/sandbox.md", "options"): lambda: options_table(sandbox.command),
    ("docs/explain.md", "options"): lambda: options_table(explain.command),
}


def renewed(page: str) -> str:
    """The page as it should be."""
    text = (ROOT / page).read_text()
    for (where, name), make in PARTS.items():
        if where == page:
            start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
            head, _, rest = text.partition(start)
            _, found, tail = rest.partition(end)
            if not found:
                raise ValueError(f"{page} has no lines {start.strip()} and {end}")
            text = f"{head}{start}\n{make()}\n\n{end}{tail}"
    return text


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a page is stale and may not be written."""
    stale = [page for page in sorted({page for page, _ in PARTS}) if renewed(page) != (ROOT / page).read_text()]
    for page in stale:
        if "--write" in arguments:
            (ROOT / page).write_text(renewed(page))
        sys.stdout.write(f"{'written' if '--write' in arguments else 'stale'}: {page}\n")
    return 1 if stale and "--write" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
