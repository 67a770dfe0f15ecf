"""Fields of one live workload that edits are meant for, and what is wanted of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import assert_never

from rollonce.model import amount, credential
from rollonce.model.edit import Amount, Place
from rollonce.model.workload import Container, Variable, Workload


@dataclass(frozen=True, slots=True, order=True)
class ImageField:
    """The image of a container."""

    container: str


@dataclass(frozen=True, slots=True, order=True)
class EnvField:
    """An environment variable of a container."""

    container: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class ResourceField:
    """A request or limit of a container."""

    container: str
    amount: Amount
    name: str


@dataclass(frozen=True, slots=True, order=True)
class MetadataField:
    """A label or annotation."""

    place: Place
    name: str


Field = ImageField | EnvField | ResourceField | MetadataField


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field of a live workload, its value there and the one that it should have; None is no value.

    `differs` is not `old != new`: amounts may be written differently, and a variable that takes its
    value from elsewhere, from `source`, has none to compare.
    """

    field: Field
    old: str | None = dataclasses.field(repr=False)
    new: str | None = dataclasses.field(repr=False)
    differs: bool
    source: str = ""

    @property
    def in_template(self) -> bool:
        """Whether a change of it changes the pod template."""
        return in_template(self.field)


def in_template(of: Field) -> bool:
    """Whether the field is a part of the pod template."""
    return not isinstance(of, MetadataField) or of.place.in_template


def want(workload: Workload, of: Field, value: str | None) -> Wanted:
    """What is wanted of a field, beside what it is now. A container that is named has to be there."""
    match of:
        case ImageField(container=name):
            image = _container(workload, name).image
            return Wanted(of, image, value, image != value)
        case EnvField(container=container, name=name):
            entry = last(_container(workload, container), name)
            differs = entry is not None if value is None else entry is None or entry.value != value
            old, source = (entry.value, entry.source) if entry else (None, "")
            return Wanted(of, old, value, differs, source)
        case ResourceField(container=container, amount=group, name=name):
            written = ((_container(workload, container).resources or {}).get(group) or {}).get(name)
            old = None if written is None else str(written)
            return Wanted(of, old, value, not amount.equal(written, value))
        case MetadataField(place=place, name=name):
            old = (metadata(workload, place) or {}).get(name)
            return Wanted(of, old, value, old != value)
        case _ as never:
            assert_never(never)


def metadata(workload: Workload, place: Place) -> dict[str, str] | None:
    """A map of labels or annotations, None where there is none."""
    pods = workload.template.metadata or {}
    match place:
        case Place.LABEL:
            found = pods.get("labels")
        case Place.ANNOTATION:
            found = pods.get("annotations")
        case Place.WORKLOAD_LABEL:
            found = workload.labels
        case Place.WORKLOAD_ANNOTATION:
            found = workload.annotations
        case _ as never:
            assert_never(never)
    return None if found is None else dict(found)


def last(container: Container, name: str) -> Variable | None:
    """The entry of that name which counts: of several it is the last."""
    return next((entry for entry in reversed(container.env or ()) if entry.name == name), None)


def shown(of: Field, value: str | None) -> str | None:
    """A value as it may be shown."""
    if value is None:
        return None
    match of:
        case EnvField(name=name):
            return credential.shown(name, value)
        case MetadataField():
            # Annotations are full of digests; only what is surely a credential is hidden.
            return credential.HIDDEN if credential.by_form(value) else value
        case ImageField() | ResourceField():
            return value
        case _ as never:
            assert_never(never)


def _container(workload: Workload, name: str) -> Container:
    found = workload.container(name)
    if found is None:
        raise AssertionError(f"{workload.key} has no container {name}")
    return found
