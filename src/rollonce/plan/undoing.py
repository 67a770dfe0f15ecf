"""What a deploy changed in a template is put back, where its value is still there.

Three templates: the one before the deploy, the one that the deploy made, and the live one. Whatever differs between the
first two was set by the deploy; where the live one still has the deploy's value, the one before comes back; where
somebody has changed it since, it is left alone and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rollonce.model.revision import Revision
from rollonce.plan import difference

_ABSENT = object()
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Span:
    """The revision that a deploy made of a workload, and the one before it."""

    made: Revision
    before: Revision


def span(revisions: Iterable[Revision], deploy_id: str, carried: bytes | None = None) -> Span | str | None:
    """What a deploy made of a workload; words where that cannot be said any more, None where it made nothing of it.

    A later change by somebody who writes no deploy id inherits that of the last deploy, so the first revision with the
    id is the deploy's own. `carried` is the live template where the workload carries the id: its controller may have
    made no revision of it yet, with Recreate for as long as old pods take to end.
    """
    known = sorted((r for r in revisions if r.number), key=lambda revision: revision.number)
    made = next((revision for revision in known if revision.deploy_id == deploy_id), None)
    if made is None:
        return _not_made_yet(known, deploy_id, carried)
    wanted = made.number - 1
    if not wanted:
        return f"revision {made.number} is its first one: there was nothing before"
    before = next((r for r in known if r.number == wanted or wanted in r.earlier), None)
    if before is None:
        return f"revision {wanted}, which was before deploy {deploy_id}, is not kept any more (revisionHistoryLimit)"
    return Span(made, before)


def _not_made_yet(known: Sequence[Revision], deploy_id: str, carried: bytes | None) -> Span | str | None:
    if carried is None:
        return None
    if not known:
        return f"no revision is kept of what was before deploy {deploy_id}"
    return Span(Revision(known[-1].owner, known[-1].number + 1, deploy_id, carried), known[-1])


@dataclass(slots=True)
class Undone:
    """The template with the deploy's changes undone, and the places that somebody else has changed since."""

    template: bytes = b""
    left: list[str] = field(default_factory=list)


def back(live: bytes, found: Span) -> Undone:
    """The live template, less what the deploy made of it."""
    undone = Undone()
    merged = _merge(_decode(live), _decode(found.made.template), _decode(found.before.template), "", undone.left)
    undone.template = _encode(merged)
    return undone


def _merge(live: Any, made: Any, before: Any, words: str, left: list[str]) -> Any:
    if _same(made, before) or _same(live, before):
        return live
    if _same(live, made):
        return before
    parts = (live, made, before)
    if all(isinstance(part, dict) for part in parts):
        return _maps(live, made, before, words, left)
    if all(_has_names(part) for part in parts):
        return _lists(live, made, before, words, left)
    left.append(words or "the template")
    return live


def _maps(live: dict[str, Any], made: dict[str, Any], before: dict[str, Any], words: str, left: list[str]) -> Any:
    merged = {}
    for key in dict.fromkeys((*live, *made, *before)):
        inner = f"{words}.{key}" if words else key
        value = _merge(live.get(key, _ABSENT), made.get(key, _ABSENT), before.get(key, _ABSENT), inner, left)
        if value is not _ABSENT:
            merged[key] = value
    return merged


def _lists(live: list[Any], made: list[Any], before: list[Any], words: str, left: list[str]) -> Any:
    """Elements are the same where their names are; those that come back stand where they stood."""
    of_live, of_made, of_before = ({item["name"]: item for item in part} for part in (live, made, before))
    merged = {}
    for name in dict.fromkeys((*of_live, *of_made, *of_before)):
        now, then, once = (part.get(name, _ABSENT) for part in (of_live, of_made, of_before))
        value = _merge(now, then, once, f"{words}[{name}]", left)
        if value is not _ABSENT:
            merged[name] = value
    # The order of now, or that of before where nobody else has touched it.
    order = list(of_before if list(of_live) == list(of_made) else of_live)
    rest = [name for name in merged if name not in order]
    return [merged[name] for name in (*order, *rest) if name in merged]


def _has_names(part: Any) -> bool:
    """Whether it is a list whose elements have names, each its own."""
    if not isinstance(part, list) or not all(isinstance(item, dict) and "name" in item for item in part):
        return False
    return len({item["name"] for item in part}) == len(part)


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not _ABSENT and other is not _ABSENT and difference.alike(one, other))
