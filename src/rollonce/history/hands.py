"""Whether two rolls were written by the same hand."""

from __future__ import annotations

from rollonce.history.nouns import Certainty, Roll, Writer

# It opens an editor, which a pipeline does not. kubernetes/kubectl, pkg/cmd/edit/edit.go.
_BY_HAND = "kubectl-edit"
# What the names of service accounts, nodes and controllers begin with.
_MACHINE = "system:"


def two_tools(one: Roll, other: Roll) -> bool:
    """Whether two rolls are known to have been written by different managers; several may have written one of them."""
    if all(w.certainty is Certainty.SEEN for roll in (one, other) for w in roll.writers):
        return {w.manager for w in one.writers} != {w.manager for w in other.writers}
    mine, theirs = ({w.manager for w in roll.writers if w.manager} for roll in (one, other))
    return bool(mine and theirs) and not mine & theirs


def another(former: Roll, roll: Roll) -> str:
    """What speaks for a roll that came soon after a deploy by chance, and was no step of it; empty where nothing does.

    The steps of a pipeline are written by one user, or by machines: a controller that syncs has a service account.
    """
    one, other = _seen(former), _seen(roll)
    if one is None or other is None:
        return ""
    if one.user and other.user:
        if one.user == other.user or other.user.startswith(_MACHINE):
            return ""
        return f"{one.user} wrote the first and {other.user} the second"
    if other.manager == _BY_HAND and one.manager != _BY_HAND:
        return f"{one.manager} wrote the first, and somebody edited the second by hand"
    return ""


def _seen(roll: Roll) -> Writer | None:
    return roll.writers[0] if len(roll.writers) == 1 and roll.writers[0].certainty is Certainty.SEEN else None
