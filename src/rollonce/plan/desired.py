"""Desired state: all edits of one deploy, and what they come to for one workload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from rollonce.errors import ContradictingEdits
from rollonce.model import credential
from rollonce.model.deploy import DEPLOY_ID, RESTARTED_BY
from rollonce.model.edit import (
    EVERY_CONTAINER,
    RESTARTED_AT,
    ContainerEdit,
    Edit,
    EnvEdit,
    ImageEdit,
    MetadataEdit,
    Place,
    ResourceEdit,
    RestartEdit,
)
from rollonce.model.reference import Named
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan.field import EnvField, Field, ImageField, MetadataField, ResourceField, Wanted, want


@dataclass(frozen=True, slots=True)
class Desired:
    """The edits of one deploy; no two of them contradict each other."""

    edits: tuple[Edit, ...]

    @classmethod
    def of(cls, edits: Iterable[Edit], *, act: str) -> Desired:
        """Edits without repetitions.

        Raises ContradictingEdits, naming both, where two that are equally specific differ.
        """
        said: dict[tuple[Named | None, Field], Edit] = {}
        for edit in edits:
            first = said.setdefault((edit.workload, _field(edit)), edit)
            if _value(first) != _value(edit):
                things = "images" if isinstance(edit, ImageEdit) else "values"
                example = "container=image" if isinstance(edit, ImageEdit) else "..."
                raise ContradictingEdits(
                    f"{first.origin} and {edit.origin} want different {things} for {first.target}",
                    act=act,
                    hint=f"give one of them, or a more specific pair such as deployment/x:{example}",
                )
        return cls(tuple(said.values()))

    @property
    def of_containers(self) -> tuple[ContainerEdit, ...]:
        """The edits that name a container."""
        return tuple(e for e in self.edits if isinstance(e, ImageEdit | EnvEdit | ResourceEdit))

    @property
    def only_images(self) -> bool:
        """Whether nothing else is wanted."""
        return all(isinstance(e, ImageEdit) for e in self.edits)

    @property
    def secrets(self) -> frozenset[str]:
        """The wanted values that look like credentials, to be kept out of what others say."""
        variables = (e for e in self.edits if isinstance(e, EnvEdit) and e.value is not None)
        others = (e.value for e in self.edits if isinstance(e, MetadataEdit) and e.value is not None)
        named = {e.value for e in variables if e.value and credential.looks_like_one(e.name, e.value)}
        return frozenset(named | {value for value in others if credential.by_form(value)})

    def for_container(self, key: WorkloadKey, container: str) -> ImageEdit | None:
        """The edit of the image that holds for a container, None where no edit is meant for it.

        The more specific edit wins: one workload over all, then a name over `*`.
        """
        images = [e for e in self.edits if isinstance(e, ImageEdit) and scope_takes(e, key)]
        return max((e for e in images if e.container in (EVERY_CONTAINER, container)), key=_specificity, default=None)


def scope_takes(edit: Edit, key: WorkloadKey) -> bool:
    """Whether the edit is meant for that workload at all."""
    return edit.workload is None or edit.workload == Named(key.kind_name, key.name)


def wanted(workload: Workload, desired: Desired, *, restarted_by: str) -> tuple[Wanted, ...]:
    """What is wanted of each field that an edit is meant for, already true or not, in an order of its own.

    A restart is wanted no more where the deploy `restarted_by` has made it.
    """
    chosen: dict[Field, Edit] = {}
    for edit in desired.edits:
        if scope_takes(edit, workload.key):
            for field in _fields_there(edit, workload):
                known = chosen.get(field)
                if known is None or _specificity(edit) > _specificity(known):
                    chosen[field] = edit
    order = {container.name: i for i, container in enumerate(workload.containers)}
    ranked = sorted(chosen, key=lambda field: _rank(field, order))
    return tuple(want(workload, field, _value_there(chosen[field], workload, restarted_by)) for field in ranked)


def absent_containers(workload: Workload, edits: Sequence[ContainerEdit]) -> tuple[ContainerEdit, ...]:
    """The edits that are meant for this workload and name a container that it lacks."""
    names = {c.name for c in workload.containers} | {EVERY_CONTAINER}
    return tuple(e for e in edits if scope_takes(e, workload.key) and e.container not in names)


def restart_is_void(workload: Workload, desired: Desired) -> bool:
    """Whether a restart is asked of a workload that has no pods of its own to restart."""
    meant = any(isinstance(e, RestartEdit) and scope_takes(e, workload.key) for e in desired.edits)
    return meant and isinstance(workload.behaviour, CronJob)


def _field(edit: Edit, container: str = "") -> Field:
    """The field that an edit is meant for, in the container that is given or that it names."""
    match edit:
        case ImageEdit(container=named):
            return ImageField(container or named)
        case EnvEdit(container=named, name=name):
            return EnvField(container or named, name)
        case ResourceEdit(container=named, amount=amount, name=name):
            return ResourceField(container or named, amount, name)
        case MetadataEdit(place=place, name=name):
            return MetadataField(place, name)
        case RestartEdit():
            return MetadataField(Place.ANNOTATION, RESTARTED_AT)
        case _ as never:
            assert_never(never)


def _fields_there(edit: Edit, workload: Workload) -> Iterator[Field]:
    match edit:
        case ImageEdit() | EnvEdit() | ResourceEdit():
            for container in workload.containers:
                if edit.container in (EVERY_CONTAINER, container.name):
                    yield _field(edit, container.name)
        case MetadataEdit():
            yield _field(edit)
        case RestartEdit():
            if not isinstance(workload.behaviour, CronJob):
                yield _field(edit)
        case _ as never:
            assert_never(never)


def _value(edit: Edit) -> str | None:
    match edit:
        case ImageEdit(image=image):
            return image
        case EnvEdit(value=value) | ResourceEdit(value=value) | MetadataEdit(value=value):
            return value
        case RestartEdit(moment=moment):
            return moment
        case _ as never:
            assert_never(never)


def _value_there(edit: Edit, workload: Workload, restarted_by: str) -> str | None:
    if isinstance(edit, RestartEdit) and restarted_by:
        # Annotations travel with an undo, so both have to be of this deploy.
        marks = {workload.annotation(DEPLOY_ID), workload.annotation(RESTARTED_BY)}
        done = ((workload.template.metadata or {}).get("annotations") or {}).get(RESTARTED_AT)
        if marks == {restarted_by} and done is not None:
            return done
    return _value(edit)


def _specificity(edit: Edit) -> tuple[bool, bool]:
    named = isinstance(edit, ImageEdit | EnvEdit | ResourceEdit) and edit.container != EVERY_CONTAINER
    return edit.workload is not None, named


def _rank(field: Field, order: dict[str, int]) -> tuple[int, int, str, str]:
    """Containers in their order, in each its image, environment and resources; then labels and annotations."""
    match field:
        case ImageField(container=container):
            return order[container], 0, "", ""
        case EnvField(container=container, name=name):
            return order[container], 1, "", name
        case ResourceField(container=container, amount=amount, name=name):
            return order[container], 2, amount, name
        case MetadataField(place=place, name=name):
            return len(order), list(Place).index(place), "", name
        case _ as never:
            assert_never(never)
