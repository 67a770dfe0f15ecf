"""From a live object and what the API server makes of its manifest, in a trial, to one operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rollonce.model import decode
from rollonce.model.deploy import OWN_ANNOTATIONS, ROLLS
from rollonce.model.workload import Workload
from rollonce.plan import configs, cost, decide, difference, ownership
from rollonce.plan.configs import Config
from rollonce.plan.decide import Wish
from rollonce.plan.difference import Difference
from rollonce.plan.folding import Folded
from rollonce.plan.objects import ObjectApply, ObjectOperation, ObjectSkip
from rollonce.plan.operation import (
    Apply,
    Change,
    Cost,
    Create,
    Disruption,
    ImageChange,
    Note,
    ObjectChange,
    Operation,
    Refuse,
    Remark,
    Skip,
    SkipReason,
    TemplateChange,
)

SKIPPING = "already as its manifest has it, skipping"
OF_NEW = Cost(Disruption.NONE, "it is new, nothing that runs is touched")
OF_REST = Cost(Disruption.NONE, "the pod template stays as it is, nothing restarts")
OF_OWNERSHIP = Cost(Disruption.NONE, "only who owns its fields changes, nothing restarts")
# What the server counts and notes of its own.
_COUNTED = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Trial:
    """What the server makes of the manifest, None where nothing could be tried; `force` as it was needed.

    Where the ownership of fields has to move first, it is what comes of both.
    """

    answer: Any = field(repr=False)
    force: bool = False


def of_object(folded: Folded, trial: Trial) -> ObjectOperation:
    """The operation for an object that is no workload."""
    key = folded.thing.key
    if folded.live is None:
        # Nobody runs with it yet, so there is nothing to roll for it.
        return ObjectApply(key, (), folded.body(rolls=False), creates=True, force=trial.force)
    found = difference.between(_encode(_rest(folded.live)), _encode(_rest(trial.answer)))
    if not found and not ownership.claims_more(trial.answer, folded.live):
        return ObjectSkip(key)
    fields, body = tuple(d.words for d in found), folded.body(rolls=any(map(_of_data, found)))
    return ObjectApply(key, fields, body, creates=False, force=trial.force, takes=ownership.migration(folded.live))


def config(folded: Folded, trial: Trial) -> Config:
    """A ConfigMap or Secret as what may roll a workload."""
    live = folded.live
    if live is None or trial.answer is None:
        return Config(configs.digest(folded.still), due=False)
    changed = any(map(_of_data, difference.between(_encode(_rest(live)), _encode(_rest(trial.answer)))))
    marked = ROLLS in (live["metadata"].get("annotations") or {})
    return Config(configs.digest(folded.still), due=changed or marked)


def _of_data(one: Difference) -> bool:
    return one.pointer.split("/")[1] in ("data", "binaryData")


def of_workload(folded: Folded, live: Workload | None, trial: Trial, wish: Wish) -> Operation:
    """The operation for a workload; `live` is `folded.live` as we read it, with what was found out of its claims."""
    if folded.base is None or folded.thing.kind is None:
        raise AssertionError(f"{folded.thing.key} is no workload")
    remarks = (*decide.remarks_of(folded.base, wish.desired), *(Remark(Note.REPLICAS, n) for n in folded.notes))
    key, kind = folded.thing.workload_key, folded.thing.kind
    if live is None:
        expected = decode.workload(kind, _encode(trial.answer)).template.raw if trial.answer else None
        images = tuple(ImageChange(c.name, c.role, "", c.image) for c in folded.base.containers)
        return Create(key, images, folded.body(rolls=True), OF_NEW, expected, remarks)
    becomes = decode.workload(kind, _encode(trial.answer))
    inside = difference.between(live.template.raw, becomes.template.raw)
    outside = difference.between(_encode(_rest(folded.live, live)), _encode(_rest(trial.answer, live)))
    changes = (*_template_changes(live, becomes, inside), *(ObjectChange(d.words, d.old, d.new) for d in outside))
    if not changes and not ownership.claims_more(trial.answer, folded.live):
        return Skip(key, SkipReason.CONVERGED, SKIPPING, live, remarks)
    why_not = decide.refusal(live, wish, (), in_template=bool(inside))
    if why_not is not None:
        return Refuse(key, live, why_not.reason, why_not.detail, changes, why_not.hint, remarks)
    return Apply(
        key,
        live,
        changes,
        folded.body(rolls=bool(inside)),
        cost.of_change(live) if inside else (OF_REST if outside else OF_OWNERSHIP),
        in_template=bool(inside),
        expected=becomes.template.raw,
        force=trial.force,
        takes=ownership.migration(folded.live),
        remarks=remarks,
    )


def _template_changes(live: Workload, becomes: Workload, differences: Iterable[Difference]) -> Iterator[Change]:
    """Images as images, all else by its place."""
    images = {f"/spec/{c.pointer}/image": c for c in becomes.containers}
    for one in differences:
        container = images.get(one.pointer)
        before = live.container(container.name) if container else None
        if container is not None and before is not None:
            yield ImageChange(container.name, container.role, before.image, container.image)
        else:
            yield TemplateChange(one.words, one.old, one.new)


def _rest(thing: Any, workload: Workload | None = None) -> Any:
    """What is compared of an object: without what the server counts, our own marks, and a workload's template."""
    metadata = {name: value for name, value in thing["metadata"].items() if name not in _COUNTED}
    noted = metadata.pop("annotations", None) or {}
    noted = {name: value for name, value in noted.items() if name not in OWN_ANNOTATIONS}
    if noted:
        metadata["annotations"] = noted
    rest = {name: value for name, value in thing.items() if name != "status"} | {"metadata": metadata}
    return rest if workload is None else _without(rest, workload.template_pointer.split("/")[1:])


def _without(thing: Any, path: list[str]) -> Any:
    head, *deeper = path
    if not isinstance(thing, dict) or head not in thing:
        return thing
    if not deeper:
        return {name: value for name, value in thing.items() if name != head}
    return {**thing, head: _without(thing[head], deeper)}
