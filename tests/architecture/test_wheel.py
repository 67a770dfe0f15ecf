"""What a user gets: the wheel, alone with its locked dependencies, in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rollonce._version import __version__

ROOT = Path(__file__).parents[2]


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # The checkout must not help: nothing of it is on the path of the installed program.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ROLLONCE_"))}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and requirements.lock."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")

    programs = folder / "venv" / "bin"
    made = _run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    assert made.returncode == 0, made.stderr
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    locked = ("--require-hashes", "--only-binary", ":all:", "--requirement", ROOT / "requirements.lock")
    dependencies = _run(*pip, *locked, cwd=folder)
    if dependencies.returncode != 0:
        pytest.fail(
            "the locked dependencies could not be installed; this test needs a package index "
            f"or a pip cache that holds them (PIP_* is honoured):\n{dependencies.stderr}"
        )
    # Without an index: whatever the wheel asks for beyond the lock is missing, and that is the finding.
    wheel_alone = _run(*pip, "--no-index", wheel, cwd=folder)
    assert wheel_alone.returncode == 0, wheel_alone.stderr
    return programs


def test_version(installed: Path, tmp_path: Path) -> None:
    result = _run(installed / "rollonce", "--version", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert __version__ in result.stdout


def test_help(installed: Path, tmp_path: Path) -> None:
    result = _run(installed / "rollonce", "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Usage: rollonce" in result.stdout


def test_demo(installed: Path, tmp_path: Path) -> None:
    """Its manifests are in the wheel."""
    result = _run(installed / "rollonce", "demo", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "with rollonce converge" in result.stdout
