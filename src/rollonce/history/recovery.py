"""Rollbacks on purpose: what puts right a roll that went wrong is not redundant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rollonce.history.evidence import Occurrence, Pod, Write
from rollonce.history.nouns import Certainty, Recovery, Revision, Roll

# Ids that undo one deploy: `<id>.undo.1`, `<id>.abort.1`.
UNDOING = re.compile(r"(?P<undone>.+)\.(?:undo|abort)\.\d+")
_TROUBLE = frozenset({"Failed", "BackOff", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_SNAPSHOT_OF_POD = re.compile(r"(?P<snapshot>.+)-[a-z0-9]{5}")


def troubles(pods: Iterable[Pod], occurrences: Iterable[Occurrence]) -> Mapping[tuple[str, str, str], str]:
    """(cluster, namespace, snapshot) -> how it is known that its pods did not come up."""
    found: dict[tuple[str, str, str], str] = {}
    for pod in sorted(pods, key=lambda each: each.name):
        if pod.trouble:
            found.setdefault((pod.cluster, pod.namespace, pod.snapshot), f"pod {pod.name} is in {pod.trouble}")
    for event in sorted(occurrences, key=lambda each: (each.name, each.reason, each.note)):
        owner = _SNAPSHOT_OF_POD.fullmatch(event.name) if event.kind == "Pod" and event.reason in _TROUBLE else None
        if owner is not None:
            key = (event.cluster, event.namespace, owner["snapshot"])
            found.setdefault(key, f"an Event says {event.reason} of pod {event.name}")
    return found


def of(roll: Roll, revisions: tuple[Revision, ...], writes: tuple[Write, ...]) -> Recovery | None:
    """Whether a roll is a recovery, and how that is known."""
    after = roll.after
    undoing = UNDOING.fullmatch(after.deploy_id)
    if undoing is not None and _own(roll):
        return Recovery(Certainty.SEEN, f"its deploy id {after.deploy_id} says that it undoes {undoing['undone']}")
    digest = after.template.digest
    returns = _returns(roll, revisions)
    undone = {w.at for w in writes if w.undo and w.template and w.template.digest == digest}
    if roll.when.at in undone:
        return Recovery(Certainty.SEEN, "the API audit log shows kubectl rollout undo")
    if roll.when.earliest in undone:
        # Whichever write the controller acted upon: the others only kept what this one had put back.
        return Recovery(
            Certainty.INFERRED, "the API audit log shows kubectl rollout undo, and writes that kept its template"
        )
    if not returns or roll.before is None:
        return None
    if roll.before.failed:
        failed = f"revision {roll.before.number}, which had failed: {roll.before.failed}"
        return Recovery(Certainty.SEEN, f"it goes back from {failed}")
    writer = roll.writers[0]
    # Every other command of kubectl has a manager of its own, and a server-side apply another operation.
    if len(roll.writers) == 1 and (writer.manager, writer.operation) == ("kubectl", "Update") and not writer.user:
        return Recovery(Certainty.INFERRED, "it goes back, and was written as kubectl rollout undo writes")
    return None


def possible(roll: Roll, revisions: tuple[Revision, ...]) -> bool:
    """Whether a roll goes back to an earlier template and nobody knows who wrote it: it may be a rollback."""
    return _returns(roll, revisions) and all(writer.certainty is not Certainty.SEEN for writer in roll.writers)


def _returns(roll: Roll, revisions: tuple[Revision, ...]) -> bool:
    """Whether the template is one of an earlier revision; what was used again is, also where that number is gone."""
    digest = roll.after.template.digest
    return roll.after.reused or any(r.template.digest == digest for r in revisions if r.number < roll.after.number)


def _own(roll: Roll) -> bool:
    """Whether the id that the revision remembers is that of this very roll."""
    before = roll.before
    return before is None or before.deploy_id != roll.after.deploy_id
