"""Media types: what a client sends becomes JSON."""

from __future__ import annotations

from dataclasses import replace

from rollonce.sim.api import status, wireformat
from rollonce.sim.api.target import header
from rollonce.wire import Request

JSON = "application/json"


def readable(request: Request) -> Request:
    """The request with a body in JSON, or whatever kind of patch it is.

    A 400 where protobuf cannot be read.
    """
    if header(request, "content-type").split(";")[0].strip() != wireformat.MEDIA_TYPE:
        return request
    try:
        thing = wireformat.decode(request.body) if request.body else None
    except wireformat.Malformed as error:
        raise status.bad_request(f"the object provided is unrecognized (must be of type Object): {error}") from None
    headers = tuple((name, JSON if name == "content-type" else value) for name, value in request.headers)
    return replace(request, headers=headers, body=status.encode(thing) if thing is not None else b"")
