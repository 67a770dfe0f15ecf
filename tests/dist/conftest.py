"""What is handed out, built once for these tests; and Pythons to run it with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane.kubectl import Kubectl
from tests.scenarios.backends import Real

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="package")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make dist` fills, with the compiled parts for this platform."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "tools.dist", "--here", "--to", folder],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        pytest.fail(
            "the distribution could not be built; it needs a package index or a pip cache that holds the locked "
            f"dependencies (PIP_* is honoured):\n{built.stderr}"
        )
    return folder


@pytest.fixture
def backend(kubectl: Kubectl, namespace: str, request: pytest.FixtureRequest) -> Real:
    """The real control plane, for tests that are marked `cluster`."""
    return Real(kubectl, namespace, lambda: request.getfixturevalue("audit"))


def pythons() -> dict[tuple[int, int], str]:
    """Version -> interpreter: this one, and others that are on the machine, for each version one."""
    names = [f"python3.{minor}" for minor in range(6, 16)]
    candidates = [sys._base_executable, *filter(None, map(shutil.which, names))]  # type: ignore[attr-defined]
    candidates += map(str, sorted(Path.home().glob(".pyenv/versions/*/bin/python")))
    found: dict[tuple[int, int], str] = {}
    for candidate in candidates:
        # Version managers put names on PATH that do not run.
        code = "import sys; print('%d %d' % sys.version_info[:2])"
        asked = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            major, minor = asked.stdout.split()
            found.setdefault((int(major), int(minor)), candidate)
    return dict(sorted(found.items()))
