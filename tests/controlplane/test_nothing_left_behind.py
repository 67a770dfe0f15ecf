"""However the holder of a control plane ends, its processes and its folder are gone soon after."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.controlplane import build
from tests.controlplane.starting import ROOT, Running
from tests.controlplane.waiting import until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux kills orphans"),
]

SECONDS = 5.0
# etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and the supervisor.
PROCESSES = 6


@dataclass(frozen=True, slots=True)
class Held:
    """A process that holds a control plane, and where that lives."""

    process: subprocess.Popen[str]
    data: Path

    def family(self) -> dict[int, str]:
        """Processes that work in the data folder, and those that name it; by id."""
        return alive(self.data)


def alive(data: Path) -> dict[int, str]:
    """Command lines, by process id, of all that have to do with the folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            folder = str((entry / "cwd").readlink())
            files = [str(file.readlink()) for file in (entry / "fd").iterdir()]
        except OSError:
            # Another user's, or gone while we looked.
            continue
        if any(str(data) in text for text in (command, folder, *files)):
            found[int(entry.name)] = command
    return found


def gone(held: Held) -> bool:
    """True once nothing of it is left."""
    return not held.family() and not held.data.exists()


@pytest.fixture
def held() -> Iterator[Held]:
    """`python -m tests.controlplane up`, as a person starts it."""
    build.ensure()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.controlplane", "up"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        variable, _, value = shlex.split(line)[1].partition("=")
        assert variable == "KUBECONFIG"
        yield Held(process, Path(value).parents[1])
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_the_holder_ends(held: Held, number: signal.Signals) -> None:
    """By Ctrl-C, politely, with its terminal, or hard."""
    assert len(held.family()) >= PROCESSES
    held.process.send_signal(number)
    until(lambda: gone(held), "everything is gone", timeout=SECONDS)
    code = held.process.wait()
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    assert held.process.stdout is not None
    assert held.process.stdout.read() == ""


def test_the_supervisor_is_killed() -> None:
    """The system kills the components; the folder goes when the holder closes."""
    with Running(build.ensure()) as running:
        data = running.plane.data
        assert data is not None
        [supervisor] = [number for number, command in alive(data).items() if "controlplane.supervisor" in command]
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: not alive(data), "every component is gone", timeout=SECONDS)
    assert not data.exists()


def test_the_folder_of_a_killed_supervisor_goes_at_the_next_start(held: Held) -> None:
    """When holder and supervisor die together nobody is left to remove it."""
    [supervisor] = [number for number, command in held.family().items() if "controlplane.supervisor" in command]
    # Stopped first, so that neither can clean up after the other.
    os.kill(supervisor, signal.SIGSTOP)
    held.process.kill()
    held.process.wait()
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not held.family(), "every component is gone", timeout=SECONDS)
    assert held.data.exists()
    with Running(build.ensure()):
        assert not held.data.exists()
