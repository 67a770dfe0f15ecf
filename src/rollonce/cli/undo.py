"""`rollonce undo`."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace

import click

from rollonce.app import converge, undo
from rollonce.app.news import Result
from rollonce.app.ports import Ports
from rollonce.cli import carrying, connect, run_options, wishes
from rollonce.errors import ExitCode, MissingArguments, UsageError
from rollonce.model import deploy as deploys
from rollonce.model import reference
from rollonce.model.deploy import Source
from rollonce.plan.decide import Policy


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one undo, beside its cluster."""

    arguments: tuple[str, ...]
    selector: str
    everything: bool
    allow_unmatched: bool
    force_managed: bool
    again: bool
    run: run_options.Run


@click.command("undo")
@click.argument("arguments", metavar="[DEPLOY_ID] [WORKLOAD...]", nargs=-1)
@connect.options
@click.option("-l", "--selector", metavar="LABELS", default="", help="All workloads of the kinds with these labels.")
@click.option("--all", "everything", is_flag=True, help="All workloads of the kinds.")
@click.option("--allow-unmatched", is_flag=True, help="That there is nothing to undo is no error.")
@click.option("--force-managed", is_flag=True, help="Also change what an operator, Argo CD or Flux manages.")
@click.option("--again", is_flag=True, help="Also undo what was undone before and is there again: a second roll.")
@run_options.options
def command(
    kubeconfig: str,
    context: str,
    namespace: str,
    all_namespaces: bool,
    **asked: object,
) -> ExitCode:
    """Put back what one deploy has changed, in the workloads that it has changed.

    DEPLOY_ID is that of the converge; without it, that of this CI run. WORKLOAD is what converge takes; without any,
    all Deployments, StatefulSets and DaemonSets of the namespace that this deploy has changed.

    What the deploy set and what still has that value comes back to what it was before, from the revisions that the
    cluster keeps. What somebody else has changed since is left alone, and named. Undoing is a deploy of its own,
    DEPLOY_ID.undo.1.
    """
    place = connect.Place(kubeconfig, context, namespace, all_namespaces)
    run = run_options.Run.taken_from(asked)
    return _run(place, Asked(**asked, run=run))  # type: ignore[arg-type]


def _run(place: connect.Place, asked: Asked) -> ExitCode:
    asked.run.check(act="undo")
    deploy_id, references = _id_and_references(asked)
    act = f"undo {deploy_id}"
    selection = _selection(references, place, asked, act)
    pacing = asked.run.pacing(wait=asked.run.wait, act=act)
    wish = undo.wish(deploy_id, Policy(asked.force_managed, asked.again))
    ports, namespace = connect.connect(place)
    if selection.namespace is not None:
        selection = replace(selection, namespace=reference.check_namespace(namespace, act=act))
    options = undo.Options(
        selection,
        deploy_id,
        wish,
        act=f"{act} of {selection}",
        allow_unmatched=asked.allow_unmatched,
        wait=asked.run.wait,
        timeout=asked.run.timeout or None,
        pacing=pacing,
    )
    with closing(ports):
        prepared = undo.prepare(ports, options)
        return carrying.carry_out(
            ports.brake,
            course(ports, prepared),
            lambda: Result(converge.standings(prepared.plan, wish)),
            asked.run,
        )


def course(ports: Ports, prepared: undo.Prepared) -> carrying.Course:
    """What shows and carries out an undo."""
    deploy = prepared.options.wish.deploy
    return carrying.Course(
        prepared.plan, deploy, prepared.pace, lambda teller: undo.carry_out(ports, prepared, teller.take)
    )


def _id_and_references(asked: Asked) -> tuple[str, list[str]]:
    """The first argument is the deploy, unless this CI run is it and the first argument is a workload."""
    words = list(asked.arguments)
    if words and "/" not in words[0] and not _is_kind(words[0]):
        deploys.check_id(words[0], act="undo")
        return words[0], words[1:]
    found = deploys.identify(os.environ, given="", generated="", act="undo")
    if found.source is not Source.CI:
        raise MissingArguments(
            "no deploy is named, and this is no run of a CI system that would be it",
            act="undo",
            hint="give its id first: rollonce audit tells which deploys there were",
        )
    return found.id, words


def _is_kind(word: str) -> bool:
    """Whether it is a kind, as in `deploy x y`, and so no deploy."""
    try:
        reference.kind(word.partition(",")[0], act="undo")
    except UsageError:
        return False
    return True


def _selection(references: list[str], place: connect.Place, asked: Asked, act: str) -> reference.Selection:
    """What is named; without anything all workloads of the kinds that keep revisions."""
    everything = asked.everything or not (references or asked.selector)
    words = references or [",".join(kind.singular for kind in undo.KINDS)]
    return wishes.selection(words, place, selector=asked.selector, everything=everything, act=act)
