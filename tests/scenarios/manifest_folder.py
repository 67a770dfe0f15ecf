"""Manifests in files of a folder, as a repository has them, and converge with that folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rollonce.wire import Request
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import Run, World

Object = dict[str, Any]


class Folder:
    """`folder.has(...)`, `folder.converge("agent=...")`."""

    def __init__(self, world: World, path: Path) -> None:
        self.world, self.path = world, path

    def has(self, *objects: Object) -> None:
        """These and no others."""
        for file in self.path.iterdir():
            file.unlink()
        for n, thing in enumerate(objects):
            (self.path / f"{n}.json").write_text(json.dumps(self.world.backend.prepared(thing)))

    def converge(self, *arguments: str, **options: Any) -> Run:
        """`converge -f` of the folder, by a user with no more rights than that takes."""
        return self.world.converge("-f", str(self.path), *arguments, **{"user": "applier", **options})


def config(name: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(name: str, **data: str) -> Object:
    """A Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def autoscaler(name: str, least: int, most: int) -> Object:
    """One for the Deployment of that name. Without metrics it still keeps replicas between its bounds."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
        },
    }


def backup(name: str) -> Object:
    """Of a kind that nobody serves, unless a test defines it."""
    return {"apiVersion": "scenario.example/v1", "kind": "Backup", "metadata": {"name": name}, "spec": {}}


def is_write(request: Request) -> bool:
    """Whether a request changes anything."""
    return request.method == "PATCH" and ("dryRun", "All") not in request.query


def written(seen: Interposer) -> list[str]:
    """The names of the objects that were written, in the order of sending."""
    return [request.path.rpartition("/")[2] for request in seen.requests if is_write(request)]
