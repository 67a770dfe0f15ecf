"""What a plan does with an object that is no workload: one server-side apply, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from rollonce.model.thing import ObjectKey


@dataclass(frozen=True, slots=True)
class ObjectApply:
    """One server-side apply, `body` as it is sent; `force` and `takes` as for a workload's `Apply`.

    `fields` are the places of what changes, never the values: a Secret may be among these objects. None where only
    the ownership of fields changes.
    """

    key: ObjectKey
    fields: tuple[str, ...]
    body: bytes = field(repr=False)
    creates: bool
    force: bool = False
    takes: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectSkip:
    """Nothing is sent: it is as its manifest has it."""

    key: ObjectKey
    detail: str = "already as its manifest has it, skipping"


ObjectOperation = ObjectApply | ObjectSkip
