"""Where a workload is on its way through a run."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce import status
from rollonce.model.workload import Workload
from rollonce.plan.operation import Write
from rollonce.rollout.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Sending:
    """A patch is on its way.

    `first` is the workload as the plan saw it, None where it is to be made; `seen` the newest that a watch showed
    meanwhile, and `gone` the uid of what it showed as deleted: the answer may be read after what followed it.
    """

    patch: Write
    first: Workload | None
    attempt: int = 1
    seen: Workload | None = None
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """It is read again: the patch was not taken, or nobody knows.

    `words` say why; `lost` where the same patch may be sent again if it turns out not to be there.
    """

    patch: Write
    first: Workload | None
    attempt: int
    words: str
    lost: bool
    seen: Workload | None = None
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Rolling:
    """Its rollout is waited for.

    `before` is the newest known state whose status is surely that of the rollout before ours, None
    where we did not change the template. `floor` is the generation below which a status speaks of something
    older; `standing` is the last one computed. `sent` is the patch of ours that is in the object, if any.
    """

    before: Workload | None
    uid: str
    floor: int
    standing: status.Standing
    sent: Write | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more happens."""

    outcome: Outcome


State = Sending | Reading | Rolling | Ended
