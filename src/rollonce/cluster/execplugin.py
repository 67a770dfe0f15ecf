"""Runs an exec plugin once and reads the ExecCredential that it prints.

Source: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
What the plugin prints on stdout is a secret and goes into no message.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from rollonce.cluster.access import ClientCertificate, ExecPlugin, Inline, Interactive
from rollonce.errors import LoginFailed

QUIET_SECONDS = 60.0
INTERACTIVE_SECONDS = 600.0
SHOWN_LINES = 5
SHOWN_WIDTH = 300

# Token-like words: JSON web tokens, the prefixes of EKS and GKE, and anything long without a slash.
_SECRET = re.compile(r"(?:eyJ|k8s-aws-v1\.|ya29\.)[\w.=-]+|[\w.=+-]{48,}")
# A private key spans lines, so that the last lines alone would not show that they belong to one.
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.DOTALL)


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime.datetime | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Status | None = None


_credential = msgspec.json.Decoder(_ExecCredential)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a plugin gave; `expires` is in seconds since 1970, None where it does not say."""

    token: str = field(repr=False)
    certificate: ClientCertificate | None
    expires: float | None


def run(plugin: ExecPlugin, environment: Mapping[str, str]) -> Issued:
    """Runs the plugin; it may ask the user. Raises `LoginFailed`."""
    import subprocess

    interactive = _may_ask(plugin)
    try:
        done = subprocess.run(  # noqa: S603 - running what the kubeconfig names is the purpose
            [plugin.command, *plugin.args],
            env={**environment, **dict(plugin.env), "KUBERNETES_EXEC_INFO": _info(plugin, interactive)},
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Somebody who is asked to open a page has to see it at once.
            stderr=None if interactive else subprocess.PIPE,
            timeout=INTERACTIVE_SECONDS if interactive else QUIET_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        hint = plugin.install_hint.strip() or f"install {plugin.command}, or put it on PATH"
        raise _failed(plugin, "is not installed", hint=hint) from None
    except subprocess.TimeoutExpired as error:
        # `from None`: the exception holds the plugin's output.
        raise _failed(plugin, f"gave no answer within {error.timeout:.0f} s") from None
    except OSError as error:
        raise _failed(plugin, f"cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise _failed(plugin, f"ended with exit code {done.returncode}{_tail(done.stderr or b'')}")
    return _read(plugin, done.stdout)


def _may_ask(plugin: ExecPlugin) -> bool:
    terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if plugin.interactive is Interactive.ALWAYS and not terminal:
        raise _failed(plugin, "wants to ask something, and there is no terminal", hint="log in before, on a terminal")
    return terminal and plugin.interactive is not Interactive.NEVER


def _info(plugin: ExecPlugin, interactive: bool) -> str:
    spec: dict[str, object] = {"interactive": interactive}
    if plugin.cluster_info:
        spec["cluster"] = msgspec.Raw(plugin.cluster_info)
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    return msgspec.json.encode(info).decode()


def _read(plugin: ExecPlugin, output: bytes) -> Issued:
    try:
        credential = _credential.decode(output)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _failed(plugin, f"printed no ExecCredential ({len(output)} bytes of something else)") from None
    status = credential.status
    if credential.kind != "ExecCredential" or credential.api_version != plugin.api_version:
        raise _failed(
            plugin,
            f"answered in another version than {plugin.api_version}, which the kubeconfig names",
            hint="update the plugin, or let its vendor's tool write the kubeconfig anew",
        )
    if status is None or not (status.token or status.client_certificate_data):
        raise _failed(plugin, "printed an ExecCredential with neither a token nor a certificate")
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise _failed(plugin, "printed a certificate without its key, or a key alone")
    certificate = None
    if status.client_certificate_data:
        pem = Inline(status.client_certificate_data.encode()), Inline(status.client_key_data.encode())
        certificate = ClientCertificate(*pem)
    moment = status.expiration_timestamp
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return Issued(status.token, certificate, moment.timestamp() if moment else None)


def _tail(stderr: bytes) -> str:
    shown = _SECRET.sub("[hidden]", _PRIVATE.sub("[hidden]", stderr[-20_000:].decode("utf-8", "replace")))
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    clean = ["".join(c for c in line[:SHOWN_WIDTH] if c.isprintable()) for line in lines[-SHOWN_LINES:]]
    return f": {' | '.join(clean)}" if clean else ""


def _failed(plugin: ExecPlugin, fact: str, *, hint: str = "") -> LoginFailed:
    return LoginFailed(f"the login plugin {plugin.command} {fact}", act="log in", hint=hint)
