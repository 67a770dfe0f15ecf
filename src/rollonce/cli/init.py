"""`rollonce init`."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace

import click

from rollonce.app import draft as drafts
from rollonce.app import fleetfiles
from rollonce.cli import connect
from rollonce.errors import ExitCode, MissingArguments
from rollonce.fleetfile.drafting import Draft, Place
from rollonce.model import reference
from rollonce.model.kind import Kind
from rollonce.report import init_text
from rollonce.report.output import Output

_STDOUT = "-"


@click.command("init")
@click.argument("workloads", metavar="[WORKLOAD]...", nargs=-1)
@click.option(
    "--from", "sources", metavar="PATH", multiple=True, help="Manifests instead of the cluster: a file, a folder, or -."
)
@click.option("--env", metavar="NAME", default="production", show_default=True, help="The environment that this is.")
@click.option(
    "--fleet",
    metavar="FILE",
    default=fleetfiles.NAME,
    show_default=True,
    help="The file to write; - prints it. One that is there is never overwritten.",
)
@click.option("-l", "--selector", metavar="LABELS", default="", help="Workloads with these labels.")
@connect.options
def command(
    kubeconfig: str,
    context: str,
    namespace: str,
    all_namespaces: bool,
    workloads: tuple[str, ...],
    sources: tuple[str, ...],
    env: str,
    fleet: str,
    selector: str,
) -> ExitCode:
    """Write a first fleet file, from the live cluster or from manifests.

    WORKLOAD is as for converge; without it all workloads of the namespace are taken, but for those that an
    operator, Argo CD or Flux manages. What is a guess is said in comments.
    """
    if fleet != _STDOUT:
        drafts.check_free(fleet)
    place = Place(env, context)
    if sources:
        if workloads or selector or all_namespaces:
            raise MissingArguments(
                "--from takes every workload of the manifests", act="init", hint="leave references, -l and -A out"
            )
        spaces = (namespace,) if namespace else ()
        found = drafts.from_manifests(sources, replace(place, namespaces=spaces), stdin=sys.stdin.buffer)
    else:
        where = connect.Place(kubeconfig, context, namespace, all_namespaces)
        found = _from_cluster(where, workloads, selector, place)
    return _hand_out(found, fleet, env)


def _from_cluster(where: connect.Place, workloads: tuple[str, ...], selector: str, place: Place) -> Draft:
    words = workloads or (",".join(kind.singular for kind in Kind),)
    selection = reference.select(
        words,
        namespace=None if where.all_namespaces else where.namespace,
        selector=selector,
        everything=not workloads and not selector,
        act="init",
    )
    ports, namespace = connect.connect(where)
    if selection.namespace is not None:
        selection = replace(selection, namespace=namespace)
    with closing(ports):
        return drafts.from_cluster(ports, selection, place)


def _hand_out(draft: Draft, fleet: str, env: str) -> ExitCode:
    if fleet == _STDOUT:
        Output(sys.stdout).raw(draft.text.encode())
    else:
        drafts.write(fleet, draft)
        Output(sys.stdout).lines(init_text.lines(draft, fleet, env))
    return ExitCode.OK
