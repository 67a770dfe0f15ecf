"""Images in a table: the tag must not drown in what both sides share."""

from __future__ import annotations

import pytest

from rollonce.report import images

A, B = "sha256:" + "a1" * 32, "sha256:" + "b2" * 32


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("registry.example/agent:1", "registry.example/agent:2", ("registry.example/agent", "1", "2")),
        ("agent", "agent:2", ("agent", "(no tag)", "2")),
        ("localhost:5000/agent", "localhost:5000/agent:2", ("localhost:5000/agent", "(no tag)", "2")),
        (f"agent@{A}", f"agent@{B}", ("agent", "sha256:a1a1a1a1a1a1", "sha256:b2b2b2b2b2b2")),
        (f"agent:1@{A}", f"agent:1@{B}", ("agent", "1@sha256:a1a1a1a1a1a1", "1@sha256:b2b2b2b2b2b2")),
        ("agent:1", f"agent:1@{B}", ("agent", "1", "1@sha256:b2b2b2b2b2b2")),
        ("busybox", "registry.example/setup:2", ("", "busybox", "registry.example/setup:2")),
        ("one.example/agent:1", "two.example/agent:1", ("", "one.example/agent:1", "two.example/agent:1")),
        ("", "agent:2", ("", "(none)", "agent:2")),
        ("$(IMAGE)", "agent:2", ("", "$(IMAGE)", "agent:2")),
    ],
)
def test_what_is_common_is_said_once(old: str, new: str, shown: tuple[str, str, str]) -> None:
    assert images.change(old, new) == shown
