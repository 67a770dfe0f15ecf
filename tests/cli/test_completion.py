"""Completion in shells, and behind kubectl."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane.kubectl import Kubectl

PROGRAMS = Path(sys.executable).parent
ENVIRONMENT = {"PATH": f"{PROGRAMS}:/usr/bin:/bin", "LANG": "C.UTF-8"}


def _ran(*command: str, **more: str) -> str:
    ended = subprocess.run(
        command,
        env=ENVIRONMENT | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_bash_completes_commands_and_options() -> None:
    """The script is run by bash itself, which fills COMPREPLY."""
    script = """
        source <(rollonce completion bash)
        complete -p rollonce >/dev/null
        for words in "rollonce conv" "rollonce converge --dry" "rollonce config sh"; do
            COMPREPLY=(); COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _rollonce_completion rollonce
            echo "${COMPREPLY[@]}"
        done
    """
    assert _ran("bash", "-euc", script).splitlines() == ["converge", "--dry-run", "show"]


@pytest.mark.parametrize(
    ("shell", "words", "current"),
    [("zsh", "rollonce converge --dry", "2"), ("fish", "rollonce converge --dry", "--dry")],
)
def test_what_the_scripts_of_other_shells_ask_for_is_answered(shell: str, words: str, current: str) -> None:
    script = _ran("rollonce", "completion", shell)
    assert f"_ROLLONCE_COMPLETE={shell}_complete" in script
    answer = _ran("rollonce", _ROLLONCE_COMPLETE=f"{shell}_complete", COMP_WORDS=words, COMP_CWORD=current)
    assert "--dry-run" in answer


def test_an_unknown_shell_is_an_error() -> None:
    ended = subprocess.run(
        ["rollonce", "completion", "tcsh"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "is not one of 'bash', 'fish', 'zsh'" in ended.stderr) == (2, True)


@pytest.mark.cluster
def test_kubectl_runs_it_as_a_plugin_and_completes_it(kubectl: Kubectl) -> None:
    binary, environment = str(kubectl.plane.kubectl), kubectl.environment("reader")
    environment |= {"PATH": f"{PROGRAMS}{os.pathsep}{environment['PATH']}"}

    def run(*words: str) -> str:
        ended = subprocess.run(
            [binary, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert run("rollonce", "--version").startswith("rollonce 0.")
    assert run("rollonce", "--help").startswith("Usage: kubectl rollonce ")
    assert run("__complete", "rollonce", "converge", "--dry").splitlines()[0].startswith("--dry-run\t")
