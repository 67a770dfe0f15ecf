"""Wheel and sdist. That the wheel runs alone is tested in `tests/architecture/test_wheel.py`."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.index


def test_the_sdist_builds_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as content:
        content.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "again"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    [ours], [again] = dist.glob("*.whl"), (tmp_path / "again").glob("*.whl")
    assert _names(again) == _names(ours)


def test_the_wheel_has_its_programs(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        [points] = [name for name in content.namelist() if name.endswith("entry_points.txt")]
        lines = content.read(points).decode().splitlines()
    assert [line.split(" = ")[0] for line in lines if " = " in line] == [
        "kubectl-rollonce",
        "kubectl_complete-rollonce",
        "rollonce",
    ]


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as content:
        return sorted(content.namelist())
