"""`rollonce.pyz`: one file and a Python, nothing else."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from rollonce._version import __version__
from rollonce.cli import program
from tests.controlplane import manifests
from tests.dist.conftest import ROOT, pythons
from tests.scenarios.backends import Real
from tests.scenarios.world import World, image
from tools import dist as building

pytestmark = pytest.mark.index

PYTHONS = pythons()
ABLE = {version: python for version, python in PYTHONS.items() if (3, 11) <= version <= (3, 14)}
THIS = ABLE[sys.version_info[:2]]


def run(
    python: str, file: Path, *arguments: str, home: Path, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """In an environment that is empty: no variable, no installed package, no module of the folder."""
    return subprocess.run(
        [python, "-I", "-S", str(file), *arguments],
        env={"HOME": str(home)} | dict(more or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("version", ABLE, ids=lambda version: f"{version[0]}.{version[1]}")
def test_it_runs_where_nothing_is_installed(dist: Path, tmp_path: Path, version: tuple[int, int]) -> None:
    """The second start finds what the first one has unpacked."""
    for _ in range(2):
        said = run(ABLE[version], dist / "rollonce.pyz", "--version", home=tmp_path)
        assert (said.returncode, said.stdout, said.stderr) == (0, f"rollonce {__version__}\n", "")
    [unpacked] = (tmp_path / ".cache/rollonce/pyz").iterdir()
    assert unpacked.stat().st_mode & 0o077 == 0
    before = (unpacked / ".complete").stat().st_mtime_ns
    story = ROOT / "examples/story/rollonce.yaml"
    shown = run(ABLE[version], dist / "rollonce.pyz", "config", "show", "--fleet", str(story), "-o", "json", home=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert [part["name"] for part in json.loads(shown.stdout)["environments"]] == ["staging", "production"]
    assert (unpacked / ".complete").stat().st_mtime_ns == before


def test_a_later_python_is_among_them() -> None:
    """Else the tests above have said less than they should; install one to run them."""
    assert len(ABLE) > 1


def test_help_of_every_command_works(dist: Path, tmp_path: Path) -> None:
    for command in program.COMMANDS:
        said = run(THIS, dist / "rollonce.pyz", command, "--help", home=tmp_path)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.startswith(f"Usage: rollonce {command}")


def test_the_demo_runs_from_it(dist: Path, tmp_path: Path) -> None:
    """It reads files of the package."""
    said = run(THIS, dist / "rollonce.pyz", "demo", home=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert "converge" in said.stdout


def test_without_a_home_it_leaves_nothing_behind(dist: Path, tmp_path: Path) -> None:
    said = run(THIS, dist / "rollonce.pyz", "--version", home=Path("/dev/null"), more={"TMPDIR": str(tmp_path)})
    assert (said.returncode, said.stdout) == (0, f"rollonce {__version__}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_may_write_is_not_trusted(dist: Path, tmp_path: Path) -> None:
    """Whoever can write there could have his code run."""
    shared = tmp_path / "cache/rollonce/pyz"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    (tmp_path / "tmp").mkdir()
    more = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "tmp")}
    said = run(THIS, dist / "rollonce.pyz", "--version", home=tmp_path, more=more)
    assert said.returncode == 0
    assert list(shared.iterdir()) == list((tmp_path / "tmp").iterdir()) == []


def test_many_first_starts_at_once_do_not_disturb_each_other(dist: Path, tmp_path: Path) -> None:
    command = [THIS, "-I", "-S", str(dist / "rollonce.pyz"), "--version"]
    started = [subprocess.Popen(command, env={"HOME": str(tmp_path)}, stdout=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=120)[0] for process in started] == [f"rollonce {__version__}\n".encode()] * 4
    assert len(list((tmp_path / ".cache/rollonce/pyz").iterdir())) == 1


@pytest.mark.parametrize("version", [v for v in PYTHONS if v < (3, 11)], ids=str)
def test_a_python_that_is_too_old_is_told_so(dist: Path, tmp_path: Path, version: tuple[int, int]) -> None:
    said = subprocess.run(
        [PYTHONS[version], str(dist / "rollonce.pyz")], env={"HOME": str(tmp_path)}, capture_output=True, check=False
    )
    assert (said.returncode, b"rollonce needs Python 3.11 or newer" in said.stderr) == (2, True)


def test_old_pythons_can_read_its_beginning() -> None:
    ast.parse((ROOT / "tools/pyz/__main__.py").read_text(), feature_version=(3, 5))


def test_an_interpreter_without_a_part_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "none.pyz"
    file.write_bytes(building.single_file({"site/rollonce/__init__.py": b""}))
    said = run(THIS, file, "--version", home=tmp_path)
    assert (said.returncode, "has no part for this Python" in said.stderr) == (2, True)
    assert list((tmp_path / ".cache/rollonce/pyz").iterdir()) == []


def test_equal_contents_are_equal_bytes() -> None:
    one = building.single_file({"site/a.py": b"a", "site/b.py": b"b"})
    assert one == building.single_file({"site/b.py": b"b", "site/a.py": b"a"})
    assert one != building.single_file({"site/a.py": b"a", "site/b.py": b"c"})


def test_every_locked_dependency_is_in_it(dist: Path) -> None:
    """And the digests are those of the files."""
    lock = (ROOT / "requirements.lock").read_text()
    wanted = {line.split("==")[0].replace("-", "_") for line in lock.splitlines() if line[:1].isalpha()}
    with zipfile.ZipFile(dist / "rollonce.pyz") as outer:
        payload = io.BytesIO(outer.read("payload.zip"))
    with zipfile.ZipFile(payload) as content:
        there = {name.split("/")[1].split("-")[0].lower() for name in content.namelist() if ".dist-info/" in name}
    assert there == wanted | {"rollonce"}
    for line in (dist / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest


@pytest.mark.cluster
def test_it_converges_from_an_empty_environment(dist: Path, backend: Real, tmp_path: Path) -> None:
    world = World(backend)
    world.has(manifests.deployment("ceo", {"agent": image("agent", "b1"), "git-sync": image("git-sync", "b1")}))
    kubeconfig = backend.environment("deployer")["KUBECONFIG"]
    pairs = [f"{name}={image(name, 'b2')}" for name in ("agent", "git-sync")]
    said = run(
        THIS,
        dist / "rollonce.pyz",
        *("converge", "deployment/ceo", *pairs, "-n", world.namespace, "--kubeconfig", kubeconfig),
        home=tmp_path,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert world.revision("deployment/ceo") == 2
