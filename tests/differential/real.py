"""The real side: the control plane of the tests, watched as a whole, so that nobody has to poll it."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
import urllib3

from tests.controlplane.description import ControlPlane
from tests.differential.acts import JSON, Answer
from tests.differential.generator import BROKEN
from tests.differential.scenario import Object
from tests.differential.simulated import RESOURCES, WATCHED, belongs, url

NAMESPACE = "differential"
# How much longer than the calm of a scenario this side is waited for: its latencies are not in the scenario.
PATIENCE = 0.5
LONGEST = 60.0
AT_ONCE = 16


class Real:
    """A stage on a control plane; shared by all threads that play on it."""

    def __init__(self, plane: ControlPlane, connections: int = 64, at_once: int = AT_ONCE) -> None:
        context = ssl.create_default_context(cafile=str(plane.authority))
        token = plane.tokens["admin"]
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "tests/1", "Accept": JSON}
        self._server = plane.server
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=False, ssl_context=context, retries=False, timeout=urllib3.Timeout(30.0)
        )
        # A control plane that has too much to do shows other outcomes.
        self.places = threading.BoundedSemaphore(at_once)
        self._mirror = Mirror()
        self._ended = threading.Event()
        self._ready(plane)
        self._watching = [threading.Thread(target=self._watch, args=(r,), daemon=True) for r in RESOURCES]
        for thread in self._watching:
            thread.start()

    def close(self) -> None:
        """Ends the watches."""
        self._ended.set()

    def _ready(self, plane: ControlPlane) -> None:
        body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        headers = {**self._headers, "Content-Type": JSON}
        self._pool.request("POST", f"{plane.server}/api/v1/namespaces", body=body, headers=headers)

    def _watch(self, resource: str) -> None:
        """Follows one resource, over lost connections, until the end."""
        where = f"{self._server}{url(('v1/' if resource == 'pods' else 'apps/v1/') + resource, NAMESPACE)}"
        decode = msgspec.json.Decoder().decode
        while not self._ended.is_set():
            try:
                listed = decode(self._pool.request("GET", where, headers=self._headers).data)
                self._mirror.replace(resource, listed["items"])
                self._follow(resource, where, listed["metadata"]["resourceVersion"])
            except urllib3.exceptions.HTTPError:
                continue

    def _follow(self, resource: str, where: str, version: str) -> None:
        decode = msgspec.json.Decoder().decode
        query = f"?watch=1&timeoutSeconds=600&resourceVersion={version}"
        answer = self._pool.request(
            "GET", where + query, headers=self._headers, preload_content=False, timeout=urllib3.Timeout(5, 700)
        )
        rest = b""
        for chunk in answer.stream(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = decode(line)
                if event["type"] == "ERROR":
                    return
                self._mirror.note(resource, event["type"], event["object"])

    def ask(self, method: str, path: str, body: Any = None, *, media: str = JSON, manager: str = "") -> Answer:
        """As `Side.ask`; lists come from the watches, as those of a controller do."""
        if (method, path) in WATCHED:
            return 200, {"items": self._mirror.all(path.rpartition("/")[2])}
        where = self._server + url(path, NAMESPACE)
        if manager:
            where += f"{'&' if '?' in where else '?'}fieldManager={manager}"
        sent = None if body is None else json.dumps(body)
        headers = self._headers if body is None else {**self._headers, "Content-Type": media}
        answer = self._pool.request(method, where, body=sent, headers=headers)
        return answer.status, json.loads(answer.data)

    def passed(self, seconds: float) -> None:
        """As `Side.passed`."""
        time.sleep(seconds)

    def settle(self, names: tuple[str, ...], calm: float) -> None:
        """As `Stage.settle`; what somebody still has to act on is not settled, however long that takes."""
        began = time.monotonic()
        while True:
            now = time.monotonic()
            quiet = now - max(began, *(self._mirror.changed(name) for name in names))
            left = calm + PATIENCE - quiet
            if left <= 0 and not self._mirror.unseen(names):
                return
            if now - began > LONGEST:
                return
            time.sleep(max(left, 0.1))

    def things(self, name: str) -> dict[str, list[Object]]:
        """As `Stage.things`."""
        return {r: [t for t in self._mirror.under(name, r) if belongs(t["metadata"]["name"], name)] for r in RESOURCES}

    def clear(self, name: str) -> None:
        """Deletes what a run has left; nobody waits for it."""
        things = self.things(name)
        for resource in ("deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"):
            for thing in things[resource]:
                if not thing["metadata"].get("ownerReferences"):
                    self.ask("DELETE", f"apps/v1/{resource}/{thing['metadata']['name']}")
        for pod in things["pods"]:
            if not pod["metadata"].get("ownerReferences"):
                self.ask("DELETE", f"v1/pods/{pod['metadata']['name']}")


class Mirror:
    """What the watches have told, by the workload that things are named after (`d17x0-1-abc` after `d17x0-1`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: dict[str, dict[tuple[str, str], Object]] = defaultdict(dict)
        self._changed: dict[str, float] = {}

    def note(self, resource: str, kind: str, thing: Object) -> None:
        name = str(thing["metadata"]["name"])
        root = _root(name)
        with self._lock:
            self._changed[root] = time.monotonic()
            if kind == "DELETED":
                self._things[root].pop((resource, name), None)
            else:
                self._things[root][resource, name] = thing

    def replace(self, resource: str, items: Iterable[Object]) -> None:
        """A fresh list, after a watch was lost; nothing else is of that resource."""
        there = {thing["metadata"]["name"] for thing in items}
        with self._lock:
            for things in self._things.values():
                for key in [key for key in things if key[0] == resource and key[1] not in there]:
                    del things[key]
        for thing in items:
            self.note(resource, "ADDED", thing)

    def under(self, name: str, resource: str) -> list[Object]:
        with self._lock:
            return [thing for (kind, _), thing in self._things[_root(name)].items() if kind == resource]

    def all(self, resource: str) -> list[Object]:
        with self._lock:
            return [thing for each in self._things.values() for (kind, _), thing in each.items() if kind == resource]

    def changed(self, name: str) -> float:
        with self._lock:
            return self._changed.get(name, 0.0)

    def unseen(self, names: tuple[str, ...]) -> bool:
        """Whether a controller, the scheduler or a node is behind."""
        with self._lock:
            things = [(kind, thing) for name in names for (kind, _), thing in self._things[name].items()]
        return any(BEHIND[kind](thing) for kind, thing in things if kind in BEHIND)


def _unobserved(thing: Object) -> bool:
    return bool(thing["status"].get("observedGeneration", 0) < thing["metadata"]["generation"])


def _wants_pods(rs: Object) -> bool:
    return _unobserved(rs) or rs["status"]["replicas"] != rs["spec"]["replicas"]


def _moves(pod: Object) -> bool:
    """Whether a pod ends or has yet to start; one that was made to fail stays as it is."""
    status, spec = pod["status"], pod["spec"]
    if "deletionTimestamp" in pod["metadata"] or not status.get("containerStatuses"):
        return True
    images = [container["image"] for container in (*spec["containers"], *spec.get("initContainers", []))]
    if any(image.endswith(BROKEN) for image in images):
        return False
    return not any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


BEHIND = {
    "deployments": _unobserved,
    "statefulsets": _unobserved,
    "daemonsets": _unobserved,
    "replicasets": _wants_pods,
    "pods": _moves,
}


def _root(name: str) -> str:
    return "-".join(name.split("-")[:2])
