"""How one change is published, in every document of ours: the report of a run, the plan file."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from rollonce.plan.field import EnvField, MetadataField, ResourceField
from rollonce.plan.operation import Change, ImageChange, ObjectChange, TemplateChange, ValueChange


class ChangePart(Struct, rename="camel", frozen=True):
    """One field before and after, null where it is not there.

    `field` is image, env, requests, limits, label, annotation, workload-label, workload-annotation,
    template (anything else there) or workload (anything outside of it), and `name` which one (null for
    an image). `role` is container, init container or native sidecar.
    """

    field: str
    name: str | None
    container: str | None
    role: str | None
    old: str | None
    new: str | None

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """Which field of a workload it is."""
        return self.field, self.container, self.name

    @property
    def words(self) -> str:
        """Which field it is, for people."""
        what = " ".join(part for part in (self.field.replace("-", " "), self.name) if part)
        return f"{self.container}: {what}" if self.container else what


def of(change: Change) -> ChangePart:
    """The published form of a change."""
    match change:
        case ImageChange(container=container, role=role, old=old, new=new):
            return ChangePart("image", None, container, role.value, old, new)
        case ValueChange():
            return _of_value(change)
        case TemplateChange(path=path, old=before, new=after):
            return ChangePart("template", path, None, None, before, after)
        case ObjectChange(path=path, old=before, new=after):
            return ChangePart("workload", path, None, None, before, after)
        case _ as never:
            assert_never(never)


def _of_value(change: ValueChange) -> ChangePart:
    role = change.role and change.role.value
    match change.field:
        case EnvField(container=container, name=name):
            return ChangePart("env", name, container, role, change.old, change.new)
        case ResourceField(container=container, amount=amount, name=name):
            return ChangePart(amount.value, name, container, role, change.old, change.new)
        case MetadataField(place=place, name=name):
            return ChangePart(place.value, name, None, role, change.old, change.new)
        case _ as never:
            assert_never(never)
