"""`rollonce plan`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from rollonce.app import converge, manifested, verdict
from rollonce.app.news import Result
from rollonce.cli import connect, fleet_options, manifest_options, wishes
from rollonce.errors import ExitCode, MissingArguments, UnwritableFile
from rollonce.model import reference
from rollonce.plan import planfile
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Plan
from rollonce.report import converge_json, converge_text, plan_markdown
from rollonce.report.output import Output


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one plan, beside what is wanted of which workloads."""

    out: str
    deploy_id: str
    tell_pending: bool
    output: str


@click.command("plan")
@wishes.options
@fleet_options.options
@manifest_options.options
@connect.options
@click.option("--out", metavar="FILE", default="", help="Write the plan to this file, for converge --plan FILE.")
@wishes.deploy_id
@click.option("--exit-code", "tell_pending", is_flag=True, help="Exit with 5 where changes are pending.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Form of the report; markdown is fit for a comment at a pull request.",
)
def command(
    kubeconfig: str,
    context: str,
    namespace: str,
    all_namespaces: bool,
    env: str,
    build: str,
    fleet: str,
    **asked: object,
) -> ExitCode:
    """Show what a converge would do, and keep it in a file that converge --plan carries out.

    Takes what converge takes: workloads, pairs and edits, an environment of the fleet file, or manifests, of which a
    plan is only shown. Nothing is written to the cluster. The plan's file is bound to the workloads as they are now: it
    is refused later where one of them has changed.
    """
    place = connect.Place(kubeconfig, context, namespace, all_namespaces)
    words = wishes.Words.taken_from(asked)
    files = manifest_options.Files.taken_from(asked)
    given = fleet_options.given(env, build, fleet)
    if files.given:
        return _of_manifests(given, place, words, files, Asked(**asked))  # type: ignore[arg-type]
    manifest_options.check_idle(files, act="plan")
    return _run(*fleet_options.merge(given, place, words, act="plan"), Asked(**asked))  # type: ignore[arg-type]


def _run(place: connect.Place, words: wishes.Words, file: fleet_options.FromFile, asked: Asked) -> ExitCode:
    references, desired = wishes.desired(words, planfile.LATER, act="plan", more=file.edits)
    selection = wishes.selection(references, place, selector=words.selector, everything=words.everything, act="plan")
    wish = Wish(desired, wishes.deploy(asked.deploy_id, datetime.now(UTC), act="plan"), words.policy)
    ports, namespace = fleet_options.connect_as(file, place)
    if selection.namespace is not None:
        checked = reference.check_namespace(namespace, act="plan")
        selection = replace(selection, namespace=checked, also=file.more_namespaces)
    options = converge.Options(
        selection, wish, act=f"plan {selection}", allow_unmatched=words.allow_unmatched, strict=words.strict
    )
    with closing(ports):
        prepared = converge.prepare(ports, options)
    if asked.out and not prepared.plan.refusals:
        _write(asked.out, planfile.write(prepared.plan, desired, words.policy, act=options.act), act=options.act)
    return _show(prepared.plan, wish, asked, file.heading)


def _of_manifests(
    given: fleet_options.Given,
    place: connect.Place,
    words: wishes.Words,
    files: manifest_options.Files,
    asked: Asked,
) -> ExitCode:
    act = f"plan {files.names}"
    if asked.out:
        raise MissingArguments(
            "a plan of manifests is shown, and not kept in a file",
            act=act,
            hint="leave --out out: converge with the same manifests makes the plan anew, and each apply is conditional",
        )
    manifest_options.check_alone(files, place, words, act="plan")
    place, words, file = fleet_options.merge(given, place, words, act="plan", manifests=files.names)
    _, desired = wishes.desired(words, planfile.LATER, act=act, more=file.edits, needed=False)
    manifests = manifest_options.load(files)
    wish = Wish(desired, wishes.deploy(asked.deploy_id, datetime.now(UTC), act=act), words.policy)
    ports, namespace = fleet_options.connect_as(file, place)
    with closing(ports):
        source = manifest_options.source(files, manifests, place, reference.check_namespace(namespace, act=act))
        run = manifested.Run(wish, act, file.listed, allow_unmatched=words.allow_unmatched)
        prepared = manifested.prepare(ports, source, run)
    return _show(prepared.plan, wish, asked, file.heading)


def _show(plan: Plan, wish: Wish, asked: Asked, heading: Sequence[str] = ()) -> ExitCode:
    result = Result(converge.standings(plan, wish))
    code = verdict.dry_run_exit_code(plan, result, tell_pending=asked.tell_pending)
    deploy = wish.deploy
    out = Output(sys.stdout if asked.output == "text" else sys.stderr)
    if asked.output == "markdown":
        Output(sys.stdout).lines(plan_markdown.lines(plan, deploy, heading))
    else:
        out.lines([*heading, *converge_text.plan_lines(plan, deploy), ""])
        out.lines(converge_text.summary_lines(plan, result.outcomes, dry_run=True))
    if asked.output == "json":
        document = converge_json.document(plan, deploy, result, dry_run=True, exit_code=code)
        Output(sys.stdout).raw(converge_json.render(document))
    if asked.out:
        kept = (
            f"the plan is in {asked.out}" if not plan.refusals else f"{asked.out} is not written: see what is refused"
        )
        out.lines([kept])
    return code


def _write(file: str, content: bytes, *, act: str) -> None:
    """The whole file or nothing of it, so that no half of a plan is left behind. Raises UnwritableFile."""
    target = Path(file)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as fault:
        hint = "name a file in a folder that you may write to"
        raise UnwritableFile(f"{file}: {fault.strerror or fault}", act=act, hint=hint) from None
