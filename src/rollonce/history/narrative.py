"""How a roll's changes read: `git-sync 4f2b-1186 -> 4f2c-1187`."""

from __future__ import annotations

from rollonce.history import build, template
from rollonce.history.nouns import Roll
from rollonce.history.template import RESTARTED_AT, Change
from rollonce.model import image

_DIGEST_SHOWN = 12
_VALUE_SHOWN = 60


def change(each: Change) -> str:
    """One field with its old and its new value."""
    name = template.label(each.path)
    if each.path == RESTARTED_AT:
        return "restarted" if each.new else "the mark of a restart dropped"
    if each.container and each.old and each.new:
        old, new = image.split(each.old), image.split(each.new)
        if old is not None and new is not None and old.repository == new.repository:
            return f"{name} {version(each.old)} -> {version(each.new)}"
    return f"{name} {_value(each.old)} -> {_value(each.new)}"


def version(reference: str) -> str:
    """Tag and short digest of an image."""
    parts = image.split(reference)
    if parts is None:
        return reference
    digest = parts.digest[: parts.digest.find(":") + 1 + _DIGEST_SHOWN] if parts.digest else ""
    return "@".join(part for part in (parts.tag, digest) if part) or "(no tag)"


def _value(value: str | None) -> str:
    if value is None:
        return "(unset)"
    line = " ".join(value.split())
    return line if len(line) <= _VALUE_SHOWN else f"{line[: _VALUE_SHOWN - 3]}..."


def numbers(roll: Roll) -> str:
    """`1142 -> 1143`."""
    before = str(roll.before.number) if roll.before is not None else "?"
    return f"{before} -> {roll.after.number}"


def evidence(roll: Roll, earlier: tuple[Roll, ...]) -> str:
    """What changed and what did not, with the build that was there already."""
    if roll.before is None:
        return f"{numbers(roll)}: what changed is not known, revision {roll.after.number - 1} is gone"
    moved = {c.container for each in earlier for c in each.changes if c.container}
    still = sorted(moved - {c.container for c in roll.changes})
    parts = [f"{_listed(still)} unchanged"] if still else []
    changes = [change(each) for each in roll.changes if not _told_by_another(each, roll)]
    had = already_there(roll)
    parts.append(", ".join(changes) + (f", {had}" if had else ""))
    return f"{numbers(roll)}: {'; '.join(parts)}"


def _told_by_another(each: Change, roll: Roll) -> bool:
    """Whether it is the key of a list item that came or went, and another field of that item tells so too."""
    item, _, _ = each.path.rpartition(".")
    key = each.new if each.old is None else each.old if each.new is None else None
    if key is None or not item.endswith(f"[{key}]"):
        return False
    return any(other is not each and other.path.startswith(f"{item}.") for other in roll.changes)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def already_there(roll: Roll) -> str:
    """The other container that had the build already which this roll brings."""
    if roll.before is None:
        return ""
    before = roll.before.template.images
    changed = {c.container for c in roll.changes}
    for each in roll.changes:
        mine = build.of_image(each.new) if each.container and each.new else None
        if mine is None:
            continue
        for name, reference in sorted(before.items()):
            theirs = build.of_image(reference)
            if name not in changed and theirs is not None and build.same(mine, theirs):
                return f"the build that {name} already had in {roll.before.number}"
    return ""
