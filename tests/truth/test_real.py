"""A fixed sample of histories on the real control plane, and what audit says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controlplane.description import ControlPlane
from tests.truth import suite

pytestmark = pytest.mark.cluster

# So many histories take about a minute, most of it waiting.
SEEDS = range(40)


def test_audit_says_what_happened_on_the_real_control_plane(control_plane: ControlPlane, tmp_path: Path) -> None:
    """Every redundant roll that the API still shows, none else; with its API audit log and without it."""
    judged = suite.judge(control_plane, SEEDS, tmp_path, at_once=len(SEEDS), deploys=3)
    assert [each.unplayed for each in judged if each.unplayed] == []
    assert {each.seed: each.wrong for each in judged if each.wrong} == {}
    assert sum(each.counts.get("with the log, redundant", 0) for each in judged) > 20
