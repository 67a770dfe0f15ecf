"""The group of commands: a lazy table, one place where errors are shown, signals, the exit code."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, cast

import click

from rollonce.errors import ExitCode, RollonceError, exitcode
from rollonce.errors.exitcode import Terminated
from rollonce.errors.usage import MissingArguments
from rollonce.report import error as error_report

# name -> (module below rollonce.cli, one line of help). A command's module is imported when it is used.
COMMANDS = {
    "converge": ("converge", "Bring workloads to what a deploy wants of them: one patch per workload that differs."),
    "undo": ("undo", "Put back what one deploy has changed, and nothing that others have changed since."),
    "plan": ("plan", "Show what a converge would do, and keep it in a file."),
    "init": ("init", "Write a first fleet file, from the live cluster or from manifests."),
    "config": ("config", "Show what the fleet file comes to, and its form."),
    "audit": ("audit", "Find rolls that no change needed: which deploy, which field, who, and what they took."),
    "explain": ("explain", "Tell the history of one workload, revision by revision."),
    "demo": ("demo", "Show on a simulated cluster what a deploy of two steps costs, and what converge makes of it."),
    "sandbox": ("sandbox", "Serve a simulated cluster to kubectl, helm and any other client."),
    "rbac": ("rbac", "Print the Role that a command needs."),
    "completion": ("completion", "Print the script that completes commands and options in a shell."),
}

# A shell that wants completions sets it; the same for every name of the program.
COMPLETE = "_ROLLONCE_COMPLETE"


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and lists them without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command = importlib.import_module(f"rollonce.cli.{module}").command
        return cast("click.Command", command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a rollout failed, 2 usage, 3 no access, 4 conflict, 5 changes pending, "
    "6 redundant rolls found.",
)
@click.version_option(package_name="rollonce", message="rollonce %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Every deploy rolls every workload at most once, and not at all when nothing that needs a restart has changed."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def run(arguments: Sequence[str], *, name: str = "rollonce") -> int:
    """Run one command; the exit code. Errors that are expected are shown, others escape.

    `name` is how help calls the program.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code: Any = group.main(args=list(arguments), prog_name=name, complete_var=COMPLETE, standalone_mode=False)
        return int(code or ExitCode.OK)
    except click.ClickException as fault:
        return _show(_as_usage(fault, arguments))
    except RollonceError as error:
        return _show(error)
    except KeyboardInterrupt as interrupt:
        return _ended(interrupt, arguments)
    except click.Abort as abort:  # click turns the interruption of a command into this
        cause = abort.__context__
        return _ended(cause if isinstance(cause, KeyboardInterrupt) else KeyboardInterrupt(), arguments)


def _as_usage(fault: click.ClickException, arguments: Sequence[str]) -> RollonceError:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else _path(arguments)
    return MissingArguments(fault.format_message(), act=path, hint=f"see {path} --help")


def _path(arguments: Sequence[str]) -> str:
    """The command that was meant, where click fails before it knows."""
    name = next((argument for argument in arguments if argument in COMMANDS), "")
    return f"rollonce {name}".strip()


def _show(error: RollonceError) -> int:
    print(error_report.render(error), file=sys.stderr)
    return int(error.exit_code)


def _ended(interruption: KeyboardInterrupt, arguments: Sequence[str]) -> int:
    word = "terminated" if isinstance(interruption, Terminated) else "interrupted"
    # Only a run that writes leaves something.
    writes = "converge" in arguments or "undo" in arguments
    left = "; the next run takes up what is left" if writes else ""
    print(f"{word}{left}", file=sys.stderr)
    return int(exitcode.of_interruption(interruption))
