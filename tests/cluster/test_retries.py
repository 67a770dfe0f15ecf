"""The policy of retries, by plain values."""

from __future__ import annotations

import pytest

from rollonce.cluster.retries import Effect, next_wait
from rollonce.errors import AccessError, ConnectionLost, LoginFailed, TlsFailed, Unreachable, UnreadableAnswer
from rollonce.wire import Response

READ, WRITE = Effect.READ, Effect.WRITE


def answered(status: int, after: str | None = None, date: str | None = None) -> Response:
    headers = [("retry-after", after)] if after is not None else []
    return Response(status, (*headers, *([("date", date)] if date else [])))


@pytest.mark.parametrize(
    ("outcome", "read", "write"),
    [
        (answered(429), 1.0, 1.0),
        (answered(429, "5"), 5.0, 5.0),
        (answered(429, "0"), 1.0, 1.0),
        (answered(429, "3600"), 30.0, 30.0),
        (answered(429, "9" * 400), 30.0, 30.0),
        (answered(429, "soon"), 1.0, 1.0),
        (answered(429, "-1"), 1.0, 1.0),
        (answered(503, "2"), 2.0, 2.0),
        (answered(503, "Wed, 21 Oct 2026 07:28:10 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"), 10.0, 10.0),
        (answered(503, "Wed, 21 Oct 2026 07:28:10 GMT"), 1.0, 1.0),
        (answered(503), 0.1, None),
        (answered(500, "1"), 0.1, None),
        (answered(500), 0.1, None),
        (answered(502), 0.1, None),
        (answered(504), 0.1, None),
        (answered(501), None, None),
        (answered(401), None, None),
        (answered(404), None, None),
        (answered(409, "1"), None, None),
        (answered(302), None, None),
        (ConnectionLost(""), 0.1, None),
        (Unreachable(""), 0.1, 0.1),
        (TlsFailed(""), None, None),
        (LoginFailed(""), None, None),
        (UnreadableAnswer(""), None, None),
    ],
)
def test_what_is_tried_again(outcome: Response | AccessError, read: float | None, write: float | None) -> None:
    assert next_wait(1, outcome, READ, 0.0) == read
    assert next_wait(1, outcome, WRITE, 0.0) == write


def test_reads_back_off() -> None:
    waits = [next_wait(attempt, answered(500), READ, 0.0) for attempt in range(1, 10)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0]
    assert next_wait(10_000, answered(500), READ, 0.0) == 8.0


def test_a_server_that_cannot_be_reached_is_tried_three_times() -> None:
    assert [next_wait(attempt, Unreachable(""), READ, 0.0) for attempt in (1, 2, 3)] == [0.1, 0.2, None]


def test_a_minute_is_all_there_is() -> None:
    assert next_wait(3, answered(429, "10"), WRITE, 50.0) == 10.0
    assert next_wait(3, answered(429, "10"), WRITE, 50.1) is None


def test_jitter_only_adds() -> None:
    assert next_wait(1, answered(429, "4"), WRITE, 0.0, jitter=1.0) == 5.0
