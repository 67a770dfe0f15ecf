"""Counts that may be given as a share: `maxSurge: 25%`, `maxUnavailable: 1`."""

from __future__ import annotations

IntOrPercent = int | str


def resolve(value: IntOrPercent | None, total: int, *, default: IntOrPercent, round_up: bool) -> int:
    """The count that an int-or-percent stands for among `total`.

    A share is rounded up for surge and down for unavailable
    (kubernetes/kubernetes, pkg/controller/deployment/util, ResolveFenceposts). A value that is
    neither a number nor a share counts as `default`.
    """
    for candidate in (value, default):
        if isinstance(candidate, int):
            return candidate
        if isinstance(candidate, str) and candidate.endswith("%") and candidate[:-1].isdecimal():
            product = int(candidate[:-1]) * total
            return -(-product // 100) if round_up else product // 100
    return 0
