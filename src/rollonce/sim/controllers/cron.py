"""When a CronJob is due (the five fields of cron, as github.com/robfig/cron/v3 reads them; times are UTC)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# A schedule such as the 30th of February is never due.
LONGEST = 366 * 5


class Schedule(NamedTuple):
    """Which minutes, hours, days, months; `any_day` where neither kind of day is restricted by the other."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def is_day(self, day: datetime) -> bool:
        """Whether that day has due minutes; where both kinds of days are restricted, one of them is enough."""
        monthly, weekly = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (monthly or weekly if self.either_day else monthly and weekly)


def parse(text: str) -> Schedule | None:
    """The schedule, None where it is none."""
    parts = MACROS.get(text.strip(), text).split()
    if len(parts) != 5:
        return None
    try:
        minutes = _field(parts[0], 0, 59, ())
        hours = _field(parts[1], 0, 23, ())
        days = _field(parts[2], 1, 31, ())
        months = _field(parts[3], 1, 12, MONTHS)
        weekdays = frozenset(day % 7 for day in _field(parts[4], 0, 7, DAYS))
    except ValueError:
        return None
    restricted = not any(part.startswith(("*", "?")) for part in (parts[2], parts[4]))
    return Schedule(minutes, hours, days, months, weekdays, restricted)


def _field(text: str, least: int, most: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = least if first in ("*", "?") else _number(first, least, names)
        high = _number(last, least, names) if last else most if first in ("*", "?") or step else low
        found |= set(range(low, high + 1, int(step) if step else 1))
    if not found or min(found) < least or max(found) > most:
        raise ValueError(text)
    return frozenset(found)


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    lower = text.lower()[:3]
    if lower in names:
        return names.index(lower) + (1 if least else 0)
    return int(text)


def following(schedule: Schedule, after: float) -> float | None:
    """The next due time after that moment, in seconds since the epoch; None where there is none in five years."""
    moment = datetime.fromtimestamp(after, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for _ in range(LONGEST):
        if schedule.is_day(moment):
            for hour in sorted(schedule.hours):
                for minute in sorted(schedule.minutes):
                    if (hour, minute) >= (moment.hour, moment.minute):
                        return moment.replace(hour=hour, minute=minute).timestamp()
        moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
    return None


def latest(schedule: Schedule, since: float, until: float) -> float | None:
    """The last due time after `since` and not after `until`, None where there is none."""
    found, due = None, following(schedule, since)
    while due is not None and due <= until:
        found, due = due, following(schedule, due)
    return found
