"""`rollonce sandbox` as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

PATIENCE = 60.0


@dataclass(slots=True)
class Sandbox:
    """A sandbox that answers."""

    process: subprocess.Popen[str]
    kubeconfig: Path
    log: IO[str]

    @property
    def url(self) -> str:
        """The server's URL in its kubeconfig."""
        config: dict[str, Any] = json.loads(self.kubeconfig.read_text())
        return str(config["clusters"][0]["cluster"]["server"])

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def prefix(self) -> str:
        return urlsplit(self.url).path

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signals it; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def errors(self) -> str:
        """What it has written to standard error."""
        self.log.seek(0)
        return self.log.read()


@contextmanager
def running(
    arguments: Sequence[str] = (), *, folder: Path | None = None, command: str = "sandbox"
) -> Iterator[Sandbox]:
    """A sandbox that is ended afterwards; `command` is the one of rollonce that serves it."""
    words = [sys.executable, "-m", "rollonce", command, *arguments]
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            said = []
            found = None
            for line in process.stdout:
                said.append(line)
                if found := re.fullmatch(r"export KUBECONFIG=(\S+)\n", line):
                    break
            log.seek(0)
            assert found, f"{said!r} {log.read()}"
            # A sandbox says nothing else to a shell that evaluates what it says.
            assert command != "sandbox" or len(said) == 1, said
            yield Sandbox(process, Path(found[1]), log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            assert process.stdout is not None
            process.stdout.close()
