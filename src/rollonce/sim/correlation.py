"""Which Events are new, which are counted, which are left out (client-go/tools/record/events_cache.go).

Each recorder of a real cluster has one correlator, so has each source here.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

# client-go: maxLruCacheEntries, defaultAggregateMaxEvents, defaultAggregateIntervalInSeconds, defaultSpamBurst,
# defaultSpamQPS.
REMEMBERED = 4096
SIMILAR = 10
INTERVAL = 600.0
BURST = 25
REFILL = 300.0

Value = TypeVar("Value")


class Subject(NamedTuple):
    """What an Event is about, as far as it makes Events alike: kind, namespace, name, uid, apiVersion."""

    kind: str
    namespace: str
    name: str
    uid: str
    api_version: str


class Told(NamedTuple):
    """What is told. `part` is a field path of the subject."""

    subject: Subject
    part: str
    type: str
    reason: str
    message: str


class Counted(NamedTuple):
    """What becomes of it: an Event of that name, in its so-manieth occurrence since `first` (seconds).

    `combined` where it stands for similar ones.
    """

    name: str
    times: int
    first: float
    combined: bool


class _Similar(NamedTuple):
    """The messages of Events that differ by nothing else."""

    messages: frozenset[str]
    last: float


class _Budget(NamedTuple):
    """How many Events one source may still send about one object."""

    left: float
    at: float


class _Recent(Generic[Value]):
    """The entries that were used last. Values never change."""

    def __init__(self) -> None:
        self._kept: dict[object, Value] = {}

    def twin(self) -> _Recent[Value]:
        other: _Recent[Value] = _Recent()
        other._kept = dict(self._kept)
        return other

    def get(self, key: object) -> Value | None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._kept[key] = found
        return found

    def put(self, key: object, value: Value) -> None:
        self._kept.pop(key, None)
        self._kept[key] = value
        if len(self._kept) > REMEMBERED:
            del self._kept[next(iter(self._kept))]


class Correlator:
    """EventCorrelate: similar ones are combined, equal ones counted, too many left out."""

    def __init__(self) -> None:
        self._similar: _Recent[_Similar] = _Recent()
        self._seen: _Recent[Counted] = _Recent()
        self._budgets: _Recent[_Budget] = _Recent()

    def twin(self) -> Correlator:
        """Another one that has seen the same."""
        other = Correlator()
        other._similar, other._seen = self._similar.twin(), self._seen.twin()
        other._budgets = self._budgets.twin()
        return other

    def correlate(self, told: Told, name: str, now: float) -> Counted | None:
        """What becomes of it; `name` is for a new Event. None where it is one too many."""
        combined = self._is_one_of_many(told, now)
        key = told[:1] + told[2:4] if combined else told
        before = self._seen.get(key)
        counted = Counted(before.name, before.times + 1, before.first, combined) if before else None
        counted = counted or Counted(name, 1, now, combined)
        self._seen.put(key, counted)
        return counted if self._may_send(told, now) else None

    def _is_one_of_many(self, told: Told, now: float) -> bool:
        """EventAggregate: the tenth message within ten minutes of the one before."""
        key = (told.subject, told.type, told.reason)
        before = self._similar.get(key)
        known = before.messages if before is not None and now - before.last <= INTERVAL else frozenset()
        messages = known | {told.message}
        many = len(messages) >= SIMILAR
        # Of many one is forgotten again; the real one takes any.
        self._similar.put(key, _Similar(known if many else messages, now))
        return many

    def _may_send(self, told: Told, now: float) -> bool:
        """EventSourceObjectSpamFilter: a token bucket for each object and type."""
        key = (told.subject, told.type)
        budget = self._budgets.get(key)
        if budget is None:
            budget = _Budget(BURST, now)
        left = min(budget.left + (now - budget.at) / REFILL, BURST)
        allowed = left >= 1
        self._budgets.put(key, _Budget(left - allowed, now))
        return allowed
