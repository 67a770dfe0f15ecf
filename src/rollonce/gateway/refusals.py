"""What the gateway answers itself, as a Status of the Kubernetes API, so that clients can show it."""

from __future__ import annotations

import json

from rollonce.wire import Response


def not_found() -> Response:
    """404 of whatever is not below the prefix: it tells nothing."""
    return Response(404, (("content-type", "text/plain; charset=utf-8"),), b"404 page not found\n")


def no_upgrade() -> Response:
    """501 of exec, attach, port-forward and whatever else wants another protocol."""
    return _status(501, "NotImplemented", "exec, attach, port-forward and other upgrades are not served here")


def too_large(limit: int) -> Response:
    """413, in the API server's words (apimachinery/pkg/api/errors/errors.go, NewRequestEntityTooLargeError)."""
    return _status(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def bad_request(message: str) -> Response:
    """400."""
    return _status(400, "BadRequest", message)


def internal_error() -> Response:
    """500: a defect of ours, whose details are in the log."""
    return _status(500, "InternalError", "Internal error occurred: the request could not be answered")


def _status(code: int, reason: str, message: str) -> Response:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return Response(code, (("content-type", "application/json"),), json.dumps(status).encode() + b"\n")
