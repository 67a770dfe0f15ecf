"""Reads lists straight from a server: what is waited for and compared need not start a kubectl each time."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

_GROUPS = {
    "apps/v1": ("controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "batch/v1": ("cronjobs", "jobs"),
    "networking.k8s.io/v1": ("ingresses",),
    "policy/v1": ("poddisruptionbudgets",),
    "rbac.authorization.k8s.io/v1": ("rolebindings", "roles"),
}
_GROUP = {kind: f"/apis/{group}" for group, kinds in _GROUPS.items() for kind in kinds}


class Reader:
    """One connection to one server, with the rights of its kubeconfig. Several threads may use it."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0].get("user", {})
        url = urlsplit(cluster["server"])
        self._root = url.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._connection: http.client.HTTPConnection
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=cluster["certificate-authority"])
            self._connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=context, timeout=60)
        else:
            self._connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        self._lock = threading.Lock()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, parsed; an AssertionError where it is none of success."""
        media = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {**self._headers, "Accept": "application/json", "Content-Type": media}
        with self._lock:
            sent = json.dumps(body) if body is not None else None
            try:
                self._connection.request(method, self._root + path, sent, headers)
                answer = self._connection.getresponse()
                content = answer.read()
            except (http.client.HTTPException, OSError):
                # The next request opens another one.
                self._connection.close()
                raise
        assert answer.status < 300, f"{method} {path}: {answer.status} {content!r}"
        return json.loads(content)

    def list(self, kinds: str, namespace: str) -> list[Any]:
        """The objects of some kinds, `deployments,replicasets`, each with its own kind in it, as kubectl shows them."""
        found = []
        for kind in kinds.split(","):
            space = "" if kind == "nodes" else f"/namespaces/{namespace}"
            told = self.ask("GET", f"{_GROUP.get(kind, '/api/v1')}{space}/{kind}")
            head = {"kind": told["kind"].removesuffix("List"), "apiVersion": told["apiVersion"]}
            found += [{**head, **item} for item in told["items"]]
        return found

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()
