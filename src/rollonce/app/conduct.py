"""The driver of a run: carries out the executor's effects side by side and feeds back what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from rollonce.app.carrier import Carrier
from rollonce.app.fleet import Scope
from rollonce.app.lookout import Glimpse, Lookout, Opened, glimpses
from rollonce.app.news import Finished, Halted, Listener, Progressed, Result, Sent, Troubled, Unlooked, WaveBegun
from rollonce.app.ports import Ports
from rollonce.cluster.fanout import Inbox
from rollonce.cluster.watch import Changed, Snapshot, Watch, WatchEvent
from rollonce.cluster.watch import Deleted as Removed
from rollonce.errors import AccessError
from rollonce.model import decode
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan.operation import Plan, Skip, Write, before
from rollonce.rollout import events
from rollonce.rollout import step as executor
from rollonce.rollout.line import Line, Pace
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.rollout.states import Ended, Reading, Rolling, Sending, State
from rollonce.rollout.step import Terms

# Seconds for requests under way when the run ends before its time.
_PATIENCE = 5.0


# What threads put in the inbox: events of workloads, one message an answer or watch event. None tells that it was not
# begun, for the brake was pulled; an empty message wakes. What is seen of pods is beside that.
_Events = tuple[tuple[WorkloadKey, events.Event | None], ...]
_Message = _Events | Opened | Glimpse


class Conductor:
    """One run of a plan. Everything that decides is in `rollout.step`; states are changed by one thread only."""

    def __init__(
        self,
        ports: Ports,
        plan: Plan,
        terms: Terms,
        listen: Listener,
        carrier: Carrier | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._ports = ports
        self._terms = terms
        self._carrier = carrier or Carrier(ports, terms.wish)
        self._listen = listen
        self._writes = plan.writes
        self._wave = 0
        self._waiting: dict[WorkloadKey, tuple[events.Effect, ...]] = {}
        self._lookout = Lookout(ports)
        # The newest that was seen of each.
        self._known: dict[WorkloadKey, Workload] = {}
        self._states: dict[WorkloadKey, State] = {}
        self._active: set[WorkloadKey] = set()
        self._begun: set[WorkloadKey] = set()
        self._watches: list[tuple[Scope, Watch]] = []
        self._blind: dict[WorkloadKey, str] = {}
        for operation in plan.operations:
            if isinstance(operation, Skip):
                self._states[operation.key], _ = executor.follow(operation, terms)
                if operation.workload is not None:
                    self._known[operation.key] = operation.workload
        replaced = {write.key: _pods(write) for write in plan.writes}
        waited = [key for key, state in self._states.items() if isinstance(state, Rolling)]
        self._line = Line(pace or Pace(), replaced, waited)

    def send_nothing(self, why: str = "other workloads are refused") -> Result:
        """The outcomes where nothing may be sent and nobody waits."""
        for write in self._writes:
            self._states[write.key] = Ended(Outcome(Verdict.NOT_SENT, why))
        return Result(self._outcomes())

    def open_watches(self, scopes: Iterable[Scope]) -> None:
        """Open the watches that waiting needs, from the very state that was read.

        They are opened before the first write: a missing right shows itself while nothing has
        happened yet, and no event is missed.
        """
        if not self._terms.wait:
            return
        waited = {write.key for write in self._writes if write.key.kind is not Kind.CRON_JOB}
        waited |= {key for key, state in self._states.items() if isinstance(state, Rolling)}
        needed = [scope for scope in scopes if any(_takes(scope, key) for key in waited)]
        opened = self._ports.fanout.gather([self._opening(scope) for scope in needed])
        self._watches = list(zip(needed, opened, strict=True))

    def close(self) -> None:
        """End the watches of a run that does not take place."""
        for _, watch in self._watches:
            watch.close()

    def _opening(self, scope: Scope) -> Callable[[], Watch]:
        return lambda: self._ports.client.watch(
            scope.kind.resource,
            scope.namespace,
            name=scope.name,
            # Without the run's selector: such a watch would call deleted what only lost its label.
            resource_version=scope.resource_version,
        )

    def run(self, timeout: float | None) -> Result:
        """Send, wait, and return the outcome of every workload; `timeout` in seconds.

        Once the brake is pulled nothing more is begun, and what rolls is waited for. On KeyboardInterrupt what is
        under way is finished, nothing is waited for, and the outcomes say what is known. The interruption is part of
        the result, for its caller to raise when all this is reported.
        """
        interruption: KeyboardInterrupt | None = None
        inbox: Inbox[_Message] = self._ports.fanout.inbox()
        deadline = None if timeout is None else self._ports.clock.now() + timeout
        self._ports.brake.wakes(lambda: inbox.wake(()))
        try:
            begun = [(write.key, *executor.begin(write)) for write in self._writes]
            # Before any watch is followed: what is lost at once, or lacking in a first list, has to find its state.
            for key, state in (*self._states.items(), *((key, state) for key, state, _ in begun)):
                self._enter(key, state)
            for scope, watch in self._watches:
                inbox.follow(watch, self._translator(scope), self._loss(scope))
            for key, state in self._states.items():
                if isinstance(state, Rolling) and any(scope.name for scope, _ in self._watches if _takes(scope, key)):
                    # Such a watch begins with what is there: that it had gone before, only a read tells.
                    inbox.start(self._reading_once(key, state.uid))
            self._waiting = {key: effects for key, _, effects in begun}
            while self._go_on(inbox):
                patience = self._patience(self._ports.clock.now(), deadline)
                message = inbox.take(patience) if patience is None or patience > 0 else None
                if message is None and (patience is None or self._is_over(deadline)):
                    words = f"not complete within {timeout:g} s" if timeout else "nothing happens any more"
                    self._wind_down(inbox, events.TimeUp(words))
                    break
                self._handle(inbox, message or ())
            if self._ports.brake.pulled:
                interruption = KeyboardInterrupt()
        except KeyboardInterrupt as interrupt:
            interruption = interrupt
            self._wind_down(inbox, events.Stop())
        finally:
            inbox.close(0)
            self._lookout.close()
        found = {key: tuple(many) for key, many in sorted(self._lookout.found.items()) if many and self._is_bad(key)}
        return Result(self._outcomes(), interruption, troubles=found)

    def _is_bad(self, key: WorkloadKey) -> bool:
        state = self._states[key]
        return isinstance(state, Ended) and not state.outcome.good

    def _go_on(self, inbox: Inbox[_Message]) -> bool:
        """Begins what is due; whether there is anything left to wait for."""
        if self._ports.brake.pulled and not self._line.stopped:
            self._line.stop("the run was interrupted")
            if self._active:
                self._listen(Halted(self._line.stopped, len(self._line.waiting)))
        due = self._line.due(self._ports.clock.now())
        if self._line.waves > 1 and self._line.wave > self._wave and not self._line.stopped:
            self._wave = self._line.wave
            self._listen(WaveBegun(self._wave, self._line.waves, self._line.members))
        for key in due:
            for effect in self._waiting.pop(key, ()):
                inbox.start(self._carrying(key, effect))
        if self._line.stopped and self._waiting:
            for key in list(self._waiting):
                self._leave(key)
        for namespace in self._lookout.due(self._ports.clock.now()):
            inbox.start(self._lookout.opening(namespace))
        return bool(self._active)

    def _handle(self, inbox: Inbox[_Message], message: _Message) -> None:
        match message:
            case Opened(namespace=namespace, why=why) if why:
                self._listen(Unlooked(namespace, why))
            case Opened(namespace=namespace, watches=watches):
                for watch, of_pods in zip(watches, (True, False), strict=True):
                    inbox.follow(watch, glimpses(namespace, of_pods=of_pods), lambda _: ())
            case Glimpse(namespace=namespace):
                self._lookout.take(message)
                for key, finding in self._lookout.news(namespace, self._known):
                    self._listen(Troubled(key, finding))
            case _:
                for key, event in message:
                    for effect in self._take(key, event):
                        inbox.start(self._carrying(key, effect))

    def _leave(self, key: WorkloadKey) -> None:
        self._waiting.pop(key, None)
        self._enter(key, Ended(Outcome(Verdict.NOT_SENT, f"not reached: {self._line.stopped}")))

    def _patience(self, now: float, deadline: float | None) -> float | None:
        """How long to wait for the next message, in seconds; None as long as it takes."""
        dues = (self._line.next_due(), self._lookout.next_due(), deadline)
        return min((due - now for due in dues if due is not None), default=None)

    def _is_over(self, deadline: float | None) -> bool:
        return deadline is not None and self._ports.clock.now() >= deadline

    def _wind_down(self, inbox: Inbox[_Message], last: events.TimeUp | events.Stop) -> None:
        """Begin nothing more, take in what was under way, then say of the others what is known."""
        self._line.stop("the run ended")
        # A second interruption ends the waiting, not the report.
        with contextlib.suppress(KeyboardInterrupt):
            inbox.close(_PATIENCE)
        while (message := inbox.take(0)) is not None:
            for key, event in message if isinstance(message, tuple) else ():
                self._take(key, event)
        for key in sorted(self._active):
            if isinstance(self._states[key], Sending) and key not in self._begun:
                self._enter(key, Ended(Outcome(Verdict.NOT_SENT, "the run ended before it was sent")))
        self._all_active(last)

    def _all_active(self, event: events.Event) -> None:
        for key in sorted(self._active):
            self._take(key, event)

    def _take(self, key: WorkloadKey, event: events.Event | None) -> tuple[events.Effect, ...]:
        known = self._states.get(key)
        if known is None or isinstance(known, Ended):
            return ()
        if event is None:
            self._leave(key)
            return ()
        if isinstance(event, events.Seen | events.Accepted):
            self._known[key] = event.workload
        if isinstance(event, events.Blind):
            self._blind[key] = event.words  # holds for what is still on its way, too
        state, effects = executor.step(known, event, self._terms)
        if key in self._blind and isinstance(state, Rolling):
            state, effects = executor.step(state, events.Blind(self._blind[key]), self._terms)
        if state is not known:
            self._enter(key, state)
        return effects

    def _enter(self, key: WorkloadKey, state: State) -> None:
        known = self._states.get(key)
        if isinstance(state, Ended):
            state = self._explained(key, state)
        self._states[key] = state
        match state:
            case Ended(outcome=outcome):
                self._active.discard(key)
                self._lookout.ended(key)
                self._listen(Finished(key, outcome))
                self._ended(key, outcome)
            case Rolling(standing=standing):
                self._active.add(key)
                self._lookout.rolls(key, self._ports.clock.now())
                if isinstance(known, Sending):
                    self._listen(Sent(key, 1))
                if not isinstance(known, Rolling) or known is state or known.standing != standing:
                    self._listen(Progressed(key, standing))
            case Sending(attempt=attempt):
                self._active.add(key)
                if attempt > 1 and not isinstance(known, Sending):
                    self._listen(Sent(key, attempt))
            case _:
                self._active.add(key)

    def _explained(self, key: WorkloadKey, state: Ended) -> Ended:
        """With what keeps its pods from getting ready, where that is known and it came to no good end."""
        found = self._lookout.found.get(key, ())
        if state.outcome.good or not found:
            return state
        words = "; ".join(f"{one.trouble}: {one.where}: {one.words}" for one in found)
        return Ended(replace(state.outcome, detail=f"{state.outcome.detail}; {words}"))

    def _ended(self, key: WorkloadKey, outcome: Outcome) -> None:
        was_stopped = self._line.stopped
        self._line.ended(key, good=outcome.good)
        if self._line.stopped and not was_stopped and self._line.waiting:
            self._listen(Halted(self._line.stopped, len(self._line.waiting)))

    def _outcomes(self) -> Mapping[WorkloadKey, Outcome]:
        ended = {key: state.outcome for key, state in self._states.items() if isinstance(state, Ended)}
        return dict(sorted(ended.items()))

    # --- what runs in other threads: it changes no state but `_begun`, which only grows

    def _carrying(self, key: WorkloadKey, effect: events.Effect) -> Callable[[], _Message]:
        def carry() -> _Message:
            match effect:
                case events.Send(patch=write):
                    if self._ports.brake.pulled and key not in self._begun:
                        return ((key, None),)
                    self._begun.add(key)
                    return ((key, self._carrier.send(write)),)
                case events.ReadAgain():
                    return ((key, self._carrier.read(key)),)
                case _ as never:
                    assert_never(never)

        return carry

    def _translator(self, scope: Scope) -> Callable[[WatchEvent], _Message]:
        kind = scope.kind

        def seen(raw: bytes) -> tuple[WorkloadKey, events.Event]:
            workload = decode.workload(kind, raw)
            return workload.key, events.Seen(workload)

        def translate(event: WatchEvent) -> _Message:
            match event:
                case Changed(object=raw):
                    return (seen(raw),)
                case Removed(object=raw):
                    workload = decode.workload(kind, raw)
                    return ((workload.key, events.Deleted(workload.uid)),)
                case Snapshot(items=items):
                    return self._missing(scope, tuple(seen(raw) for raw in items))
                case _ as never:
                    assert_never(never)

        return translate

    def _loss(self, scope: Scope) -> Callable[[AccessError], _Message]:
        """A watch is lost for good: what it showed, now or after its patch, is not known any more."""

        def lost(error: AccessError) -> _Message:
            return tuple((key, events.Blind(error.fact)) for key in list(self._states) if _takes(scope, key))

        return lost

    def _reading_once(self, key: WorkloadKey, uid: str) -> Callable[[], _Message]:
        def read() -> _Message:
            match self._carrier.read(key):
                case events.Found(workload=workload):
                    return ((key, events.Seen(workload)),)
                case events.Missing():
                    return ((key, events.Deleted(uid)),)
                case _:
                    return ()  # the watch will tell

        return read

    def _missing(self, scope: Scope, present: tuple[tuple[WorkloadKey, events.Event], ...]) -> _Message:
        """A snapshot, and the deletion of what it lacks: that happened while no watch was there to see it."""
        there = {key for key, _ in present}
        lost = [
            (key, _uid(state))
            for key, state in list(self._states.items())
            if not isinstance(state, Ended) and _takes(scope, key) and key not in there
        ]
        return (*present, *((key, events.Deleted(uid)) for key, uid in lost if uid))


def _pods(write: Write) -> int:
    """How many pods it replaces; one for what is still to be made."""
    workload = before(write)
    return (workload.pods if workload is not None else 1) if write.in_template else 0


def _uid(state: Sending | Reading | Rolling) -> str:
    """Empty for what is still to be made."""
    if isinstance(state, Rolling):
        return state.uid
    return state.first.uid if state.first else ""


def _takes(scope: Scope, key: WorkloadKey) -> bool:
    return key.kind is scope.kind and scope.namespace in (None, key.namespace) and scope.name in ("", key.name)
