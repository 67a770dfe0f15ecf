"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had (pkg/controller/history)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rollonce.sim import pods
from rollonce.sim.controllers import replicasets_of
from rollonce.sim.controllers.work import PODS, REVISIONS, Work, owned_by
from rollonce.sim.store import Key, Object

# Of pods: a StatefulSet writes the name of the revision, a DaemonSet its hash, into its revisions too.
LABEL = "controller-revision-hash"
# Of the revisions of a StatefulSet (pkg/controller/history/controller_history.go, ControllerRevisionHashLabel).
HASH = "controller.kubernetes.io/hash"


class History(NamedTuple):
    """The revision of the template of now, all of them in their order, and the count of collisions."""

    update: Object
    known: list[Object]
    collisions: int


def of_statefulset(work: Work, thing: Object) -> History:
    """stateful_set_control.go, getStatefulSetRevisions: an equal revision is used again under the next number."""
    collisions = int(thing.get("status", {}).get("collisionCount", 0))
    known = sorted(work.claimed(thing, "StatefulSet", REVISIONS), key=_number)
    wanted = thing["spec"]["template"]
    equal = [revision for revision in known if is_of(revision, wanted)]
    following = _number(known[-1]) + 1 if known else 1
    if equal:
        found = equal[-1]
        if is_of(known[-1], wanted):
            return History(known[-1], known, collisions)
        found = work.update(REVISIONS, {**found, "revision": following})
        return History(found, [r for r in known if r is not equal[-1]] + [found], collisions)
    while True:
        digest = replicasets_of.name_hash(wanted, collisions)
        taken = work.get(Key(*REVISIONS, thing["metadata"]["namespace"], f"{thing['metadata']['name']}-{digest}"))
        if taken is None:
            break
        if is_of(taken, wanted):
            return History(taken, known, collisions)
        collisions += 1
    # The label has the hash of the first try (newRevision), the name that of the last.
    first = replicasets_of.name_hash(wanted, int(thing.get("status", {}).get("collisionCount", 0)))
    made = _made(thing, "StatefulSet", {HASH: first}, following)
    created = work.create(REVISIONS, thing["metadata"]["namespace"], f"{thing['metadata']['name']}-{digest}", made)
    return History(created, [*known, created], collisions)


def of_daemonset(work: Work, thing: Object) -> History | None:
    """daemon/update.go, constructHistory; None where the name is taken, by which the count of collisions grows."""
    collisions = thing.get("status", {}).get("collisionCount")
    known = sorted(work.claimed(thing, "DaemonSet", REVISIONS), key=_number)
    wanted = thing["spec"]["template"]
    equal = [revision for revision in known if is_of(revision, wanted)]
    old = [revision for revision in known if revision not in equal]
    following = max((_number(revision) for revision in old), default=0) + 1
    if equal:
        found = _only(work, thing, equal)
        if _number(found) < following:
            found = work.update(REVISIONS, {**found, "revision": following})
        return History(found, [*old, found], collisions or 0)
    digest = replicasets_of.name_hash(wanted, collisions)
    name = f"{thing['metadata']['name']}-{digest}"
    taken = work.get(Key(*REVISIONS, thing["metadata"]["namespace"], name))
    if taken is None:
        made = _made(thing, "DaemonSet", {LABEL: digest}, following)
        taken = work.create(REVISIONS, thing["metadata"]["namespace"], name, made)
    elif not is_of(taken, wanted):
        return None
    return History(taken, [*old, taken], collisions or 0)


def _only(work: Work, thing: Object, equal: list[Object]) -> Object:
    """The last of several equal ones; pods get its label, the others go (dedupCurHistories)."""
    kept = equal[-1]
    if len(equal) > 1:
        for pod in work.controlled(thing["metadata"]["uid"], PODS):
            if pod["metadata"].get("labels", {}).get(LABEL) != label(kept):
                labels = {**pod["metadata"].get("labels", {}), LABEL: label(kept)}
                work.update(PODS, {**pod, "metadata": {**pod["metadata"], "labels": labels}})
        for revision in equal[:-1]:
            work.delete(REVISIONS, revision)
    return kept


def _made(thing: Object, kind: str, hashed: dict[str, str], number: int) -> Object:
    template, annotations = thing["spec"]["template"], thing["metadata"].get("annotations")
    labels = {**(template.get("metadata", {}).get("labels") or {}), **hashed}
    metadata: Object = {"labels": labels, "ownerReferences": [owned_by(thing, kind)]}
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": number,
    }


def _number(revision: Object) -> int:
    return int(revision["revision"])


def is_of(revision: Object, template: Object) -> bool:
    """Whether a revision holds that template."""
    return replicasets_of.comparable(template_of(revision)) == replicasets_of.comparable(template)


def template_of(revision: Object) -> Object:
    """The pod template that a revision holds."""
    return {name: part for name, part in revision["data"]["spec"]["template"].items() if name != "$patch"}


def label(revision: Object) -> str:
    """The value of the label that pods of a DaemonSet's revision carry."""
    return str(revision["metadata"]["labels"].get(LABEL) or revision["metadata"]["name"])


def clean(work: Work, thing: Object, spare: list[Object], is_live: Callable[[Object], bool]) -> None:
    """Deletes the oldest beyond revisionHistoryLimit that are not live."""
    limit = thing["spec"].get("revisionHistoryLimit", 10)
    left = len(spare) - int(limit)
    for revision in spare:
        if left > 0 and not is_live(revision):
            work.delete(REVISIONS, revision)
            left -= 1


def live_pods(work: Work, thing: Object, kind: str) -> list[Object]:
    """Its pods, those that have finished and terminate excepted."""
    found = work.claimed(thing, kind, PODS)
    return [pod for pod in found if not (pods.is_finished(pod) and pods.is_terminating(pod))]
