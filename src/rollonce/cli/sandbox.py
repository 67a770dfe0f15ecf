"""`rollonce sandbox`."""

from __future__ import annotations

import shlex
import sys
import time

import click

from rollonce.app import sandbox
from rollonce.errors import ExitCode


@click.command("sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="Port on 127.0.0.1; else any free one."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.001, max=1_000_000),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="Virtual seconds per second.",
)
def command(port: int, speed: float) -> ExitCode:
    """Serve a simulated cluster on loopback to kubectl, helm and any other client.

    Prints a line for your shell to standard output, and serves until Ctrl-C.
    """
    sandbox.serve(sandbox.Options(time.time(), port, speed), _announce)
    return ExitCode.OK


def _announce(opened: sandbox.Opened) -> None:
    print(f"export KUBECONFIG={shlex.quote(str(opened.kubeconfig))}", flush=True)
    print(f"server  {opened.url}\nCtrl-C ends it and removes the kubeconfig.", file=sys.stderr, flush=True)
