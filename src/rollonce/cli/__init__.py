"""The command line. `main` answers `--version` before anything that is slow to import."""

from __future__ import annotations

import sys

from rollonce._version import __version__


def main() -> None:
    """Entry point of the `rollonce` script; ends the process with the documented exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"rollonce {__version__}")
        return
    from rollonce.cli.program import run

    sys.exit(run(arguments))


def plugin() -> None:
    """Entry point of the script `kubectl-rollonce`, which kubectl runs as `kubectl rollonce`."""
    from rollonce.cli.program import run

    sys.exit(run(sys.argv[1:], name="kubectl rollonce"))


def plugin_completion() -> None:
    """Entry point of the script `kubectl_complete-rollonce`, which kubectl asks what may come next."""
    from rollonce.cli.completion import for_kubectl

    for_kubectl(sys.argv[1:])
