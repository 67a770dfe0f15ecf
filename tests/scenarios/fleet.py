"""The fleet of the story."""

from __future__ import annotations

from typing import Any

from tests.controlplane import manifests
from tests.scenarios.world import image

IMAGES = {"agent": "agent", "git-sync": "git-sync", "cai-runtime": "cai"}
Object = dict[str, Any]


def ceo(build: str, *, sidecar: str | None = None, **options: Any) -> Object:
    """agent-ceo: Recreate, with git-sync; `sidecar` is the build of git-sync where it differs."""
    images = {"agent": image("agent", build), "git-sync": image("git-sync", sidecar or build)}
    return manifests.deployment("agent-ceo", images, strategy="Recreate", **options)


def cso(build: str, **options: Any) -> Object:
    """agent-cso: a rolling update, with git-sync and cai-runtime."""
    return manifests.deployment("agent-cso", {name: image(repo, build) for name, repo in IMAGES.items()}, **options)


def pairs(build: str) -> list[str]:
    """The container=image pairs of a build, for every bundled container."""
    return [f"{name}={image(repo, build)}" for name, repo in IMAGES.items()]


BOTH = ("deployment/agent-ceo", "deployment/agent-cso")
