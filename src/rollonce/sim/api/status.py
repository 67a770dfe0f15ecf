"""Status errors in the API server's words (apimachinery/pkg/api/errors/errors.go, util/validation/field/errors.go)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from rollonce.sim.api.kinds import Kind
from rollonce.sim.deferred import Deferred


def _worked_out(value: Any) -> Any:
    if isinstance(value, Deferred):
        return value.value()
    raise TypeError(f"{type(value)} is no JSON")


encode = msgspec.json.Encoder(enc_hook=_worked_out).encode


class Refusal(Exception):
    """A request that is answered with a Status."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        # What the client was to be told beside an answer goes with the refusal too.
        self.warnings: list[str] = []

    def status(self) -> dict[str, Any]:
        """The Status object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.code}


class NoPage(Exception):
    """A path that no part of the server knows: answered with plain text."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong."""

    field: str
    reason: str
    message: str


def required(field: str, detail: str = "") -> Cause:
    """A field that must be there."""
    return Cause(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def bad(field: str, value: object, detail: str) -> Cause:
    """A field whose value is wrong."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {_shown(value)}: {detail}")


def unsupported(field: str, value: object, among: Sequence[str]) -> Cause:
    """A field whose value is none of those that there are."""
    values = ", ".join(f'"{each}"' for each in among)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {_shown(value)}: supported values: {values}")


def duplicate(field: str, value: object) -> Cause:
    """A value that is there twice."""
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {_shown(value)}")


def too_long(field: str, most: int) -> Cause:
    """A text that is too long, in bytes."""
    return Cause(field, "FieldValueTooLong", f"Too long: may not be more than {most} bytes")


def forbidden(field: str, detail: str) -> Cause:
    """A field that may not be changed, or not be there."""
    return Cause(field, "FieldValueForbidden", f"Forbidden: {detail}")


def _shown(value: object) -> str:
    return encode(value).decode()


def _details(kind: Kind, name: str, *, named: str = "") -> dict[str, Any]:
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if kind.group:
        details["group"] = kind.group
    return {**details, "kind": named or kind.resource}


def not_found(kind: Kind, name: str) -> Refusal:
    """404."""
    return Refusal(404, "NotFound", f'{kind.qualified} "{name}" not found', _details(kind, name))


def no_such_path() -> Refusal:
    """404 of a path where nothing is served."""
    return Refusal(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(kind: Kind, name: str) -> Refusal:
    """409 of a create."""
    return Refusal(409, "AlreadyExists", f'{kind.qualified} "{name}" already exists', _details(kind, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(kind: Kind, name: str, why: str = MODIFIED) -> Refusal:
    """409 of an update."""
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return Refusal(409, "Conflict", message, _details(kind, name))


def precondition(kind: Kind, name: str, why: str) -> Refusal:
    """409 of a delete, which names the kind."""
    message = f'Operation cannot be fulfilled on {kind.qualified_kind} "{name}": {why}'
    return Refusal(409, "Conflict", message, _details(kind, name, named=kind.kind))


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> Refusal:
    """422, naming the fields."""
    lines = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    said = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    details = _details(kind, name, named=kind.kind)
    details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    return Refusal(422, "Invalid", f'{kind.qualified_kind} "{name}" is invalid: {said}', details)


def invalid_options(kind: str, *causes: Cause) -> Refusal:
    """422 of a query that is none."""
    told = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    lines = [f"{cause.field}: {cause.message}" for cause in causes]
    said = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    details = {"group": "meta.k8s.io", "kind": kind, "causes": told}
    return Refusal(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {said}', details)


def invalid_patch(shown: str, why: str) -> Refusal:
    """422 of a patch whose result is none of the kind."""
    cause = bad("patch", shown, why)
    causes = [{"reason": cause.reason, "message": cause.message, "field": cause.field}]
    return Refusal(422, "Invalid", f' "" is invalid: patch: {cause.message}', {"causes": causes})


def unprocessable() -> Refusal:
    """422 of a patch that cannot be applied: a failed `test` says no more than this."""
    return Refusal(422, "Invalid", "the server rejected our request due to an error in our request", {})


def bad_request(message: str) -> Refusal:
    """400."""
    return Refusal(400, "BadRequest", message)


def method_not_allowed() -> Refusal:
    """405."""
    return Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type(accepted: Sequence[str]) -> Refusal:
    """415."""
    message = "the body of the request was in an unknown format - accepted media types include: "
    return Refusal(415, "UnsupportedMediaType", message + ", ".join(accepted))


def unsupported_patch() -> Refusal:
    """415 of a PATCH."""
    return Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def terminating(kind: Kind, name: str, namespace: str) -> Refusal:
    """403 of a create in a namespace that is going."""
    why = "because it is being terminated"
    message = f'{kind.qualified} "{name}" is forbidden: unable to create new content in namespace {namespace} {why}'
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {namespace} is being terminated"}
    cause["field"] = "metadata.namespace"
    return Refusal(403, "Forbidden", message, {**_details(kind, name), "causes": [cause]})


def not_acceptable(*, known: bool) -> Refusal:
    """406; `known` where the media type itself is one of them."""
    accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    message = f"406: Not Acceptable\n\nAvailable representations: {accepted}"
    if known:
        return Refusal(406, "NotAcceptable", f"only the following media types are accepted: {accepted}")
    return Refusal(406, "NotAcceptable", message, {})


def too_large(limit: int) -> Refusal:
    """413."""
    message = f"Request entity too large: limit is {limit}"
    return Refusal(413, "RequestEntityTooLarge", message)


def expired(message: str) -> Refusal:
    """410."""
    return Refusal(410, "Expired", message)


def future(asked: int, current: int) -> Refusal:
    """504 of a version that is not there yet (apiserver/pkg/storage/errors.go)."""
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return Refusal(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})
