"""The page of an audit as a browser shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rollonce.report import audit_html
from tests.browser import chromium
from tests.unit.history.pictures import Picture

pytestmark = pytest.mark.browser

BARS = """
  return [...document.querySelectorAll("svg.chart a.bar")].map((bar) => {
    const box = bar.querySelector("rect").getBoundingClientRect();
    return { x: box.x, y: box.y, width: box.width, height: box.height, mark: bar.classList[1],
             fill: getComputedStyle(bar.querySelector("rect")).fill, words: bar.getAttribute("aria-label") };
  });
"""
PEEK = """
  const bar = document.querySelector("svg.chart a.bar.redundant");
  const peek = document.getElementById("peek");
  const before = peek.hidden;
  bar.focus();
  const shown = !peek.hidden && peek.textContent;
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  return { before, focused: document.activeElement === bar, shown, after: peek.hidden };
"""
DETAILS = """
  location.hash = document.querySelector("svg.chart a.bar.needed").getAttribute("href");
  dispatchEvent(new Event("hashchange"));
  const about = document.querySelector(":target");
  return { open: about.closest("details").open, text: about.textContent, height: about.getBoundingClientRect().height };
"""


def page() -> bytes:
    """The story: one deploy, two steps three minutes apart, on a workload that mounts a volume."""
    told = Picture("agent-ceo").revision(1, 0, "agent=4f2b-1186 git-sync=4f2b-1186")
    told.revision(2, 5000, "agent=4f2c-1187 git-sync=4f2b-1186", retired=4980)
    told.revision(3, 5180, "agent=4f2c-1187 git-sync=4f2c-1187")
    return audit_html.render(told.review())


def probe(script: str, folder: Path) -> Any:
    return chromium.probe(page(), folder, script)


def test_the_bars_are_there_side_by_side_and_the_redundant_one_has_a_form_of_its_own(tmp_path: Path) -> None:
    needed, redundant = probe(BARS, tmp_path)
    assert (needed["mark"], redundant["mark"]) == ("needed", "redundant")
    assert needed["x"] + needed["width"] < redundant["x"]
    assert redundant["height"] > needed["height"]
    assert "hatch" in redundant["fill"]
    assert "git-sync 4f2b-1186 -> 4f2c-1187" in redundant["words"]


def test_a_bar_that_has_the_keyboard_shows_fields_and_writer(tmp_path: Path) -> None:
    seen = probe(PEEK, tmp_path)
    assert (seen["before"], seen["focused"], seen["after"]) == (True, True, True)
    assert "registry.example/git-sync:4f2c-1187" in seen["shown"]
    assert "written by" in seen["shown"]


def test_a_link_opens_what_it_leads_to(tmp_path: Path) -> None:
    seen = probe(DETAILS, tmp_path)
    assert seen["open"]
    assert seen["height"] > 0
    assert "1 -> 2" in seen["text"]
