"""Dumps and logs in every shape that they come in, and an audit that is interrupted."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollonce.cli.program import run
from tests.unit.history.pictures import Picture
from tests.unit.history.test_findings import story

ALL = ("--since", "0")


def dump(place: Path, *, shape: Callable[[list[Any]], str] | None = None) -> Path:
    """The story as a file."""
    things = story().items()
    place.write_text(shape(things) if shape else json.dumps({"kind": "List", "items": things}, indent=4))
    return place


def audited(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["audit", *ALL, "-o", "json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    del document["question"]
    return document


SHAPES: dict[str, Callable[[list[Any]], str]] = {
    "compact": lambda things: json.dumps({"items": things}),
    "one object a line": lambda things: "\n".join(json.dumps(thing) for thing in things),
    "concatenated": lambda things: json.dumps({"items": things[:2]}) + json.dumps({"items": things[2:]}, indent=4),
    "twice": lambda things: json.dumps({"items": things}, indent=4) * 2,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_of_a_dump_does_not_matter(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, other = dump(tmp_path / "plain.json"), dump(tmp_path / "other.json", shape=SHAPES[shape])
    assert audited(capsys, "--from", str(other)) == audited(capsys, "--from", str(plain))


def test_a_dump_may_be_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, packed = dump(tmp_path / "plain.json"), tmp_path / "packed"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert audited(capsys, "--from", str(packed)) == audited(capsys, "--from", str(plain))


@pytest.mark.parametrize("packed", [False, True])
def test_a_dump_that_is_cut_is_audited_as_far_as_it_goes(
    packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = dump(
        tmp_path / "dump.json", shape=lambda things: json.dumps({"items": [*things, {"kind": "Last"}]}, indent=4)
    )
    raw = place.read_bytes()
    place.write_bytes(gzip.compress(raw)[:-9] if packed else raw[:-30])
    document = audited(capsys, "--from", str(place))
    assert document["summary"]["redundant"] == 1
    assert document["rejected"]


def test_a_file_of_another_kind_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "dump.yaml"
    place.write_text("kind: List\nitems:\n- kind: Deployment\n")
    document = audited(capsys, "--from", str(place))
    assert "begins no object" in document["rejected"][0]["why"]


@pytest.mark.parametrize("packed", [False, True])
def test_an_empty_file_is_told_of(packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A redirection leaves one behind where the command before it failed."""
    place = tmp_path / "dump.json"
    place.write_bytes(gzip.compress(b"") if packed else b"")
    document = audited(capsys, "--from", str(place))
    assert [each["why"] for each in document["rejected"]] == ["it is empty"]


def test_logs_may_be_files_folders_and_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture: Picture = story().logged(3599.5, "ci", "agent=4f2c-1187 git-sync=4f2b-1186", manager="kubectl-set")
    picture.logged(3837.5, "ann", "agent=4f2c-1187 git-sync=4f2c-1187", manager="kubectl")
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "one.log").write_bytes(picture.lines[0] + b"\nhello\n")
    (folder / "two.log.gz").write_bytes(gzip.compress(picture.lines[1]))
    document = audited(capsys, "--from", str(dump(tmp_path / "dump.json")), "--api-audit-log", str(folder))
    [finding] = document["findings"]
    assert [writer["user"] for writer in finding["writers"]] == ["ann"]
    assert [each["what"] for each in document["rejected"]] == [f"{folder / 'one.log'}, line 2"]


def test_labels_and_names_select_from_a_dump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(dump(tmp_path / "dump.json"))
    assert audited(capsys, "--from", place, "-l", "app=other")["workloads"] == []
    assert audited(capsys, "--from", place, "sts")["workloads"] == []
    assert audited(capsys, "--from", place, "deploy/agent-ceo")["summary"]["redundant"] == 1
    assert run(["audit", "--from", place, "deploy/agent-cfo"]) == 2
    assert "error: nothing-matched" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (["--from", "x", "--context", "y"], "usage"),
        (["--redact", "--context", "x", "--context", "y"], "usage"),
        (["-n", "a", "-A", "--from", "x"], "usage"),
        (["--from", "x", "--deploy-id", "a b"], "bad-deploy-id"),
        (["--from", "x", "--since", "soon"], "usage"),
        (["--from", "no-such-file"], "unreadable-file"),
        (["--from", "no-such-file", "pod/x"], "unknown-kind"),
        (["--from", "no-such-file", "cronjob/x"], "unknown-kind"),
        (["--from", "no-such-file", "cj"], "unknown-kind"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    arguments: list[str], slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {slug}\n")


def test_an_audit_log_is_not_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(dump(tmp_path / "dump.json"))
    assert run(["audit", "--from", place, "--redact", "--api-audit-log", place]) == 2
    assert "cannot be redacted" in capsys.readouterr().err


def test_ctrl_c_prints_what_was_found_so_far() -> None:
    """The dump comes through a pipe and does not end: what had come is audited."""
    command = [sys.executable, "-m", "rollonce", "audit", *ALL, "--from", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        whole = json.dumps({"items": [*story().items(), {"kind": "Filler", "x": "x" * 1_000_000}]}).encode()
        # More than a pipe and a piece hold: once this is written, the story has been read.
        process.stdin.write(whole[:900_000])
        process.stdin.flush()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out.decode().startswith("So far: of 3 rolls, 1 was redundant")
