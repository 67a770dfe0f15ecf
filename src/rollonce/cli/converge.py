"""`rollonce converge`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rollonce.app import converge, verdict
from rollonce.app.conduct import Result
from rollonce.app.ports import Ports
from rollonce.cli import connect
from rollonce.cli.duration import Duration
from rollonce.errors import ExitCode, MissingArguments
from rollonce.manifests import templatepatch
from rollonce.model import argument, edit, reference
from rollonce.model import deploy as deploys
from rollonce.model.edit import Edit, Place
from rollonce.plan.decide import Policy, Wish
from rollonce.plan.desired import Desired
from rollonce.report import converge_json, converge_text
from rollonce.report.output import Output
from rollonce.report.progress import Progress

_DEFAULT_TIMEOUT = "10m"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one converge."""

    arguments: tuple[str, ...]
    set_env: tuple[str, ...]
    resources: tuple[str, ...]
    label: tuple[str, ...]
    annotation: tuple[str, ...]
    workload_label: tuple[str, ...]
    workload_annotation: tuple[str, ...]
    patch: tuple[str, ...]
    restart: bool
    restart_only: tuple[str, ...]
    selector: str
    everything: bool
    deploy_id: str
    allow_unmatched: bool
    strict: bool
    force_managed: bool
    again: bool
    dry_run: bool
    tell_pending: bool
    wait: bool
    timeout: float
    output: str


def _edit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the options that want something else than an image."""
    for name, metavar, text in reversed(
        (
            ("--set-env", "CONTAINER:KEY=VALUE", "Set an environment variable; CONTAINER:KEY- removes it."),
            ("--resources", "CONTAINER:requests.cpu=N", "Set a request or limit; CONTAINER:limits.cpu- removes it."),
            ("--label", "KEY=VALUE", "Set a label of the pods; KEY- removes it."),
            ("--annotation", "KEY=VALUE", "Set an annotation of the pods; KEY- removes it."),
            ("--workload-label", "KEY=VALUE", "Set a label of the workload itself: rolls nothing."),
            ("--workload-annotation", "KEY=VALUE", "Set an annotation of the workload itself: rolls nothing."),
            (
                "--patch",
                "FILE",
                "Merge a part of a pod template, as kubectl patch does; KIND/NAME:FILE for one workload.",
            ),
            ("--restart-only", "KIND/NAME", "As --restart, for one workload of the run."),
        )
    ):
        command = click.option(name, metavar=metavar, multiple=True, help=f"{text} Repeatable.")(command)
    restart = click.option("--restart", is_flag=True, help="Replace the pods, in the same roll as everything else.")
    return restart(command)


@click.command("converge")
@click.argument("arguments", metavar="WORKLOAD... CONTAINER=IMAGE...", nargs=-1)
@_edit_options
@connect.options
@click.option("-l", "--selector", metavar="LABELS", default="", help="All workloads of the kinds with these labels.")
@click.option("--all", "everything", is_flag=True, help="All workloads of the kinds.")
@click.option(
    "--deploy-id",
    metavar="ID",
    default="",
    help="Id of this deploy; else that of the CI run, else generated.",
)
@click.option("--allow-unmatched", is_flag=True, help="Containers and references that nothing matches are no error.")
@click.option("--strict", is_flag=True, help="A named workload that does not exist is an error.")
@click.option("--force-managed", is_flag=True, help="Also change what an operator, Argo CD or Flux manages.")
@click.option("--again", is_flag=True, help="Also change what this very deploy has changed before: a second roll.")
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
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def command(kubeconfig: str, context: str, namespace: str, all_namespaces: bool, **asked: object) -> ExitCode:
    """Bring workloads to what a deploy wants of them, with one patch per workload that differs.

    WORKLOAD is what kubectl takes: deployment/x, deploy x y, sts/x, ds/x, cronjob/x, or kinds
    (deploy,sts) with -l or --all. CONTAINER=IMAGE holds for every workload that has the container, *=IMAGE
    for every container, KIND/NAME:CONTAINER=IMAGE for one workload; the more specific one wins. The options that
    edit other fields take KIND/NAME: before their value in the same way.

    Nothing is sent to a workload that is already as wanted.
    """
    place = connect.Place(kubeconfig, context, namespace, all_namespaces)
    return _run(place, Asked(**asked))  # type: ignore[arg-type]


def _run(place: connect.Place, asked: Asked) -> ExitCode:
    if asked.tell_pending and not asked.dry_run:
        raise MissingArguments(
            "--exit-code tells of pending changes, and there are none after a run",
            act="converge",
            hint="give it together with --dry-run",
        )
    words, pairs = edit.split_arguments(asked.arguments, act="converge")
    if place.all_namespaces and place.namespace:
        raise MissingArguments("-n and -A exclude each other", act="converge", hint="give one of them")
    now = datetime.now(UTC)
    edits = [edit.pair(text, act="converge") for text in pairs] + _edits(asked, now)
    if not edits:
        raise MissingArguments(
            "nothing is wanted",
            act="converge",
            hint="give container=image pairs after the workloads, or an edit such as --set-env or --restart",
        )
    desired = Desired.of(edits, act="converge")
    wish = Wish(desired, _deploy(asked.deploy_id, now), Policy(asked.force_managed, asked.again))
    # Selected before anything is connected: a malformed reference needs no cluster to be one.
    selection = _select(words, place, asked)
    ports, namespace = connect.connect(place)
    if selection.namespace is not None:
        selection = replace(selection, namespace=namespace)
    options = converge.Options(
        selection,
        wish,
        act=f"converge {selection}",
        allow_unmatched=asked.allow_unmatched,
        strict=asked.strict,
        wait=asked.wait,
        timeout=asked.timeout or None,
    )
    with closing(ports):
        return _converge(ports, options, asked)


def _select(words: list[str], place: connect.Place, asked: Asked) -> reference.Selection:
    return reference.select(
        words,
        namespace=None if place.all_namespaces else place.namespace,
        selector=asked.selector,
        everything=asked.everything,
        act="converge",
    )


def _edits(asked: Asked, now: datetime) -> list[Edit]:
    """The edits that the options express, in the order of `--help`."""
    restarts = (*([""] if asked.restart else []), *asked.restart_only)
    # To the microsecond: a restart within the same second as somebody else's is one all the same.
    moment = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
    of_metadata = (
        (Place.LABEL, asked.label),
        (Place.ANNOTATION, asked.annotation),
        (Place.WORKLOAD_LABEL, asked.workload_label),
        (Place.WORKLOAD_ANNOTATION, asked.workload_annotation),
    )
    return [
        *(argument.env(text, act="converge") for text in asked.set_env),
        *(argument.resources(text, act="converge") for text in asked.resources),
        *(argument.metadata(place, text, act="converge") for place, texts in of_metadata for text in texts),
        *(_patch(text) for text in asked.patch),
        *(argument.restart(moment, only, act="converge") for only in restarts),
    ]


def _patch(text: str) -> Edit:
    _, file = templatepatch.target(text, act="converge")
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        raise MissingArguments(
            f"{file} cannot be read: {fault.strerror}", act=f"converge: --patch {text!r}", hint="check the path"
        ) from fault
    return templatepatch.read(content, text, act="converge")


def _deploy(given: str, now: datetime) -> deploys.Deploy:
    generated = f"local-{now.strftime('%Y%m%dT%H%M%SZ')}-{os.urandom(3).hex()}"
    return deploys.identify(os.environ, given=given, generated=generated, act="converge")


def _converge(ports: Ports, options: converge.Options, asked: Asked) -> ExitCode:
    out = Output(sys.stdout if asked.output == "text" else sys.stderr)
    prepared = converge.prepare(ports, options)
    plan, deploy = prepared.plan, options.wish.deploy
    out.lines([*converge_text.plan_lines(plan, deploy), ""])
    if asked.dry_run:
        result = Result(converge.foresee(prepared))
        code = verdict.dry_run_exit_code(plan, result, tell_pending=asked.tell_pending)
    else:
        with Progress(out, plan) as progress:
            result = converge.carry_out(ports, prepared, progress.take)
        code = verdict.exit_code(plan, result)
    out.lines(converge_text.summary_lines(plan, result.outcomes, dry_run=asked.dry_run))
    if asked.output == "json":
        document = converge_json.render(plan, deploy, result.outcomes, dry_run=asked.dry_run, exit_code=code)
        Output(sys.stdout).raw(document)
    if result.interruption is not None:
        raise result.interruption
    return code
