"""Desired state: all edits of one deploy, and what they come to for one workload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollonce.errors import ContradictingEdits
from rollonce.model.edit import EVERY_CONTAINER, ImageEdit
from rollonce.model.reference import Named
from rollonce.model.workload import Container, Workload, WorkloadKey


@dataclass(frozen=True, slots=True)
class Desired:
    """The edits of one deploy; no two of them contradict each other."""

    images: tuple[ImageEdit, ...]

    @classmethod
    def of(cls, edits: Iterable[ImageEdit], *, act: str) -> Desired:
        """Edits without repetitions.

        Raises ContradictingEdits, naming both, where two that are equally specific differ.
        """
        said: dict[tuple[Named | None, str], ImageEdit] = {}
        for edit in edits:
            first = said.setdefault((edit.workload, edit.container), edit)
            if first.image != edit.image:
                raise ContradictingEdits(
                    f"{first.origin} and {edit.origin} want different images for {edit.target}",
                    act=act,
                    hint="give one of them, or a more specific pair such as deployment/x:container=image",
                )
        return cls(tuple(said.values()))

    def for_container(self, key: WorkloadKey, container: str) -> ImageEdit | None:
        """The edit that holds for a container, None where no edit is meant for it.

        The more specific edit wins: one workload over all, then a name over `*`.
        """
        meant = [e for e in self.images if _matches(e, key, container)]
        return max(meant, key=_specificity, default=None)


def _matches(edit: ImageEdit, key: WorkloadKey, container: str) -> bool:
    return scope_takes(edit, key) and edit.container in (EVERY_CONTAINER, container)


def scope_takes(edit: ImageEdit, key: WorkloadKey) -> bool:
    """Whether the edit is meant for that workload at all."""
    return edit.workload is None or edit.workload == Named(key.kind_name, key.name)


def _specificity(edit: ImageEdit) -> tuple[bool, bool]:
    return edit.workload is not None, edit.container != EVERY_CONTAINER


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container of a live workload, and the image that it should have."""

    container: Container
    image: str

    @property
    def differs(self) -> bool:
        """Whether the live image is another one."""
        return self.container.image != self.image


def wanted(workload: Workload, desired: Desired) -> tuple[Wanted, ...]:
    """What is wanted of each container that an edit is meant for, already true or not."""
    found = ((c, desired.for_container(workload.key, c.name)) for c in workload.containers)
    return tuple(Wanted(container, edit.image) for container, edit in found if edit is not None)


def absent_containers(workload: Workload, edits: Sequence[ImageEdit]) -> tuple[ImageEdit, ...]:
    """The edits that are meant for this workload and name a container that it lacks."""
    names = {c.name for c in workload.containers} | {EVERY_CONTAINER}
    return tuple(e for e in edits if scope_takes(e, workload.key) and e.container not in names)
