"""Runs the real kubectl as one of the users."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.controlplane.description import ControlPlane


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, and its exit code."""

    stdout: str
    stderr: str
    code: int

    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.stdout)


class KubectlFailed(AssertionError):
    """kubectl ended with another code than 0 where that was not expected."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """`kubectl("get", "deploy", "-o", "json", user="reader").json()`."""

    plane: ControlPlane
    home: Path
    namespace: str | None = None

    def __call__(
        self,
        *args: str,
        user: str = "admin",
        namespace: str | None = None,
        input: str | Mapping[str, Any] | None = None,  # noqa: A002 as subprocess.run calls it
        check: bool = True,
        timeout: float = 60.0,
    ) -> Output:
        """Runs kubectl in `namespace`, else in that of the test, else in the kubeconfig's.

        A mapping given as `input` is sent as JSON. `timeout` is in seconds. Raises KubectlFailed when `check` is set
        and the code is not 0, NeedsBuiltControlPlane for a user that this cluster has not, subprocess.TimeoutExpired.
        """
        chosen = namespace or self.namespace
        command = [str(self.plane.kubectl), *([f"--namespace={chosen}"] if chosen else []), *args]
        text = input if isinstance(input, str) or input is None else json.dumps(input)
        ended = subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment(user),
            check=False,
        )
        if check and ended.returncode != 0:
            said = f"{ended.stderr}{self.deaths()}"
            raise KubectlFailed(f"kubectl {' '.join(args)} (as {user}) ended with code {ended.returncode}: {said}")
        return Output(ended.stdout, ended.stderr, ended.returncode)

    def environment(self, user: str) -> dict[str, str]:
        """The caller's environment with the user's kubeconfig, and a home of the run so that caches stay there."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
        return kept | {"KUBECONFIG": str(self.plane.kubeconfig(user)), "HOME": str(self.home)}

    def deaths(self) -> str:
        """What the supervisor noted of components that ended by themselves."""
        note = self.plane.data / "deaths.txt" if self.plane.data is not None else None
        return f"\n{note.read_text()}" if note is not None and note.exists() else ""
