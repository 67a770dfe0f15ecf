"""A wire that shows who we are, and gets new credentials where the server no longer knows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from rollonce.cluster import login, proxies, tls
from rollonce.cluster.access import Access, ClientCertificate
from rollonce.cluster.clock import Clock
from rollonce.cluster.https import HttpsWire
from rollonce.cluster.login import Badge, Login
from rollonce.wire import Request, Response, Stream, Wire


def open_wire(access: Access, *, clock: Clock, connections: int, environment: Mapping[str, str]) -> Wire:
    """A wire to the access's server; nothing is sent, read or run before the first request.

    Raises `BadKubeconfig` where the proxy cannot be used.
    """
    proxy = proxies.choose(access.server, access.proxy_url, environment)
    secure = access.server.startswith("https:")

    def build(certificate: ClientCertificate | None) -> Wire:
        context = tls.context(access.ca, insecure=access.insecure, certificate=certificate) if secure else None
        return HttpsWire(
            access.server,
            tls=context,
            tls_server_name=access.tls_server_name,
            proxy=proxy,
            connections=connections,
        )

    begun = login.begin(access, clock=clock, environment=environment)
    return AuthorizedWire(begun, build, access.impersonation)


class AuthorizedWire:
    """Signs every request. After a 401 it renews the badge and sends once more, whatever the verb:
    what was answered with 401 was not executed."""

    def __init__(
        self,
        login: Login,
        build: Callable[[ClientCertificate | None], Wire],
        impersonation: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._login = login
        self._build = build
        self._impersonation = impersonation
        self._lock = threading.Lock()
        self._line: tuple[ClientCertificate | None, Wire] | None = None

    def send(self, request: Request, *, timeout: float) -> Response:
        """As `Wire.send`."""
        badge = self._login.current()
        response = self._wire(badge).send(self._sign(request, badge), timeout=timeout)
        if response.status != 401 or (fresh := self._login.renew(badge)) is None:
            return response
        return self._wire(fresh).send(self._sign(request, fresh), timeout=timeout)

    def stream(self, request: Request, *, timeout: float) -> Stream:
        """As `Wire.stream`."""
        badge = self._login.current()
        stream = self._wire(badge).stream(self._sign(request, badge), timeout=timeout)
        if stream.status != 401 or (fresh := self._login.renew(badge)) is None:
            return stream
        stream.close()
        return self._wire(fresh).stream(self._sign(request, fresh), timeout=timeout)

    def close(self) -> None:
        """As `Wire.close`."""
        if self._line is not None:
            self._line[1].close()

    def _sign(self, request: Request, badge: Badge) -> Request:
        shown = (("authorization", badge.authorization),) if badge.authorization else ()
        if not shown and not self._impersonation:
            return request
        return replace(request, headers=(*request.headers, *self._impersonation, *shown))

    def _wire(self, badge: Badge) -> Wire:
        line = self._line
        if line is not None and line[0] is badge.certificate:
            return line[1]
        # A plugin's new certificate needs new connections: TLS showed the old one when they were made.
        with self._lock:
            line = self._line
            if line is None or line[0] != badge.certificate:
                line = self._line = (badge.certificate, self._build(badge.certificate))
            return line[1]
