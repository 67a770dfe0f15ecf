"""Durations on the command line."""

from __future__ import annotations

import click

from rollonce.model import duration


class Duration(click.ParamType[float]):
    """Seconds from a duration as kubectl takes it; a bare number counts seconds, 0 means no bound."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; fails as a usage error."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value)
        found = duration.seconds(text)
        if found is None:
            self.fail(f"{text!r} is not a duration such as 90s, 10m, 1h30m, 30d", param, ctx)
        if found > duration.LONGEST:
            self.fail(f"{text[:40]!r} is longer than a year; 0 means without a bound", param, ctx)
        return found
