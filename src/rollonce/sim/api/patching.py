"""The three kinds of patch that name no owner (apiserver/pkg/endpoints/handlers/patch.go)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollonce.sim.api import gojson, jsonpatch, mergepatch, status, strategic, typed, written
from rollonce.sim.api.kinds import Kind
from rollonce.sim.store import Object

JSON, MERGE = "application/json-patch+json", "application/merge-patch+json"
_OPERATION = frozenset({"op", "path", "from", "value"})
NO_TYPE = (
    "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct {{ APIVersion "
    'string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }}'
)
_MAP = "map[string]interface {}"


@dataclass(frozen=True, slots=True)
class Told:
    """What errors say of a patch: how it is `shown`, and `notes` of what is strictly wrong in itself. `plain` where it
    was merged as maps, without Go's decoder."""

    shown: Callable[[], str]
    notes: list[str]
    plain: bool = False


def apply(media: str, body: bytes, document: Object, kind: Kind, *, strict: bool) -> tuple[Object, Told]:
    """The document after the patch, and what errors say of it.

    Raises a 400 where it is none, a 422 where it does not fit.
    """
    prefix = "error decoding patch: " if media in (JSON, MERGE) and strict else ""
    try:
        patch = gojson.read(body, strict=strict)
    except gojson.Broken as error:
        raise status.bad_request(f"{prefix}{error}") from None
    if media == JSON:
        changed, notes = _json(patch, document, prefix)

        def shown() -> str:
            return written.text(_json(patch, written.ordered(document, kind.type), prefix)[0])

        return _object(changed), Told(shown, notes)
    if media == MERGE and not strict and not isinstance(patch, dict):
        return _unread(patch)
    if patch is not None and not isinstance(patch, dict):
        found = gojson.kind_of(patch)
        raise status.bad_request(f"{prefix}json: cannot unmarshal {found} into Go value of type {_MAP}")
    notes = _repeated(patch) if strict else []
    if media == MERGE:
        if patch is None:
            raise status.bad_request("Invalid JSON Patch")
        merged = mergepatch.apply(patch, document)

        def whole() -> str:
            return written.text(mergepatch.apply(patch, written.ordered(document, kind.type)))

        return _object(merged), Told(whole, notes)
    try:
        merged = strategic.apply(patch or {}, document, kind.type)
    except strategic.Malformed as error:
        reason = "BadRequest" if error.code == 400 else ""
        raise status.Refusal(error.code, reason, str(error)) from None
    # What it is, is what its path says, whatever the patch says.
    typed_as: Object = {name: document[name] for name in ("kind", "apiVersion") if name in document}
    return {**_object(merged), **typed_as}, Told(lambda: gojson.shown(patch or {}), notes, plain=True)


def _unread(patch: Any) -> tuple[Object, Told]:
    """A merge patch that is no object, where nobody looks into it before it is applied."""
    if not isinstance(patch, list):
        raise status.bad_request("Invalid JSON Patch")
    raise status.invalid_patch(written.text(patch), NO_TYPE.format("array"))


def _json(patch: Any, document: Object, prefix: str) -> tuple[Any, list[str]]:
    if patch is None:
        return document, []
    if not isinstance(patch, list):
        found = gojson.kind_of(patch)
        raise status.bad_request(f"{prefix}json: cannot unmarshal {found} into Go value of type []handlers.jsonPatchOp")
    notes = []
    for index, each in enumerate(patch):
        if not isinstance(each, dict):
            found = gojson.kind_of(each)
            raise status.bad_request(
                f"{prefix}json: cannot unmarshal {found} into Go value of type handlers.jsonPatchOp"
            )
        notes += [f'json patch unknown field "[{index}].{name}"' for name in each if name not in _OPERATION]
        if isinstance(each, typed.Repeated):
            notes += [f'json patch duplicate field "[{index}].{name}"' for name in each.names]
    if len(patch) > jsonpatch.MAX_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {jsonpatch.MAX_OPERATIONS}, got {len(patch)}"
        raise status.Refusal(413, "RequestEntityTooLarge", message)
    try:
        return jsonpatch.apply(patch, document), notes if prefix else []
    except jsonpatch.Malformed as error:
        raise status.bad_request(str(error)) from None
    except jsonpatch.Unfit:
        raise status.unprocessable() from None


def _object(changed: Any) -> Object:
    if not isinstance(changed, dict):
        raise status.unprocessable()
    return changed


def _repeated(value: Any, at: str = "") -> list[str]:
    found = []
    if isinstance(value, typed.Repeated):
        found += [f'duplicate field "{f"{at}.{name}" if at else name}"' for name in value.names]
    if isinstance(value, dict):
        for name, child in value.items():
            found += _repeated(child, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            found += _repeated(child, f"{at}[{index}]")
    return found
