"""When to ask again: a pure policy.

429, and 503 with Retry-After, were not executed: every verb waits as long as the server asks.
The same holds for a connection that never came about. Everything else may have been executed,
so only what changes nothing is repeated; who writes reads back instead.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum

from rollonce.errors import AccessError, ConnectionLost, Unreachable
from rollonce.wire import Response

BUDGET_SECONDS = 60.0
SHORTEST_ASKED = 1.0
LONGEST_ASKED = 30.0
FIRST_BACKOFF = 0.1
LONGEST_BACKOFF = 8.0
CONNECT_TRIES = 3

_FAULTS = frozenset({500, 502, 503, 504})
# The field manager's word for an intent that does not fit the schema comes as a 500
# (apimachinery/pkg/util/managedfields/internal/structuredmerge.go), and is the same each time.
NOT_OF_THE_KIND = "failed to create typed patch object"


class Effect(Enum):
    """Whether a request changes anything when it is executed."""

    READ = "read"
    WRITE = "write"


def next_wait(
    attempt: int, outcome: Response | AccessError, effect: Effect, elapsed: float, *, jitter: float = 0.0
) -> float | None:
    """Seconds to wait before the next try, None where there should be none.

    `attempt` counts the tries so far, from 1; `elapsed` is in seconds since the first began;
    `jitter`, from 0 to 1, spreads many clients that were turned away together.
    """
    wait = _wait(attempt, outcome, effect)
    if wait is None:
        return None
    wait *= 1 + jitter / 4
    return wait if elapsed + wait <= BUDGET_SECONDS else None


def _wait(attempt: int, outcome: Response | AccessError, effect: Effect) -> float | None:
    backoff: float = min(FIRST_BACKOFF * 2 ** min(attempt - 1, 20), LONGEST_BACKOFF)
    if isinstance(outcome, Unreachable):
        return backoff if attempt < CONNECT_TRIES else None
    if isinstance(outcome, ConnectionLost):
        return backoff if effect is Effect.READ else None
    if not isinstance(outcome, Response):
        return None
    asked = _asked(outcome)
    if outcome.status == 429:
        return SHORTEST_ASKED if asked is None else asked
    if outcome.status == 503 and asked is not None:
        return asked
    if outcome.status == 500 and NOT_OF_THE_KIND.encode() in outcome.body:
        return None
    return backoff if outcome.status in _FAULTS and effect is Effect.READ else None


def _asked(response: Response) -> float | None:
    """Retry-After in seconds, within bounds; None where it is absent or unreadable."""
    value = response.header("retry-after")
    if value is None:
        return None
    value = value.strip()
    seconds = float(value[:9]) if value.isascii() and value.isdigit() else _until(value, response.header("date"))
    return None if seconds is None else min(max(seconds, SHORTEST_ASKED), LONGEST_ASKED)


def _until(moment: str, now: str | None) -> float | None:
    """Seconds from the response's own Date, so that no clock of ours has to agree with the server's."""
    try:
        then = parsedate_to_datetime(moment)
        return (then - parsedate_to_datetime(now)).total_seconds() if now else SHORTEST_ASKED
    except (ValueError, TypeError):
        return None
