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
    PatchEdit,
    Place,
    ResourceEdit,
    RestartEdit,
    SingleEdit,
)
from rollonce.model.reference import Named
from rollonce.model.workload import CronJob, Workload, WorkloadKey
from rollonce.plan import said
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
        known: dict[tuple[Named | None, Field], SingleEdit] = {}
        patches: dict[Named | None, PatchEdit] = {}
        for edit in edits:
            if isinstance(edit, PatchEdit):
                other = patches.setdefault(edit.workload, edit)
                if other != edit:
                    raise ContradictingEdits(
                        f"{other.origin} and {edit.origin} are both for {edit.target}",
                        act=act,
                        hint="put them into one file, or make one more specific: --patch deployment/x:FILE",
                    )
                continue
            first = known.setdefault((edit.workload, _field(edit)), edit)
            if _value(first) != _value(edit):
                raise _contradiction(first, edit, act)
        for patch in patches.values():
            _hold_against(patch, known.values(), act)
        return cls((*known.values(), *patches.values()))

    def patch_for(self, key: WorkloadKey) -> PatchEdit | None:
        """The part of a template that is to be merged into this workload's: of several the more specific one."""
        meant = (e for e in self.edits if isinstance(e, PatchEdit) and scope_takes(e, key))
        return max(meant, key=lambda e: e.workload is not None, default=None)

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
        pairs = [(e.name, e.value or "") for e in variables]
        for patch in (e for e in self.edits if isinstance(e, PatchEdit)):
            pairs += [(of.name, value) for of, value in said.variables(patch).items()]
        texts = [text for e in self.edits if isinstance(e, PatchEdit) for text in said.strings(e)]
        named = {value for name, value in pairs if credential.looks_like_one(name, value)}
        return frozenset(named | {value for value in (*others, *texts) if credential.by_form(value)})


def scope_takes(edit: Edit, key: WorkloadKey) -> bool:
    """Whether the edit is meant for that workload at all."""
    return edit.workload is None or edit.workload == Named(key.kind_name, key.name)


def wanted(workload: Workload, desired: Desired, *, restarted_by: str) -> tuple[Wanted, ...]:
    """What is wanted of each field that an edit is meant for, already true or not, in an order of its own.

    A restart is wanted no more where the deploy `restarted_by` has made it.
    """
    chosen: dict[Field, SingleEdit] = {}
    for edit in desired.edits:
        if scope_takes(edit, workload.key) and not isinstance(edit, PatchEdit):
            for field in _fields_there(edit, workload):
                known = chosen.get(field)
                if known is None or _specificity(edit) > _specificity(known):
                    chosen[field] = edit
    patch = desired.patch_for(workload.key)
    for field in said.by(patch) if patch else ():
        # A part of a template names its containers.
        if field in chosen and _specificity(chosen[field]) < (patch is not None and patch.workload is not None, True):
            del chosen[field]
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


def _field(edit: SingleEdit, container: str = "") -> Field:
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


def _fields_there(edit: SingleEdit, workload: Workload) -> Iterator[Field]:
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


def _value(edit: SingleEdit) -> str | None:
    match edit:
        case ImageEdit(image=image):
            return image
        case EnvEdit(value=value) | ResourceEdit(value=value) | MetadataEdit(value=value):
            return value
        case RestartEdit(moment=moment):
            return moment
        case _ as never:
            assert_never(never)


def _value_there(edit: SingleEdit, workload: Workload, restarted_by: str) -> str | None:
    if isinstance(edit, RestartEdit) and restarted_by:
        # Annotations travel with an undo, so both have to be of this deploy.
        marks = {workload.annotation(DEPLOY_ID), workload.annotation(RESTARTED_BY)}
        done = ((workload.template.metadata or {}).get("annotations") or {}).get(RESTARTED_AT)
        if marks == {restarted_by} and done is not None:
            return done
    return _value(edit)


def _specificity(edit: SingleEdit) -> tuple[bool, bool]:
    in_every = isinstance(edit, ImageEdit | EnvEdit | ResourceEdit) and edit.container == EVERY_CONTAINER
    return edit.workload is not None, not in_every


def _contradiction(first: SingleEdit, second: SingleEdit, act: str) -> ContradictingEdits:
    things, example = ("images", "container=image") if isinstance(second, ImageEdit) else ("values", "...")
    return ContradictingEdits(
        f"{first.origin} and {second.origin} want different {things} for {first.target}",
        act=act,
        hint=f"give one of them, or a more specific pair such as deployment/x:{example}",
    )


def _hold_against(patch: PatchEdit, edits: Iterable[SingleEdit], act: str) -> None:
    """Raises ContradictingEdits where an equally specific edit wants another value for a field of the part."""
    says = said.by(patch)
    for edit in edits:
        of = _field(edit)
        if edit.workload == patch.workload and of in says and not said.same(of, says[of], _value(edit)):
            raise ContradictingEdits(
                f"{patch.origin} and {edit.origin} want different values for {edit.target}",
                act=act,
                hint="leave it to one of them, or make one more specific by kind/name:",
            )


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
