"""The page of an audit, read as text. `tests/browser` opens it."""

from __future__ import annotations

import re

from rollonce.history.review import Review
from rollonce.report import audit_html
from tests.unit.history.pictures import Picture, judged


def double(name: str = "ceo", *, evil: str = "") -> Picture:
    """Two deploys of two steps, each a minute apart."""
    told = Picture(name).revision(1, 0, "agent=4f2b-1185 git-sync=4f2b-1185")
    told.revision(2, 5000, "agent=4f2c-1186 git-sync=4f2b-1185").revision(3, 5060, "agent=4f2c-1186 git-sync=4f2c-1186")
    told.revision(4, 9000, f"agent=4f2d-1187{evil} git-sync=4f2c-1186")
    return told.revision(5, 9060, f"agent=4f2d-1187{evil} git-sync=4f2d-1187")


def page(review: Review) -> str:
    return audit_html.render(review).decode()


def test_every_roll_is_a_bar_and_the_redundant_ones_are_marked() -> None:
    review = double().review()
    assert len(review.findings) == 2
    text = page(review)
    timeline = text[text.index('<div class="scroll"') : text.index("Workloads, worst first")]
    assert len(re.findall(r'class="bar ', timeline)) == 4
    assert len(re.findall(r'class="bar redundant"', timeline)) == 2


def test_every_bar_leads_to_the_text_about_its_roll() -> None:
    text = page(double().review())
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]+)"', text)
    assert len(targets) == 4
    assert set(targets) <= set(ids)
    for target in targets:
        told = text[text.index(f'id="{target}"') :]
        assert "git-sync" in told[:3000] or "agent" in told[:3000]


def test_the_page_asks_nobody_for_anything() -> None:
    text = page(double().review())
    assert re.findall(r"https?://[^\"'\s<]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"(?: src=| srcset=|@import|url\((?!#))", text)


def test_what_the_cluster_says_is_text_and_never_markup() -> None:
    text = page(double(evil="<script>alert(1)</script>").review())
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_equal_evidence_gives_equal_bytes() -> None:
    items = double().items()
    assert audit_html.render(judged(items)) == audit_html.render(judged(items[::-1]))


def test_without_a_roll_the_page_says_so() -> None:
    text = page(Picture().revision(1, 0, "agent=1").review())
    assert "<h1>No roll can be seen.</h1>" in text
    assert "<svg" not in text


def test_a_large_fleet_shows_its_worst_and_counts_the_rest() -> None:
    many = [item for n in range(audit_html.LANES + 7) for item in double(f"agent-{n:03}").items()]
    text = page(judged(many))
    timeline = text[text.index('<div class="scroll"') : text.index("Workloads, worst first")]
    assert timeline.count('class="lane"') == audit_html.LANES
    assert "7 more workloads" in text
