"""The example dump is the story: its text is generated, and audit finds what the story tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollonce.cli.program import run
from tools import example


def test_the_dump_is_what_its_generator_writes() -> None:
    """`python -m tools.example` writes it."""
    assert example.PLACE.read_text() == example.text()


def test_audit_finds_the_story_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--from", str(example.PLACE), "--since", "0", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {finding["kind"] for finding in document["findings"]} == {"split"}
    assert (document["summary"]["rolls"], document["summary"]["redundant"]) == (22, 10)
    last = next(f for f in document["findings"] if f["after"] == 1143)
    assert last["why"] == (
        "1142 -> 1143: agent unchanged; git-sync 4f2b-1186 -> 4f2c-1187, the build that agent already had in 1142: "
        "a split"
    )
    assert [writer["manager"] for writer in last["writers"]] == ["kubectl"]


def test_no_credential_of_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    run(["audit", "--from", str(example.PLACE), "--since", "0", "-o", "json"])
    assert "not-a-real-token" not in capsys.readouterr().out


def test_redacted_it_says_the_same(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    run(["audit", "--from", str(example.PLACE), "--redact"])
    safe = tmp_path / "safe.json"
    safe.write_bytes(capsysbinary.readouterr().out)
    assert b"not-a-real-token" not in safe.read_bytes()
    documents = []
    for path in (example.PLACE, safe):
        run(["audit", "--from", str(path), "--since", "0", "-o", "json"])
        documents.append(json.loads(capsysbinary.readouterr().out)["findings"])
    assert documents[0] == documents[1]
