"""Amounts of resources: `500m`, `1Gi`, `0.5`, `1e3`. Equal amounts may be written differently.

The grammar is that of kubernetes/kubernetes, staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go.
"""

from __future__ import annotations

import re
from decimal import Decimal

# As the API holds it: a string, or from a hand-made file a number.
Written = str | int | float

_FORM = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,2}))?")
_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** (i + 1) for i, letter in enumerate("kMGTPE")},
    **{f"{letter}i": Decimal(1024) ** (i + 1) for i, letter in enumerate("KMGTPE")},
}


def value(written: Written) -> Decimal | None:
    """The number that an amount stands for, None where it is not an amount."""
    found = _FORM.fullmatch(str(written))
    if found is None:
        return None
    number, suffix, exponent = found.groups()
    factor = _SUFFIXES[suffix or ""] if exponent is None else Decimal(10) ** int(exponent)
    return Decimal(number) * factor


def equal(one: Written | None, other: Written | None) -> bool:
    """Whether both are the same amount, however they are written; None is no amount at all."""
    if one is None or other is None:
        return one is other
    return one == other or (value(one) is not None and value(one) == value(other))
