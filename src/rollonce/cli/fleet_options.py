"""The options that take a run from the fleet file, and what the file and the command line come to together.

Where the file leaves something open the command line fills it in; it may add pairs, and waits as it likes. What it says
otherwise than the file is an error that names both: staging and production take the same path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import click

from rollonce.app import fleetfiles
from rollonce.app.ports import Ports
from rollonce.cli import connect
from rollonce.cli.connect import Place
from rollonce.errors import BadKubeconfig, ContradictedFleetFile, MissingArguments
from rollonce.fleetfile import form, resolve
from rollonce.fleetfile.fleet import Chosen
from rollonce.fleetfile.mark import Said
from rollonce.model.edit import ImageEdit
from rollonce.model.reference import Named

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Words(Protocol):
    """What the command line says of workloads, and of what is lifted: a frozen dataclass with these fields."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def arguments(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def selector(self) -> str: ...  # noqa: D102
    @property
    def everything(self) -> bool: ...  # noqa: D102
    @property
    def allow_unmatched(self) -> bool: ...  # noqa: D102
    @property
    def strict(self) -> bool: ...  # noqa: D102
    @property
    def force_managed(self) -> bool: ...  # noqa: D102
    @property
    def again(self) -> bool: ...  # noqa: D102


_Words = TypeVar("_Words", bound=Words)


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the fleet file; `said` has the names of all options that it has at all."""

    env: str
    build: str
    fleet: str
    said: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FromFile:
    """What the file adds to a run; nothing without `--env`. `listed` are the workloads that it names.

    `wait` and `timeout` (in seconds, 0 without a bound) are None where the command line says it, or nobody does.
    """

    context: Said[str] | None = None
    listed: tuple[Named, ...] = ()
    edits: tuple[ImageEdit, ...] = ()
    more_namespaces: tuple[str, ...] = ()
    wait: bool | None = None
    timeout: float | None = None
    waves: tuple[str, ...] = ()
    concurrency: int | None = None
    heading: tuple[str, ...] = ()


def options(command: _Command) -> _Command:
    """Decorator: environment, build and file."""
    for option in (
        click.option("--fleet", metavar="FILE", default="", help="The fleet file; else rollonce.yaml, with --env."),
        click.option("--build", metavar="BUILD", default="", help="What {build} of the fleet file's images becomes."),
        click.option(
            "--env", metavar="NAME", default="", help="An environment of the fleet file: all comes from there."
        ),
    ):
        command = option(command)
    return command


def given(env: str, build: str, fleet: str) -> Given:
    """The values of these options, and which options the command line has."""
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    said = frozenset(name for name in context.params if context.get_parameter_source(name) is source)
    return Given(env, build, fleet, said)


def merge(
    given: Given, place: Place, words: _Words, *, act: str, manifests: str = ""
) -> tuple[Place, _Words, FromFile]:
    """Place and words of the run with what the fleet file says of it.

    Where there are `manifests`, they say which workloads are meant, and the file the rest.
    Raises errors of the file, and ContradictedFleetFile.
    """
    if not given.env:
        idle = next((f"--{name}" for name in ("build", "fleet") if name in given.said), "")
        if idle:
            raise MissingArguments(
                f"{idle} is for the fleet file, and no environment is named", act=act, hint="give --env as well"
            )
        return place, words, FromFile()
    act = f"{act} --env {given.env}"
    run = resolve.run(fleetfiles.load(given.fleet), given.env, given.build, act=act)
    _check_words(run, place, words, act)
    _check_force(run, words, act)
    environment = run.environment
    namespaces = tuple(said.value for said in environment.namespaces)
    if len(namespaces) < 2:
        namespaces = (_one("-n", place.namespace, next(iter(environment.namespaces), None), act),)
    elif place.namespace:
        raise _contradiction("-n", place.namespace, f"{len(namespaces)} namespaces", environment.namespaces[0], act)
    if manifests and len(namespaces) > 1:
        raise ContradictedFleetFile(
            f"{environment.namespaces[0].at} says {len(namespaces)} namespaces, and the manifests of {manifests} "
            "go to one",
            act=act,
            hint="give each of them an environment of its own",
        )
    context = _one("--context", place.context, environment.context, act)
    heading = _heading(given, namespaces, context)
    policy = run.policy
    words = replace(words, strict=words.strict or bool(policy.strict and policy.strict.value))
    if not manifests:
        selector = _one("-l", words.selector, run.selector, act)
        words = replace(
            words,
            arguments=(*run.words, *words.arguments),
            selector=selector,
            everything=isinstance(run.workloads, Chosen) and not selector,
        )
    place = replace(place, context=context, namespace=namespaces[0])
    # How to wait: the command line where it says so, else the file.
    wait = policy.wait.value if policy.wait and "wait" not in given.said else None
    timeout = policy.timeout.value if policy.timeout and "timeout" not in given.said else None
    waves = policy.waves.value if policy.waves else ()
    concurrency = policy.concurrency.value if policy.concurrency else None
    more = namespaces[1:]
    return (
        place,
        words,
        FromFile(environment.context, run.listed, run.edits, more, wait, timeout, waves, concurrency, heading),
    )


def connect_as(file: FromFile, place: Place) -> tuple[Ports, str]:
    """As `connect.connect`; where the kubeconfig does not do, the error says who named the context."""
    try:
        return connect.connect(place)
    except BadKubeconfig as error:
        if file.context is None:
            raise
        named = f"{file.context.at} names the context {file.context.value}"
        raise BadKubeconfig(f"{error.fact}\n{named}", act=error.act, hint=error.hint) from error.__cause__


def _one(option: str, value: str, said: Said[str] | None, act: str) -> str:
    """What one of the two says, where the other says nothing else."""
    if said is None:
        return value
    if value and value != said.value:
        raise _contradiction(option, value, said.value, said, act)
    return said.value


def _contradiction(option: str, value: str, other: str, said: Said[Any], act: str) -> ContradictedFleetFile:
    return ContradictedFleetFile(
        f"{said.at} says {other}, and argument '{option} {value}' says {value}",
        act=act,
        hint="leave the argument out, or change the file",
    )


def _check_words(run: resolve.Run, place: Place, words: Words, act: str) -> None:
    reference = next((word for word in words.arguments if "=" not in word), "")
    extra = reference or ("-A" if place.all_namespaces else "") or ("--all" if words.everything else "")
    if extra:
        raise ContradictedFleetFile(
            f"{run.environment.name.at} says where {run.environment.name.value} is, the file names its workloads, "
            f"and argument {extra!r} does so too",
            act=act,
            hint="leave the argument out; pairs such as deployment/x:container=image may be added",
        )


def _check_force(run: resolve.Run, words: Words, act: str) -> None:
    allowed = run.policy.may_force
    if allowed is None:
        return
    for option, what, wanted in (
        ("--force-managed", form.MANAGED, words.force_managed),
        ("--again", form.AGAIN, words.again),
        ("--allow-unmatched", form.UNMATCHED, words.allow_unmatched),
    ):
        if wanted and what not in allowed.value:
            raise ContradictedFleetFile(
                f"{allowed.at}: mayForce does not have {what}, and argument {option!r} forces it",
                act=act,
                hint=f"leave it out, or let the file's reviewers add {what} to mayForce",
            )


def _heading(given: Given, namespaces: tuple[str, ...], context: str) -> tuple[str, ...]:
    spaces = ", ".join(filter(None, namespaces))
    where = [f"context {context}"] if context else []
    where += [f"namespace{'s' if len(namespaces) > 1 else ''} {spaces}"] if spaces else []
    build = [f"build {given.build}"] if given.build else []
    source = given.fleet or fleetfiles.NAME
    return (", ".join([f"environment {given.env} of {source}", *where, *build]),)
