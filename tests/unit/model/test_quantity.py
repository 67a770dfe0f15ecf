"""Counts and shares, against integer arithmetic of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.model import quantity

TOTALS = st.integers(0, 5000)


@given(st.integers(0, 300), TOTALS)
def test_a_share_is_rounded_up_for_surge_and_down_for_unavailable(percent: int, total: int) -> None:
    down = quantity.resolve(f"{percent}%", total, default=0, round_up=False)
    up = quantity.resolve(f"{percent}%", total, default=0, round_up=True)
    assert down * 100 <= percent * total < (down + 1) * 100
    assert (up - 1) * 100 < percent * total <= up * 100


@given(st.integers(0, 5000), TOTALS, st.booleans())
def test_a_count_is_itself(count: int, total: int, round_up: bool) -> None:
    assert quantity.resolve(count, total, default="25%", round_up=round_up) == count


@pytest.mark.parametrize("value", [None, "", "%", "a%", "-1%", "1.5%", "3"])
def test_what_is_neither_count_nor_share_is_the_default(value: str | None) -> None:
    assert quantity.resolve(value, 8, default="25%", round_up=False) == 2
    assert quantity.resolve(value, 8, default=3, round_up=False) == 3


def test_without_any_meaning_it_is_nothing() -> None:
    assert quantity.resolve("?", 8, default="?", round_up=True) == 0
