"""What is in force, as text."""

from __future__ import annotations

from collections.abc import Sequence

from rollonce.fleetfile.settings import Setting, Value
from rollonce.report import table

DEFAULT = "default"


def lines(environment: str, settings: Sequence[Setting]) -> list[str]:
    """The settings of an environment, each with where it comes from."""
    rows = [[s.name, _value(s.value), str(s.at) if s.at else DEFAULT] for s in settings]
    return [f"environment {environment}", "", *table.render(["SETTING", "VALUE", "FROM"], rows)]


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:g} s" if value else "without a bound"
        case str():
            return value
        case _:
            return ", ".join(value) or "nothing"
