"""The exit codes, a documented table (docs/exit-codes.md)."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours tells its caller. 10 to 12 are kept for verdicts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_ACCESS = 3
    CONFLICT = 4
    PENDING = 5
    REDUNDANT = 6
    INTERRUPTED = 130
    TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: treated as Ctrl-C is, with an exit code of its own."""


def of_interruption(interruption: KeyboardInterrupt) -> ExitCode:
    """The exit code of a run that was ended from outside."""
    return ExitCode.TERMINATED if isinstance(interruption, Terminated) else ExitCode.INTERRUPTED
