"""The use-case of `audit --redact`: what was read, less everything that audit does not need, as a dump."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from rollonce.app import audit, dumps
from rollonce.app.audit import Sources
from rollonce.errors import MissingArguments
from rollonce.history import collect, redact
from rollonce.model.reference import Selection
from rollonce.text.items import Item


def write(sources: Sources, selection: Selection, out: BinaryIO) -> None:
    """Writes a List, one item a line.

    Raises errors of access, UnreadableFile; MissingArguments where there is an API audit log, which holds bodies of
    requests and names of users.
    """
    if sources.logs:
        raise MissingArguments(
            "an API audit log cannot be redacted",
            act="audit --redact",
            hint="leave --api-audit-log out: the dump is as good without it, only less certain",
        )
    key = os.urandom(32)
    out.write(b'{"apiVersion":"v1","kind":"List","items":[\n')
    first = True
    for raw, kind in _raw(sources, selection):
        kept = redact.item(raw, kind, key)
        if kept is not None:
            out.write(kept if first else b",\n" + kept)
            first = False
    out.write(b"\n]}\n")
    out.flush()


def _raw(sources: Sources, selection: Selection) -> Iterator[tuple[bytes, str]]:
    for path in sources.dumps:
        for item in dumps.items(path):
            if isinstance(item, Item):
                yield item.raw, item.kind
    for cluster in sources.clusters:
        for each in audit.reads(selection):
            if each.kind != collect.RELEASE:
                yield from ((raw, each.kind) for raw in audit.raw(cluster, each))
