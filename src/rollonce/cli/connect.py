"""The options by which a command finds its cluster, and the ports that they lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, TypeVar

import click

from rollonce.app.ports import Ports
from rollonce.cluster import authorized, kubeconfig, login
from rollonce.cluster.access import Access
from rollonce.cluster.client import Client
from rollonce.cluster.clock import SystemClock
from rollonce.cluster.fanout import ThreadFanOut
from rollonce.errors import MissingArguments

# As many requests at a time as leave others their share: an ordinary user has about 49 seats in
# the API server's priority levels (KUBERNETES flow control, `global-default`).
SIDE_BY_SIDE = 16
# Watches hold connections of their own beside those of the fan-out.
_CONNECTIONS = SIDE_BY_SIDE + 8

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """Which cluster and namespace the user named; empty where kubeconfig decides."""

    kubeconfig: str
    context: str
    namespace: str
    all_namespaces: bool = False


# Where the impersonation of this command line is kept: every command has it, and none has anything to do with it.
_IMPERSONATED = "rollonce.cli.impersonated"
# What a header takes as it is, without spaces around it.
_FIT = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def _impersonates(context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...] | None) -> None:
    for name in (value,) if isinstance(value, str) else value or ():
        if not _FIT.fullmatch(name):
            option = parameter.opts[0]
            raise MissingArguments(
                f"{option} {name!r} cannot be sent: a name is of printable ASCII",
                act=context.command_path,
                hint="check the variable that it comes from",
            )
        context.meta.setdefault(_IMPERSONATED, []).append((f"impersonate-{parameter.name}", name))


def impersonation(command: _Command) -> _Command:
    """Decorator: the options of kubectl by which one user acts as another."""
    for option, name, many, text in (
        ("--as-uid", "uid", False, "Uid to act with, beside --as."),
        ("--as-group", "group", True, "Group to act with, beside --as. Repeatable."),
        ("--as", "user", False, "User to act as, such as system:serviceaccount:agents:deployer."),
    ):
        command = click.option(
            option, name, metavar="NAME", multiple=many, expose_value=False, callback=_impersonates, help=text
        )(command)
    return command


def _impersonated(access: Access) -> Access:
    """With whom the command line acts as; it goes over the kubeconfig's, as kubectl's does."""
    context = click.get_current_context(silent=True)
    found: list[tuple[str, str]] = context.meta.get(_IMPERSONATED, []) if context is not None else []
    if not found:
        return access
    if not any(header == "impersonate-user" for header, _ in found):
        raise MissingArguments(
            "--as-group and --as-uid say more of whom --as names, and nobody is named",
            act=context.command_path if context is not None else "connect",
            hint="give --as as well",
        )
    return replace(access, impersonation=tuple(sorted(found, key=lambda pair: pair[0] != "impersonate-user")))


def options(command: _Command) -> _Command:
    """Decorator: the options of kubectl that say which cluster and namespace, and as whom."""
    command = impersonation(command)
    for option in (
        click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces; not with names."),
        click.option("-n", "--namespace", metavar="NAME", default="", help="Namespace; else that of the context."),
        click.option("--context", metavar="NAME", default="", help="Context of the kubeconfig; else the current one."),
        click.option(
            "--kubeconfig",
            metavar="FILE",
            default="",
            help="Kubeconfig file; else $KUBECONFIG, ~/.kube/config, in-cluster.",
        ),
    ):
        command = option(command)
    return command


def connect(place: Place) -> tuple[Ports, str]:
    """Ports to the cluster that `place` means, and the namespace that holds there.

    Raises errors of access.
    """
    environment = dict(os.environ)
    access = kubeconfig.load(
        environment,
        kubeconfig=place.kubeconfig or None,
        context=place.context or None,
        home=PurePath(os.path.expanduser("~")),  # noqa: PTH111
    )
    access = _impersonated(access)
    clock = SystemClock()
    wire = authorized.open_wire(access, clock=clock, connections=_CONNECTIONS, environment=environment)
    client = Client(wire, clock, login_hint=login.hint(access.bearer, access.certificate))
    ports = Ports(client, ThreadFanOut(SIDE_BY_SIDE), clock)
    return ports, place.namespace or access.namespace
