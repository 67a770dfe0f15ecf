"""`rollonce audit`."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from rollonce.app import audit
from rollonce.app.audit import Cluster, Gathering, Sources
from rollonce.cli import connect
from rollonce.cli.duration import Duration
from rollonce.errors import ExitCode, MissingArguments, NothingMatched, UnknownKind, UnwritableFile, exitcode
from rollonce.history import review as reviews
from rollonce.history.review import Question, Review
from rollonce.model import reference
from rollonce.model.deploy import check_id
from rollonce.model.kind import Kind
from rollonce.model.nearest import nearest
from rollonce.model.reference import Every, Selection
from rollonce.report import audit_json, audit_markdown, audit_text, junit
from rollonce.report.output import Output
from rollonce.report.reading import Reading

_UNWRITABLE = "name a file in a folder that you may write to"
KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)


@dataclass(frozen=True, slots=True)
class Place:
    """Where evidence comes from, as the command line says it."""

    kubeconfig: str
    contexts: tuple[str, ...]
    namespace: str
    all_namespaces: bool
    dumps: tuple[str, ...]
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one audit."""

    words: tuple[str, ...]
    selector: str
    since: float
    window: float
    deploy_id: str | None
    fail_on: str
    allow_unmatched: bool
    redact: bool
    html: str
    output: str


def evidence(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: where evidence comes from besides a context, and how rolls are put together."""
    for option in (
        click.option(
            "--window",
            type=Duration(),
            default="10m",
            show_default=True,
            metavar="DURATION",
            help="Rolls of a workload that lie no further apart are of one deploy, where nothing else tells.",
        ),
        click.option(
            "--api-audit-log",
            "logs",
            metavar="FILE",
            multiple=True,
            help="API audit log: JSON lines, also gzip, a file or a folder of them.",
        ),
        click.option(
            "--from",
            "dumps",
            metavar="FILE",
            multiple=True,
            help="Read a dump of kubectl, and no cluster; - is the input.",
        ),
        click.option(
            "--kubeconfig",
            metavar="FILE",
            default="",
            help="Kubeconfig file; else $KUBECONFIG, ~/.kube/config, in-cluster.",
        ),
    ):
        command = option(command)
    return command


@click.command("audit")
@connect.impersonation
@click.argument("words", metavar="[WORKLOAD...]", nargs=-1)
@click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces; not with names.")
@click.option("-n", "--namespace", metavar="NAME", default="", help="Namespace; else that of the context.")
@click.option("-l", "--selector", metavar="LABELS", default="", help="Only workloads with these labels.")
@click.option(
    "--context",
    "contexts",
    metavar="NAME",
    multiple=True,
    help="Context of the kubeconfig; may be given several times.",
)
@click.option(
    "--since",
    type=Duration(),
    default="30d",
    show_default=True,
    metavar="DURATION",
    help="How far back to count; 0 means all that can be seen.",
)
@evidence
@click.option("--deploy-id", metavar="ID", default=None, help="Only the rolls of this deploy.")
@click.option(
    "--fail-on", type=click.Choice(["redundant"]), default=None, help="Exit with 6 where a redundant roll is found."
)
@click.option("--allow-unmatched", is_flag=True, help="A --deploy-id that nothing carries is no error of --fail-on.")
@click.option("--html", metavar="FILE", default="", help="Also write the report as one HTML page.")
@click.option("--redact", is_flag=True, help="Write a dump that is safe to send, and judge nothing.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "markdown", "junit"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def command(
    kubeconfig: str,
    contexts: tuple[str, ...],
    namespace: str,
    all_namespaces: bool,
    dumps: tuple[str, ...],
    logs: tuple[str, ...],
    **asked: object,
) -> ExitCode:
    """Find rolls that no change needed: which deploy, which field, who wrote it, what it took. Only reads.

    WORKLOAD is what kubectl takes: deployment/x, deploy x y, or a kind; without one, every Deployment, StatefulSet
    and DaemonSet.
    """
    place = Place(kubeconfig, contexts, namespace, all_namespaces, dumps, logs)
    return _run(place, Asked(**asked))  # type: ignore[arg-type]


def _run(place: Place, asked: Asked) -> ExitCode:
    if asked.deploy_id is not None:
        check_id(asked.deploy_id, act="audit")
    selection = select(asked.words, place, asked.selector, act="audit", redact=asked.redact)
    if asked.redact:
        from rollonce.app import redact

        with sources(place) as found:
            redact.write(found, selection, sys.stdout.buffer)
        return ExitCode.OK
    now = datetime.now(UTC)
    question = Question(
        now,
        now - timedelta(seconds=asked.since) if asked.since else None,
        timedelta(seconds=asked.window),
        asked.deploy_id or "",
    )
    review, interruption = reviewed(place, selection, question)
    unseen = _unseen(review)
    fault = _blind(review) or (None if asked.allow_unmatched else unseen) if asked.fail_on else None
    code = ExitCode.REDUNDANT if asked.fail_on and review.findings else ExitCode.USAGE if fault else ExitCode.OK
    if interruption is not None:
        code = exitcode.of_interruption(interruption)
    if asked.html:
        _write_page(review, asked.html, interrupted=interruption is not None)
    _show(review, asked.output, code, interrupted=interruption is not None)
    if interruption is not None:
        raise interruption
    if fault is not None:
        raise fault
    if unseen is not None:
        Output(sys.stderr).lines([f"warning: {unseen.fact}"])
    return code


def _blind(review: Review) -> NothingMatched | None:
    if any(timeline.revisions for timeline in review.timelines):
        return None
    return NothingMatched(
        "no revision of any workload can be seen: a gate that sees nothing proves nothing",
        act="audit --fail-on",
        hint="check the namespace, the dump, and the rights that are missing above",
    )


def _unseen(review: Review) -> NothingMatched | None:
    """A deploy id that nothing carries: it is mistyped, or its deploy had nothing to do."""
    deploy_id, ids = review.question.deploy_id, reviews.carried_ids(review)
    if not deploy_id or deploy_id in ids:
        return None
    close = nearest(deploy_id, ids)
    return NothingMatched(
        f"nothing here carries the deploy id {deploy_id}" + (f'; the nearest is "{close}"' if close else ""),
        act="audit --deploy-id",
        hint="check the id and the namespace; --allow-unmatched lets a deploy pass that had nothing to do",
    )


def reviewed(place: Place, selection: Selection, question: Question) -> tuple[Review, KeyboardInterrupt | None]:
    """The review, and what interrupted the reading of it: it then rests on what had been read."""
    reading = Reading(Output(sys.stderr), time.monotonic)
    gathering = Gathering(reading.take)
    interruption = None
    # Evidence is made once, holds no cycles and lives to the end: looking through it again and again is half the work.
    gc.disable()
    with reading, sources(place) as found:
        if found.clusters:
            # Each is read in the namespace that is meant there. A log, which only one alone may have, has all of them.
            spaces = {cluster.namespace for cluster in found.clusters}
            selection = replace(selection, namespace=spaces.pop() if len(spaces) == 1 else None)
        try:
            audit.gather(found, selection, gathering)
        except KeyboardInterrupt as interrupt:
            interruption = interrupt
    return audit.judge(gathering.evidence(selection), question, selection), interruption


def select(words: tuple[str, ...], place: Place, selector: str, *, act: str, redact: bool = False) -> Selection:
    """The workloads that are meant; with a dump and without a namespace, those of all of its namespaces."""
    if place.all_namespaces and place.namespace:
        raise MissingArguments("-n and -A exclude each other", act=act, hint="give one of them")
    if place.dumps and place.contexts:
        raise MissingArguments("--from and --context exclude each other", act=act, hint="give one of them")
    if redact and len(place.contexts) > 1:
        raise MissingArguments("a dump is that of one cluster", act=act, hint="give one --context for each dump")
    everywhere = place.all_namespaces or (bool(place.dumps) and not place.namespace)
    namespace = None if everywhere else place.namespace
    if not words:
        return Selection(tuple(Every(kind.singular) for kind in KINDS), namespace, selector)
    if not any("/" in word for word in words) and len(words) == 1:
        kinds = (reference.kind(word, act=act) for word in words[0].split(","))
        return _rolling(Selection(tuple(Every(kind.singular) for kind in kinds), namespace, selector), act)
    # A name belongs to one namespace of a cluster; of a dump it takes every workload of that name.
    where = "" if place.dumps else namespace
    named = reference.select(words, namespace=where, selector=selector, everything=False, act=act)
    return _rolling(replace(named, namespace=namespace), act)


def _rolling(selection: Selection, act: str) -> Selection:
    if any(target.kind_name == Kind.CRON_JOB.singular for target in selection.targets):
        known = ", ".join(kind.singular for kind in KINDS)
        raise UnknownKind(
            "a CronJob has no history: a change of its template rolls nothing",
            act=act,
            hint=f"kinds that roll are: {known}",
        )
    return selection


@contextmanager
def sources(place: Place) -> Iterator[Sources]:
    """Connections to the clusters, or the dumps; closed at the end. Raises errors of access."""
    if place.dumps:
        yield Sources((), place.dumps, place.logs)
        return
    with ExitStack() as opened:
        clusters = []
        for context in place.contexts or ("",):
            ports, namespace = connect.connect(connect.Place(place.kubeconfig, context, place.namespace))
            opened.enter_context(closing(ports))
            name = context if len(place.contexts) > 1 else ""
            clusters.append(Cluster(name, ports, None if place.all_namespaces else namespace))
        yield Sources(tuple(clusters), (), place.logs)


def _write_page(review: Review, path: str, *, interrupted: bool) -> None:
    """Raises UnwritableFile."""
    from rollonce.report import audit_html

    page = audit_html.render(review, interrupted=interrupted)
    try:
        Path(path).write_bytes(page)
    except OSError as error:
        raise UnwritableFile(f"{path}: {error.strerror or error}", act="audit --html", hint=_UNWRITABLE) from error


def _show(review: Review, form: str, code: ExitCode, *, interrupted: bool) -> None:
    out = Output(sys.stdout)
    match form:
        case "json":
            for piece in audit_json.pieces(review, exit_code=code, interrupted=interrupted):
                out.raw(piece)
        case "markdown":
            out.lines(audit_markdown.lines(review, interrupted=interrupted))
        case "junit":
            out.raw(junit.render(review))
        case _:
            out.lines(audit_text.lines(review, interrupted=interrupted))
