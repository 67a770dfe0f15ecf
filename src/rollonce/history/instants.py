"""Times of the API as aware datetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

# The first release of Kubernetes; what claims to be older has a broken clock or was made by hand.
_FIRST = datetime(2014, 6, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


@lru_cache(maxsize=65536)
def parse(text: str | None) -> datetime | None:
    """The time, None where there is none or it is absurd."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at >= _FIRST else None


def believable(at: datetime | None, now: datetime) -> datetime | None:
    """The time where it is not in the future by more than a day."""
    return at if at is not None and at <= now + _AHEAD else None
