"""The page around a report: one file, with its style and its script inside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources


def render(title: str, body: Iterable[str]) -> bytes:
    """The whole page; `body` is HTML, `title` is text."""
    files = resources.files(__package__)
    style, script = (files.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        # Nothing of the page may ask for anything; its own style and script are all that runs.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">",
        f"<title>{escape(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        "<main>",
        *body,
        "</main>",
        '<aside id="peek" aria-live="polite" hidden></aside>',
        f"<script>\n{script}</script>",
        "</body>",
        "</html>",
    ]
    return ("\n".join(parts) + "\n").encode()


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of text; the first column names the row."""
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    lines = ["<table>", f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    for row in rows:
        first, *others = row
        cells = "".join(f"<td>{escape(each)}</td>" for each in others)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>"])
