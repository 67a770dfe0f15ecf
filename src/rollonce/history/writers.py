"""Who wrote a roll's change: from the API audit log where there is one, else from managedFields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from msgspec.structs import replace

from rollonce.history import template
from rollonce.history.evidence import Live, ManagedWrite, Release, Write
from rollonce.history.nouns import Certainty, Revision, Roll, Writer
from rollonce.history.place import Around

LOG = "an API audit log of that time (--api-audit-log FILE)"
_TICK = timedelta(seconds=1)
# Under Recreate the ReplicaSet is made once the old pods are gone.
_RELEASED = timedelta(minutes=2)
_THERE_AND_BACK = 2
NOBODY = "managedFields keep the last write of each manager only"
_OPERATIONS = {"apply": "Apply", "update": "Update", "create": "Update"}


def of(roll: Roll, revisions: tuple[Revision, ...], around: Around) -> tuple[Writer, ...]:
    """The writers of a roll, never empty; several where it is not settled which of them it was."""
    found = _written(around.written.get(roll.after.number, ())) or _nearest(roll, around.writes)
    if found:
        return found
    live = around.live
    if live is None:
        return (Writer("", Certainty.UNKNOWN, "the workload itself could not be read", settle="the right to read it"),)
    managed = tuple(_managed(roll, revisions, live))
    if not any(writer.certainty is Certainty.SEEN for writer in managed):
        released = _released(roll, around.releases)
        if released is not None:
            return (released,)
    return managed or (Writer("", Certainty.UNKNOWN, NOBODY, settle=LOG),)


def _released(roll: Roll, releases: tuple[Release, ...]) -> Writer | None:
    """helm writes the Secret of a release right before it writes the objects."""
    at = roll.when.at
    near = [r for r in releases if r.at is not None and at is not None and timedelta() <= at - r.at <= _RELEASED]
    if not near:
        return None
    newest = max(near, key=lambda each: each.number)
    basis = f"revision {newest.number} of the helm release {newest.name} was made right before"
    return Writer("helm", Certainty.INFERRED, basis, settle=LOG)


def _written(writes: tuple[Write, ...]) -> tuple[Writer, ...]:
    """Those whose write brought the template, one of them where it is not settled which."""
    basis = "the API audit log has the write, and the template after it"
    sure = tuple(dict.fromkeys(_writer(write, Certainty.SEEN, basis) for write in writes))
    if len(sure) <= 1:
        return sure
    basis = "the API audit log has several writes of this template within one step of its controller"
    settle = "the audit log of the controller's own requests would tell"
    return tuple(replace(each, certainty=Certainty.INFERRED, basis=basis, settle=settle) for each in sure)


def _nearest(roll: Roll, writes: tuple[Write, ...]) -> tuple[Writer, ...]:
    """Without bodies only the time connects a write to the revision that it made."""
    at = roll.when.at
    if at is None:
        return ()
    start = roll.before.when.latest if roll.before is not None else at - timedelta(minutes=1)
    near = [w for w in writes if w.template is None and start is not None and start <= w.at <= at + _TICK]
    # The write of the revision before may lie within the second that its ReplicaSet is stamped with.
    near = [w for w in near if start is not None and w.at >= start + _TICK] or near
    if len(near) != 1:
        return ()
    basis = "the only write in the API audit log between the two revisions"
    return (replace(_writer(near[0], Certainty.INFERRED, basis), settle="bodies in the API audit log would tell"),)


def _writer(write: Write, certainty: Certainty, basis: str) -> Writer:
    return Writer(write.manager, certainty, basis, _OPERATIONS.get(write.verb, ""), write.user, write.user_agent)


def _managed(roll: Roll, revisions: tuple[Revision, ...], live: Live) -> Iterable[Writer]:
    """Managers that own a changed field of which the value of this roll is still there."""
    if roll.before is None:
        return []
    later = [r for r in revisions if r.number > roll.after.number]
    found = ((path, roll.after.value(path)) for path in roll.paths)
    present = {path: value for path, value in found if value is not None}
    # A field that was dropped leaves no owner; one that was changed since belongs to the later writer.
    standing = [path for path in present if all(r.value(path) == present[path] for r in later)]
    above = frozenset[str]().union(*map(template.ancestry, standing))
    owners = [entry for entry in live.writes if not above.isdisjoint(entry.owned)]
    inside = [entry for entry in owners if _within(entry, roll)]
    if len(inside) == 1 and _may_hide(inside[0], roll, live.workload.generation - revisions[-1].number):
        return [_unsettled(inside[0], "it owns what changed, unless it changed it once more, and back, in that second")]
    if len(inside) == 1:
        basis = "it owns what changed, and its last write lies between the two revisions"
        return [Writer(inside[0].manager, Certainty.SEEN, basis, inside[0].operation)]
    if inside:
        return [_unsettled(entry, "several managers wrote it between the two revisions") for entry in inside]
    # An update owns what it changed, and the value stands since. An apply also owns what others had changed before it.
    since = [entry for entry in owners if entry.operation == "Update" and not _too_old(entry, roll)]
    return [_unsettled(entry, "it owns the field now, and has written again since") for entry in since]


def _may_hide(entry: ManagedWrite, roll: Roll, hidden: int) -> bool:
    """Whether somebody may have changed the template and the manager put it back, too soon for the controller to act.

    `hidden` is how often the spec changed without another revision: by scaling, or so. It takes two such changes; and
    as they come after the write that made the revision, they left no trace only if they lie within its second.
    """
    return hidden >= _THERE_AND_BACK and entry.at is not None and entry.at == roll.when.latest


def _unsettled(entry: ManagedWrite, basis: str) -> Writer:
    return Writer(entry.manager, Certainty.INFERRED, basis, entry.operation, settle=LOG)


def _within(entry: ManagedWrite, roll: Roll) -> bool:
    """Whether the manager's last write lies after the revision before and not after this one."""
    end = roll.when.latest
    start = roll.before.when.earliest if roll.before is not None else None
    if entry.at is None or end is None:
        return False
    # Both are whole seconds of the API server's clock, and the ReplicaSet is made after the write.
    return entry.at <= end and (start is None or entry.at + _TICK > start)


def _too_old(entry: ManagedWrite, roll: Roll) -> bool:
    """An entry whose last write is older than this roll cannot have made it."""
    start = roll.before.when.earliest if roll.before is not None else None
    return entry.at is not None and start is not None and entry.at < start
