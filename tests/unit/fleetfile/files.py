"""Small fleet files."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rollonce.errors import MalformedFleetFile
from rollonce.fleetfile import reading
from rollonce.fleetfile.fleet import FleetFile

PARTS = {
    "version": "1",
    "environments": "{staging: {namespace: agents-staging}, production: {context: prod, namespace: agents}}",
    "workloads": "[deployment/ceo, deploy/cso]",
    "images": "\n  agent: r/agent:{build}",
}


def text(changes: Mapping[str, str] | None = None) -> bytes:
    """A good file, with some of its parts as given; a part that is None-like empty is left out."""
    parts = PARTS | dict(changes or {})
    return "".join(f"{key}: {value}\n" for key, value in parts.items() if value).encode()


def file(**changes: str) -> FleetFile:
    return reading.read(text(changes), "rollonce.yaml")


def faults(content: bytes) -> list[str]:
    """The lines of the error that a text is."""
    with pytest.raises(MalformedFleetFile) as caught:
        reading.read(content, "rollonce.yaml")
    return caught.value.fact.splitlines()
