"""Text to manifests: YAML of several documents, JSON, and lists of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from rollonce.errors import MalformedManifest
from rollonce.manifests.manifest import Manifest, Place
from rollonce.text import document, jsonpieces
from rollonce.text.document import Malformed

_HINT = "a manifest has apiVersion, kind and metadata.name, as `kubectl get -o yaml` shows them"


class _Metadata(msgspec.Struct, rename="camel"):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None


class _Head(msgspec.Struct, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    metadata: _Metadata | None = None
    items: list[msgspec.Raw] | None = None


_HEAD = msgspec.json.Decoder(_Head)
# Only to check what Raw fields of a head leave unread.
_ANY = msgspec.json.Decoder()


def read(chunks: Iterable[bytes], source: str) -> Iterator[Manifest]:
    """The manifests of one text, in its order; the items of lists one by one.

    What begins with a brace is JSON, and read piece by piece; all else is YAML, and held as a whole. `source` is how
    errors call the text. Raises MalformedManifest.
    """
    arriving = iter(chunks)
    start = b""
    for chunk in arriving:
        start += chunk
        if start.lstrip(b"\xef\xbb\xbf \t\r\n"):
            break
    start = start.removeprefix(b"\xef\xbb\xbf")
    try:
        if start.lstrip().startswith(b"{"):
            yield from _json(chain((start,), arriving), source)
        else:
            yield from _yaml(_whole(start, arriving), source)
    except Malformed as error:
        raise _malformed(error.reason, Place(source, error.line, error.column)) from None


def _whole(start: bytes, arriving: Iterable[bytes]) -> bytes:
    parts = [start]
    size = len(start)
    for chunk in arriving:
        size += len(chunk)
        if size > document.MAX_BYTES:
            limit = document.MAX_BYTES // 1_000_000
            raise Malformed(f"YAML of more than {limit} MB; as JSON a dump may be of any size (kubectl get -o json)")
        parts.append(chunk)
    return b"".join(parts)


def _json(chunks: Iterable[bytes], source: str) -> Iterator[Manifest]:
    for piece in jsonpieces.pieces(chunks):
        place = Place(source, piece.line, piece.column)
        yield from _manifests(piece.text, place)


def _yaml(content: bytes, source: str) -> Iterator[Manifest]:
    # What is written once costs a byte at least; aliases may repeat it this often and no more.
    budget = document.Budget(document.MAX_PLAIN_NODES + len(content))
    for node in document.documents(content):
        if isinstance(node, document.Scalar) and node.null:
            continue
        yield from _of_node(node, source, budget)


def _of_node(node: document.Node, source: str, budget: document.Budget) -> Iterator[Manifest]:
    place = Place(source, node.line, node.column)
    if not isinstance(node, document.Mapping):
        raise _malformed("a manifest is a mapping, and this is none", place)
    items = node.fields.get("items")
    kind = node.fields.get("kind")
    if isinstance(items, document.Sequence) and isinstance(kind, document.Scalar) and kind.text.endswith("List"):
        for item in items.items:
            yield from _of_node(item, source, budget)
        return
    yield from _manifests(msgspec.json.encode(document.plain(node, budget)), place)


def _manifests(body: bytes, place: Place) -> Iterator[Manifest]:
    try:
        head = _HEAD.decode(body)
        _ANY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _malformed(f"{error}", place) from None
    except RecursionError:
        raise _malformed("nested too deeply", place) from None
    kind = head.kind or ""
    if kind.endswith("List") and (head.items is not None or head.metadata is None or not head.metadata.name):
        for item in head.items or []:
            yield from _manifests(bytes(item), place)
        return
    metadata = head.metadata or _Metadata()
    for lacking, value in (
        ("kind", kind),
        ("apiVersion", head.api_version),
        ("metadata.name", metadata.name or metadata.generate_name),
    ):
        if not value:
            raise _malformed(f"{lacking} is missing", place)
    yield Manifest(
        head.api_version or "", kind, metadata.namespace or "", metadata.name or "", metadata.uid or "", body, place
    )


def _malformed(reason: str, place: Place) -> MalformedManifest:
    return MalformedManifest(f"{place}: {reason}", act=f"read manifests of {place.source}", hint=_HINT)
