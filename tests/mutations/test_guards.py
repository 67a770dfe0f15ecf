"""Runs the named test of each guard against a copy of the source without that guard: it has to turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutations import guards
from tests.mutations.guards import CLUSTER, Mutation
from tests.mutations.manifest_guards import OF_MANIFESTS

ROOT = Path(__file__).parents[2]
FAST = (*guards.FAST, *OF_MANIFESTS)
# pytest's exit code for failed tests; others mean that nothing was shown (no such test, broken import).
TESTS_FAILED = 1
PATIENCE = 300


def _run(source: Path, tests: Sequence[str], *options: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(source), str(ROOT)])
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *options, *tests]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = kept | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def _mutated(mutation: Mutation, folder: Path) -> Path:
    source = folder / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    file = source / "rollonce" / mutation.file
    text = file.read_text()
    assert text.count(mutation.old) == 1, f"{mutation.file} does not contain the guard exactly once"
    file.write_text(text.replace(mutation.old, mutation.new))
    return source


@pytest.mark.parametrize("mutation", FAST, ids=lambda m: m.name.replace(" ", "-"))
def test_without_the_guard_its_test_turns_red(mutation: Mutation, tmp_path: Path) -> None:
    ended = _run(_mutated(mutation, tmp_path), [mutation.test])
    assert ended.returncode == TESTS_FAILED, ended.stdout[-3000:] + ended.stderr[-1000:]


@pytest.mark.cluster
@pytest.mark.parametrize("mutation", CLUSTER, ids=lambda m: m.name.replace(" ", "-"))
def test_without_the_guard_its_scenario_turns_red(mutation: Mutation, tmp_path: Path) -> None:
    ended = _run(_mutated(mutation, tmp_path), [mutation.test], "-m", "cluster")
    assert ended.returncode == TESTS_FAILED, ended.stdout[-3000:] + ended.stderr[-1000:]


def test_with_all_guards_the_named_tests_are_green() -> None:
    """Else a mutation would prove nothing: the same runner, the same tests, the source as it is."""
    ended = _run(ROOT / "src", sorted({mutation.test for mutation in FAST}))
    assert ended.returncode == 0, ended.stdout[-3000:]
