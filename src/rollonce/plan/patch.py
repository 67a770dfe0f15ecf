"""The one conditional patch: JSON Patch with a `test` for everything that the decision rests on.

A JSON Patch is applied as a whole or not at all, and the API server applies it anew to the newest
object where somebody wrote meanwhile
(kubernetes/kubernetes, staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go), so the
tests are compare-and-set on the fields and not on the object.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rollonce.model.deploy import COMMIT, DEPLOY_ID, Deploy
from rollonce.model.workload import Workload
from rollonce.plan.desired import Wanted

_encode = msgspec.json.Encoder().encode
_ANNOTATIONS = "/metadata/annotations"


def build(workload: Workload, wanted: Iterable[Wanted], deploy: Deploy) -> bytes:
    """The JSON Patch that makes `wanted` true of the workload as it was read, and writes the deploy's annotations."""
    wanted = tuple(wanted)
    template = workload.template_pointer
    operations: list[dict[str, Any]] = [_test("/metadata/uid", workload.uid)]
    for want in wanted:
        at = f"{template}/{want.container.pointer}"
        operations += (_test(f"{at}/name", want.container.name), _test_image(at, want.container.image))
    operations += _deploy_annotations(workload, deploy)
    for want in wanted:
        if want.differs:
            # `add` on a member replaces it, and unlike `replace` it also works where there is none.
            operations.append(_add(f"{template}/{want.container.pointer}/image", want.image))
    return _encode(operations)


def _test_image(at: str, image: str) -> dict[str, Any]:
    # A container without an image (an admission webhook may fill it in) has no such member.
    return _test(f"{at}/image", image or None)


def _deploy_annotations(workload: Workload, deploy: Deploy) -> list[dict[str, Any]]:
    values = {DEPLOY_ID: deploy.id} | ({COMMIT: deploy.commit} if deploy.commit else {})
    if workload.annotations is None:
        # There is no map to add to. Adding one would wipe a racing writer's, so its absence is tested.
        return [_test(_ANNOTATIONS, None), _add(_ANNOTATIONS, values)]
    operations = [_test(_annotation(DEPLOY_ID), workload.annotation(DEPLOY_ID))]
    operations += [_add(_annotation(name), value) for name, value in values.items()]
    stale = workload.annotation(COMMIT)
    if stale is not None and not deploy.commit:
        # The last deploy's commit beside this deploy's id would be a lie.
        operations += [_test(_annotation(COMMIT), stale), {"op": "remove", "path": _annotation(COMMIT)}]
    return operations


def _annotation(name: str) -> str:
    return f"{_ANNOTATIONS}/{name.replace('~', '~0').replace('/', '~1')}"


def _test(path: str, value: object) -> dict[str, Any]:
    """A `test`; the value None passes where there is no such member (verified, tests/cluster)."""
    return {"op": "test", "path": path, "value": value}


def _add(path: str, value: object) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}
