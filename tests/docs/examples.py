"""Repeats the sessions of the documentation and compares what is printed.

A session is a block of language `console`; a comment before it, `<!-- scene: fleet -->`, says what it begins with
(`scenes.py`; `none` is no cluster at all). Blocks without a comment go on with the scene of the block before.

What differs from run to run is replaced on both sides. Lines that tell of a rollout on its way depend on timing: they
have to be of the known forms, and are not compared. ROLLONCE_WRITE_EXAMPLES=1 writes what was printed into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import unittest.mock
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rollonce.cli import program
from tests.docs import pages
from tests.docs.pages import Block, Page

WRITE = bool(os.environ.get("ROLLONCE_WRITE_EXAMPLES"))
NO_CLUSTER = "none"
NAMESPACE = "agents"

_GENERATED = (
    (re.compile(r"local-\d{8}T\d{6}Z-[0-9a-f]{6}"), "local-20260102T030405Z-6f1d2a"),
    (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        "5f0c9a52-7a31-4c1b-9d0e-2b8f6f1d2a77",
    ),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "2026-01-02T03:04:05.678901Z"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:6443"),
    (re.compile(r"\bpod ([a-z0-9-]+?)-[a-z0-9]{8,10}-[a-z0-9]{5}\b"), r"pod \1-7d9c5b6f48-x2x4z"),
)
_ON_ITS_WAY = re.compile(
    r"\S+/\S+: (patch sent|waiting for its controller to .+|\d+ of \d+ pods? (there|updated|available|ready|scheduled)"
    r"|\d+ (old or )?surplus pods? still to go)"
)
_END = re.compile(r"\S+/\S+: [a-z-]+: .+")


@dataclass(frozen=True, slots=True)
class Story:
    """Blocks that follow each other in one namespace."""

    page: Page
    scene: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """Page and line of its first block."""
        return f"{self.page.name}:{self.blocks[0].start}:{self.scene}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands run: their folder, their environment, what replaces the names that the page uses.

    `within` runs rollonce in this process, which is a hundred times faster.
    """

    folder: Path
    environment: Mapping[str, str]
    namespace: str = NAMESPACE
    kubectl: str = "kubectl"
    within: bool = False


def stories(*, cluster: bool) -> Iterator[Story]:
    """Every story that needs a cluster, or every one that does not."""
    for page in pages.all_pages():
        told: list[list[Block]] = []
        for block in page.blocks:
            if block.is_example:
                if block.scene:
                    told.append([])
                assert told, f"{page.name}, line {block.start}: the example has no scene"
                told[-1].append(block)
        for blocks in told:
            if (blocks[0].scene != NO_CLUSTER) is cluster:
                yield Story(page, blocks[0].scene, tuple(blocks))


def check(story: Story, place: Place) -> None:
    """Runs a story's commands; fails where a block of the page differs from what is printed."""
    code = 0
    replaced: list[tuple[Block, list[str]]] = []
    for block in story.blocks:
        actual: list[str] = []
        for command, shown in _commands(block.lines):
            actual += shown
            printed, code = _run(command, place, code)
            actual += printed
        if comparable(actual) != comparable(block.lines):
            replaced.append((block, actual))
    if WRITE:
        _write(story.page, replaced)
    else:
        for block, actual in replaced:
            assert "\n".join(comparable(block.lines)) == "\n".join(comparable(actual)), (
                f"{story.page.name}:{block.start}"
            )


def _commands(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, as one line and as it is shown."""
    shown: list[str] = []
    for line in lines:
        if line.startswith("$ ") or shown:
            shown.append(line)
            if not line.endswith("\\"):
                yield " ".join(part.rstrip("\\").strip() for part in shown).removeprefix("$ "), shown
                shown = []


def _run(command: str, place: Place, last: int) -> tuple[list[str], int]:
    if command == "echo $?":
        return [str(last)], 0
    words = shlex.split(command)
    environment = dict(place.environment)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    quiet = "2>/dev/null" in words
    words = [place.namespace if word == NAMESPACE else word for word in words if word != "2>/dev/null"]
    # Its recipe, once .venv is there (test_make_demo_runs_the_demo).
    words = ["rollonce", "demo"] if words == ["make", "demo"] else words
    if place.within:
        assert words[0] == "rollonce", "only rollonce runs in this process"
        printed, code = _within(words[1:], place.folder, environment)
        return _normal(printed, place), code
    binary = {"rollonce": [sys.executable, "-m", "rollonce"], "kubectl": [place.kubectl]}[words[0]]
    ended = subprocess.run(
        [*binary, *words[1:]],
        cwd=place.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return _normal(ended.stdout, place), ended.returncode


def _within(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[str, int]:
    """One run in this process: what it prints, and its exit code."""
    printed = io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    try:
        with (
            unittest.mock.patch.dict(os.environ, environment, clear=True),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            code = program.run(arguments)
    finally:
        signal.signal(signal.SIGTERM, before)
    return printed.getvalue(), code


def _normal(text: str, place: Place) -> list[str]:
    text = text.replace(place.namespace, NAMESPACE).replace(str(place.folder), "/home/me")
    for pattern, constant in _GENERATED:
        text = pattern.sub(constant, text)
    return [line.rstrip() for line in text.rstrip().splitlines()]


def comparable(lines: Iterable[str]) -> list[str]:
    """The lines that a repetition must bring again; ends of rollouts that follow each other come in any order."""
    kept = [line for line in lines if not _ON_ITS_WAY.fullmatch(line)]
    ordered: list[str] = []
    for is_end, group in groupby(kept, key=lambda line: _END.fullmatch(line) is not None):
        lines_of_group = list(group)
        ordered += sorted(lines_of_group) if is_end else lines_of_group
    return ordered


def _write(page: Page, replaced: Iterable[tuple[Block, list[str]]]) -> None:
    text = page.path.read_text()
    for block, actual in replaced:
        before, after = ("```console\n" + "\n".join(part) + "\n```" for part in (block.lines, actual))
        text = text.replace(before, after, 1)
    page.path.write_text(text)
