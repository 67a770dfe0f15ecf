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


def with_id(tmp_path: Path, deploy: str = "run-1187.1") -> str:
    picture = Picture().revision(1, 0, "agent=1 git-sync=1").revision(2, 5000, "agent=2 git-sync=1", deploy=deploy)
    items = picture.revision(3, 5030, "agent=2 git-sync=2", deploy=deploy).items()
    return written(tmp_path, b"\n".join(map(msgspec.json.encode, items)))


def asked(path: str, deploy_id: str, *options: str) -> int:
    return run(["audit", "--from", path, "--since", "0", "--deploy-id", deploy_id, *options])


def test_the_deploy_that_is_asked_for_is_judged(tmp_path: Path) -> None:
    assert asked(with_id(tmp_path), "run-1187.1", "--fail-on", "redundant") == 6


def test_a_deploy_id_that_nothing_carries_is_an_error_and_never_green(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(with_id(tmp_path), "run-1178.1", "--fail-on", "redundant") == 2
    told = capsys.readouterr()
    assert told.out.startswith("No roll of deploy run-1178.1 can be seen.")
    assert told.err.splitlines() == [
        "error: nothing-matched",
        "  audit --deploy-id",
        '  nothing here carries the deploy id run-1178.1; the nearest is "run-1187.1"',
        "hint: check the id and the namespace; --allow-unmatched lets a deploy pass that had nothing to do",
    ]


@pytest.mark.parametrize("options", [(), ("--fail-on", "redundant", "--allow-unmatched")])
def test_without_a_gate_or_where_that_is_allowed_it_is_a_warning(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deploy that had nothing to do leaves its id nowhere."""
    assert asked(with_id(tmp_path), "other-1", *options) == 0
    assert capsys.readouterr().err == "warning: nothing here carries the deploy id other-1\n"


def test_an_id_that_an_only_revision_carries_is_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """revisionHistoryLimit is 0: whether it was rolled by that deploy nobody knows, but the deploy has been here."""
    items = Picture().revision(7, 0, "agent=2", deploy="run-1").items()
    path = written(tmp_path, b"\n".join(map(msgspec.json.encode, items)))
    assert asked(path, "run-1", "--fail-on", "redundant") == 0
    assert capsys.readouterr().err == ""


def test_an_empty_deploy_id_does_not_mean_every_deploy(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable that is not set."""
    assert asked(DUMP, "", "--fail-on", "redundant") == 2
    assert capsys.readouterr().err.startswith("error: bad-deploy-id")


def test_what_shows_no_revision_is_no_deploy_with_nothing_to_do(tmp_path: Path) -> None:
    assert asked(written(tmp_path, b"{}"), "run-1", "--fail-on", "redundant", "--allow-unmatched") == 2


def test_a_workload_without_its_revisions_is_an_error_too(tmp_path: Path) -> None:
    """The right to list ReplicaSets is missing, or the dump was made without them."""
    [live, *_] = Picture().revision(1, 0, "agent=1").revision(2, 60, "agent=2").items()
    assert gate(written(tmp_path, msgspec.json.encode(live))) == 2
