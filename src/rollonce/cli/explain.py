"""`rollonce explain`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import click

from rollonce.cli import audit, connect
from rollonce.errors import ExitCode, MissingArguments, NothingMatched
from rollonce.history.review import Question
from rollonce.model.reference import Named
from rollonce.report import audit_json, explain_text
from rollonce.report.output import Output


@click.command("explain")
@connect.impersonation
@click.argument("words", metavar="WORKLOAD", nargs=-1, required=True)
@click.option("--revision", type=click.IntRange(min=1), metavar="NUMBER", default=None, help="Only this revision.")
@click.option("-n", "--namespace", metavar="NAME", default="", help="Namespace; else that of the context.")
@click.option("--context", metavar="NAME", default="", help="Context of the kubeconfig; else the current one.")
@audit.evidence
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def command(
    words: tuple[str, ...],
    revision: int | None,
    namespace: str,
    context: str,
    kubeconfig: str,
    dumps: tuple[str, ...],
    logs: tuple[str, ...],
    window: float,
    output: str,
) -> ExitCode:
    """Tell the history of one workload: each revision, what changed, who wrote it, and how that is known. Only reads.

    WORKLOAD is what kubectl takes: deployment/x, sts x.
    """
    contexts = (context,) if context else ()
    place = audit.Place(kubeconfig, contexts, namespace, False, dumps, logs)
    selection = audit.select(words, place, "", act="explain")
    if len(selection.targets) != 1 or not isinstance(selection.targets[0], Named):
        raise MissingArguments(
            "one workload is explained", act="explain", hint="name it, as in rollonce explain deployment/agent-ceo"
        )
    question = Question(datetime.now(UTC), None, timedelta(seconds=window))
    review, interruption = audit.reviewed(place, selection, question)
    seen = {each.number for timeline in review.timelines for each in timeline.revisions}
    if revision is not None and revision not in seen:
        known = ", ".join(map(str, sorted(seen))) or "none"
        raise NothingMatched(
            f"revision {revision} of {selection.targets[0]} cannot be seen",
            act="explain",
            hint=f"revisions that can be seen: {known}",
        )
    if output == "json":
        document = audit_json.render(review, exit_code=ExitCode.OK, interrupted=interruption is not None)
        Output(sys.stdout).raw(document)
    else:
        Output(sys.stdout).lines(explain_text.lines(review, revision or 0))
    if interruption is not None:
        raise interruption
    return ExitCode.OK
