"""`rollonce undo`."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace

import click

from rollonce.app import converge, undo
from rollonce.app.news import Result
from rollonce.app.ports import Ports
from rollonce.cli import carrying, connect, pace_options
from rollonce.cli.duration import Duration
from rollonce.errors import ExitCode, MissingArguments, UsageError
from rollonce.model import deploy as deploys
from rollonce.model import reference
from rollonce.model.deploy import Deploy, Source
from rollonce.plan.decide import Policy, Wish
from rollonce.plan.desired import Desired

_DEFAULT_TIMEOUT = "10m"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one undo, beside its cluster."""

    arguments: tuple[str, ...]
    selector: str
    everything: bool
    allow_unmatched: bool
    force_managed: bool
    again: bool
    dry_run: bool
    tell_pending: bool
    wait: bool
    timeout: float
    output: str


@click.command("undo")
@click.argument("arguments", metavar="[DEPLOY_ID] [WORKLOAD...]", nargs=-1)
@connect.options
@click.option("-l", "--selector", metavar="LABELS", default="", help="All workloads of the kinds with these labels.")
@click.option("--all", "everything", is_flag=True, help="All workloads of the kinds.")
@click.option("--allow-unmatched", is_flag=True, help="That there is nothing to undo is no error.")
@click.option("--force-managed", is_flag=True, help="Also change what an operator, Argo CD or Flux manages.")
@click.option("--again", is_flag=True, help="Also undo what was undone before and is there again: a second roll.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop; nothing is written.")
@click.option(
    "--exit-code", "tell_pending", is_flag=True, help="With --dry-run: exit with 5 where changes are pending."
)
@click.option("--wait/--no-wait", default=True, help="Wait for the rollouts (default), or only send.")
@click.option(
    "--timeout",
    type=Duration(),
    default=_DEFAULT_TIMEOUT,
    show_default=True,
    metavar="DURATION",
    help="How long to wait for the rollouts in all; 0 means without a bound.",
)
@pace_options.options
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def command(
    kubeconfig: str,
    context: str,
    namespace: str,
    all_namespaces: bool,
    waves: tuple[str, ...],
    concurrency: int | None,
    pods_per_second: float | None,
    keep_going: bool,
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
    pace = {"waves": waves, "concurrency": concurrency, "pods_per_second": pods_per_second, "keep_going": keep_going}
    return _run(place, pace, Asked(**asked))  # type: ignore[arg-type]


def _run(place: connect.Place, pace: dict[str, object], asked: Asked) -> ExitCode:
    if asked.tell_pending and not asked.dry_run:
        raise MissingArguments(
            "--exit-code tells of pending changes, and there are none after a run",
            act="undo",
            hint="give it together with --dry-run",
        )
    deploy_id, references = _id_and_references(asked)
    act = f"undo {deploy_id}"
    selection = _selection(references, place, asked, act)
    pacing = pace_options.pacing(pace, wait=asked.wait, act=act)
    wish = Wish(Desired(()), Deploy(f"{deploy_id}.undo.1", Source.GIVEN), Policy(asked.force_managed, asked.again))
    ports, namespace = connect.connect(place)
    if selection.namespace is not None:
        selection = replace(selection, namespace=reference.check_namespace(namespace, act=act))
    options = undo.Options(
        selection,
        deploy_id,
        wish,
        act=f"{act} of {selection}",
        allow_unmatched=asked.allow_unmatched,
        wait=asked.wait,
        timeout=asked.timeout or None,
        pacing=pacing,
    )
    with closing(ports):
        prepared = undo.prepare(ports, options)
        return carrying.carry_out(
            ports.brake,
            course(ports, prepared),
            lambda: Result(converge.standings(prepared.plan, wish)),
            carrying.Shown(asked.output, asked.dry_run, asked.tell_pending),
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
    if place.all_namespaces and place.namespace:
        raise MissingArguments("-n and -A exclude each other", act=act, hint="give one of them")
    namespace = None if place.all_namespaces else place.namespace
    if references or asked.selector or asked.everything:
        words = references or [",".join(kind.singular for kind in undo.KINDS)]
        return reference.select(
            words, namespace=namespace, selector=asked.selector, everything=asked.everything, act=act
        )
    return undo.everything(namespace)
