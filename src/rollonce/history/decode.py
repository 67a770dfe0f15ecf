"""JSON of one object -> evidence. Every function raises `Unusable` where the object is not what it should be.

Lenient where the API is: null stands for nothing. Decoders are built at import, see `model.decode`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from rollonce.errors import UnreadableAnswer
from rollonce.history import instants
from rollonce.history.evidence import Live, ManagedWrite, Occurrence, Pod, Snapshot, SnapshotKind, Subject
from rollonce.history.template import Reader, Template
from rollonce.model import decode as workloads
from rollonce.model.deploy import DEPLOY_ID
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey

REVISION = "deployment.kubernetes.io/revision"
# Former numbers of a ReplicaSet that was used again, separated by commas; kubernetes/kubernetes,
# pkg/controller/deployment/util/deployment_util.go: RevisionHistoryAnnotation
FORMER_REVISIONS = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
_HASH = "controller-revision-hash"
_CONTROLLER = "kube-controller-manager"
_DEFAULT_LIMIT = 10
_IN_TROUBLE = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
# Sets of owned fields that are remembered: workloads made from one manifest have the same.
_FIELD_SETS = 512
_NULL = msgspec.Raw(b"null")


class Unusable(ValueError):
    """An item that cannot be used; its text says why."""


class OfNoWorkload(Unusable):
    """It has no controlling owner of the kinds that are audited: nothing is wrong with it."""


class _Owner(Struct, gc=False):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = False


class _Entry(Struct, rename="camel"):
    manager: str = ""
    operation: str = ""
    time: str | None = None
    subresource: str = ""
    fields_v1: msgspec.Raw = msgspec.field(name="fieldsV1", default=_NULL)


class _Meta(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str | None = None
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None
    managed_fields: list[_Entry] | None = None

    def note(self, name: str) -> str:
        """An annotation, empty without it."""
        return (self.annotations or {}).get(name, "")


class _Condition(Struct, rename="camel", gc=False):
    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str | None = None


class _Waiting(Struct, gc=False):
    reason: str = ""


class _State(Struct, gc=False):
    waiting: _Waiting | None = None


class _ContainerStatus(Struct, rename="camel"):
    state: _State | None = None


class _Status(Struct, rename="camel"):
    conditions: list[_Condition] | None = None
    container_statuses: list[_ContainerStatus] | None = None
    init_container_statuses: list[_ContainerStatus] | None = None


class _Spec(Struct, rename="camel"):
    replicas: int | None = None
    revision_history_limit: int | None = None
    template: msgspec.Raw = _NULL


class _Thing(Struct, rename="camel"):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class _PodThing(Struct, rename="camel"):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    status: _Status = msgspec.field(default_factory=_Status)


class _Held(Struct):
    template: msgspec.Raw = _NULL


class _Data(Struct):
    spec: _Held = msgspec.field(default_factory=_Held)


class _Revision(Struct, rename="camel"):
    metadata: _Meta
    revision: int
    data: _Data = msgspec.field(default_factory=_Data)


class _Reference(Struct, gc=False):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class _Series(Struct, rename="camel", gc=False):
    last_observed_time: str | None = None


class _Event(Struct, rename="camel"):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    involved_object: _Reference | None = None
    regarding: _Reference | None = None
    reason: str = ""
    message: str = ""
    note: str = ""
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: _Series | None = None


_THING = msgspec.json.Decoder(_Thing)
_POD = msgspec.json.Decoder(_PodThing)
_REVISION = msgspec.json.Decoder(_Revision)
_EVENT = msgspec.json.Decoder(_Event)
_ANY = msgspec.json.Decoder(Any)


def live(kind: Kind, raw: bytes, cluster: str, templates: Reader) -> Live:
    """A Deployment, StatefulSet or DaemonSet."""
    try:
        workload = workloads.outline(kind, raw)
    except UnreadableAnswer as error:
        raise Unusable(error.fact) from None
    thing: _Thing = _decoded(_THING, raw)
    meta, spec = thing.metadata, thing.spec
    if not meta.uid:
        raise Unusable("it has no uid")
    late = any(c.type == "Progressing" and c.status == "False" for c in thing.status.conditions or ())
    number = meta.note(REVISION)
    return Live(
        subject=Subject(cluster, workload.key),
        workload=workload,
        created=instants.parse(meta.creation_timestamp),
        template=_template(spec.template, templates),
        writes=tuple(_writes(meta)),
        history_limit=_DEFAULT_LIMIT if spec.revision_history_limit is None else spec.revision_history_limit,
        overdue=late,
        observed_revision=_whole(number) if number.isdecimal() else 0,
    )


def replica_set(raw: bytes, cluster: str, templates: Reader) -> Snapshot:
    """A ReplicaSet of a Deployment."""
    thing: _Thing = _decoded(_THING, raw)
    meta = thing.metadata
    owner = _owner(meta, "Deployment")
    number = meta.note(REVISION)
    if not number:
        raise Unusable(f"it has no annotation {REVISION}")
    former = {_number(part.strip()) for part in meta.note(FORMER_REVISIONS).split(",") if part.strip()}
    last = _number(number)
    numbers = tuple(sorted(former | {last}))
    if numbers[-1] != last:
        raise Unusable(f"its revision {number} is lower than the ones that it had before")
    desired = meta.note(DESIRED)
    return Snapshot(
        kind=SnapshotKind.REPLICA_SET,
        subject=_subject(cluster, Kind.DEPLOYMENT, meta.namespace, owner.name),
        name=meta.name,
        owner_uid=owner.uid,
        created=instants.parse(meta.creation_timestamp),
        numbers=numbers,
        template=_template(thing.spec.template, templates),
        deploy_id=meta.note(DEPLOY_ID),
        replicas=_whole(desired) if desired.isdecimal() else None,
        controller_wrote=_controller_wrote(meta),
    )


def controller_revision(raw: bytes, cluster: str, templates: Reader) -> Snapshot:
    """A ControllerRevision of a StatefulSet or DaemonSet."""
    thing: _Revision = _decoded(_REVISION, raw)
    meta = thing.metadata
    owner = _owner(meta, "StatefulSet", "DaemonSet")
    if thing.revision < 1:
        raise Unusable(f"its revision is {thing.revision}")
    kind = Kind.STATEFUL_SET if owner.kind == "StatefulSet" else Kind.DAEMON_SET
    return Snapshot(
        kind=SnapshotKind.CONTROLLER_REVISION,
        subject=_subject(cluster, kind, meta.namespace, owner.name),
        name=(meta.labels or {}).get(_HASH, "") or meta.name,
        owner_uid=owner.uid,
        created=instants.parse(meta.creation_timestamp),
        numbers=(thing.revision,),
        template=_template(thing.data.spec.template, templates),
        deploy_id=meta.note(DEPLOY_ID),
        replicas=None,
        controller_wrote=_controller_wrote(meta),
    )


@lru_cache(maxsize=1024)
def _subject(cluster: str, kind: Kind, namespace: str, name: str) -> Subject:
    """One value for all snapshots of a workload, which follow each other in a list."""
    return Subject(cluster, WorkloadKey.of(kind, namespace, name))


def pod(raw: bytes, cluster: str) -> Pod:
    """A pod of a ReplicaSet, StatefulSet or DaemonSet."""
    thing: _PodThing = _decoded(_POD, raw)
    meta, status = thing.metadata, thing.status
    owner = _owner(meta, "ReplicaSet", "StatefulSet", "DaemonSet")
    ready = next((c for c in status.conditions or () if c.type == "Ready" and c.status == "True"), None)
    states = [s.state for s in (*(status.init_container_statuses or ()), *(status.container_statuses or ()))]
    waits = [s.waiting.reason for s in states if s is not None and s.waiting is not None]
    return Pod(
        cluster=cluster,
        namespace=meta.namespace,
        name=meta.name,
        owner=owner.name,
        snapshot=owner.name if owner.kind == "ReplicaSet" else (meta.labels or {}).get(_HASH, ""),
        created=instants.parse(meta.creation_timestamp),
        ready_at=instants.parse(ready.last_transition_time) if ready else None,
        trouble=next((reason for reason in waits if reason in _IN_TROUBLE), ""),
    )


def occurrence(raw: bytes, cluster: str) -> Occurrence:
    """An Event, of either API group."""
    thing: _Event = _decoded(_EVENT, raw)
    about = thing.regarding or thing.involved_object
    if about is None or not about.name:
        raise Unusable("it regards no object")
    first = thing.first_timestamp or thing.event_time or thing.metadata.creation_timestamp
    last = (thing.series.last_observed_time if thing.series else None) or thing.last_timestamp or first
    return Occurrence(
        cluster,
        about.namespace or thing.metadata.namespace,
        about.kind,
        about.name,
        thing.reason,
        thing.note or thing.message,
        instants.parse(first),
        instants.parse(last),
    )


def pod_template(value: object, templates: Reader) -> Template:
    """The template of an object that holds one at `.spec.template`; raises Unusable."""
    spec = value.get("spec") if isinstance(value, dict) else None
    held = spec.get("template") if isinstance(spec, dict) else None
    return _template(msgspec.Raw(msgspec.json.encode(held)), templates)


def _template(raw: msgspec.Raw, templates: Reader) -> Template:
    try:
        return templates.read(raw)
    except ValueError as error:
        raise Unusable(str(error)) from None


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unusable(str(fault) or "it is nested too deeply") from None


def _owner(meta: _Meta, *kinds: str) -> _Owner:
    if not meta.name:
        raise Unusable("it has no name")
    owner = next((o for o in meta.owner_references or () if o.controller), None)
    if owner is None:
        raise OfNoWorkload("no workload owns it: made by hand, or orphaned")
    if owner.kind not in kinds:
        raise OfNoWorkload(
            f"it belongs to {owner.kind or 'something'}/{owner.name}, which is no workload that is audited"
        )
    return owner


def _number(text: str) -> int:
    number = _whole(text) if text.isdecimal() else 0
    if not 0 < number < 2**63:
        raise Unusable(f"its revision {text[:40]!r} is not a number")
    return number


def _whole(text: str) -> int:
    """Python refuses to read numbers of thousands of digits; no count of ours has more than twenty."""
    return int(text) if len(text) <= 20 else 0


def _controller_wrote(meta: _Meta) -> datetime | None:
    times = [
        instants.parse(entry.time)
        for entry in meta.managed_fields or ()
        if entry.manager == _CONTROLLER and not entry.subresource
    ]
    return max((at for at in times if at is not None), default=None)


def _writes(meta: _Meta) -> Iterator[ManagedWrite]:
    for entry in meta.managed_fields or ():
        if entry.subresource or entry.manager == _CONTROLLER:
            continue
        owned = _owned(bytes(entry.fields_v1))
        if owned:
            yield ManagedWrite(entry.manager, entry.operation, instants.parse(entry.time), owned)


@lru_cache(maxsize=_FIELD_SETS)
def _owned(fields: bytes) -> frozenset[str]:
    """Paths of the pod template that a fieldsV1 set owns, without the places that merely exist (`.`)."""
    tree: Any
    try:
        tree = _ANY.decode(fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    for step in ("f:spec", "f:template"):
        tree = tree.get(step) if isinstance(tree, dict) else None
    if not isinstance(tree, dict):
        return frozenset()
    found: set[str] = set()
    _below(tree.get("f:metadata"), "metadata", 0, found)
    _below(tree.get("f:spec"), "", 0, found)
    return frozenset(found)


def _below(tree: object, path: str, depth: int, into: set[str]) -> None:
    if not isinstance(tree, dict) or depth > 40:
        return
    if not tree and path:
        into.add(path)
    for step, inner in tree.items():
        if step == ".":
            continue
        kind, _, rest = str(step).partition(":")
        if kind == "k":
            _below(inner, f"{path}[{_merge_key(rest)}]", depth + 1, into)
        elif path in ("metadata.labels", "metadata.annotations"):
            _below(inner, f"{path}[{rest}]", depth + 1, into)
        else:
            _below(inner, f"{path}.{rest}" if path else rest, depth + 1, into)


@lru_cache(maxsize=4096)
def _merge_key(text: str) -> str:
    try:
        keys = _ANY.decode(text.encode())
    except (msgspec.DecodeError, RecursionError):
        return text
    return "/".join(str(value) for value in keys.values()) if isinstance(keys, dict) else text
