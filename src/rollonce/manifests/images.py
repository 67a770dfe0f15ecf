"""The images of manifests, and manifests with other images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from rollonce.manifests.manifest import Manifest
from rollonce.model import image as images
from rollonce.model.kind import Kind

_LISTS = ("initContainers", "containers")


def with_images(manifest: Manifest, choose: Callable[[str], str]) -> Manifest:
    """The manifest as it is where every container of its pod template has the image that `choose` gives for its own."""
    thing = msgspec.json.decode(manifest.body)
    changed = False
    for container in _containers(manifest, thing):
        old = container["image"]
        if (new := choose(old)) != old:
            container["image"] = new
            changed = True
    return replace(manifest, body=msgspec.json.encode(thing)) if changed else manifest


def newer(release: tuple[str, ...]) -> Callable[[str], str]:
    """Chooses for an image the one of a release that has the same repository, else leaves it."""
    by_repository = {parts.repository: text for text in release if (parts := images.split(text)) is not None}

    def choose(image: str) -> str:
        parts = images.split(image)
        return image if parts is None else by_repository.get(parts.repository, image)

    return choose


def _containers(manifest: Manifest, thing: Any) -> Iterator[dict[str, Any]]:
    """Those of the pod template that have an image, of a workload of a known kind."""
    kind = next((kind for kind in Kind if (kind.title, _version(kind)) == (manifest.kind, manifest.api_version)), None)
    if kind is None:
        return
    steps = (
        ("spec", "jobTemplate", "spec", "template", "spec") if kind is Kind.CRON_JOB else ("spec", "template", "spec")
    )
    for step in steps:
        thing = thing.get(step) if isinstance(thing, dict) else None
    for name in _LISTS:
        found = thing.get(name) if isinstance(thing, dict) else None
        for container in found if isinstance(found, list) else ():
            if isinstance(container, dict) and isinstance(container.get("image"), str):
                yield container


def _version(kind: Kind) -> str:
    return f"{kind.resource.group}/{kind.resource.version}"
