"""The options by which a command finds its cluster, and the ports that they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

import click

from rollonce.app.ports import Ports
from rollonce.cluster import authorized, kubeconfig, login
from rollonce.cluster.client import Client
from rollonce.cluster.clock import SystemClock
from rollonce.cluster.fanout import ThreadFanOut

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


def options(command: _Command) -> _Command:
    """Decorator: the options of kubectl that say which cluster and namespace."""
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
    clock = SystemClock()
    wire = authorized.open_wire(access, clock=clock, connections=_CONNECTIONS, environment=environment)
    client = Client(wire, clock, login_hint=login.hint(access.bearer, access.certificate))
    ports = Ports(client, ThreadFanOut(SIDE_BY_SIDE), clock)
    return ports, place.namespace or access.namespace
