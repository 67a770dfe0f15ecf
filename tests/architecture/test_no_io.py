"""The guard around the tests of pure packages refuses I/O, and only I/O of ours."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture import no_io
from tests.architecture.purity import PURE_PACKAGES

UNIT = Path(__file__).parents[1] / "unit"


@pytest.mark.parametrize(
    "act",
    [
        lambda: Path("written").write_text("x"),
        lambda: Path(os.devnull).read_bytes(),
        lambda: os.open(os.devnull, os.O_RDONLY),
        lambda: list(Path().iterdir()),
        lambda: Path("made").mkdir(),
        lambda: tempfile.mkstemp(),
        lambda: socket.socket(),
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        lambda: os.system("true"),
    ],
    ids=["write", "read", "os.open", "list", "mkdir", "temporary", "socket", "name", "process", "shell"],
)
def test_io_is_refused(act: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with no_io.refused(), pytest.raises(pytest.fail.Exception, match="in a test of a pure package"):
        act()
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_cannot_be_swallowed() -> None:
    with pytest.raises(pytest.fail.Exception), no_io.refused(), contextlib.suppress(Exception):
        Path(os.devnull).read_bytes()


def test_imports_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the first one of a module, which writes its bytecode."""
    (tmp_path / "fresh_module.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    with no_io.refused():
        assert importlib.import_module("fresh_module").answer == 42


@given(st.text())
def test_hypothesis_goes_on(text: str) -> None:
    with no_io.refused():
        assert text == text[:]


def test_the_guard_ends_with_its_block() -> None:
    with no_io.refused():
        pass
    assert Path(os.devnull).read_bytes() == b""


def test_the_tests_of_pure_packages_are_guarded() -> None:
    assert all(no_io.is_guarded(UNIT / package / "test_something.py") for package in PURE_PACKAGES)
    assert not no_io.is_guarded(UNIT / "cluster" / "test_something.py")
