"""The process that owns a control plane: `python -m tests.controlplane.supervisor BINARIES`.

Its standard input is its lifeline: when the other end closes, for whatever reason, it kills every component and removes
the data folder. The system kills the components when the supervisor itself is killed. Standard output carries one line
of JSON: `{"ready": ...}` or `{"error": ...}`.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from tests.controlplane import api, components, configuration, seed
from tests.controlplane.description import ControlPlane

PREFIX = "rollonce-cp-"
# etcd allocates 64 MB ahead, twice; a long run adds an audit log.
ROOM = 1 << 30
_PR_SET_PDEATHSIG = 1
_STARTING = 60.0


class StartFailed(RuntimeError):
    """A component ended, or did not become ready; the message holds the end of its log."""


class Supervisor:
    """The components of one control plane, by name."""

    def __init__(self, plane: ControlPlane, data: Path) -> None:
        self.plane = plane
        self.data = data
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        # Held while a process is born, so that none is born after the end began.
        self.ending = threading.Lock()
        self.stopped: set[str] = set()

    def start(self, name: str) -> None:
        """Starts one component; always from the main thread, because the kernel ties its death to that thread's."""
        with self.ending, (self.data / "logs" / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                components.commands(self.plane)[name],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with_parent(os.getpid()),
            )
        self.stopped.discard(name)

    def stop(self, name: str) -> None:
        """Ends one component hard: an API server without etcd would take a minute to stop by itself."""
        self.stopped.add(name)
        kill(self.processes[name])

    def bring_up(self) -> None:
        """Starts everything and returns when it can be used. Raises StartFailed."""
        deadline = time.monotonic() + _STARTING
        self.start(components.STORE)
        self.start(components.API_SERVER)
        self.wait_for(self.answers, deadline)
        for name in components.CLIENTS:
            self.start(name)
        self.wait_for(self.is_ready, deadline)
        try:
            seed.plant(self.plane)
        except (OSError, RuntimeError) as error:
            self.require_alive()
            raise StartFailed(str(error)) from error

    def wait_for(self, probe: Callable[[], bool], deadline: float) -> None:
        """Asks again and again; raises StartFailed when a component has died or time is up."""
        while not probe():
            self.require_alive()
            if time.monotonic() > deadline:
                raise StartFailed(f"not usable within {_STARTING:g} s\n{self.tail(components.API_SERVER)}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """True once the API server takes requests, even if it refuses them still."""
        try:
            api.request(self.plane, "GET", "/livez")
        except api.Refused:
            return True
        except OSError:
            return False
        return True

    def is_ready(self) -> bool:
        """True once the API server says so."""
        try:
            return api.request(self.plane, "GET", "/readyz") == b"ok"
        except (OSError, api.Refused):
            return False

    def dead(self) -> list[str]:
        """Components that ended without being told to."""
        return [
            name for name, process in self.processes.items() if name not in self.stopped and process.poll() is not None
        ]

    def require_alive(self) -> None:
        """Raises StartFailed with the logs of what has died."""
        if names := self.dead():
            raise StartFailed("\n".join(f"{name} ended\n{self.tail(name)}" for name in names))

    def tail(self, name: str) -> str:
        """The last lines of a component's log."""
        log = self.data / "logs" / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""

    def serve(self, control: socket.socket) -> None:
        """Obeys commands (see control.py) and notes deaths, until the process ends."""
        while True:
            readable, _, _ = select.select([control], [], [], 0.5)
            if names := self.dead():
                self.stopped.update(names)
                with (self.data / "deaths.txt").open("a") as deaths:
                    deaths.writelines(f"{name} ended by itself\n{self.tail(name)}\n" for name in names)
            if readable:
                connection, _ = control.accept()
                with connection:
                    connection.settimeout(5)
                    try:
                        connection.sendall(self.obey(connection.recv(200).decode()).encode())
                    except OSError:
                        # Whoever asked has gone.
                        continue

    def obey(self, command: str) -> str:
        """Runs one command, `ACT COMPONENT`; the answer is `ok` or what is wrong."""
        act, _, name = command.strip().partition(" ")
        if name not in self.processes:
            return f"no component {name!r}; there are: {', '.join(self.processes)}"
        match act:
            case "stop":
                self.stop(name)
            case "start" if name in self.stopped:
                self.start(name)
            case "restart":
                self.stop(name)
                self.start(name)
            case "pause":
                self.processes[name].send_signal(signal.SIGSTOP)
            case "resume":
                self.processes[name].send_signal(signal.SIGCONT)
            case _:
                return f"cannot {act} {name}"
        return "ok"

    def end(self) -> NoReturn:
        """Kills everything, removes the data folder, and is gone."""
        self.ending.acquire()
        for process in self.processes.values():
            kill(process)
        remove(self.data)
        os._exit(0)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a component with its process group and waits for it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def remove(folder: Path) -> None:
    """Removes a folder even if something of the dead still drips into it."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child runs before its program so that it cannot outlive `parent`; None where no such thing exists."""
    if sys.platform != "linux":
        return None
    # Looked up here: between fork and exec nothing may be imported.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def data_folder() -> tuple[Path, TextIO]:
    """A new folder, in memory where there is room, and the open file whose lock says that its owner lives."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    root = memory if roomy else Path(tempfile.gettempdir())
    for old in root.glob(f"{PREFIX}*"):
        sweep(old)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    owner = (folder / "owner").open("w")
    fcntl.flock(owner, fcntl.LOCK_EX)
    return folder, owner


def sweep(folder: Path) -> None:
    """Removes the folder of a supervisor that was killed."""
    try:
        with (folder / "owner").open() as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        # Its owner lives, or it is another user's, or it is being made just now.
        return


def reserve_port() -> socket.socket:
    """A socket that holds a free port of 127.0.0.1 without listening; the API server shares the port with it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def watch(supervisor: Supervisor) -> None:
    """Blocks until the lifeline is cut, then ends the process."""
    while os.read(0, 100):
        pass
    supervisor.end()


def main(binaries: Path) -> None:
    """Runs until the lifeline is cut or a signal asks for the end."""
    data, _owner = data_folder()
    holder = reserve_port()
    try:
        supervisor = Supervisor(configuration.write(data, binaries, holder.getsockname()[1]), data)
    except BaseException:
        remove(data)
        raise

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise SystemExit

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    threading.Thread(target=watch, args=[supervisor], daemon=True).start()
    try:
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(str(supervisor.plane.control))
            control.listen()
            try:
                supervisor.bring_up()
            except StartFailed as error:
                say({"error": str(error)})
                return
            say({"ready": supervisor.plane.to_json()})
            supervisor.serve(control)
    finally:
        supervisor.end()


def say(message: dict[str, str]) -> None:
    """Writes the one line of standard output."""
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
