"""The plan file, `rollonce.plan/v1`: what is wanted, and of which workloads, as they were.

Equal plans have equal bytes. It has no values of the live cluster but those that a plan shows, and no time:
what a restart is stamped with, and which deploy it is, is decided when it is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import assert_never

import msgspec
from msgspec import Struct

from rollonce.errors import CredentialInPlan, MalformedPlan, RollonceError
from rollonce.model import argument, edit
from rollonce.model.deploy import DEPLOY_ID
from rollonce.model.edit import (
    Edit,
    EnvEdit,
    ImageEdit,
    MetadataEdit,
    PatchEdit,
    ResourceEdit,
    RestartEdit,
)
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan import changepart
from rollonce.plan.changepart import ChangePart
from rollonce.plan.decide import Policy
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Operation, Patch, Plan, Skip

VERSION = "rollonce.plan/v1"
# What stands for the time of a restart until there is one.
LATER = "(when it is carried out)"

_KINDS = {kind.title: kind for kind in Kind}
_PLACES = {option: place for place, option in argument.OPTIONS.items()}


class _Edit(Struct, omit_defaults=True):
    """An edit in the words of the command line; `body` is the part of a template that a file had."""

    option: str
    value: str = ""
    body: msgspec.Raw = msgspec.Raw(b"")


class _Policy(Struct, rename="camel"):
    force_managed: bool
    again: bool


class _Workload(Struct, rename="camel"):
    """A workload as it was: absent where `uid` is empty. `template` is the digest of its pod template."""

    kind: str
    namespace: str
    name: str
    uid: str
    template: str
    deploy_id: str | None
    operation: str
    detail: str
    changes: list[ChangePart]


class _Document(Struct):
    version: str
    edits: list[_Edit]
    policy: _Policy
    workloads: list[_Workload]


class _Head(Struct):
    version: str = ""


_HEAD = msgspec.json.Decoder(_Head)
_DOCUMENT = msgspec.json.Decoder(_Document)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was planned for one workload, and what it was like; `uid` is empty where it was absent."""

    key: WorkloadKey
    uid: str
    template: str
    deploy_id: str | None
    changes: tuple[ChangePart, ...]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a plan file says."""

    desired: Desired
    policy: Policy
    entries: tuple[Entry, ...]


def digest(workload: Workload) -> str:
    """Digest of a live pod template, the same however its JSON is laid out."""
    canonical = msgspec.json.encode(msgspec.json.decode(workload.template.raw or b"null"), order="sorted")
    return f"sha256:{sha256(canonical).hexdigest()}"


def write(plan: Plan, desired: Desired, policy: Policy, *, act: str) -> bytes:
    """The file, indented, with a newline at the end; the plan has no refusals.

    Raises CredentialInPlan where an edit has a value that looks like a credential: the file is to be
    read by people and kept by a CI system.
    """
    if desired.secrets:
        told = ", ".join(e.origin for e in desired.edits if Desired((e,)).secrets)
        raise CredentialInPlan(
            f"a plan file would have to carry the credential of {told}",
            act=act,
            hint="keep it in a Secret and take it from there (--patch with a valueFrom), "
            "or converge without a plan file",
        )
    edits = sorted((_edit(e) for e in desired.edits), key=lambda e: (e.option, e.value))
    document = _Document(
        VERSION,
        edits,
        _Policy(policy.force_managed, policy.again),
        [_workload(operation) for operation in plan.operations],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read(content: bytes, moment: str, *, act: str) -> PlanFile:
    """What a file says; `moment` is the time of its restarts. Raises MalformedPlan."""
    hint = "make it anew with rollonce plan --out FILE"
    try:
        version = _HEAD.decode(content).version
        found = _read(content, moment, act) if version == VERSION else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, RollonceError) as fault:
        raise MalformedPlan(f"it is not a plan file: {fault}", act=act, hint=hint) from None
    if found is None:
        raise MalformedPlan(f"its version is {version!r}, and this rollonce reads {VERSION}", act=act, hint=hint)
    return found


def _read(content: bytes, moment: str, act: str) -> PlanFile:
    document = _DOCUMENT.decode(content)
    desired = Desired.of([_read_edit(part, moment, act) for part in document.edits], act=act)
    policy = Policy(document.policy.force_managed, document.policy.again)
    return PlanFile(desired, policy, tuple(_entry(part) for part in document.workloads))


def _workload(operation: Operation) -> _Workload:
    kind = operation.key.kind.title
    match operation:
        case Patch(workload=workload, changes=changes):
            name, detail, parts = "patch", operation.cost.why, [changepart.of(change) for change in changes]
        case Skip(workload=workload):
            name, detail, parts = "skip", operation.detail, []
        case _:
            raise AssertionError(f"a plan with a refusal, or of manifests, is not written: {operation.key}")
    there = (workload.uid, digest(workload), workload.annotation(DEPLOY_ID)) if workload else ("", "", None)
    return _Workload(kind, operation.key.namespace, operation.key.name, *there, name, detail, parts)


def _entry(part: _Workload) -> Entry:
    key = WorkloadKey.of(_KINDS[part.kind], part.namespace, part.name)
    return Entry(key, part.uid, part.template, part.deploy_id, tuple(part.changes))


def _edit(of: Edit) -> _Edit:
    match of:
        case ImageEdit(image=image):
            return _Edit("image", f"{of.target}={image}")
        case EnvEdit(value=value):
            return _Edit("--set-env", _setting(of.target, value))
        case ResourceEdit(value=value):
            return _Edit("--resources", _setting(of.target, value))
        case MetadataEdit(place=place, name=name, value=value):
            return _Edit(argument.OPTIONS[place], _setting(_scoped(of, name), value))
        case RestartEdit(workload=None):
            return _Edit("--restart")
        case RestartEdit(workload=workload):
            return _Edit("--restart-only", str(workload))
        case PatchEdit(workload=workload, body=body):
            return _Edit("--patch", str(workload or ""), msgspec.Raw(body))
        case _ as never:
            assert_never(never)


def _scoped(of: MetadataEdit, name: str) -> str:
    return f"{of.workload}:{name}" if of.workload else name


def _setting(left: str, value: str | None) -> str:
    return f"{left}-" if value is None else f"{left}={value}"


def _read_edit(part: _Edit, moment: str, act: str) -> Edit:
    match part.option:
        case "image":
            return edit.pair(part.value, act=act)
        case "--set-env":
            return argument.env(part.value, act=act)
        case "--resources":
            return argument.resources(part.value, act=act)
        case "--restart" | "--restart-only":
            return argument.restart(moment, part.value, act=act)
        case "--patch":
            return argument.patch(bytes(part.body), part.value, act=act)
    return argument.metadata(_PLACES[part.option], part.value, act=act)
