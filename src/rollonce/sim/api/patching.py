"""The three kinds of patch that name no owner."""

from __future__ import annotations

from typing import Any

import msgspec

from rollonce.sim.api import jsonpatch, mergepatch, status, strategic
from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object


def apply(media: str, body: bytes, document: Object, kind: Kind | None) -> Object:
    """The document after the patch; 400 where it is none, 422 where it does not fit."""
    try:
        patch = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise status.bad_request(f"error decoding patch: {error}") from None
    changed = _changed(media, patch, document, kind)
    if not isinstance(changed, dict) or not isinstance(changed.get("metadata"), dict):
        raise status.unprocessable()
    if kind is not None and (changed.get("kind"), changed.get("apiVersion")) != (kind.kind, kind.api_version):
        raise status.bad_request(
            f"the API version in the data ({changed.get('apiVersion')}) does not match the expected API version "
            f"({kind.api_version})"
        )
    return changed


def _changed(media: str, patch: Any, document: Object, kind: Kind | None) -> Any:
    if media == "application/json-patch+json":
        if isinstance(patch, list) and len(patch) > jsonpatch.MAX_OPERATIONS:
            message = f"The allowed maximum operations in a JSON patch is {jsonpatch.MAX_OPERATIONS}, got {len(patch)}"
            raise status.Refusal(413, "RequestEntityTooLarge", message)
        try:
            return jsonpatch.apply(patch, document)
        except jsonpatch.Malformed as error:
            raise status.bad_request(str(error)) from None
        except jsonpatch.Unfit:
            raise status.unprocessable() from None
    if not isinstance(patch, dict):
        raise status.bad_request(
            "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
        )
    if media == "application/merge-patch+json":
        return mergepatch.apply(patch, document)
    try:
        return strategic.apply(patch, document, kind.kind if kind else "")
    except strategic.Malformed as error:
        raise status.bad_request(str(error)) from None
