"""What a part of a pod template says of single fields, so that it can be held against other edits.

Only looked up, never merged: what the part makes of a live template, the API server says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from rollonce.model import amount
from rollonce.model.amount import Written
from rollonce.model.edit import Amount, PatchEdit, Place
from rollonce.plan.field import EnvField, Field, ImageField, MetadataField, ResourceField


class _Variable(Struct):
    name: str = ""
    value: str | None = None


class _Resources(Struct):
    requests: dict[str, Written | None] | None = None
    limits: dict[str, Written | None] | None = None


class _Container(Struct):
    name: str = ""
    image: str | None = None
    env: list[_Variable] | None = None
    resources: _Resources | None = None


class _Spec(Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None


class _Meta(Struct):
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None


class _Part(Struct):
    metadata: _Meta | None = None
    spec: _Spec | None = None


_PART = msgspec.json.Decoder(_Part)


def by(edit: PatchEdit) -> Mapping[Field, str | None]:
    """Fields that the part names, with the value that it gives them: None where it removes, or takes it from elsewhere.

    What is not laid out as a pod template says nothing here; the API server refuses it.
    """
    try:
        part = _PART.decode(edit.body)
    except msgspec.ValidationError:
        return {}
    return dict((*_of_metadata(part.metadata or _Meta()), *_of_spec(part.spec or _Spec())))


def variables(edit: PatchEdit) -> Mapping[EnvField, str]:
    """The environment variables that the part sets."""
    return {of: value for of, value in by(edit).items() if isinstance(of, EnvField) and value is not None}


def strings(edit: PatchEdit) -> Iterator[str]:
    """Every string of the part."""
    left: list[object] = [msgspec.json.decode(edit.body)]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as inner:
                left += inner.values()
            case list() as inner:
                left += inner


def same(of: Field, one: str | None, other: str | None) -> bool:
    """Whether two values of a field are equal."""
    return amount.equal(one, other) if isinstance(of, ResourceField) else one == other


def _of_metadata(meta: _Meta) -> Iterator[tuple[Field, str | None]]:
    for place, found in ((Place.LABEL, meta.labels), (Place.ANNOTATION, meta.annotations)):
        for name, value in (found or {}).items():
            yield MetadataField(place, name), value


def _of_spec(spec: _Spec) -> Iterator[tuple[Field, str | None]]:
    for container in (*(spec.containers or ()), *(spec.init_containers or ())):
        if container.image is not None:
            yield ImageField(container.name), container.image
        for entry in container.env or ():
            yield EnvField(container.name, entry.name), entry.value
        resources = container.resources or _Resources()
        for kind, amounts in ((Amount.REQUESTS, resources.requests), (Amount.LIMITS, resources.limits)):
            for name, written in (amounts or {}).items():
                yield ResourceField(container.name, kind, name), None if written is None else str(written)
