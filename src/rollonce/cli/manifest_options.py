"""The options by which a command takes manifests, and what they exclude."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from rollonce.app import sources
from rollonce.app.manifested import Source
from rollonce.cli.connect import Place
from rollonce.cli.wishes import Words
from rollonce.errors import MissingArguments
from rollonce.manifests.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Files:
    """What the command line says of manifests."""

    filename: tuple[str, ...]
    kustomize: str
    recursive: bool
    take_ownership: tuple[str, ...]
    roll_on_config: bool

    @classmethod
    def taken_from(cls, asked: dict[str, object]) -> Files:
        """The values of `options` among those of a command, from which they are taken away."""
        return cls(**{field.name: asked.pop(field.name) for field in dataclasses.fields(cls)})  # type: ignore[arg-type]

    @property
    def given(self) -> bool:
        """Whether there are manifests."""
        return bool(self.filename or self.kustomize)

    @property
    def said(self) -> bool:
        """Whether any of them is given."""
        return any(getattr(self, field.name) for field in dataclasses.fields(self))

    @property
    def names(self) -> str:
        """What was given, for errors."""
        return " ".join([*(f"-f {name}" for name in self.filename), *([f"-k {self.kustomize}"] * bool(self.kustomize))])


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: manifests, and how they are applied."""
    for option in reversed(
        (
            click.option(
                "-f",
                "--filename",
                metavar="PATH",
                multiple=True,
                help="Apply these manifests, with pairs and edits folded in: a file, a folder, or -. Repeatable.",
            ),
            click.option(
                "-k", "--kustomize", metavar="DIR", default="", help="Apply what kubectl kustomize builds of a folder."
            ),
            click.option("-R", "--recursive", is_flag=True, help="With -f: also the folders in a folder."),
            click.option(
                "--take-ownership",
                metavar="FIELD",
                multiple=True,
                help="Take over a field that another field manager owns; [*] is every element. Repeatable.",
            ),
            click.option(
                "--roll-on-config",
                is_flag=True,
                help="A ConfigMap or Secret that changes rolls the workloads of the run that use it.",
            ),
        )
    ):
        command = option(command)
    return command


def check_idle(files: Files, *, act: str) -> None:
    """Raises MissingArguments where an option for manifests is given without any."""
    for option, value in (
        ("-R", files.recursive),
        ("--take-ownership", files.take_ownership),
        ("--roll-on-config", files.roll_on_config),
    ):
        if value:
            raise MissingArguments(f"{option} is for manifests, and there are none", act=act, hint="give -f or -k")


def check_alone(files: Files, place: Place, words: Words, *, act: str) -> None:
    """Raises MissingArguments where manifests are given together with what says where workloads are otherwise."""
    if files.filename and files.kustomize:
        raise MissingArguments("-f and -k exclude each other", act=act, hint="give one of them")
    reference = next((word for word in words.arguments if "=" not in word), "")
    for option, value in (
        (f"the reference {reference!r}", reference),
        ("-l", words.selector),
        ("--all", words.everything),
        ("-A", place.all_namespaces),
    ):
        if value:
            raise MissingArguments(
                f"the manifests of {files.names} say which workloads are meant, and {option} does so too",
                act=act,
                hint=f"leave {option} out; pairs and edits may be given beside manifests",
            )
    if words.patch:
        raise MissingArguments(
            "--patch is for workloads that are there, and a manifest has the whole template",
            act=act,
            hint="put what the file has into the manifest, or let kustomize do so",
        )


def load(files: Files) -> tuple[Manifest, ...]:
    """The manifests. Raises UnreadableManifest and MalformedManifest."""
    if files.kustomize:
        return tuple(sources.built(files.kustomize))
    return tuple(sources.load(files.filename, stdin=sys.stdin.buffer, deep=files.recursive))


def source(files: Files, manifests: tuple[Manifest, ...], place: Place, namespace: str) -> Source:
    """What a run of them is to apply."""
    return Source(
        manifests,
        namespace,
        said=bool(place.namespace),
        taken=files.take_ownership,
        roll_on_config=files.roll_on_config,
    )
