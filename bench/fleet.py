"""The Deployments that are worked on: made, awaited and checked by a user that stays out of the audit log."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import urllib3

from bench.process import SideFailed
from tests.controlplane import manifests
from tests.controlplane.description import ControlPlane
from tests.controlplane.users import SUPERVISOR
from tests.controlplane.waiting import until

CONTAINERS = ("agent", "git-sync", "cai-runtime")
# Few old ReplicaSets, so that the controllers are done with a round soon and the store does not grow.
HISTORY = 1
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_SETTLED_WITHIN = 300.0
_THREADS = 16


class Fleet:
    """Deployments of one namespace. `size` of them, with `replicas` each; all their images carry one tag."""

    def __init__(self, plane: ControlPlane, namespace: str, size: int, replicas: int) -> None:
        """Creates them and waits until they stand."""
        self.namespace, self.size, self.replicas = namespace, size, replicas
        self._numbers: Iterator[int] = itertools.count(1)
        target = urlsplit(plane.server)
        self._pool = urllib3.HTTPSConnectionPool(
            target.hostname or "",
            target.port,
            maxsize=_THREADS,
            ca_certs=str(plane.authority),
            headers={"Authorization": f"Bearer {plane.tokens[SUPERVISOR.name]}", "User-Agent": "bench"},
            timeout=60.0,
        )
        self._ask("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(partial(self._ask, "POST", self._path("apps/v1", "deployments")), self._objects()))
        self.settle()

    @property
    def names(self) -> list[str]:
        """Of all Deployments."""
        return [f"agent-{number:03d}" for number in range(self.size)]

    def next_tag(self) -> str:
        """A tag that no Deployment carries."""
        return f"build-{next(self._numbers):04d}"

    def pairs(self, tag: str) -> list[str]:
        """`container=image` for every container, as kubectl and rollonce take them."""
        return [f"{name}={_image(name, tag)}" for name in CONTAINERS]

    def settle(self) -> None:
        """Returns when the controllers have nothing left to do; raises TimeoutError."""
        until(self._settled, f"the controllers are done with {self.namespace}", timeout=_SETTLED_WITHIN, interval=0.5)

    def require(self, tag: str, side: str) -> None:
        """Raises SideFailed unless every container of every Deployment has that tag."""
        wanted = [_image(name, tag) for name in CONTAINERS]
        for item in self._deployments():
            found = [container["image"] for container in item["spec"]["template"]["spec"]["containers"]]
            if found != wanted:
                raise SideFailed(f"{side} left {item['metadata']['name']} with {found}, not with {tag}")

    def last_ready(self, tag: str, side: str) -> float:
        """When the last pod of that tag became ready, as a Unix time in whole seconds.

        Raises SideFailed where pods are missing or not ready: the side returned too early.
        """
        times = []
        for pod in self._ask("GET", self._path("v1", "pods"))["items"]:
            if pod["spec"]["containers"][0]["image"] != _image(CONTAINERS[0], tag):
                continue
            conditions = {condition["type"]: condition for condition in pod["status"].get("conditions", [])}
            if conditions.get("Ready", {}).get("status") == "True":
                times.append(datetime.fromisoformat(conditions["Ready"]["lastTransitionTime"]).timestamp())
        if len(times) != self.size * self.replicas:
            raise SideFailed(f"{side} returned with {len(times)} of {self.size * self.replicas} pods ready")
        return max(times)

    def _settled(self) -> bool:
        if not all(self._stands(item) for item in self._deployments()):
            return False
        sets = self._count("apps/v1", "replicasets")
        return sets <= self.size * (1 + HISTORY) and self._count("v1", "pods") == self.size * self.replicas

    def _stands(self, item: dict[str, Any]) -> bool:
        status = item.get("status", {})
        if status.get("observedGeneration", 0) < item["metadata"]["generation"]:
            return False
        counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
        return counts == [self.replicas] * len(counts)

    def _objects(self) -> Iterator[dict[str, Any]]:
        images = {name: _image(name, "build-0000") for name in CONTAINERS}
        for name in self.names:
            made = manifests.deployment(name, images, replicas=self.replicas, revisionHistoryLimit=HISTORY)
            # Bare objects would flatter everybody who reads them: these are about as large as real ones.
            for container in made["spec"]["template"]["spec"]["containers"]:
                container["env"] = [{"name": f"SETTING_{n}", "value": f"value-{n}-of-{name}"} for n in range(8)]
                container["resources"] = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}
                container["readinessProbe"] = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5}
            yield made

    def _deployments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", self._path("apps/v1", "deployments"))["items"]
        return found

    def _count(self, group: str, resource: str) -> int:
        # An empty list of metadata comes as null.
        return len(self._ask("GET", self._path(group, resource), accept=_NAMES_ONLY)["items"] or ())

    def _path(self, group: str, resource: str) -> str:
        return f"/{'api' if group == 'v1' else 'apis'}/{group}/namespaces/{self.namespace}/{resource}"

    def _ask(self, method: str, path: str, body: object = None, *, accept: str = "application/json") -> Any:
        headers = {**self._pool.headers, "Accept": accept, "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        answer = self._pool.request(method, path, body=sent, headers=headers)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:500]!r}")
        return answer.json()


def _image(container: str, tag: str) -> str:
    return f"registry.example/{container}:{tag}"
