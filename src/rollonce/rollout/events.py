"""What can happen to a workload during a run, and what the executor wants done about it."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce.model.workload import Workload
from rollonce.plan.operation import Operation, Write

# --- events


@dataclass(frozen=True, slots=True)
class Accepted:
    """The patch was taken; the object as the server answered it.

    `sent` is what was taken where that had to be made anew on the way, after a change of ownership.
    """

    workload: Workload
    sent: Write | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The patch was refused; `conflict` where only reading again tells whether its tests failed (422)."""

    words: str
    conflict: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows whether the patch is there, or it is not and may be sent again as it is (409)."""

    words: str


@dataclass(frozen=True, slots=True)
class Found:
    """Reading again showed this, and what the run's part of a template makes of it, if there is one for it.

    `again` is what is decided of it anew where a manifest is applied, for that takes a trial.
    """

    workload: Workload
    merged: Workload | None = None
    again: Operation | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Reading again showed that it is not there."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Reading again failed."""

    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A watch showed this."""

    workload: Workload


@dataclass(frozen=True, slots=True)
class Deleted:
    """A watch showed that it was deleted."""

    uid: str


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The time given for waiting is over."""

    words: str


@dataclass(frozen=True, slots=True)
class Blind:
    """Its watch is lost for good."""

    words: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The user ended the run."""


Event = Accepted | Rejected | Lost | Found | Missing | Unreadable | Seen | Deleted | TimeUp | Blind | Stop

# --- effects


@dataclass(frozen=True, slots=True)
class Send:
    """Send this patch; answer with Accepted, Rejected, Lost or Missing (404)."""

    patch: Write


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """GET the workload; answer with Found, Missing or Unreadable."""


Effect = Send | ReadAgain
