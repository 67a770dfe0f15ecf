"""The simulated side: a cluster of its own for every run, in virtual time."""

from __future__ import annotations

import json
from typing import Any

from rollonce.sim.api.status import encode
from rollonce.sim.cluster import SimCluster
from rollonce.sim.pods import Profile
from rollonce.wire import Request, Response
from tests.differential.acts import JSON, Answer
from tests.differential.scenario import Object

NAMESPACE = "default"
# The pace of stages.yaml; the annotations of the pods say the rest.
PACE = Profile(
    "stages", schedule=0.005, attach=0.0, detach=0.0, pull=0.0, init=0.0, run=0.1, start=0.2, terminate=0.3, lag=0.0095,
    annotations="rollonce.test/",
)  # fmt: skip
# What a request of `Real` takes when 16 scenarios are played at once, as the lag of the nodes above (both medians).
REQUEST = 0.0055


class Simulated:
    """A stage in virtual time; `request` is the time that one request takes, in seconds."""

    def __init__(self, request: float = REQUEST) -> None:
        self._cluster = SimCluster(profile=PACE)
        self._request = request
        self._now = self._cluster.kernel.clockwork.now + 100.0

    def ask(self, method: str, path: str, body: Any = None, *, media: str = JSON, manager: str = "") -> Answer:
        """As `Side.ask`."""
        # What the real side has from its watches takes it no time.
        if (method, path) not in WATCHED:
            self._now += self._request
        where, _, asked = url(path, NAMESPACE).partition("?")
        query = [tuple(part.split("=", 1)) for part in asked.split("&") if part]
        if manager:
            query.append(("fieldManager", manager))
        sent = b"" if body is None else json.dumps(body).encode()
        headers = (("content-type", media), ("user-agent", "tests/1"), ("accept", JSON))
        pairs = tuple((name, value) for name, value in query)
        answer = self._cluster.handle(Request(method, where, pairs, headers, sent), self._now)
        if not isinstance(answer, Response):
            raise TypeError(f"{path} is a watch")
        return answer.status, json.loads(answer.body)

    def passed(self, seconds: float) -> None:
        """As `Side.passed`."""
        self._now += seconds
        self._cluster.advance(self._now)

    def settle(self, names: tuple[str, ...], calm: float) -> None:
        """As `Stage.settle`; nothing but this scenario is in this cluster."""
        store = self._cluster.kernel.store
        version, since = store.version, self._now
        while (due := self._cluster.next_due()) is not None and due <= since + calm:
            self._cluster.advance(due)
            if store.version != version:
                version, since = store.version, due
        self._now = since + calm
        self._cluster.advance(self._now)

    def history(self) -> list[Object]:
        """Every state of every object, in the order of writing."""
        # As it would be answered: who owns what is worked out by whoever writes an object as JSON.
        return [json.loads(encode(change.object)) for change in self._cluster.kernel.store.since(0)]

    def things(self, name: str) -> dict[str, list[Object]]:
        """As `Stage.things`."""
        found = {}
        for resource in RESOURCES:
            group = "v1" if resource == "pods" else "apps/v1"
            items = self.ask("GET", f"{group}/{resource}")[1]["items"]
            found[resource] = [t for t in items if belongs(t["metadata"]["name"], name)]
        return found


WATCHED = {("GET", path) for path in ("v1/pods", "apps/v1/replicasets", "apps/v1/controllerrevisions")}
RESOURCES = ("deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "pods")


def belongs(thing: str, name: str) -> bool:
    """Whether an object is called after a workload."""
    return thing == name or thing.startswith(f"{name}-")


def url(path: str, namespace: str) -> str:
    """`apps/v1/deployments/x` as a path of the server."""
    group, resource = ("v1", path[3:]) if path.startswith("v1/") else ("apps/v1", path[8:])
    return f"/{'api' if group == 'v1' else 'apis'}/{group}/namespaces/{namespace}/{resource}"
