"""Kinds that a run itself defines: its CustomResourceDefinitions, read for what their objects are served as."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from rollonce.manifests.manifest import Manifest
from rollonce.model.kind import Resource
from rollonce.model.thing import Served

DEFINITION = "CustomResourceDefinition"


class _Names(Struct):
    kind: str = ""
    plural: str = ""


class _Version(Struct):
    name: str = ""
    served: bool = False


class _Spec(Struct):
    group: str = ""
    scope: str = ""
    names: _Names = msgspec.field(default_factory=_Names)
    versions: list[_Version] = []


class _Definition(Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


_DECODER = msgspec.json.Decoder(_Definition)


def defined(manifests: Iterable[Manifest]) -> tuple[Served, ...]:
    """What will be served once the definitions among them are there. What cannot be read defines nothing."""
    found = []
    for manifest in manifests:
        if manifest.kind != DEFINITION:
            continue
        try:
            spec = _DECODER.decode(manifest.body).spec
        except msgspec.ValidationError:
            continue  # the server will say what is wrong with it
        for version in (v.name for v in spec.versions if v.served):
            resource = Resource(spec.group, version, spec.names.plural)
            namespaced = spec.scope == "Namespaced"
            found.append(Served(f"{spec.group}/{version}", spec.names.kind, resource, namespaced, new=True))
    return tuple(found)
