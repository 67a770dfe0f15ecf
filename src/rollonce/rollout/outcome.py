"""How it ended for one workload."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The end of a workload's part in a run."""

    ROLLED = "rolled"  # patched, and its rollout is complete
    CREATED = "created"  # it was not there; now it is, and what it rolls out is complete
    CHANGED = "changed"  # patched, and nothing rolls by itself (CronJob, OnDelete)
    SENT = "sent"  # patched, and not waited for
    UNCHANGED = "unchanged"  # on target and healthy; nothing was sent
    SETTLED = "settled"  # on target, an earlier rollout was still under way and is now complete
    UNFINISHED = "unfinished"  # on target, an earlier rollout is under way and was not waited for
    ABSENT = "absent"  # not there, or without any of the named containers; skipped
    FAILED = "failed"  # the API says that the rollout failed
    HELD = "held"  # paused by somebody: the rollout does not go on
    TIMED_OUT = "timed-out"  # not complete within the time that was given
    GONE = "gone"  # deleted, or deleted and made anew, by somebody else meanwhile
    REJECTED = "rejected"  # the server did not take the patch
    UNKNOWN = "unknown"  # the connection was lost and reading back failed
    CONFLICT = "conflict"  # another deploy or writer was faster, or overwrote it
    INTERRUPTED = "interrupted"  # the run was ended before this was known
    NOT_SENT = "not-sent"  # planned, and the run ended before it was sent


GOOD = frozenset(
    {
        Verdict.ROLLED,
        Verdict.CREATED,
        Verdict.CHANGED,
        Verdict.SENT,
        Verdict.UNCHANGED,
        Verdict.SETTLED,
        Verdict.ABSENT,
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with its detail; `sent` tells whether a patch of ours is in the object."""

    verdict: Verdict
    detail: str
    sent: bool = False

    @property
    def good(self) -> bool:
        """Whether the run may call itself successful as far as this workload goes."""
        return self.verdict in GOOD
