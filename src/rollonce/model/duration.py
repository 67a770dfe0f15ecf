"""Durations as kubectl takes them: `90s`, `10m`, `1h30m`; days besides, `30d`."""

from __future__ import annotations

import re

# A bare number counts seconds. The JSON Schema of the fleet file has it as well.
PATTERN = r"[0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+"

# In seconds: far beyond any rollout, and within what every clock and lock takes.
LONGEST = 365 * 24 * 3600.0

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def seconds(text: str) -> float | None:
    """Seconds of a duration; a bare number counts seconds. None where it is not one."""
    if not re.fullmatch(PATTERN, text):
        return None
    if text[-1].isdigit():
        return float(text)
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
