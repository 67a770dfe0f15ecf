"""`rollonce demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rollonce.app import demo
from rollonce.app.demo import Part
from rollonce.errors import ExitCode
from rollonce.report import demo_text
from rollonce.report.output import Output


@click.command("demo")
@click.option(
    "--from",
    "folder",
    metavar="FOLDER",
    default="",
    help="Manifests to tell the story with, and images.txt: the images of the next build. Else those that come along.",
)
def command(folder: str) -> ExitCode:
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
    return ExitCode.OK
