"""Groups and annotations in the logs of CI systems."""

from __future__ import annotations

import pytest

from rollonce.report import cilog


def test_whose_log_it_is() -> None:
    assert isinstance(cilog.of({"GITHUB_ACTIONS": "true"}, lambda: 0.0), cilog.GitHub)
    assert isinstance(cilog.of({"GITLAB_CI": "true"}, lambda: 0.0), cilog.GitLab)
    assert isinstance(cilog.of({"CI": "true", "GITHUB_ACTIONS": "false"}, lambda: 0.0), cilog.Plain)


def test_groups() -> None:
    github, gitlab = cilog.GitHub(), cilog.GitLab(lambda: 1767323045.7)
    assert github.begin("plan", "deploy d1") + github.end("plan") == ["::group::deploy d1", "::endgroup::"]
    assert gitlab.begin("plan", "deploy d1") == ["\x1b[0Ksection_start:1767323045:rollonce_plan\r\x1b[0Kdeploy d1"]
    assert gitlab.end("plan") == ["\x1b[0Ksection_end:1767323045:rollonce_plan\r\x1b[0K"]
    assert cilog.Plain().begin("plan", "deploy d1") == []


@pytest.mark.parametrize(
    ("title", "text", "line"),
    [
        ("deployment/x", "failed: a: b", "::error title=deployment/x::failed: a: b"),
        ("a:b,c", "100%", "::error title=a%3Ab%2Cc::100%25"),
        # What a cluster says cannot begin a command of its own.
        ("x", "no\r\n::add-mask::y", "::error title=x::no%0D%0A::add-mask::y"),
    ],
)
def test_an_annotation_is_one_command(title: str, text: str, line: str) -> None:
    assert cilog.GitHub().errors([(title, text)]) == [line]


def test_no_more_annotations_than_are_shown() -> None:
    assert len(cilog.GitHub().errors([("x", "y")] * 50)) == cilog.MOST_ANNOTATIONS
