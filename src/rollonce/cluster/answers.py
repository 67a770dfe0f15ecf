"""Reads what the API server answers: envelopes, and errors in its own words.

Only envelopes are decoded; what is inside stays bytes. The decoders are made when this module is
imported: msgspec crashes when a type is first decoded from several threads at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from rollonce.errors import (
    AccessError,
    ApiRefusal,
    Forbidden,
    Redirected,
    ServerBusy,
    ServerFault,
    Unauthorized,
    UnreadableAnswer,
)
from rollonce.model.kind import Resource
from rollonce.model.thing import Served
from rollonce.wire import Response

FIELD_CONFLICT = "FieldManagerConflict"
SHOWN = 80
MAX_MESSAGE = 2_000

_T = TypeVar("_T")


class ListMeta(msgspec.Struct, gc=False, rename="camel"):
    """Metadata of a list."""

    resource_version: str = ""
    token: str = msgspec.field(name="continue", default="")
    remaining: int | None = msgspec.field(name="remainingItemCount", default=None)


class ListEnvelope(msgspec.Struct, gc=False, rename="camel"):
    """A list, its items unread."""

    metadata: ListMeta
    items: list[msgspec.Raw] | None


class ObjectMeta(msgspec.Struct, gc=False, rename="camel"):
    """What the protocol needs of an object's metadata."""

    resource_version: str = ""


class ObjectEnvelope(msgspec.Struct, gc=False, rename="camel"):
    """An object, all but its metadata unread."""

    metadata: ObjectMeta


class Cause(msgspec.Struct, gc=False):
    """One of the reasons of a Status."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(msgspec.Struct, gc=False):
    """What a Status says beside its message."""

    causes: list[Cause] | None = None


class Status(msgspec.Struct, gc=False, rename="camel"):
    """What the API server answers instead of an object."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class ResourceRow(msgspec.Struct, gc=False):
    """One line of discovery; a name with a slash is a part of objects, not a kind."""

    name: str
    kind: str
    namespaced: bool = False
    group: str | None = None
    version: str | None = None


class ResourceTable(msgspec.Struct, gc=False):
    """What is served of one group and version."""

    resources: list[ResourceRow]


class GroupVersion(msgspec.Struct, gc=False, rename="camel"):
    """A version of a group."""

    group_version: str


class GroupRow(msgspec.Struct, gc=False):
    """A group and its versions."""

    versions: list[GroupVersion]


class GroupTable(msgspec.Struct, gc=False):
    """The groups that are served."""

    groups: list[GroupRow]


class ReviewStatus(msgspec.Struct, gc=False, rename="camel"):
    """The verdict of an access review."""

    allowed: bool
    reason: str = ""
    evaluation_error: str = ""


class ReviewEnvelope(msgspec.Struct, gc=False, rename="camel"):
    """An access review."""

    status: ReviewStatus


class EventEnvelope(msgspec.Struct, gc=False, rename="camel"):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


LIST = msgspec.json.Decoder(ListEnvelope)
OBJECT = msgspec.json.Decoder(ObjectEnvelope)
STATUS = msgspec.json.Decoder(Status)
REVIEW = msgspec.json.Decoder(ReviewEnvelope)
RESOURCES = msgspec.json.Decoder(ResourceTable)
GROUPS = msgspec.json.Decoder(GroupTable)
EVENT = msgspec.json.Decoder(EventEnvelope)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: each item as JSON of its own. `token` leads to the next, empty at the end.

    `remaining` is how many items are still to come, None where the server does not count (with a selector).
    """

    items: tuple[bytes, ...]
    resource_version: str
    token: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list as it was at one moment, `resource_version`."""

    items: tuple[bytes, ...]
    resource_version: str


def page(response: Response) -> Page:
    """Raises `UnreadableAnswer`."""
    envelope = _decode(LIST, response)
    # Copied: a Raw would keep the whole page alive for one item.
    items = tuple(bytes(item) for item in envelope.items or ())
    metadata = envelope.metadata
    return Page(items, metadata.resource_version, metadata.token, metadata.remaining)


def whole(response: Response) -> bytes:
    """The object that was answered. Raises `UnreadableAnswer`."""
    _decode(OBJECT, response)
    return response.body


def review(response: Response) -> ReviewStatus:
    """Raises `UnreadableAnswer`."""
    return _decode(REVIEW, response).status


def kinds(response: Response, group: str, version: str) -> dict[str, Served]:
    """By kind, what is served of a group and version. Raises `UnreadableAnswer`."""
    rows = (row for row in _decode(RESOURCES, response).resources if "/" not in row.name)
    api = f"{group}/{version}" if group else version
    return {row.kind: Served(api, row.kind, Resource(group, version, row.name), row.namespaced) for row in rows}


def versions(response: Response) -> frozenset[str]:
    """What apiVersion may be. Raises `UnreadableAnswer`."""
    return frozenset(v.group_version for g in _decode(GROUPS, response).groups for v in g.versions)


def _decode(decoder: msgspec.json.Decoder[_T], response: Response) -> _T:
    try:
        return decoder.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise unreadable(response) from None


def unreadable(response: Response) -> UnreadableAnswer:
    """What came is not the Kubernetes API: a login page, a proxy's excuse, another server."""
    kind = printable(response.header("content-type") or "no content type")
    start = printable(response.body[: 4 * SHOWN].decode("utf-8", "replace"))
    shown = f"it begins with: {start}" if start else "it is empty"
    return UnreadableAnswer(
        f"the answer with status {response.status} is not of the Kubernetes API ({kind}); {shown}",
        hint="check the server's address, and what stands between: a proxy, a login page",
    )


def printable(text: str, limit: int = SHOWN) -> str:
    """At most `limit` characters, none of which moves a terminal."""
    return "".join(character if character.isprintable() else " " for character in text[:limit]).strip()


def refusal(response: Response, login_hint: str = "") -> AccessError:
    """The error that a response other than 2xx stands for."""
    code = response.status
    if 300 <= code < 400:
        return _redirected(response)
    try:
        status = STATUS.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        status = Status()
    known = status.kind == "Status"
    reason = status.reason if known else ""
    said = printable(status.message, MAX_MESSAGE) if known else ""
    # These come from proxies and balancers as well, with a page of their own.
    fact = said or f"status {code} without an explanation"
    match code:
        case 401:
            return Unauthorized(f"the server does not know us: {fact}", status=code, reason=reason, hint=login_hint)
        case 403 if known:
            return Forbidden(fact, status=code, reason=reason, hint="ask for this right (RBAC), or use another user")
        # Without Retry-After a 503 may be that of a balancer whose connection broke after the request was executed.
        case 503 if response.header("retry-after") is None:
            return ServerFault(f"the server failed: {fact}", status=code, reason=reason)
        case 429 | 503:
            return ServerBusy(f"the server is busy: {fact}", status=code, reason=reason, hint="try again later")
        case _ if code >= 500:
            return ServerFault(f"the server failed: {fact}", status=code, reason=reason)
        case _ if known:
            causes = (status.details.causes if status.details else None) or ()
            owned = tuple((c.field, c.message) for c in causes if c.reason == FIELD_CONFLICT)
            return ApiRefusal(fact, status=code, reason=reason, owned=owned)
        case _:
            return unreadable(response)


def _redirected(response: Response) -> Redirected:
    try:
        host = urlsplit(response.header("location") or "").hostname or "a path of its own"
    except ValueError:
        host = "somewhere unreadable"
    return Redirected(
        f"the server redirects to {printable(host)}; credentials are not sent after a redirect",
        hint="write the API server's own address into the kubeconfig",
    )
