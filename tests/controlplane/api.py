"""The few requests that the control plane's own start and its audit reader need; tests use the real clients."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from tests.controlplane.description import ControlPlane
from tests.controlplane.users import SUPERVISOR


class Refused(RuntimeError):
    """The API server answered with an error; `code` is the HTTP status."""

    def __init__(self, method: str, path: str, code: int, body: bytes) -> None:
        super().__init__(f"{method} {path}: {code} {body.decode(errors='replace')[:500]}")
        self.code = code


def request(
    plane: ControlPlane, method: str, path: str, body: dict[str, Any] | None = None, user: str = SUPERVISOR.name
) -> bytes:
    """One request over a connection of its own. Raises Refused, or OSError when nobody answers."""
    target = urlsplit(plane.server)
    context = ssl.create_default_context(cafile=plane.authority)
    connection = http.client.HTTPSConnection(target.hostname or "", target.port, context=context, timeout=10)
    headers = {
        "Authorization": f"Bearer {plane.tokens[user]}",
        "User-Agent": "controlplane",
        "Accept": "application/json",
    }
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise Refused(method, path, answer.status, content)
    return content


def get(plane: ControlPlane, path: str) -> Any:
    """A GET that stays out of the audit log, parsed."""
    return json.loads(request(plane, "GET", path))
