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
        found = duration.seconds(str(value))
        if found is None:
            self.fail(f"{str(value)!r} is not a duration such as 90s, 10m, 1h30m", param, ctx)
        return found
