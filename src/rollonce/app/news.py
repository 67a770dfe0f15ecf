"""What a run tells while it goes on, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rollonce import status
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import WorkloadKey
from rollonce.rollout.outcome import Outcome
from rollonce.status.diagnosis import Finding


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has taken our patch (attempt 1), or it is sent again, for the n-th time."""

    key: WorkloadKey
    attempt: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """The rollout of a workload got on, or stands differently."""

    key: WorkloadKey
    standing: status.Standing


@dataclass(frozen=True, slots=True)
class Finished:
    """A workload's part in the run is over."""

    key: WorkloadKey
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WaveBegun:
    """The workloads of a wave may begin: which of how many waves, and what belongs to it."""

    number: int
    of: int
    keys: tuple[WorkloadKey, ...]


@dataclass(frozen=True, slots=True)
class Halted:
    """Nothing more begins, for this reason; what rolls is waited for. `left` has not begun."""

    why: str
    left: int


@dataclass(frozen=True, slots=True)
class Result:
    """The outcomes of a run, and what ended it before its time, if anything did.

    `troubles` is what was found of those that came to no good end.
    """

    outcomes: Mapping[WorkloadKey, Outcome]
    interruption: KeyboardInterrupt | None = None
    objects: Mapping[ObjectKey, Outcome] = field(default_factory=dict)
    troubles: Mapping[WorkloadKey, tuple[Finding, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Troubled:
    """Something keeps the rollout of a workload from getting on; it may be over soon."""

    key: WorkloadKey
    finding: Finding


@dataclass(frozen=True, slots=True)
class Unlooked:
    """Why rollouts do not get on is not looked for in a namespace, for this reason."""

    namespace: str
    why: str


@dataclass(frozen=True, slots=True)
class Loosened:
    """A pod that would hold a StatefulSet back was deleted, or could not be."""

    key: WorkloadKey
    pod: str
    words: str


Event = Sent | Progressed | Finished | WaveBegun | Halted | Troubled | Unlooked | Loosened
Listener = Callable[[Event], None]
