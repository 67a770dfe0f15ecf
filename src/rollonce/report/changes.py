"""One change in a row of a table or a line of text."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from rollonce.model.workload import Role
from rollonce.plan.field import EnvField, MetadataField, ResourceField
from rollonce.plan.operation import Change, ImageChange, ObjectChange, TemplateChange, ValueChange
from rollonce.report import images

NOTHING = "(none)"
_LONGEST = 48


class Cells(NamedTuple):
    """Where it is, what was there, what will be, and what it is."""

    container: str
    old: str
    new: str
    what: str


def cells(change: Change) -> Cells:
    """The cells of a change. Of an image `what` is the part that both sides share."""
    match change:
        case ImageChange(container=container, role=role):
            common, old, new = images.change(change.old, change.new)
            return Cells(_place(container, role), old, new, common)
        case ValueChange(field=field, role=role):
            container = "" if isinstance(field, MetadataField) else _place(field.container, role)
            return Cells(container, _value(change.old), _value(change.new), _what(field))
        case ObjectChange(path=path, old=before, new=after):
            return Cells("", _value(before), _value(after), f"workload {path}")
        case TemplateChange(path=path, old=before, new=after):
            return Cells("", _value(before), _value(after), path)
        case _ as never:
            assert_never(never)


def line(change: Change) -> str:
    """A change in words."""
    container, old, new, what = cells(change)
    match change:
        case ImageChange():
            return f"{change.container}: {old} -> {new}" + (f" of {what}" if what else "")
        case ValueChange() | TemplateChange() | ObjectChange():
            return f"{container + ': ' if container else ''}{what}: {old} -> {new}"
        case _ as never:
            assert_never(never)


def _place(container: str, role: Role | None) -> str:
    return container if role in (Role.MAIN, None) else f"{container} ({role})"


def _what(field: EnvField | ResourceField | MetadataField) -> str:
    match field:
        case EnvField(name=name):
            return f"env {name}"
        case ResourceField(amount=amount, name=name):
            return f"{amount} {name}"
        case MetadataField(place=place, name=name):
            return f"{place.words} {name}"
        case _ as never:
            assert_never(never)


def _value(value: str | None) -> str:
    """A value on one line, shortened where it would be most of it."""
    if value is None:
        return NOTHING
    text = value if value.isprintable() else value.encode("unicode_escape").decode()
    if not text:
        return '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
