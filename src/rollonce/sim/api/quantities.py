"""Quantities as the API server writes them back (apimachinery/pkg/api/resource/quantity.go)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_FORM = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def canonical(written: Any) -> Any:
    """The same amount in the shortest whole number of its suffix; what is no quantity stays as it is."""
    text = str(written) if isinstance(written, int | float) and not isinstance(written, bool) else written
    if not isinstance(text, str) or (found := _FORM.fullmatch(text)) is None or found[2]:
        return written
    try:
        number = Decimal(found[1])
    except ArithmeticError:
        return written
    suffix = found[3] or ""
    if number == 0:
        return "0"
    if suffix in _BINARY:
        return _binary(number * 1024 ** _BINARY[suffix])
    return _decimal(number.scaleb(_DECIMAL[suffix]))


def resources(written: Any) -> Any:
    """ResourceRequirements with canonical quantities."""
    if not isinstance(written, dict):
        return written
    return {
        name: {key: canonical(value) for key, value in amounts.items()}
        if name in ("limits", "requests") and isinstance(amounts, dict)
        else amounts
        for name, amounts in written.items()
    }


def _decimal(amount: Decimal) -> str:
    for suffix, exponent in sorted(_DECIMAL.items(), key=lambda each: -each[1]):
        scaled = amount.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return f"{int(amount.scaleb(9).to_integral_value())}n"


def _binary(amount: Decimal) -> str:
    if amount != amount.to_integral_value() or abs(amount) < 1024:
        return _decimal(amount)
    for suffix, power in sorted(_BINARY.items(), key=lambda each: -each[1]):
        if amount % 1024**power == 0:
            return f"{int(amount) // 1024**power}{suffix}"
    return str(int(amount))


def known(text: str) -> bool:
    """Whether it is a quantity at all."""
    found = _FORM.fullmatch(text)
    return found is not None and found[1].count(".") < 2 and any(map(str.isdigit, found[1]))


def amount(written: Any) -> Decimal | None:
    """How much it is, None where it is no quantity."""
    found = _FORM.fullmatch(str(written))
    if found is None:
        return None
    try:
        number = Decimal(found[1] + (found[2] or ""))
    except ArithmeticError:
        return None
    suffix = found[3] or ""
    return number * 1024 ** _BINARY[suffix] if suffix in _BINARY else number.scaleb(_DECIMAL[suffix])
