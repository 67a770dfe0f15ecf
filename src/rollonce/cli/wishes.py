"""The options by which a command says which workloads it is about and what it wants of them."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from rollonce.cli.connect import Place
from rollonce.errors import MissingArguments, UnreadableFile
from rollonce.manifests import templatepatch
from rollonce.model import argument, edit, reference
from rollonce.model import deploy as deploys
from rollonce.model import edit as edits
from rollonce.plan.decide import Policy
from rollonce.plan.desired import Desired


@dataclass(frozen=True, slots=True)
class Words:
    """What a command line says of it."""

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
    allow_unmatched: bool
    strict: bool
    force_managed: bool
    again: bool

    @classmethod
    def taken_from(cls, asked: dict[str, object]) -> Words:
        """The values of `options` among those of a command, from which they are taken away."""
        return cls(**{field.name: asked.pop(field.name) for field in dataclasses.fields(cls)})  # type: ignore[arg-type]

    @property
    def said(self) -> bool:
        """Whether there are any."""
        return any(getattr(self, field.name) for field in dataclasses.fields(self))

    @property
    def policy(self) -> Policy:
        """What the user lifted."""
        return Policy(self.force_managed, self.again)


def _edits(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that want something else than an image."""
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


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: references, pairs, edits, which workloads, and what is lifted."""
    for option in reversed(
        (
            click.option(
                "-l", "--selector", metavar="LABELS", default="", help="All workloads of the kinds with these labels."
            ),
            click.option("--all", "everything", is_flag=True, help="All workloads of the kinds."),
            click.option(
                "--allow-unmatched",
                is_flag=True,
                help="Containers and references that nothing matches are no error.",
            ),
            click.option("--strict", is_flag=True, help="A named workload that does not exist is an error."),
            click.option(
                "--force-managed", is_flag=True, help="Also change what an operator, Argo CD or Flux manages."
            ),
            click.option(
                "--again",
                is_flag=True,
                help="Also change what this very deploy has changed before: a second roll.",
            ),
        )
    ):
        command = option(command)
    arguments = click.argument("arguments", metavar="WORKLOAD... CONTAINER=IMAGE...", nargs=-1)
    return arguments(_edits(command))


deploy_id = click.option(
    "--deploy-id", metavar="ID", default="", help="Id of this deploy; else that of the CI run, else generated."
)


def desired(
    words: Words, moment: str, *, act: str, more: Sequence[edits.Edit] = (), needed: bool = True
) -> tuple[list[str], Desired]:
    """The references, and what is wanted, with `more` that does not stand there; `moment` is the time of a restart.

    Raises errors of usage, also where nothing is wanted and something is `needed`.
    """
    references, pairs = edit.split_arguments(words.arguments, act=act)
    wanted = [*more] + [edit.pair(text, act=act) for text in pairs] + _edits_of(words, moment, act)
    if needed and not wanted:
        raise MissingArguments(
            "nothing is wanted",
            act=act,
            hint="give container=image pairs after the workloads, or an edit such as --set-env or --restart",
        )
    return references, Desired.of(wanted, act=act)


def selection(references: list[str], place: Place, *, selector: str, everything: bool, act: str) -> reference.Selection:
    """The workloads that are meant. Raises errors of usage."""
    if place.all_namespaces and place.namespace:
        raise MissingArguments("-n and -A exclude each other", act=act, hint="give one of them")
    return reference.select(
        references,
        namespace=None if place.all_namespaces else place.namespace,
        selector=selector,
        everything=everything,
        act=act,
    )


def deploy(given: str, now: datetime, *, act: str) -> deploys.Deploy:
    """The deploy that this process belongs to. Raises BadDeployId."""
    generated = f"local-{now.strftime('%Y%m%dT%H%M%SZ')}-{os.urandom(3).hex()}"
    return deploys.identify(os.environ, given=given, generated=generated, act=act)


def moment(now: datetime) -> str:
    """The time of a restart, to the microsecond: one in the same second as somebody else's is one all the same."""
    return now.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _edits_of(words: Words, moment: str, act: str) -> list[edits.Edit]:
    """The edits that the options express, in the order of `--help`."""
    of_metadata = (
        (edits.Place.LABEL, words.label),
        (edits.Place.ANNOTATION, words.annotation),
        (edits.Place.WORKLOAD_LABEL, words.workload_label),
        (edits.Place.WORKLOAD_ANNOTATION, words.workload_annotation),
    )
    restarts = (*([""] if words.restart else []), *words.restart_only)
    return [
        *(argument.env(text, act=act) for text in words.set_env),
        *(argument.resources(text, act=act) for text in words.resources),
        *(argument.metadata(place, text, act=act) for place, texts in of_metadata for text in texts),
        *(_patch(text, act) for text in words.patch),
        *(argument.restart(moment, only, act=act) for only in restarts),
    ]


def _patch(text: str, act: str) -> edits.Edit:
    _, file = templatepatch.target(text, act=act)
    return templatepatch.read(content(file, act=f"{act}: --patch {text!r}"), text, act=act)


def content(file: str, *, act: str) -> bytes:
    """What a file has; `-` is standard input. Raises UnreadableFile."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        raise UnreadableFile(f"{file}: {fault.strerror or fault}", act=act, hint="check the path") from None
