"""The timeline as SVG: a lane per workload, a column per deploy, a bar per roll, outage as gaps in the lane's line.

Time is true to scale inside a column only: the days between two deploys would leave no room for the minutes in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from itertools import groupby

LABELS = 232.0
HEAD = 58.0
LANE = 44.0
PAD = 12.0
NARROWEST = 12.0
GAP = 4.0
COLUMN = 84.0
_NAME_SHOWN = 34
_DEPLOY_SHOWN = 24
_PIXELS_A_LETTER = 7.2


class Mark(StrEnum):
    """What a roll was; each has a shape of its own, so that no colour has to be told from another."""

    NEEDED = "needed"
    REDUNDANT = "redundant"
    OPEN = "open"
    RECOVERY = "recovery"


LEGEND = (
    (Mark.NEEDED, "a roll"),
    (Mark.REDUNDANT, "a redundant roll"),
    (Mark.OPEN, "redundant, or on purpose"),
    (Mark.RECOVERY, "a recovery"),
)
_SIGNS = {Mark.NEEDED: "", Mark.REDUNDANT: "×", Mark.OPEN: "?", Mark.RECOVERY: "↩"}  # noqa: RUF001 - a sign in a picture


@dataclass(frozen=True, slots=True)
class Column:
    """One deploy; `when` is the second line of its head."""

    name: str
    when: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One roll; those of one lane and column come in their order.

    `start` and `seconds` are seconds, from the beginning of its column; `outage` leaves a gap. `target` is the id of
    the element that tells about it, `words` what a pointer or a screen reader says.
    """

    lane: int
    column: int
    start: float
    seconds: float
    mark: Mark
    outage: bool
    target: str
    words: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A bar with its place, in pixels."""

    bar: Bar
    x: float
    width: float


def render(lanes: Sequence[str], columns: Sequence[Column], bars: Sequence[Bar]) -> str:
    """The picture; wider than a page where there are many deploys."""
    edges = _edges(columns, bars)
    placed = place(bars, edges)
    right, height = edges[-1] + PAD, HEAD + LANE * len(lanes) + PAD
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{right:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {right:.0f} {height:.0f}" role="group" aria-label="Rolls per workload and deploy">',
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="2.4" height="6"/>'
        "</pattern></defs>",
    ]
    for index, column in enumerate(columns):
        lines += _head(column, edges[index], edges[index + 1], height, odd=bool(index % 2))
    for index, name in enumerate(lanes):
        lines += _lane(name, index, [each for each in placed if each.bar.lane == index], right)
    return "\n".join([*lines, "</svg>"])


def _grouped(bars: Iterable[Bar]) -> Iterable[list[Bar]]:
    """The bars of each lane in each column, in the order given: the controllers count rolls, clocks may jump."""
    ordered = sorted(bars, key=lambda bar: (bar.lane, bar.column))
    return (list(group) for _, group in groupby(ordered, key=lambda bar: (bar.lane, bar.column)))


def _edges(columns: Sequence[Column], bars: Sequence[Bar]) -> list[float]:
    """Where each column begins, and at last where all of them end."""
    most = [1] * len(columns)
    for group in _grouped(bars):
        most[group[0].column] = max(most[group[0].column], len(group))
    edges = [LABELS]
    for column, n in zip(columns, most, strict=True):
        head = max(len(_short(column.name, _DEPLOY_SHOWN)), len(column.when)) * _PIXELS_A_LETTER
        edges.append(edges[-1] + 2 * PAD + max(COLUMN, head, n * (2 * NARROWEST + GAP)))
    return edges


def place(bars: Sequence[Bar], edges: Sequence[float]) -> list[Placed]:
    """Where each bar stands: column `n` reaches from `edges[n]` to `edges[n + 1]`."""
    lengths: dict[int, float] = {}
    for bar in bars:
        lengths[bar.column] = max(lengths.get(bar.column, 1.0), bar.start + bar.seconds)
    return [
        each
        for group in _grouped(bars)
        for each in _side_by_side(group, edges[group[0].column] + PAD, edges[group[0].column + 1] - PAD, lengths)
    ]


def _side_by_side(group: Sequence[Bar], left: float, end: float, lengths: Mapping[int, float]) -> list[Placed]:
    """The bars of one lane in one column: to scale, but none narrower than a finger or on top of another."""
    room = end - left
    scale = room / lengths[group[0].column]
    widest = room / len(group) - GAP
    placed: list[Placed] = []
    free = left
    for bar in group:
        width = min(max(bar.seconds * scale, NARROWEST), widest)
        x = max(left + bar.start * scale, free)
        placed.append(Placed(bar, x, width))
        free = x + width + GAP
    limit = end
    for index in range(len(placed) - 1, -1, -1):
        each = placed[index]
        placed[index] = Placed(each.bar, min(each.x, limit - each.width), each.width)
        limit = placed[index].x - GAP
    return placed


def _head(column: Column, left: float, end: float, height: float, *, odd: bool) -> list[str]:
    shade = f'<rect class="shade" x="{left:.1f}" y="0" width="{end - left:.1f}" height="{height:.0f}"/>' if odd else ""
    return [
        f"{shade}<g><title>{escape(column.name)}</title>"
        f'<text class="deploy" x="{left + PAD:.1f}" y="22">{escape(_short(column.name, _DEPLOY_SHOWN))}</text>'
        f'<text class="when" x="{left + PAD:.1f}" y="40">{escape(column.when)}</text></g>'
    ]


def _lane(name: str, index: int, placed: Sequence[Placed], right: float) -> list[str]:
    y = HEAD + LANE * index + LANE / 2
    lines = [
        f'<g class="lane"><title>{escape(name)}</title>'
        f'<text class="workload" x="0" y="{y + 4:.1f}">{escape(_short(name, _NAME_SHOWN))}</text>'
    ]
    x = LABELS
    for each in sorted((p for p in placed if p.bar.outage), key=lambda p: p.x):
        lines.append(_line(x, each.x, y + 14))
        x = each.x + each.width
    lines += [_line(x, right - PAD, y + 14), "</g>"]
    return [*lines, *(_bar(each, y) for each in placed)]


def _line(x1: float, x2: float, y: float) -> str:
    return f'<line class="serving" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>' if x2 > x1 else ""


def _bar(each: Placed, y: float) -> str:
    bar = each.bar
    top, high = (y - 16, 27.0) if bar.mark is Mark.REDUNDANT else (y - 8, 19.0)
    sign = _SIGNS[bar.mark]
    middle = each.x + each.width / 2
    shown = f'<text class="sign" x="{middle:.1f}" y="{y + 5:.1f}">{sign}</text>' if sign else ""
    return (
        f'<a href="#{bar.target}" class="bar {bar.mark}" data-start="{bar.start:.0f}" data-seconds="{bar.seconds:.0f}" '
        f'aria-label="{escape(bar.words)}">'
        f'<title>{escape(bar.words)}</title><rect x="{each.x:.1f}" y="{top:.1f}" width="{each.width:.1f}" '
        f'height="{high:.0f}" rx="2"/>{shown}</a>'
    )


def legend() -> str:
    """What the shapes mean."""
    items = []
    for mark, words in LEGEND:
        placed = Placed(Bar(0, 0, 0, 0, mark, False, "", words), 2, 20)
        picture = _bar(placed, 18).replace('href="#" ', "").replace("<a ", "<g ").replace("</a>", "</g>")
        items.append(f'<li><svg width="24" height="34" aria-hidden="true">{picture}</svg> {escape(words)}</li>')
    gap = (
        '<svg width="44" height="34" aria-hidden="true"><line class="serving" x1="0" x2="14" y1="20" y2="20"/>'
        '<line class="serving" x1="30" x2="44" y1="20" y2="20"/></svg>'
    )
    return f'<ul class="legend">{"".join(items)}<li>{gap} a gap: nobody serves</li></ul>'


def _short(text: str, most: int) -> str:
    """The beginning and, for it tells more, the end."""
    if len(text) <= most:
        return text
    keep = (most - 1) // 2
    return f"{text[:keep]}…{text[-(most - 1 - keep) :]}"
