"""A part of a template merged into live ones: by the API server, in a trial that writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from rollonce.app.ports import Ports
from rollonce.errors import ApiRefusal, PatchRefused
from rollonce.model import credential, decode
from rollonce.model.edit import PatchEdit
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan.desired import Desired

CONFLICT = 409
# What the server says of a part that it does not understand, or that makes no valid object.
_ITS_FAULT = frozenset({400, 415, 422})
_MOST_READS = 5
# The server repeats the whole patch where it has an unknown field: long, and perhaps with credentials in it.
_QUOTED = re.compile(r'"" is invalid: patch: Invalid value: "map\[.*\]": ', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """A workload, read anew where it had moved, and what the part makes of it; None where no part is for it."""

    workload: Workload
    merged: Workload | None


def all_of(ports: Ports, workloads: Iterable[Workload], desired: Desired) -> tuple[Read, ...]:
    """As `of`, for each workload, side by side."""
    meant = tuple(workloads)

    def asking(workload: Workload) -> Callable[[], Read]:
        return lambda: of(ports, workload, desired)

    return tuple(ports.fanout.gather([asking(workload) for workload in meant]))


def of(ports: Ports, workload: Workload, desired: Desired) -> Read:
    """What the API server makes of a workload with the part that is meant for it.

    The trial is of the very object that was read: where somebody wrote meanwhile, it is read again.
    Raises PatchRefused where the server does not take the part, and errors of access.
    """
    edit = desired.patch_for(workload.key)
    if edit is None:
        return Read(workload, None)
    key = workload.key
    for attempt in range(_MOST_READS):
        try:
            raw = ports.client.merge(key.kind.resource, key.namespace, key.name, _body(workload, edit))
            return Read(workload, decode.workload(key.kind, raw))
        except ApiRefusal as refusal:
            if refusal.status == CONFLICT and attempt < _MOST_READS - 1:
                workload = decode.workload(key.kind, ports.client.get(key.kind.resource, key.namespace, key.name))
                continue
            if refusal.status not in _ITS_FAULT:
                raise
            words = credential.without(_QUOTED.sub("", refusal.fact), desired.secrets)
            raise PatchRefused(
                f"the server does not take {edit.origin} for {key}: {words}",
                hint="the file has to be a part of a pod template that fits this workload",
            ) from None
    raise AssertionError("the last attempt returns or raises")


def by_key(reads: Iterable[Read]) -> Mapping[WorkloadKey, Workload]:
    """The merged ones."""
    return {read.workload.key: read.merged for read in reads if read.merged is not None}


def _body(workload: Workload, edit: PatchEdit) -> bytes:
    template = {"template": msgspec.Raw(edit.body)}
    is_deeper = isinstance(workload.behaviour, CronJob)
    return msgspec.json.encode(
        {
            "metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version},
            "spec": {"jobTemplate": {"spec": template}} if is_deeper else template,
        }
    )
