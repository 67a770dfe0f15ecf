"""Histories on the simulated cluster, in virtual time, and what audit says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.truth import grouping, simulation
from tests.truth.grouping import LEAST, Mode

# Drawn once; `python -m tests.truth simulated --first N` draws others.
FIXED = [range(start, start + 20) for start in (0, 1000, 2000, 3000)]


@pytest.mark.parametrize("seeds", FIXED, ids=str)
def test_audit_says_what_happened_on_the_simulated_cluster(seeds: range, tmp_path: Path) -> None:
    """Every redundant roll that the API still shows, none else; with its API audit log and without it."""
    judged = [simulation.judge(seed, tmp_path) for seed in seeds]
    assert [each.unplayed for each in judged if each.unplayed] == []
    assert {each.seed: each.wrong for each in judged if each.wrong} == {}
    assert sum(each.counts.get("with the log, redundant", 0) for each in judged) > 10


@pytest.mark.parametrize("mode", [Mode(ids=True, builds=False), Mode(ids=False, builds=True)], ids=str)
@pytest.mark.parametrize("case", ["night builds", "two within a minute", "a hotfix between"])
def test_rolls_are_grouped_into_the_deploys_that_made_them(case: str, mode: Mode) -> None:
    score = grouping.measure(case, mode, seed=0)
    assert score.precision >= LEAST
    assert score.recall >= LEAST
