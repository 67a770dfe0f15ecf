"""Links lead somewhere, names exist, and nothing unfinished is published."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs import pages
from tests.docs.pages import ROOT, Page

PAGES = pages.all_pages()
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

# Unfinished work, and commands that are not there.
DENIED = ("TODO", "FIXME", "XXX", "TBD", "lorem ipsum")
COMMANDS_TO_COME = ("simulate", "check", "guard", "in-place", "apply", "doctor")
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PATH_NAME = re.compile(r"`((?:src|tests|tools|docs|bench)/[\w./-]*[\w/])`")


@each_page
def test_links_resolve(page: Page) -> None:
    broken = []
    for link in page.links():
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        if not target.exists() or (anchor and anchor not in pages.read(target).anchors()):
            broken.append(link)
    assert not broken


@each_page
def test_nothing_unfinished(page: Page) -> None:
    text = page.path.read_text()
    assert [word for word in DENIED if re.search(rf"\b{re.escape(word)}\b", text)] == []


@each_page
def test_no_command_is_shown_that_is_not_there(page: Page) -> None:
    text = page.path.read_text()
    assert re.findall(rf"rollonce ({'|'.join(COMMANDS_TO_COME)})\b", text) == []


@each_page
def test_files_that_are_named_exist(page: Page) -> None:
    named = {name for line in page.prose for name in PATH_NAME.findall(line)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@each_page
def test_tests_that_are_named_exist(page: Page) -> None:
    """A claim with the name of its proof is worth no more than the proof."""
    missing = [
        f"{file}::{test}"
        for line in page.prose
        for file, test in TEST_NAME.findall(line)
        if not _defines(ROOT / file, test)
    ]
    assert missing == []


def _defines(file: Path, test: str) -> bool:
    return file.exists() and re.search(rf"^ *def {test}\(", file.read_text(), re.MULTILINE) is not None


@each_page
def test_a_page_has_one_title(page: Page) -> None:
    assert [heading.level for heading in page.headings()].count(1) == 1


def test_the_index_leads_to_every_page() -> None:
    index = pages.page("docs/README.md")
    led_to = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links()}
    assert [page.name for page in PAGES if page.path.is_relative_to(ROOT / "docs") and page.path not in led_to] == [
        "docs/README.md"
    ]


def test_the_picture_shows_the_packages_that_there_are() -> None:
    page = pages.page("docs/architecture.md")
    [picture] = [block for block in page.blocks if block.language == "mermaid"]
    shown = {name for line in picture.lines for name in re.findall(r"\[\"?([a-z]+)/", line)}
    there = {path.parent.name for path in (ROOT / "src/rollonce").glob("*/__init__.py")}
    assert shown == there
