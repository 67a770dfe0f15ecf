"""`rollonce completion`, and completion behind `kubectl rollonce`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from rollonce.cli import program
from rollonce.errors import ExitCode
from rollonce.report.output import Output

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}
# The last line of what kubectl reads: no files, please (kubernetes/kubectl, pkg/cmd/plugin; spf13/cobra).
_NO_FILES = ":4"


@click.command("completion")
@click.argument("shell", type=click.Choice(sorted(_SHELLS)))
def command(shell: str) -> ExitCode:
    """Print the script that completes commands and options in SHELL."""
    complete = _SHELLS[shell](program.group, {}, "rollonce", program.COMPLETE)
    # Not `complete.source()`: for bash it first runs bash, to see which one there is.
    Output(sys.stdout).lines([ShellComplete.source(complete).strip()])
    return ExitCode.OK


def for_kubectl(words: Sequence[str]) -> None:
    """Print what may stand in the place of the last of `words`, as kubectl wants it."""
    *before, incomplete = words or [""]
    complete = ShellComplete(program.group, {}, "rollonce", program.COMPLETE)
    found = complete.get_completions(before, incomplete)
    Output(sys.stdout).lines([*(f"{item.value}\t{item.help or ''}".rstrip() for item in found), _NO_FILES])
