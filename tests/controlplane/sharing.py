"""One control plane for a whole test run: the controlling process owns it, every worker asks for it.

It is started when the first test needs it, so that a run without such tests costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.controlplane import build
from tests.controlplane.description import ControlPlane
from tests.controlplane.starting import Running
from tests.controlplane.supervisor import StartFailed

KUBECONFIG_VARIABLE = "ROLLONCE_TEST_KUBECONFIG"
# A build of everything on a slow machine.
_PATIENCE = 3600.0


class Owner:
    """Builds and starts the control plane on the first `get`, from whichever thread."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._failure: str | None = None
        self._offer: Offer | None = None

    def get(self) -> ControlPlane:
        """Raises StartFailed, again and again with the same words: what failed once would fail for every test."""
        with self._lock:
            if self._failure is not None:
                raise StartFailed(self._failure)
            if self._running is None:
                try:
                    self._running = Running(build.ensure(self._report))
                except (build.BuildFailed, StartFailed) as error:
                    self._failure = str(error)
                    raise StartFailed(self._failure) from error
            return self._running.plane

    def offer(self) -> str:
        """The address at which workers may `ask`."""
        if self._offer is None:
            self._offer = Offer(self.get)
        return str(self._offer.address)

    def close(self) -> None:
        """Ends the control plane, if there is one."""
        if self._offer is not None:
            self._offer.close()
        with self._lock:
            if self._running is not None:
                self._running.close()
                self._running = None


class Offer:
    """Answers each worker that connects: one line, `ok` or `error`, then the description or the reason."""

    def __init__(self, get: Callable[[], ControlPlane]) -> None:
        self._get = get
        self._folder = Path(tempfile.mkdtemp(prefix="rollonce-"))
        self.address = self._folder / "offer"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.address))
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # Closed: the run is over.
                return
            with connection, contextlib.suppress(OSError):
                try:
                    answer = f"ok\n{self._get().to_json()}"
                except Exception as error:
                    # A worker that got no answer would only say that its connection was closed.
                    answer = f"error\n{error}"
                connection.sendall(answer.encode())

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # Wakes the thread in accept, which close alone does not.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def ask(address: str) -> ControlPlane:
    """The control plane of the run, from a worker. Raises StartFailed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(address)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    state, _, content = b"".join(parts).decode().partition("\n")
    if state != "ok":
        raise StartFailed(content or "the controlling process of the test run ended")
    return ControlPlane.from_json(content)


def foreign() -> ControlPlane | None:
    """The cluster that ROLLONCE_TEST_KUBECONFIG names, if it does; its kubectl is that in PATH, else a built one."""
    given = os.environ.get(KUBECONFIG_VARIABLE)
    if not given:
        return None
    file = Path(given).absolute()
    content = yaml.safe_load(file.read_text())
    context = next(entry["context"] for entry in content["contexts"] if entry["name"] == content["current-context"])
    cluster = next(entry["cluster"] for entry in content["clusters"] if entry["name"] == context["cluster"])
    found = shutil.which("kubectl")
    binaries = Path(found).parent if found else build.ensure()
    return ControlPlane(server=cluster["server"], kubeconfigs={"admin": file}, binaries=binaries)
