"""Runs one cold process and says what it cost."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class SideFailed(RuntimeError):
    """A side ended with an error, or did not do what it was measured for: its time means nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one side.

    `seconds` is from the start of the process to its end, `cpu` what the process and its children used. `requests`
    counts them by verb and resource as the API server's audit log has them, None where no server is asked.
    `last_ready` is when the last pod became ready, in seconds from the start; the API tells it in whole seconds.
    `memory` is the most that the process had at once, in MiB (of its children the largest one).
    """

    seconds: float
    cpu: float
    requests: Mapping[str, int] | None = None
    last_ready: float | None = None
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, in an environment of its own."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Sample:
        """Raises SideFailed for any exit code but 0. The output goes to a file, so that nobody has to read along."""
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment
            )
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            # Popen has to know that nobody is left to wait for.
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                shown = " ".join(map(str, self.arguments))
                raise SideFailed(f"{shown}\nended with code {process.returncode}:\n{said}")
        return Sample(seconds, used.ru_utime + used.ru_stime, memory=used.ru_maxrss / 1024)
