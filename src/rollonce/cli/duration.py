"""Durations as kubectl takes them: `90s`, `10m`, `1h30m`; days besides, `30d`."""

from __future__ import annotations

import re

import click

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# Far beyond any rollout, and within what every clock and lock takes.
_LONGEST = 365 * 24 * 3600.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Duration(click.ParamType[float]):
    """Seconds from a duration; a bare number counts seconds, 0 means no bound."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; fails as a usage error."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value)
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return self._bounded(float(text), text, param, ctx)
        if not re.fullmatch(rf"({_PART.pattern})+", text):
            self.fail(f"{text!r} is not a duration such as 90s, 10m, 1h30m, 30d", param, ctx)
        return self._bounded(sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)), text, param, ctx)

    def _bounded(self, seconds: float, text: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if seconds > _LONGEST:
            self.fail(f"{text[:40]!r} is longer than a year; 0 means without a bound", param, ctx)
        return seconds
