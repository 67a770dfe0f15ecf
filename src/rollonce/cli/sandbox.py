"""`rollonce sandbox`."""

from __future__ import annotations

import gc
import shlex
import sys
import time

import click

from rollonce.app import sandbox, sources
from rollonce.errors import ExitCode


@click.command("sandbox")
@click.option(
    "--from",
    "sources_named",
    multiple=True,
    metavar="PATH",
    help="Begin with these manifests: a file, a folder, a dump, or - for standard input; can be given again.",
)
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
def command(sources_named: tuple[str, ...], port: int, speed: float) -> ExitCode:
    """Serve a simulated cluster on loopback to kubectl, helm and any other client.

    Prints a line for your shell to standard output, and serves until Ctrl-C.
    """
    # What the cluster begins with is made once and mostly stays: looking through it for garbage, while it is made and
    # ever after, would cost a third of the start and a pause now and then.
    gc.disable()
    manifests = sources.load(sources_named, stdin=sys.stdin.buffer)
    cluster, unsettled = sandbox.begin(manifests, time.time())
    gc.freeze()
    gc.enable()
    for what in unsettled:
        print(f"warning: {what} did not get ready", file=sys.stderr)
    sandbox.serve(cluster, sandbox.Options(port, speed), announce)
    return ExitCode.OK


def announce(opened: sandbox.Opened) -> None:
    """The line for the shell, and where the sandbox is."""
    print(f"export KUBECONFIG={shlex.quote(str(opened.kubeconfig))}", flush=True)
    print(f"server  {opened.url}\nCtrl-C ends it and removes the kubeconfig.", file=sys.stderr, flush=True)
