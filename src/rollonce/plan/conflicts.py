"""Fields that an apply would change and that belong to others: which of them are to be taken over, and what to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rollonce.errors import OwnedByOthers
from rollonce.model import credential
from rollonce.model.deploy import OWN_ANNOTATIONS
from rollonce.plan import difference, fieldpath, ownership
from rollonce.plan.folding import Folded

_MANAGER = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
_OWN = frozenset(f".metadata.annotations.{name}" for name in OWN_ANNOTATIONS)
_ABSENT = "nothing"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Foreign:
    """A field of another manager; values as they may be shown."""

    who: str
    field: str
    manager: str
    now: str
    wanted: str


def foreign(owned: Iterable[tuple[str, str]], folded: Folded, taken: Sequence[str]) -> tuple[Foreign, ...]:
    """Those of the server's conflicts that nobody said are to be taken over, and that do not become ours anyway."""
    ours = ownership.movers(folded.live) if folded.live is not None else frozenset()
    left = []
    for field, words in owned:
        named = _MANAGER.search(words)
        manager = named.group(1) if named else words
        if manager in ours or field in _OWN or any(fieldpath.matches(pattern, field) for pattern in taken):
            continue
        now, wanted = _shown(folded.live, folded, field), _shown(folded.rolling, folded, field)
        left.append(Foreign(f"{folded.thing.key}", field, manager, now, wanted))
    return tuple(left)


def error(found: Sequence[Foreign], act: str) -> OwnedByOthers:
    """The error that names them all, with the way out for each."""
    lines = [
        f"{one.who}: {one.field} belongs to {one.manager}: it is {one.now}, and the manifest has {one.wanted}"
        for one in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN} more")
    fields = list(dict.fromkeys(one.field for one in found))[:_SHOWN]
    options = " ".join(f"--take-ownership '{field.lstrip('.')}'" for field in fields)
    return OwnedByOthers(
        "\n".join(("fields belong to other field managers, which would put them back or be overwritten:", *lines)),
        act=act,
        hint=f"nothing was sent; leave the fields out of the manifest, or take them over: {options}",
    )


def _shown(document: Any, folded: Folded, field: str) -> str:
    there, value = fieldpath.find(document, field)
    if not there:
        return _ABSENT
    if folded.thing.manifest.kind == "Secret" and field.startswith((".data", ".stringData")):
        return credential.HIDDEN
    return difference.shown(value, fieldpath.owner_name(field))
