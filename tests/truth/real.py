"""The control plane of the tests as a stage, shared by all threads that play on it."""

from __future__ import annotations

import json
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import urllib3

from rollonce.app.ports import Ports
from rollonce.cli import connect
from tests.controlplane.description import ControlPlane
from tests.controlplane.kubectl import Kubectl
from tests.truth.stage import Sightings
from tests.truth.writes import Ask

_WATCHED = ("replicasets", "controllerrevisions")


class Real:
    """`prefix` is that of the namespaces that are played in."""

    def __init__(self, plane: ControlPlane, home: Path, prefix: str) -> None:
        self.plane = plane
        self.sightings = Sightings()
        self._prefix = prefix
        self._kubectl = Kubectl(plane, home)
        context = ssl.create_default_context(cafile=str(plane.authority))
        self._pool = urllib3.PoolManager(
            maxsize=64, block=False, ssl_context=context, retries=False, timeout=urllib3.Timeout(60.0)
        )
        self._ended = threading.Event()
        for resource in _WATCHED:
            threading.Thread(target=self._watch, args=(resource,), daemon=True).start()

    def close(self) -> None:
        """Ends the watches."""
        self._ended.set()

    def ask(self, user: str, ask: Ask) -> tuple[int, Any]:
        """As `Stage.ask`."""
        headers = {"Authorization": f"Bearer {self.plane.tokens[user]}", "User-Agent": ask.agent}
        body = None if ask.body is None else json.dumps(ask.body)
        if body is not None:
            headers["Content-Type"] = ask.media
        query = "&".join(f"{name}={value}" for name, value in ask.query)
        answer = self._pool.request(
            ask.method, f"{self.plane.server}{ask.path}{f'?{query}' if query else ''}", body=body, headers=headers
        )
        return answer.status, json.loads(answer.data)

    def ports(self, user: str) -> Ports:
        """As `Stage.ports`."""
        return connect.connect(connect.Place(str(self.plane.kubeconfig(user)), "", ""))[0]

    def kubectl(self, user: str, namespace: str, *words: str) -> bool:
        """As `Stage.kubectl`."""
        self._kubectl(*words, user=user, namespace=namespace)
        return True

    def now(self) -> float:
        """As `Stage.now`."""
        return time.time()

    def passed(self, seconds: float) -> None:
        """As `Stage.passed`."""
        time.sleep(seconds)

    def _watch(self, resource: str) -> None:
        where = f"{self.plane.server}/apis/apps/v1/{resource}"
        headers = {"Authorization": f"Bearer {self.plane.tokens['admin']}", "User-Agent": "controlplane"}
        decode = msgspec.json.Decoder().decode
        while not self._ended.is_set():
            listed = decode(self._pool.request("GET", where, headers=headers).data)
            for item in listed["items"]:
                self._note("MODIFIED", item)
            query = f"?watch=1&timeoutSeconds=1800&resourceVersion={listed['metadata']['resourceVersion']}"
            timeout = urllib3.Timeout(5, 1900)
            answer = self._pool.request("GET", where + query, headers=headers, preload_content=False, timeout=timeout)
            try:
                self._follow(answer)
            except urllib3.exceptions.HTTPError:
                continue

    def _follow(self, answer: urllib3.BaseHTTPResponse) -> None:
        rest = b""
        # A chunk of a watch is one event or several.
        for chunk in answer.stream(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = msgspec.json.decode(line)
                if event["type"] == "ERROR":
                    return
                self._note(event["type"], event["object"])

    def _note(self, kind: str, thing: Any) -> None:
        if thing["metadata"]["namespace"].startswith(self._prefix):
            self.sightings.note(kind, thing, time.time())
