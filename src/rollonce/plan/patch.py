"""The one conditional patch: JSON Patch with a `test` for everything that the decision rests on.

A JSON Patch is applied as a whole or not at all, and the API server applies it anew to the newest
object where somebody wrote meanwhile
(kubernetes/kubernetes, staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go), so the
tests are compare-and-set on the fields and not on the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from rollonce.model.deploy import COMMIT, DEPLOY_ID, RESTARTED_BY, Deploy
from rollonce.model.edit import RESTARTED_AT, Place
from rollonce.model.workload import Container, Workload
from rollonce.plan import environment, jsonpatch
from rollonce.plan.difference import Difference
from rollonce.plan.field import EnvField, ImageField, MetadataField, ResourceField, Wanted
from rollonce.plan.jsonpatch import Operation, Part, add, test

_encode = msgspec.json.Encoder().encode


def build(workload: Workload, wanted: Iterable[Wanted], deploy: Deploy) -> bytes:
    """The JSON Patch that makes `wanted` true of the workload as it was read.

    Where it changes the template, the deploy's annotations are written with it.
    """
    wanted = tuple(wanted)
    changes = [want for want in wanted if want.differs and want.in_template]
    return _encode(_guarded(workload, _template(workload, wanted), _own(workload, wanted, deploy, changes)))


def template_after(merged: Workload, wanted: Iterable[Wanted]) -> bytes:
    """A pod template, as JSON, in which `wanted` is true."""
    start = len(merged.template_pointer)
    writes = ({**write, "path": write["path"][start:]} for write in _template(merged, tuple(wanted)).writes)
    return _encode(jsonpatch.applied(msgspec.json.decode(merged.template.raw), writes))


def build_whole(
    workload: Workload, wanted: Iterable[Wanted], deploy: Deploy, differences: Iterable[Difference]
) -> bytes:
    """The JSON Patch for a template that comes from the API server, with `wanted` in it already.

    What the server made of it rests on the whole live template, so that is what is tested.
    """
    wanted, differences = tuple(wanted), tuple(differences)
    at = workload.template_pointer
    whole = Part([test(at, msgspec.Raw(workload.template.raw))], [d.operation(at) for d in differences])
    # Without a difference the edits only put back what the part would change.
    changes = [want for want in wanted if want.differs and want.in_template] if differences else []
    return _encode(_guarded(workload, whole, _own(workload, wanted, deploy, changes, differs=bool(differences))))


def _guarded(workload: Workload, template: Part, own: Part) -> list[Operation]:
    uid = test("/metadata/uid", workload.uid)
    return [uid, *template.tests, *own.tests, *own.writes, *template.writes]


def _template(workload: Workload, wanted: Sequence[Wanted]) -> Part:
    part = Part()
    for container in workload.containers:
        wants = [w for w in wanted if not isinstance(w.field, MetadataField) and w.field.container == container.name]
        if wants:
            part += _container(f"{workload.template_pointer}/spec/{container.pointer}", container, wants)
    part += _pods(workload, wanted)
    return part


def _container(at: str, container: Container, wants: Sequence[Wanted]) -> Part:
    part = Part([test(f"{at}/name", container.name)])
    variables: dict[str, str | None] = {}
    amounts: dict[str, dict[str, tuple[Any, Any]]] = {}
    for want in wants:
        match want.field:
            case ImageField():
                # A container without an image (an admission webhook may fill it in) has no such member.
                part.tests.append(test(f"{at}/image", container.image or None))
                if want.differs:
                    part.writes.append(add(f"{at}/image", want.new))
            case EnvField(name=name):
                variables[name] = want.new
            case ResourceField(amount=amount, name=name):
                old = ((container.resources or {}).get(amount) or {}).get(name)
                amounts.setdefault(amount, {})[name] = (old, want.new if want.differs else old)
            case MetadataField():
                pass  # of no container
    if variables:
        part += environment.part(f"{at}/env", container, variables)
    if amounts:
        part += jsonpatch.of_maps(f"{at}/resources", container.resources, amounts)
    return part


def _pods(workload: Workload, wanted: Sequence[Wanted]) -> Part:
    """Labels and annotations of the pod template."""
    maps = {"labels": _members(wanted, Place.LABEL), "annotations": _members(wanted, Place.ANNOTATION)}
    maps = {name: members for name, members in maps.items() if members}
    return (
        jsonpatch.of_maps(f"{workload.template_pointer}/metadata", workload.template.metadata, maps) if maps else Part()
    )


def _own(
    workload: Workload, wanted: Sequence[Wanted], deploy: Deploy, changes: Sequence[Wanted], *, differs: bool = False
) -> Part:
    """Labels and annotations of the workload itself, the deploy's among them where the template changes."""
    part = Part()
    labels = _members(wanted, Place.WORKLOAD_LABEL)
    if labels:
        part += jsonpatch.of_map("/metadata/labels", workload.labels is not None, labels)
    annotations = _members(wanted, Place.WORKLOAD_ANNOTATION)
    if changes or differs:
        # The deploy's id is evidence of a changed template: of other changes it would be a false one.
        annotations |= _of_deploy(workload, deploy, restarts=any(_restarts(want) for want in changes))
    if annotations:
        part += jsonpatch.of_map("/metadata/annotations", workload.annotations is not None, annotations)
    return part


def _members(wanted: Sequence[Wanted], place: Place) -> dict[str, tuple[Any, Any]]:
    found = (w for w in wanted if isinstance(w.field, MetadataField) and w.field.place is place)
    return {w.field.name: (w.old, w.new) for w in found if isinstance(w.field, MetadataField)}


def _restarts(want: Wanted) -> bool:
    return want.field == MetadataField(Place.ANNOTATION, RESTARTED_AT) and want.new is not None


def _of_deploy(workload: Workload, deploy: Deploy, *, restarts: bool) -> dict[str, tuple[Any, Any]]:
    values: dict[str, str | None] = {DEPLOY_ID: deploy.id}
    if deploy.commit or workload.annotation(COMMIT) is not None:
        # Without a commit of its own, the last deploy's beside this deploy's id would be a lie.
        values[COMMIT] = deploy.commit or None
    if restarts:
        values[RESTARTED_BY] = deploy.id
    return {name: (workload.annotation(name), value) for name, value in values.items()}
