"""Refuses files, sockets and processes while a test of a pure package runs.

The syntax tree shows what a module asks for; this shows what a call does, through whatever it imports.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from tests.architecture.purity import PURE_PACKAGES

# Events of https://docs.python.org/3/library/audit_events.html; a name with a final dot is a whole family.
OS_ACTS = """
    chmod chown exec fork forkpty kill link listdir mkdir posix_spawn remove rename rmdir scandir spawn
    symlink system truncate utime
"""
REFUSED = (
    *("open", "shutil.", "socket.", "sqlite3.connect", "subprocess.", "tempfile."),
    *(f"os.{act}" for act in OS_ACTS.split()),
)
FAMILIES = tuple(name for name in REFUSED if name.endswith("."))

# What these do is theirs, also when the test's body is what made them do it: an import reads and writes
# bytecode, hypothesis keeps tables of Unicode, a failing assert is explained from the sources.
TOOLS = tuple(
    f"/site-packages/{tool}/"
    for tool in ("_pytest", "execnet", "executing", "hypothesis", "inline_snapshot", "pluggy", "xdist")
)
IMPORT_SYSTEM = "<frozen importlib"
ROOT = Path(__file__).parents[2]
OURS = (f"{ROOT / 'src'}/", f"{ROOT / 'tests'}/")

_refusing = False


@contextmanager
def refused() -> Iterator[None]:
    """Within the block, I/O done by the project or its tests fails the test."""
    global _refusing
    before, _refusing = _refusing, True
    try:
        yield
    finally:
        _refusing = before


def is_guarded(test_file: Path) -> bool:
    """Whether the tests in this file run under the guard: those of tests/unit/<a pure package>."""
    return any(test_file.is_relative_to(ROOT / "tests" / "unit" / package) for package in PURE_PACKAGES)


def _hook(event: str, args: tuple[object, ...]) -> None:
    # An audit hook stays for the life of the process, hence the flag.
    if not _refusing or not (event in REFUSED or event.startswith(FAMILIES)):
        return
    if _is_source(event, args) or _is_for_a_tool():
        return
    # Not an Exception, so that no `except Exception` on the way can hide it.
    pytest.fail(f"{event}{args!r:.200} in a test of a pure package; what it needs is loaded in a fixture, or passed")


def _is_source(event: str, args: tuple[object, ...]) -> bool:
    return event == "open" and args[1] in ("r", "rb") and str(args[0]).endswith((".py", ".pyc"))


def _is_for_a_tool() -> bool:
    """The nearest caller that is ours or a tool's answers for the act; libraries between act for it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(IMPORT_SYSTEM) or any(tool in name for tool in TOOLS):
            return True
        if name.startswith(OURS):
            return False
        frame = frame.f_back
    return True


sys.addaudithook(_hook)
