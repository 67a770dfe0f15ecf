"""Typos: edits and references that nothing takes. Known before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rollonce.errors import AbsentWorkload, UnknownContainer
from rollonce.model.edit import EVERY_CONTAINER, Edit, ImageEdit, MetadataEdit, PatchEdit, RestartEdit
from rollonce.model.nearest import nearest
from rollonce.model.reference import Named
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan.desired import Desired, scope_takes


def check_containers(live: Sequence[Workload], absent: Collection[WorkloadKey], desired: Desired, *, act: str) -> None:
    """Raises UnknownContainer where an edit is taken by no workload that is there.

    It is no typo where a named workload is absent that may have had the container (staging lacks
    one, and the command is that of production): an edit for just that workload, or one for all
    whose name is like none that is there. Nor is it one where the edit is optional.
    """
    gone = {Named(key.kind_name, key.name) for key in absent}
    lost = [e for e in desired.edits if not _taken(e, live) and not _explained(e, live, gone)]
    lost = [e for e in lost if not (isinstance(e, ImageEdit) and e.optional)]
    if not lost:
        return
    raise UnknownContainer(
        "; ".join(_explain(edit, live) for edit in lost),
        act=act,
        hint="fix the name, or pass --allow-unmatched",
    )


def check_absent(absent: Collection[WorkloadKey], *, act: str) -> None:
    """Raises AbsentWorkload where any named workload does not exist (for `--strict`)."""
    if absent:
        names = ", ".join(str(key) for key in sorted(absent))
        raise AbsentWorkload(
            f"not there: {names}", act=act, hint="fix the name, or leave --strict out to skip what is absent"
        )


def _taken(edit: Edit, live: Sequence[Workload]) -> bool:
    takers = [w for w in live if scope_takes(edit, w.key)]
    if isinstance(edit, MetadataEdit | RestartEdit | PatchEdit) or edit.container == EVERY_CONTAINER:
        return bool(takers)
    return any(w.container(edit.container) is not None for w in takers)


def _explained(edit: Edit, live: Sequence[Workload], gone: Collection[Named]) -> bool:
    if edit.workload is not None:
        return edit.workload in gone
    if isinstance(edit, MetadataEdit | RestartEdit | PatchEdit):
        return True  # it is for every workload, and there is none
    return bool(gone) and nearest(edit.container, {c.name for w in live for c in w.containers}) is None


def _explain(edit: Edit, live: Sequence[Workload]) -> str:
    takers = [w for w in live if scope_takes(edit, w.key)]
    if not takers or isinstance(edit, MetadataEdit | RestartEdit | PatchEdit):
        return f"{edit.origin} is for {edit.workload}, which is not among the workloads of this run"
    names = sorted({c.name for w in takers for c in w.containers})
    who = f"{takers[0].key} has no" if edit.workload else "no workload has a"
    close = nearest(edit.container, names)
    guess = f' (did you mean "{close}"?)' if close else ""
    return f'{who} container named "{edit.container}"{guess}; there are: {", ".join(names)}'
