"""Asks a simulated cluster without controllers."""

from __future__ import annotations

from typing import Any

import msgspec

from rollonce.sim.cluster import START, SimCluster, Subscription
from rollonce.wire import Request, Response

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MEDIA = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


def deployment(name: str = "ceo", **images: str) -> dict[str, Any]:
    """A Deployment; containers are given as name and image."""
    containers = [
        {"name": each.replace("_", "-"), "image": image} for each, image in (images or {"agent": "a:1"}).items()
    ]
    labels = {"app": name}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}


class Asking:
    """One cluster and its clock."""

    def __init__(self) -> None:
        self.cluster = SimCluster(controllers=False)
        self.now = START

    def ask(
        self, method: str, path: str, body: Any = None, *, media: str = "", agent: str = "kubectl/1", **query: str
    ) -> tuple[int, Any]:
        sent = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = (("content-type", MEDIA.get(media, media or "application/json")), ("user-agent", agent))
        answer = self.cluster.handle(Request(method, path, tuple(query.items()), headers, sent), self.now)
        assert isinstance(answer, Response)
        return answer.status, msgspec.json.decode(answer.body)

    def create(self, thing: dict[str, Any]) -> Any:
        code, made = self.ask("POST", DEPLOYMENTS, thing)
        assert code == 201, made
        return made

    def patch(self, name: str, body: Any, media: str, **query: str) -> tuple[int, Any]:
        return self.ask("PATCH", f"{DEPLOYMENTS}/{name}", body, media=media, **query)

    def watch(self, **query: str) -> Subscription:
        return self.watch_at(DEPLOYMENTS, **query)

    def watch_at(self, path: str, **query: str) -> Subscription:
        request = Request("GET", path, (("watch", "true"), *query.items()))
        answer = self.cluster.handle(request, self.now)
        assert isinstance(answer, Subscription)
        return answer


def events(watch: Subscription) -> list[tuple[str, str]]:
    """Type and name of what has arrived."""
    read = [msgspec.json.decode(line) for line in watch.take().splitlines()]
    return [(each["type"], each["object"]["metadata"].get("name", "")) for each in read]
