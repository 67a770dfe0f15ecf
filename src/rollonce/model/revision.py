"""The revisions of a workload that the cluster keeps, and the templates in them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from rollonce.errors import UnreadableAnswer
from rollonce.model.deploy import DEPLOY_ID

# What controllers add to a template when they keep it (k8s.io/api/apps/v1, pkg/controller/history).
POD_TEMPLATE_HASH = "pod-template-hash"
_NUMBER = "deployment.kubernetes.io/revision"
_EARLIER = "deployment.kubernetes.io/revision-history"


class Revision(Struct, frozen=True):
    """One of them. `owner` is the uid of its workload; `earlier` has the numbers that it had before it was used again.

    `deploy_id` is what the workload carried when this was its newest revision.
    """

    owner: str
    number: int
    deploy_id: str
    template: bytes
    earlier: tuple[int, ...] = ()


class _Owner(Struct, gc=False):
    uid: str = ""
    controller: bool | None = False


class _Meta(Struct, rename="camel"):
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None


class _Spec(Struct):
    template: msgspec.Raw = msgspec.Raw(b"{}")


class _ReplicaSet(Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Data(Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _ControllerRevision(Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    data: _Data = msgspec.field(default_factory=_Data)
    revision: int = 0


_REPLICA_SET = msgspec.json.Decoder(_ReplicaSet)
_CONTROLLER_REVISION = msgspec.json.Decoder(_ControllerRevision)
_TEMPLATE = msgspec.json.Decoder(dict[str, object])
_encode = msgspec.json.Encoder(order="sorted").encode


def of_replica_set(raw: bytes) -> Revision:
    """The revision that a ReplicaSet is, number 0 where it has none; raises UnreadableAnswer."""
    try:
        thing = _REPLICA_SET.decode(raw)
        template = _without_hash(thing.spec.template)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UnreadableAnswer(f"what the server sent as a ReplicaSet is not one: {fault}") from fault
    notes = thing.metadata.annotations or {}
    number = notes.get(_NUMBER, "")
    earlier = tuple(int(text) for text in notes.get(_EARLIER, "").split(",") if text.isdecimal())
    found = int(number) if number.isdecimal() else 0
    return Revision(_owner(thing.metadata), found, notes.get(DEPLOY_ID, ""), template, earlier)


def of_controller_revision(raw: bytes) -> Revision:
    """The revision that a ControllerRevision is; raises UnreadableAnswer."""
    try:
        thing = _CONTROLLER_REVISION.decode(raw)
        template = _without_hash(thing.data.spec.template)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UnreadableAnswer(f"what the server sent as a ControllerRevision is not one: {fault}") from fault
    notes = thing.metadata.annotations or {}
    return Revision(_owner(thing.metadata), thing.revision, notes.get(DEPLOY_ID, ""), template)


def _owner(meta: _Meta) -> str:
    return next((owner.uid for owner in meta.owner_references or () if owner.controller), "")


def _without_hash(raw: msgspec.Raw) -> bytes:
    template = _TEMPLATE.decode(raw)
    template.pop("$patch", None)
    metadata = template.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("labels"), dict):
        labels = {name: value for name, value in metadata["labels"].items() if name != POD_TEMPLATE_HASH}
        template["metadata"] = {**metadata, "labels": labels}
    return _encode(template)
