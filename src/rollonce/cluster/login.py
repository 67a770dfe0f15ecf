"""Who we are, kept fresh: token files are read again, plugins run again when they must.

Called from many threads; whoever comes first renews, the others wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rollonce.cluster import execplugin
from rollonce.cluster.access import Access, Anonymous, Bearer, ClientCertificate, ExecPlugin, Token, TokenFile
from rollonce.cluster.clock import Clock
from rollonce.errors import LoginFailed

TOKEN_FILE_SECONDS = 60.0
RENEWAL_SECONDS = 30.0
MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Badge:
    """What is shown to the server: a header's value, which may be empty, and a certificate."""

    authorization: str = field(repr=False)
    certificate: ClientCertificate | None = None


class Login(Protocol):
    """Source of badges. Safe to call from several threads."""

    def current(self) -> Badge:
        """The badge to show now. Raises `LoginFailed`."""
        ...

    def renew(self, rejected: Badge) -> Badge | None:
        """Another badge than the one that the server rejected, None where there is none."""
        ...


def begin(
    access: Access, *, clock: Clock, environment: Mapping[str, str], wall: Callable[[], float] = time.time
) -> Login:
    """The login of an access; nothing is read or run yet. `wall` gives seconds since 1970."""
    match access.bearer:
        case Anonymous():
            return _Fixed(Badge("", access.certificate))
        case Token(value):
            return _Fixed(_badge(value, access.certificate))
        case TokenFile() as file:
            return _FromFile(file, access.certificate, clock)
        case ExecPlugin() as plugin:
            return _FromPlugin(lambda: execplugin.run(plugin, environment), access.certificate, clock, wall)


def hint(bearer: Bearer, certificate: ClientCertificate | None) -> str:
    """The way out when a server does not know us."""
    match bearer:
        case Token():
            return "the token in the kubeconfig has expired or belongs to another cluster: get a new one"
        case TokenFile(path):
            return f"the token in {path} has expired or belongs to another cluster"
        case ExecPlugin(command):
            return f"{command} was run again and its credentials were rejected too: log in with its own tool"
        case Anonymous() if certificate is not None:
            return "the client certificate in the kubeconfig has expired or belongs to another cluster"
        case Anonymous():
            return "the kubeconfig's user has no credentials"


def _badge(token: str, certificate: ClientCertificate | None, whose: str = "in the kubeconfig") -> Badge:
    token = token.strip()
    # Checked here because http.client would quote the whole header in its complaint.
    if not token.isascii() or not token.isprintable() or " " in token:
        raise LoginFailed(f"the token {whose} holds characters that no token has", act="log in")
    return Badge(f"Bearer {token}" if token else "", certificate)


class _Fixed:
    def __init__(self, badge: Badge) -> None:
        self._badge = badge

    def current(self) -> Badge:
        return self._badge

    def renew(self, rejected: Badge) -> Badge | None:
        del rejected  # There is no other one.
        return None


class _FromFile:
    def __init__(self, file: TokenFile, certificate: ClientCertificate | None, clock: Clock) -> None:
        self._file = file
        self._certificate = certificate
        self._clock = clock
        self._lock = threading.Lock()
        self._badge: Badge | None = None
        self._read_at = 0.0

    def current(self) -> Badge:
        with self._lock:
            if self._badge is None or self._clock.now() - self._read_at >= TOKEN_FILE_SECONDS:
                self._badge = self._read()
                self._read_at = self._clock.now()
            return self._badge

    def renew(self, rejected: Badge) -> Badge | None:
        with self._lock:
            self._badge = self._read()
            self._read_at = self._clock.now()
            return None if self._badge == rejected else self._badge

    def _read(self) -> Badge:
        try:
            token = Path(self._file.path).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            # The file may be gone for the moment of its rotation.
            if self._badge is not None:
                return self._badge
            token, problem = self._file.fallback, getattr(error, "strerror", None) or "not ASCII"
        else:
            token, problem = token.strip() or self._file.fallback, "it is empty"
        if not token:
            raise LoginFailed(f"the token file {self._file.path} cannot be used: {problem}", act="log in")
        return _badge(token, self._certificate, f"in {self._file.path}")


class _FromPlugin:
    def __init__(
        self,
        run: Callable[[], execplugin.Issued],
        certificate: ClientCertificate | None,
        clock: Clock,
        wall: Callable[[], float],
    ) -> None:
        self._run = run
        self._certificate = certificate
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._badge: Badge | None = None
        self._good_until: float | None = None
        self._renewed_at: float | None = None

    def current(self) -> Badge:
        with self._lock:
            expired = self._good_until is not None and self._clock.now() >= self._good_until
            return self._issue() if self._badge is None or expired else self._badge

    def renew(self, rejected: Badge) -> Badge | None:
        with self._lock:
            if self._badge is not None and self._badge != rejected:
                return self._badge
            # Many threads are rejected at once; a plugin that helped none of them is not asked again by each.
            if self._renewed_at is not None and self._clock.now() - self._renewed_at < RENEWAL_SECONDS:
                return None
            fresh = self._issue()
            self._renewed_at = self._clock.now()
            return fresh

    def _issue(self) -> Badge:
        issued = self._run()
        badge = _badge(issued.token, issued.certificate or self._certificate, "that the login plugin printed")
        self._good_until = None
        if issued.expires is not None:
            left = max(0.0, issued.expires - self._wall())
            self._good_until = self._clock.now() + left - min(MARGIN_SECONDS, left / 10)
        self._badge = badge
        return badge
