"""The pages of the documentation, as far as tests read them: headings, links, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<marks>`{3,})(?P<language>\w*)$")
_SCENE = re.compile(r"^<!-- scene: (?P<name>\w+) -->$")
_HEADING = re.compile(r"^(?P<level>#{1,6}) (?P<text>.+)$")
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+)\)")
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `text` as it is written."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `start` is the index of its first line of content in the page."""

    language: str
    start: int
    lines: tuple[str, ...]
    scene: str

    @property
    def is_example(self) -> bool:
        """Whether it is a session that a test repeats."""
        return self.language == "console"


@dataclass(frozen=True, slots=True)
class Page:
    """One file; code blocks are no part of `prose`."""

    path: Path
    prose: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """Path below the root of the checkout."""
        return self.path.relative_to(ROOT).as_posix()

    def headings(self) -> Iterator[Heading]:
        """In the order of the page."""
        for line in self.prose:
            if found := _HEADING.match(line):
                yield Heading(len(found["level"]), found["text"])

    def section(self, title: str) -> list[str]:
        """The lines of prose below the heading of that text, up to the next heading of its level or above."""
        lines: list[str] = []
        level = 0
        for line in self.prose:
            found = _HEADING.match(line)
            if found and found["text"] == title:
                level = len(found["level"])
            elif found and level and len(found["level"]) <= level:
                break
            elif level:
                lines.append(line)
        assert level, f"{self.name} has no heading {title!r}"
        return lines

    def anchors(self) -> set[str]:
        """What a link may name after `#`, as GitHub makes it."""
        made: set[str] = set()
        for heading in self.headings():
            base = re.sub(r"[^\w\- ]", "", heading.text.replace("`", "").lower()).replace(" ", "-")
            n = 0
            while (anchor := f"{base}-{n}" if n else base) in made:
                n += 1
            made.add(anchor)
        return made

    def links(self) -> list[str]:
        """Targets of links, outside of code."""
        return [found["target"] for line in self.prose for found in _LINK.finditer(_CODE.sub("", line))]


def read(path: Path) -> Page:
    """Parse one page."""
    prose: list[str] = []
    blocks: list[Block] = []
    scene = ""
    marks, language, start = "", "", 0
    lines = path.read_text().splitlines()
    for index, line in enumerate(lines):
        if marks:
            if line == marks:
                blocks.append(Block(language, start, tuple(lines[start:index]), scene))
                marks = scene = ""
        elif fence := _FENCE.match(line):
            marks, language, start = fence["marks"], fence["language"], index + 1
        else:
            prose.append(line)
            if found := _SCENE.match(line):
                scene = found["name"]
    assert not marks, f"{path}: the block that begins in line {start} has no end"
    return Page(path, tuple(prose), tuple(blocks))


def all_pages() -> list[Page]:
    """README.md, CHANGELOG.md and everything below docs/."""
    return [read(path) for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md")))]


def page(name: str) -> Page:
    """The page of that path below the root of the checkout."""
    return read(ROOT / name)


def table(lines: list[str]) -> list[list[str]]:
    """The rows of the first table among these lines, without its header; the cells without white space around."""
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return rows[2:]
