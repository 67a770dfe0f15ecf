"""Amounts of resources: equal ones may be written differently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.model import amount


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1000m"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("2.", "2"),
        ("1Gi", "1024Mi"),
        ("1G", "1000M"),
        ("1e3", "1k"),
        ("1E3", "1000"),
        ("1E", "1000P"),
        ("+1", "1"),
        (1, "1"),
        (0.5, "500m"),
        ("100u", "100000n"),
        (None, None),
    ],
)
def test_equal(one: amount.Written | None, other: amount.Written | None) -> None:
    assert amount.equal(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1m"), ("1G", "1Gi"), ("1", None), (None, "0"), ("much", "more"), ("1K", "1k")]
)
def test_different(one: amount.Written | None, other: amount.Written | None) -> None:
    assert not amount.equal(one, other)


@pytest.mark.parametrize("text", ["", "much", "1 Gi", "1KB", "0x1", "1e", "--1", "1_000", "\u0661"])
def test_what_is_no_amount(text: str) -> None:
    assert amount.value(text) is None


@given(st.integers(0, 10**9), st.sampled_from(["n", "u", "m", "", "k", "M", "Ki", "Gi"]))
def test_every_amount_equals_itself_written_with_a_point(number: int, suffix: str) -> None:
    assert amount.equal(f"{number}{suffix}", f"{number}.0{suffix}")
