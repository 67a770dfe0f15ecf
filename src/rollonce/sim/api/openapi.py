"""`/openapi/v3`, as far as clients decide by it: which kinds there are, and what a PATCH of each one takes.

kubectl and helm look here whether the server validates fields itself (`fieldValidation`), and which patches there are;
the schemas of the fields are not told, so that kubectl merges with those that it brings along.
"""

from __future__ import annotations

import hashlib
from typing import Any

from rollonce.sim.api import status
from rollonce.sim.api.kinds import Kind, Kinds
from rollonce.sim.store import Object

ROOT = "/openapi/v3"
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_PARAMETERS = {"dryRun": "string", "fieldManager": "string", "fieldValidation": "string", "force": "boolean"}


def answer(path: str, kinds: Kinds) -> Object | None:
    """The document at a path; None where the path is none of these."""
    if path == ROOT:
        groups = dict.fromkeys(_place(kind) for kind in kinds.all())
        return {"paths": {place: {"serverRelativeURL": _address(place, kinds)} for place in groups}}
    if not path.startswith(f"{ROOT}/"):
        return None
    place = path.removeprefix(f"{ROOT}/")
    document = _document(place, kinds)
    return document if document["paths"] else None


def _place(kind: Kind) -> str:
    return f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"


def _address(place: str, kinds: Kinds) -> str:
    """With a hash, by which clients know whether their copy is fresh."""
    digest = hashlib.sha256(status.encode(_document(place, kinds))).hexdigest()[:32].upper()
    return f"{ROOT}/{place}?hash={digest}"


def _document(place: str, kinds: Kinds) -> Object:
    found = [kind for kind in kinds.all() if _place(kind) == place]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": {_path(kind): {"patch": _patch(kind)} for kind in found},
        "components": {"schemas": {}},
    }


def _path(kind: Kind) -> str:
    space = "/namespaces/{namespace}" if kind.namespaced else ""
    return f"/{_place(kind)}{space}/{kind.resource}/{{name}}"


def _patch(kind: Kind) -> dict[str, Any]:
    return {
        "parameters": [{"name": name, "in": "query", "schema": {"type": type_}} for name, type_ in _PARAMETERS.items()],
        "requestBody": {"content": {media: {"schema": {"type": "object"}} for media in _PATCHES}},
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
