"""What the runners of CI systems do with our Action and component, as far as these use it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
HEADER, COMPONENT = yaml.safe_load_all((ROOT / "templates/converge/template.yml").read_text())
# `${{ inputs.env }}` and `$[[ inputs.build ]]`
_GITHUB = r"\$\{\{ *([^ }]+) *\}\}"
_GITLAB = r"\$\[\[ *([^ \]]+) *\]\]"

Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Job:
    """A job's folder, and what its runner sets."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def within(cls, folder: Path, more: Mapping[str, str] | None = None, *, programs: Path = PROGRAMS) -> Job:
        """A job in this folder; `programs` come first on its PATH."""
        (folder / "temp").mkdir()
        environment = {
            "PATH": f"{programs}:{PROGRAMS}:/usr/bin:/bin",
            "HOME": str(folder),
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        return cls(folder, {**environment, **(more or {})})

    def shell(self, *command: str, more: Mapping[str, str]) -> Ended:
        """One script."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def bash(self, script: str, more: Mapping[str, str]) -> Ended:
        """As a step with `shell: bash` runs.

        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (steps[*].shell)
        """
        return self.shell("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, more=more)

    def outputs(self) -> dict[str, str]:
        """What the steps have written to `$GITHUB_OUTPUT`."""
        return dict(line.split("=", 1) for line in (self.folder / "output").read_text().splitlines())


def github(job: Job, inputs: Mapping[str, str]) -> Ended:
    """The action's last step, or its first one that fails."""
    given = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
    known = {f"inputs.{name}": value for name, value in {**given, **inputs}.items()}
    known |= {"runner.temp": job.environment["RUNNER_TEMP"], "github.action_path": str(ROOT)}
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script could be read as shell"
        environment = {name: filled(text, known, _GITHUB) for name, text in step.get("env", {}).items()}
        ended = job.bash(step["run"], environment)
        if ended.returncode:
            break
    return ended


def gitlab(job: Job, inputs: Mapping[str, str]) -> Ended:
    """The component's job, with its inputs put in."""
    given = {name: str(spec.get("default", "")) for name, spec in HEADER["spec"]["inputs"].items()}
    known = {f"inputs.{name}": value for name, value in {**given, **inputs}.items()}
    [template] = COMPONENT.values()
    variables = {name: filled(text, known, _GITLAB) for name, text in template["variables"].items()}
    assert all("$[[" not in line for line in template["script"])
    return job.shell("sh", "-ec", "\n".join(template["script"]), more=variables)


def filled(text: str, known: Mapping[str, str], pattern: str = _GITHUB) -> str:
    """The text with every placeholder replaced by what is known; KeyError for any other."""
    return re.sub(pattern, lambda found: known[found[1]], text)
