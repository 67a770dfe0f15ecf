"""`audit --fail-on redundant` at the end of a pipeline."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rollonce.cli.program import run
from tests.unit.history.pictures import Picture

DUMP = str(Path(__file__).parents[2] / "examples" / "agents.json")


def gate(path: str) -> int:
    return run(["audit", "--from", path, "--since", "0", "--fail-on", "redundant"])


def written(tmp_path: Path, text: bytes) -> str:
    (tmp_path / "dump.json").write_bytes(text)
    return str(tmp_path / "dump.json")


def test_a_redundant_roll_fails_it() -> None:
    assert gate(DUMP) == 6


def test_history_without_one_passes(tmp_path: Path) -> None:
    items = Picture().revision(1, 0, "agent=1").revision(2, 5000, "agent=2").items()
    assert gate(written(tmp_path, b"\n".join(map(msgspec.json.encode, items)))) == 0


@pytest.mark.parametrize("text", [b"", b"hello", b"{", b'{"kind": "List", "items": []}', b'{"kind": "ConfigMap"}'])
def test_what_shows_no_revision_is_an_error_and_never_green(
    text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(written(tmp_path, text)) == 2
    assert capsys.readouterr().err.startswith("error: nothing-matched")


def test_a_workload_without_its_revisions_is_an_error_too(tmp_path: Path) -> None:
    """The right to list ReplicaSets is missing, or the dump was made without them."""
    [live, *_] = Picture().revision(1, 0, "agent=1").revision(2, 60, "agent=2").items()
    assert gate(written(tmp_path, msgspec.json.encode(live))) == 2
