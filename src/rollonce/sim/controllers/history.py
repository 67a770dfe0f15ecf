"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had (pkg/controller/history)."""

from __future__ import annotations

from rollonce.sim import pods
from rollonce.sim.controllers import replicasets_of
from rollonce.sim.controllers.work import PODS, REVISIONS, Work, owned_by
from rollonce.sim.store import Object

LABEL = "controller-revision-hash"


def current(work: Work, kind: str, thing: Object) -> tuple[Object, list[Object], int]:
    """The revision of the template of now, all of them in their order, and the count of collisions.

    An equal revision is used again under the next number (stateful_set_control.go, getStatefulSetRevisions;
    daemon/update.go, constructHistory).
    """
    metadata, collisions = thing["metadata"], int(thing.get("status", {}).get("collisionCount", 0))
    known = sorted(work.controlled(metadata["uid"], REVISIONS), key=lambda revision: int(revision["revision"]))
    template = thing["spec"]["template"]
    wanted = replicasets_of.comparable(template)
    equal = [r for r in known if replicasets_of.comparable(template_of(r)) == wanted]
    if equal:
        found = equal[-1]
        if found is not known[-1]:
            found = work.update(REVISIONS, {**found, "revision": known[-1]["revision"] + 1})
            known = [r for r in known if r is not equal[-1]] + [found]
        return found, known, collisions
    name, digest = "", ""
    while not name:
        digest = replicasets_of.name_hash(template, collisions)
        name = f"{metadata['name']}-{digest}"
        if any(r["metadata"]["name"] == name for r in known):
            name, collisions = "", collisions + 1
    labels = {**(template.get("metadata", {}).get("labels") or {}), LABEL: digest if kind == "DaemonSet" else name}
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"labels": labels, "ownerReferences": [owned_by(thing, kind)]},
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": known[-1]["revision"] + 1 if known else 1,
    }
    if metadata.get("annotations"):
        made["metadata"]["annotations"] = metadata["annotations"]
    revision = work.create(REVISIONS, metadata["namespace"], name, made)
    return revision, [*known, revision], collisions


def template_of(revision: Object) -> Object:
    """The pod template that a revision holds."""
    return {name: part for name, part in revision["data"]["spec"]["template"].items() if name != "$patch"}


def label(revision: Object) -> str:
    """The value of the label that pods of a revision carry."""
    return str(revision["metadata"]["labels"].get(LABEL) or revision["metadata"]["name"])


def clean(work: Work, thing: Object, known: list[Object], live: set[str]) -> None:
    """Deletes the oldest beyond revisionHistoryLimit that no pod uses."""
    limit = thing["spec"].get("revisionHistoryLimit", 10)
    spare = [revision for revision in known if label(revision) not in live]
    for revision in spare[: max(len(spare) - int(limit), 0)]:
        work.delete(REVISIONS, revision)


def owned_pods(work: Work, thing: Object) -> list[Object]:
    """Its pods that have not finished."""
    return [pod for pod in work.controlled(thing["metadata"]["uid"], PODS) if not pods.is_finished(pod)]
