"""Starts a control plane from the process that wants it, and ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.controlplane.description import ControlPlane
from tests.controlplane.supervisor import StartFailed, remove

ROOT = Path(__file__).parents[2]


class Running:
    """A control plane that lives as long as this object's process, or until `close`."""

    def __init__(self, binaries: Path) -> None:
        """Takes about ten seconds. Raises StartFailed."""
        # The lifeline is the pipe to its standard input. A session of its own keeps Ctrl-C of our terminal from it:
        # it ends when we do, however that happens.
        self._supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.controlplane.supervisor", str(binaries)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        try:
            self.plane = self._hear()
        except BaseException:
            self._cut()
            raise

    def _hear(self) -> ControlPlane:
        assert self._supervisor.stdout is not None
        line = self._supervisor.stdout.readline()
        if not line:
            raise StartFailed(f"the supervisor ended with code {self._supervisor.wait()} before it was ready")
        message = json.loads(line)
        if "error" in message:
            raise StartFailed(message["error"])
        return ControlPlane.from_json(message["ready"])

    def close(self) -> None:
        """Ends every process and removes the data folder; returns when that is done."""
        self._cut()
        if self.plane.data is not None and self.plane.data.exists():
            # The supervisor was killed before it could.
            remove(self.plane.data)

    def _cut(self) -> None:
        assert self._supervisor.stdin is not None
        assert self._supervisor.stdout is not None
        self._supervisor.stdin.close()
        try:
            self._supervisor.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self._supervisor.stdout.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
