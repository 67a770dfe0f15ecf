"""Side by side, with no thread left behind and no error lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from rollonce.cluster.fanout import Inbox, ThreadFanOut
from rollonce.cluster.feed import Changed, WatchEvent
from rollonce.errors import ConnectionLost

BOUND = 5.0


@pytest.fixture
def fanout() -> Iterator[ThreadFanOut]:
    with ThreadFanOut(4) as made:
        yield made


def never(ended: list[str]) -> str:
    ended.append("never")
    return "never"


class FakeWatch:
    """Gives its events, then waits to be closed, or fails."""

    def __init__(self, *events: WatchEvent, error: Exception | None = None) -> None:
        self._events = events
        self._error = error
        self.closed = threading.Event()

    def events(self) -> Iterator[WatchEvent]:
        yield from self._events
        if self._error is not None:
            raise self._error
        assert self.closed.wait(BOUND)

    def steps(self) -> Iterator[WatchEvent | None]:
        yield from self.events()

    def close(self) -> None:
        self.closed.set()


def test_results_come_in_the_order_of_the_calls(fanout: ThreadFanOut) -> None:
    assert fanout.gather([partial(pow, n, 2) for n in range(500)]) == [n * n for n in range(500)]
    assert fanout.gather([]) == []


def test_as_many_run_at_once_as_it_is_wide(fanout: ThreadFanOut) -> None:
    barrier = threading.Barrier(4)
    assert len(fanout.gather([partial(barrier.wait, BOUND)] * 4)) == 4


def test_threads_are_started_once(fanout: ThreadFanOut) -> None:
    names = {name for _ in range(5) for name in fanout.gather([lambda: threading.current_thread().name] * 50)}
    assert len(names) <= 4


def test_after_an_error_nothing_more_begins() -> None:
    begun: list[int] = []
    first, release = threading.Event(), threading.Event()

    def call(number: int) -> int:
        begun.append(number)
        if number == 0:
            first.set()
            assert release.wait(BOUND)
            return number
        assert first.wait(BOUND)
        release.set()
        raise ValueError(number)

    with ThreadFanOut(2) as fanout, pytest.raises(ValueError, match="1"):
        fanout.gather([partial(call, number) for number in range(100)])
    assert sorted(begun)[:2] == [0, 1]
    assert len(begun) <= 3, "one more may begin before the error is known"


def test_an_inbox_brings_calls_and_changes_together(fanout: ThreadFanOut) -> None:
    inbox: Inbox[str] = fanout.inbox()
    watch = FakeWatch(Changed(b"a"), Changed(b"b"))
    inbox.follow(watch, lambda event: f"change {event.object.decode()}" if isinstance(event, Changed) else "", str)
    inbox.start(lambda: "result")
    assert sorted(str(inbox.take(BOUND)) for _ in range(3)) == ["change a", "change b", "result"]
    assert inbox.take(0.01) is None
    inbox.close()
    assert watch.closed.is_set()


def test_what_escapes_a_call_or_a_watch_is_raised(fanout: ThreadFanOut) -> None:
    inbox: Inbox[str] = fanout.inbox()

    def fail() -> str:
        raise ValueError("call")

    inbox.start(fail)
    with pytest.raises(ValueError, match="call"):
        inbox.take(BOUND)
    inbox.follow(FakeWatch(error=ValueError("watch")), str, str)
    with pytest.raises(ValueError, match="watch"):
        inbox.take(BOUND)
    inbox.close()


def test_a_watch_that_is_lost_is_an_event_of_its_own(fanout: ThreadFanOut) -> None:
    """So that its reader knows which one it was."""
    inbox: Inbox[str] = fanout.inbox()
    inbox.follow(FakeWatch(error=ConnectionLost("cut")), str, lambda error: f"lost: {error.fact}")
    assert inbox.take(BOUND) == "lost: cut"
    inbox.close()


def test_close_waits_no_longer_than_it_is_told_to(fanout: ThreadFanOut) -> None:
    release, begun = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        release.wait(BOUND)
        return "slow"

    inbox: Inbox[str] = fanout.inbox()
    inbox.start(slow)
    assert begun.wait(BOUND)
    inbox.close(0.01)
    release.set()


def test_close_drops_what_has_not_begun_and_waits_for_the_rest() -> None:
    begun, release = threading.Event(), threading.Event()
    ended: list[str] = []

    def slow() -> str:
        begun.set()
        assert release.wait(BOUND)
        ended.append("slow")
        return "slow"

    with ThreadFanOut(1) as fanout:
        inbox: Inbox[str] = fanout.inbox()
        inbox.start(slow)
        inbox.start(partial(never, ended))
        assert begun.wait(BOUND)
        threading.Timer(0.05, release.set).start()
        inbox.close()
        assert ended == ["slow"]
        assert fanout.gather([lambda: 1, lambda: 2]) == [1, 2]
        assert ended == ["slow"]


def test_a_watch_given_to_a_closed_inbox_is_closed(fanout: ThreadFanOut) -> None:
    inbox: Inbox[str] = fanout.inbox()
    inbox.close()
    watch = FakeWatch()
    inbox.follow(watch, str, str)
    assert watch.closed.is_set()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere waits are cut into pieces")
@pytest.mark.parametrize("where", ["take", "gather"])
def test_an_interrupt_reaches_a_thread_that_waits(where: str) -> None:
    release = threading.Event()
    hits = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    hits.start()
    with ThreadFanOut(2) as fanout:
        inbox: Inbox[str] = fanout.inbox()
        try:
            with pytest.raises(KeyboardInterrupt):
                _ = inbox.take(BOUND) if where == "take" else fanout.gather([partial(release.wait, BOUND)] * 2)
        finally:
            release.set()
            hits.join()
            inbox.close()
