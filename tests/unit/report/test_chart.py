"""The timeline's geometry."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rollonce.report.page import chart
from rollonce.report.page.chart import Bar, Column, Mark, Placed

COLUMNS = [Column("d1", "2026-11-25 01:00"), Column("d2", "2026-11-25 02:00")]
spans = st.floats(0, 1e6, allow_nan=False)


def bar(column: int, start: float, seconds: float, *, outage: bool = True) -> Bar:
    return Bar(0, column, start, seconds, Mark.NEEDED, outage, "t", "words")


def placed(bars: list[Bar]) -> list[Placed]:
    edges = chart._edges(COLUMNS, bars)
    return chart.place(bars, edges)


@given(st.lists(st.builds(bar, st.sampled_from([0, 1]), spans, spans), max_size=12))
def test_bars_of_a_lane_never_touch_and_stay_in_their_deploy(bars: list[Bar]) -> None:
    edges = chart._edges(COLUMNS, bars)
    for column in (0, 1):
        mine = [each for each in placed(bars) if each.bar.column == column]
        assert len(mine) == sum(b.column == column for b in bars)
        for each in mine:
            assert each.width >= chart.NARROWEST
            assert edges[column] < each.x
            assert each.x + each.width < edges[column + 1]
        for one, two in pairwise(mine):
            assert one.x + one.width < two.x


def test_a_longer_roll_is_a_wider_bar_and_a_later_one_stands_further_right() -> None:
    short, long, other = placed([bar(0, 0, 60), bar(0, 100, 180), bar(1, 0, 10)])
    assert long.width > short.width
    assert long.x > short.x + short.width
    assert other.x > long.x + long.width


def test_only_an_outage_interrupts_the_line_of_its_lane() -> None:
    whole = chart.render(["x"], COLUMNS, [bar(0, 0, 60, outage=False)])
    broken = chart.render(["x"], COLUMNS, [bar(0, 0, 60)])
    assert (whole.count('class="serving"'), broken.count('class="serving"')) == (1, 2)


def test_names_are_text_and_never_markup() -> None:
    picture = chart.render(["<b>&"], [Column('"><script>', "now")], [Bar(0, 0, 0, 1, Mark.OPEN, False, "t", "<i>'\"")])
    assert "<b>" not in picture
    assert "<script" not in picture
    assert "<i>" not in picture
