"""Who wrote a roll's change: from the API audit log where there is one, else from managedFields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rollonce.history import template
from rollonce.history.evidence import Live, ManagedWrite, Write
from rollonce.history.nouns import NOBODY, Certainty, Revision, Roll, Writer

LOG = "an API audit log of that time (--api-audit-log FILE)"
_TICK = timedelta(seconds=1)
_OPERATIONS = {"apply": "Apply", "update": "Update", "create": "Update"}


def of(roll: Roll, revisions: tuple[Revision, ...], live: Live | None, writes: tuple[Write, ...]) -> tuple[Writer, ...]:
    """The writers of a roll, never empty; several where it is not settled which of them it was."""
    logged = _logged(roll, writes)
    if logged is not None:
        return (logged,)
    if live is None:
        return (Writer("", Certainty.UNKNOWN, "the workload itself could not be read", settle="the right to read it"),)
    return tuple(_managed(roll, revisions, live)) or (Writer("", Certainty.UNKNOWN, NOBODY.basis, settle=LOG),)


def _logged(roll: Roll, writes: tuple[Write, ...]) -> Writer | None:
    at = roll.when.at
    if at is None:
        return None
    if roll.when.certainty is Certainty.SEEN and (found := _writing(roll, writes, at)) is not None:
        return _writer(found, Certainty.SEEN, "the API audit log has the write, and the template after it")
    # Without bodies only the time connects a write to the revision that it made.
    start = roll.before.when.latest if roll.before is not None else at - timedelta(minutes=1)
    near = [w for w in writes if w.template is None and start is not None and start - _TICK <= w.at <= at + _TICK]
    if len(near) == 1:
        return _writer(near[0], Certainty.INFERRED, "the only write in the API audit log between the two revisions")
    return None


def _writing(roll: Roll, writes: tuple[Write, ...], at: datetime) -> Write | None:
    digest = roll.after.template.digest
    return next((w for w in writes if w.at == at and w.template is not None and w.template.digest == digest), None)


def _writer(write: Write, certainty: Certainty, basis: str) -> Writer:
    return Writer(write.manager, certainty, basis, _OPERATIONS.get(write.verb, ""), write.user, write.user_agent)


def _managed(roll: Roll, revisions: tuple[Revision, ...], live: Live) -> Iterable[Writer]:
    """Managers that own a changed field of which the value of this roll is still there."""
    if roll.before is None:
        return []
    later = [r for r in revisions if r.number > roll.after.number]
    present = dict(roll.after.template.fields)
    # A field that was dropped leaves no owner; one that was changed since belongs to the later writer.
    standing = [
        path for path in roll.paths if path in present and all(r.template.value(path) == present[path] for r in later)
    ]
    owners = [
        entry for entry in live.writes if any(template.owns(owned, path) for owned in entry.owned for path in standing)
    ]
    inside = [entry for entry in owners if _within(entry, roll)]
    if len(inside) == 1:
        basis = "it owns what changed, and its last write lies between the two revisions"
        return [Writer(inside[0].manager, Certainty.SEEN, basis, inside[0].operation)]
    if inside:
        return [_unsettled(entry, "several managers wrote it between the two revisions") for entry in inside]
    before = [entry for entry in owners if not _too_late(entry, roll)] or owners
    return [_unsettled(entry, "it owns the field now, and has written again since") for entry in before]


def _unsettled(entry: ManagedWrite, basis: str) -> Writer:
    return Writer(entry.manager, Certainty.INFERRED, basis, entry.operation, settle=LOG)


def _within(entry: ManagedWrite, roll: Roll) -> bool:
    """Whether the manager's last write lies after the revision before and not after this one."""
    end = roll.when.latest
    start = roll.before.when.earliest if roll.before is not None else None
    if entry.at is None or end is None:
        return False
    # Both are whole seconds of the API server's clock, and the ReplicaSet is made after the write.
    return entry.at <= end and (start is None or entry.at >= start)


def _too_late(entry: ManagedWrite, roll: Roll) -> bool:
    """An entry whose last write is older than this roll cannot have made it."""
    start = roll.before.when.earliest if roll.before is not None else None
    return entry.at is not None and start is not None and entry.at < start
