"""When which workload of a run may begin: wave after wave, so many at once, so many pods a second.

    waiting --due--> begun --ended--> done

Time is an argument, in seconds of any clock that does not go back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollonce.model.workload import WorkloadKey


@dataclass(frozen=True, slots=True)
class Pace:
    """How the workloads of a run follow each other.

    `waves` have every workload of the run, once. At most `concurrency` of them roll at a time, None without a bound;
    `pods_per_second` bounds how many pods are begun to be replaced, on average from the first on.
    After a workload that has come to no good end none is begun any more, unless `keep_going`.
    """

    waves: tuple[tuple[WorkloadKey, ...], ...] = ()
    concurrency: int | None = None
    pods_per_second: float | None = None
    keep_going: bool = False

    @property
    def numbers(self) -> Mapping[WorkloadKey, int]:
        """The number of each workload's wave, from 1 on; nothing where all begin at once."""
        divided = self.waves if len(self.waves) > 1 else ()
        return {key: number for number, keys in enumerate(divided, 1) for key in keys}

    @property
    def is_plain(self) -> bool:
        """Whether everything begins at once."""
        return len(self.waves) < 2 and self.concurrency is None and self.pods_per_second is None


class Line:
    """The workloads of one run that have to begin, in their order.

    `pods` has what is written, and how many pods each of them replaces; `waited` are those that are not written and
    whose rollout is waited for.
    """

    def __init__(self, pace: Pace, pods: Mapping[WorkloadKey, int], waited: Sequence[WorkloadKey] = ()) -> None:
        self._pace = pace
        self._pods = pods
        listed = {key for wave in pace.waves for key in wave}
        rest = tuple(key for key in (*pods, *waited) if key not in listed)
        self._waves = [wave for wave in (*pace.waves, rest) if wave]
        self._unended = {*pods, *waited}
        self._begun: set[WorkloadKey] = set()
        self._under_way = 0
        self._enter(0)
        # What was not written and whose rollout has failed: nothing after its wave begins.
        self._broken: set[WorkloadKey] = set()
        # From when on the budget of pods lets the next one begin.
        self._free = float("-inf")
        self.stopped = ""

    def _enter(self, number: int) -> None:
        """A wave begins: what of it has to begin, in its order, and what of it has to end before the next one."""
        self._number = number
        self._left = deque(key for key in self.members if key in self._pods)
        self._open = self._unended.intersection(self.members)

    @property
    def waves(self) -> int:
        """How many waves there are."""
        return len(self._waves)

    @property
    def waiting(self) -> tuple[WorkloadKey, ...]:
        """What has not begun."""
        return tuple(key for key in self._pods if key not in self._begun)

    @property
    def wave(self) -> int:
        """The number of the wave that is under way, from 1 on."""
        return self._number + 1

    @property
    def members(self) -> tuple[WorkloadKey, ...]:
        """The workloads of the wave that is under way."""
        return self._waves[self._number] if self._waves else ()

    def due(self, now: float) -> tuple[WorkloadKey, ...]:
        """What begins now; it counts as begun."""
        while self._number + 1 < len(self._waves) and not self._open:
            broken = next((key for key in self.members if key in self._broken), None)
            if broken is not None:
                self.stop(f"the last rollout of {broken} has not come to a good end")
            if self.stopped:
                return ()
            self._enter(self._number + 1)
        found = []
        while self._left and not (self.stopped or self._is_full or now < self._free):
            key = self._left.popleft()
            found.append(key)
            self._begun.add(key)
            self._under_way += 1
            if self._pace.pods_per_second is not None:
                self._free = max(now, self._free) + self._pods[key] / self._pace.pods_per_second
        return tuple(found)

    def next_due(self) -> float | None:
        """When something may begin that only waits for its turn in the budget of pods; None where nothing does."""
        return None if self.stopped or self._is_full or not self._left else self._free

    @property
    def _is_full(self) -> bool:
        return self._pace.concurrency is not None and self._under_way >= self._pace.concurrency

    def ended(self, key: WorkloadKey, *, good: bool) -> None:
        """A workload has come to its end; after one that is not good nothing more begins, where that is so wanted."""
        self._unended.discard(key)
        self._open.discard(key)
        if key in self._begun:
            self._under_way -= 1
        if good or self._pace.keep_going:
            return
        if key not in self._pods:
            self._broken.add(key)
        elif not self._pace.is_plain:
            self.stop(f"{key} has not come to a good end")

    def stop(self, why: str) -> None:
        """Nothing more begins."""
        self.stopped = self.stopped or why
