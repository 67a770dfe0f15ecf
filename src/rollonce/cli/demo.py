"""`rollonce demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rollonce.app import demo, sandbox
from rollonce.app.demo import Part
from rollonce.cli.sandbox import announce
from rollonce.errors import ExitCode
from rollonce.report import demo_text
from rollonce.report.output import Output

# The job that is run again goes on with the cluster of the cure, and changes nothing in it.
_KEPT = {"pipeline": Part.PIPELINE, "converge": Part.CURE}


@click.command("demo")
@click.option(
    "--from",
    "folder",
    metavar="FOLDER",
    default="",
    help="Manifests to tell the story with, and images.txt: the images of the next build. Else those that come along.",
)
@click.option(
    "--keep",
    type=click.Choice(list(_KEPT)),
    is_flag=False,
    flag_value="pipeline",
    metavar="[PART]",
    help="Then serve the cluster as a part left it, until Ctrl-C: pipeline (without a value) or converge.",
)
def command(folder: str, keep: str | None) -> ExitCode:
    """Show on a simulated cluster what a deploy of two steps costs, and what it costs with converge.

    Needs no cluster and touches none. A fleet of long-lived agents gets a new build three times: by a pipeline of two
    steps, by the same pipeline with converge, and once more. Rolls and seconds of outage are counted.
    """
    out = Output(sys.stdout)
    scene = demo.set_up(Path(folder) if folder else demo.STORY)
    out.lines(demo_text.opening_lines(scene))
    parts, reviews = {}, []
    for told in demo.tell(scene):
        parts[told.part] = told
        out.lines(demo_text.part_lines(scene, told))
        if told.part in (Part.PIPELINE, Part.CURE):
            # Before the job is run again, which goes on with the same cluster.
            reviews.append(demo.audited(told))
    out.lines(demo_text.audit_lines(*reviews))
    out.lines(demo_text.closing_lines(parts))
    if keep is not None:
        out.lines(demo_text.kept_lines(keep))
        sandbox.serve(parts[_KEPT[keep]].cluster, sandbox.Options(), announce)
    return ExitCode.OK
