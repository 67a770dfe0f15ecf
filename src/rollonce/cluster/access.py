"""Where a cluster is and who we are there, as values. Secrets are left out of every repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Inline:
    """PEM that the kubeconfig, or a plugin, holds itself."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """PEM in a file; the path is absolute, or relative to the working directory."""

    path: PurePath


Pem = Inline | File


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A TLS client certificate and its key."""

    certificate: Pem
    key: Pem


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No bearer token; a client certificate may still say who we are."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token that never changes."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that something else keeps fresh; `fallback` is used while it cannot be read."""

    path: PurePath
    fallback: str = field(default="", repr=False)


class Interactive(StrEnum):
    """Whether an exec plugin may use the terminal (kubeconfig: interactiveMode)."""

    NEVER = "Never"
    IF_AVAILABLE = "IfAvailable"
    ALWAYS = "Always"


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A command that prints an ExecCredential. `cluster_info` is the JSON of spec.cluster, or empty."""

    command: str
    api_version: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    interactive: Interactive = Interactive.IF_AVAILABLE
    install_hint: str = ""
    cluster_info: bytes = field(default=b"", repr=False)


Bearer = Anonymous | Token | TokenFile | ExecPlugin


@dataclass(frozen=True, slots=True)
class Access:
    """All that is needed to talk to one cluster.

    `server` is http(s)://host[:port][/prefix] without user information. A token and a client
    certificate may both be there: both are shown to the server, as kubectl does.
    `impersonation` holds headers. `origin` names the source for messages.
    """

    server: str
    namespace: str = "default"
    ca: Pem | None = None
    insecure: bool = False
    tls_server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    bearer: Bearer = field(default_factory=Anonymous)
    certificate: ClientCertificate | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    context: str = ""
    origin: str = ""
