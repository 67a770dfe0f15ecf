"""The same request to the real API server and to the simulated one; what they answer must be equal."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import uuid
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import yaml

from rollonce.app.simulated import read_yaml
from rollonce.sim.cluster import START, SimCluster, Subscription
from rollonce.wire import Request, Response
from tests.controlplane.description import ControlPlane

MEDIA = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_VERSION = re.compile(r"(resource version: )\d+(, current: )\d+")
# How the server shows a whole object in an error, and the difference of two: docs/how-it-works/fidelity-api.md.
_SHOWN = re.compile(r'\{\\"(apiVersion|data|kind|metadata)\\".*\}"', re.S)
_DIFFERENCE = re.compile(r"\n@@ -.*?(?=\]?\Z)", re.S)
# Written by controllers, which run on one side alone.
_CONTROLLERS = frozenset({"kube-controller-manager", "kube-scheduler", "kubelet"})
_REVISION = "deployment.kubernetes.io/revision"
_PLACES = frozenset(
    {"uid", "resourceVersion", "clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "continue"}
)

Answer = tuple[int, Any]
Query = str | dict[str, str]


class Side(Protocol):
    """One of the two servers."""

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with names in lower case, body."""
        ...


class Real:
    """The real API server, over one connection."""

    def __init__(self, plane: ControlPlane) -> None:
        config = yaml.safe_load(plane.kubeconfig("admin").read_text(encoding="utf-8"))
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._token = user["token"]
        url = urlsplit(server["server"])
        context = ssl.create_default_context(cafile=server["certificate-authority"])
        self._connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=context, timeout=20)

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **headers}
        try:
            self._connection.request(method, target, body or None, headers)
            answer = self._connection.getresponse()
            found = answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise
        told = {name.lower(): value for name, value in answer.getheaders()}
        if warnings := answer.headers.get_all("Warning"):
            told["warning"] = "\n".join(warnings)
        return answer.status, told, found

    def close(self) -> None:
        self._connection.close()


class Simulated:
    """The simulated one, in one thread and with a clock that moves a second a request."""

    def __init__(self, namespace: str) -> None:
        self.cluster = SimCluster(controllers=False, yaml=read_yaml)
        self.now = START
        body = json.dumps({"metadata": {"name": namespace}}).encode()
        self.ask("POST", "/api/v1/namespaces", {}, body)

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        path, _, query = target.partition("?")
        pairs = tuple(
            (http_unquote(name), http_unquote(value))
            for name, _, value in (each.partition("=") for each in query.split("&") if each)
        )
        self.now += 1
        told = tuple((name.lower(), value) for name, value in headers.items())
        answer = self.cluster.handle(Request(method, path, pairs, told, body), self.now)
        if isinstance(answer, Subscription):
            found = answer.take()
            answer.close()
            return answer.status, dict(answer.headers), found
        assert isinstance(answer, Response)
        warnings = [value for name, value in answer.headers if name == "warning"]
        shown = dict(answer.headers) | ({"warning": "\n".join(warnings)} if warnings else {})
        return answer.status, shown, answer.body

    def close(self) -> None:
        pass


def http_unquote(text: str) -> str:
    """As a server reads a part of a query."""
    from urllib.parse import unquote_plus

    return unquote_plus(text)


class Pair:
    """Both servers, in a namespace of one name."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.real = Real(plane)
        self.simulated = Simulated(namespace)
        self.namespace = namespace
        self.history: list[str] = []

    def close(self) -> None:
        self.real.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "",
        agent: str = "kubectl/v1",
        accept: str = "",
        query: Query | Callable[[Side], Query] = "",
        see: Callable[[Any], Any] = lambda thing: thing,
    ) -> Answer:
        """The answer of both; fails where they differ. `see` is applied to both bodies first; body and query may depend
        on the side, for uids and versions."""
        target = path
        headers = {"User-Agent": agent, "Content-Type": MEDIA.get(media, media or "application/json")}
        if accept:
            headers["Accept"] = accept
        sides: list[Side] = [self.real, self.simulated]
        shown = []
        for side in sides:
            target = self._target(path, query(side) if callable(query) else query)
            sent = body(side) if callable(body) else body
            raw = sent if isinstance(sent, bytes) else b"" if sent is None else json.dumps(sent).encode()
            code, told, found = side.ask(method, target, headers, raw)
            shown.append((code, told.get("warning", ""), see(seen(read(found)))))
        self.history.append(f"{method} {target} {headers['Content-Type']} {agent} {body if not callable(body) else ''}")
        assert shown[0] == shown[1], self._difference(shown[0], shown[1])
        return shown[0][0], shown[0][2]

    def live(self, side: Side, path: str) -> Any:
        """What one side has."""
        return read(side.ask("GET", self._target(path, ""), {}, b"")[2])

    def _target(self, path: str, query: Query) -> str:
        told = query if isinstance(query, str) else urlencode(query, quote_via=quote)
        return path.replace("{ns}", self.namespace) + (f"?{told}" if told else "")

    def _difference(self, real: Any, simulated: Any) -> str:
        lines = ["the answers differ (real | simulated):", *differences(real, simulated)]
        return "\n".join([*lines[:40], "after:", *(each[:1500] for each in self.history[-30:])])


def read(found: bytes) -> Any:
    """JSON, several documents as a list, or text."""
    try:
        return json.loads(found)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in found.splitlines()]
    except ValueError:
        return found.decode(errors="replace")


def seen(value: Any, name: str = "") -> Any:
    """Less what two servers cannot have in common."""
    if isinstance(value, dict):
        if name == "annotations":
            value = {key: each for key, each in value.items() if key != _REVISION}
        shown = {key: seen(each, key) for key, each in value.items()}
        if name == "metadata" and shown.get("annotations") == {}:
            del shown["annotations"]
        return shown
    if isinstance(value, list):
        if name == "managedFields":
            value = [each for each in value if isinstance(each, dict) and each.get("manager") not in _CONTROLLERS]
            value.sort(key=lambda e: (e["operation"], e["manager"], e["apiVersion"], e.get("subresource", "")))
        if name == "causes" and all("FieldManagerConflict" in str(each) for each in value):
            # Go walks over the managers in no order.
            value = sorted(value, key=lambda cause: (cause["message"], cause["field"]))
        return [seen(each) for each in value] if name not in _PLACES else f"<{name}>"
    if name in _PLACES:
        return f"<{name}>"
    if isinstance(value, str):
        value = _SHOWN.sub('<patched>"', _DIFFERENCE.sub("", value))
        value = _VERSION.sub(r"\1<version>\2<version>", value)
        return _TIME.sub("<time>", _UID.sub("<uid>", value))
    return value


def differences(real: Any, simulated: Any, at: str = "") -> list[str]:
    """One line for each place."""
    if isinstance(real, dict) and isinstance(simulated, dict):
        found = []
        for key in [*real, *(key for key in simulated if key not in real)]:
            if key not in real:
                found.append(f"{at}.{key}: only simulated: {json.dumps(simulated[key])[:1500]}")
            elif key not in simulated:
                found.append(f"{at}.{key}: only real: {json.dumps(real[key])[:1500]}")
            else:
                found += differences(real[key], simulated[key], f"{at}.{key}")
        return found
    if isinstance(real, list | tuple) and isinstance(simulated, list | tuple) and len(real) == len(simulated):
        return [
            line
            for index, (one, other) in enumerate(zip(real, simulated, strict=True))
            for line in differences(one, other, f"{at}[{index}]")
        ]
    if real == simulated and type(real) is type(simulated):
        return []
    return [f"{at}: real {json.dumps(real)[:6000]}\n      simulated {json.dumps(simulated)[:6000]}"]


def fresh_namespace(plane: ControlPlane) -> str:
    """Makes a namespace on the real side; its name."""
    name = f"agreement-{uuid.uuid4().hex[:8]}"
    real = Real(plane)
    code, _, said = real.ask(
        "POST", "/api/v1/namespaces", {"Content-Type": "application/json"},
        json.dumps({"metadata": {"name": name}}).encode(),
    )  # fmt: skip
    assert code == 201, said
    real.close()
    return name


def drop_namespace(plane: ControlPlane, name: str) -> None:
    """Deletes it, without waiting."""
    real = Real(plane)
    real.ask("DELETE", f"/api/v1/namespaces/{name}", {}, b"")
    real.close()
