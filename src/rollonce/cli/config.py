"""`rollonce config`: what the fleet file comes to, and its form."""

from __future__ import annotations

import sys

import click
import msgspec

from rollonce.app import fleetfiles
from rollonce.errors import ExitCode
from rollonce.fleetfile import resolve, schema, settings
from rollonce.report import config_json, config_text
from rollonce.report.output import Output


@click.group("config")
def command() -> None:
    """Show what the fleet file comes to, and its form."""


@command.command("show")
@click.option("--env", metavar="NAME", default="", help="Only this environment.")
@click.option("--build", metavar="BUILD", default="", help="Show the images with this build.")
@click.option("--fleet", metavar="FILE", default="", help="The fleet file; else rollonce.yaml.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def show(env: str, build: str, fleet: str, output: str) -> ExitCode:
    """Print what is in force in an environment, or in all of them, and where each value comes from.

    No cluster is asked.
    """
    file = fleetfiles.load(fleet)
    chosen = [resolve.find(file, env, act="config show")] if env else list(file.environments.values())
    if build:
        for environment in chosen:
            resolve.run(file, environment.name.value, build, act="config show")  # whether the build fits
    found = [(environment.name.value, settings.of(file, environment, build)) for environment in chosen]
    out = Output(sys.stdout)
    if output == "json":
        out.raw(config_json.render(file.source, found))
        return ExitCode.OK
    for n, (name, those) in enumerate(found):
        out.lines([*([""] if n else []), *config_text.lines(name, those)])
    return ExitCode.OK


@command.command("schema")
def print_schema() -> ExitCode:
    """Print the JSON Schema of the fleet file, for editors."""
    Output(sys.stdout).raw(msgspec.json.format(msgspec.json.encode(schema.document()), indent=2) + b"\n")
    return ExitCode.OK
