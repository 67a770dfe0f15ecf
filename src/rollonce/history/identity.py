"""Which deploy id a revision carries, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from rollonce.history.nouns import IdState
from rollonce.history.place import Around, Place


def of(at: Place, before: Sequence[Place], around: Around) -> tuple[str, IdState]:
    """The id and its state; `before` are the places before this one, in their order."""
    logged = _logged(at, around)
    if logged is not None:
        return logged
    mine = at.snapshot.deploy_id if at.last else ""
    return mine, _state(mine, at, before)


def _logged(at: Place, around: Around) -> tuple[str, IdState] | None:
    """From the write that brought the revision, and the one before it; None where the log has not both."""
    found = around.written.get(at.number, ())
    if len(found) != 1:
        return None
    index = next(i for i, write in enumerate(around.writes) if write is found[0])
    if index == 0 or found[0].template is None:
        return None
    mine, theirs = found[0].deploy_id, around.writes[index - 1].deploy_id
    if not mine:
        return "", IdState.NONE
    if mine == theirs:
        return mine, IdState.INHERITED
    return mine, IdState.TRAVELLED if found[0].undo else IdState.FRESH


def _state(mine: str, at: Place, before: Sequence[Place]) -> IdState:
    """A snapshot that was used again remembers the id of its last use, so that of an earlier one is not known."""
    if not mine:
        return IdState.NONE
    last = before[-1] if before else None
    known = last is not None and last.number == at.number - 1 and last.last
    if last is not None and known and last.snapshot.deploy_id == mine:
        return IdState.INHERITED
    if not at.first:
        return IdState.TRAVELLED
    if any(each.last and each.snapshot.deploy_id == mine for each in before):
        return IdState.INHERITED
    return IdState.FRESH if at.number == 1 or known else IdState.UNKNOWN
