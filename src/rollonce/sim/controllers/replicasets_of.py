"""The ReplicaSets of a Deployment: which is new, what they are called and numbered, and how they are scaled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from rollonce.sim.controllers.work import REPLICASETS, Work, controller, scaled
from rollonce.sim.store import Object

SOURCE = controller("deployment")
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
# pkg/controller/deployment/util/deployment_util.go, annotationsToSkip
STAYS = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM,
    "deprecated.deployment.rollback.to",
})  # fmt: skip
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def replicas(thing: Object) -> int:
    """The wanted count, 1 where none is given."""
    count = thing["spec"].get("replicas")
    return 1 if count is None else int(count)


def number(thing: Object) -> int:
    """The revision in the annotations, 0 where there is none."""
    text = thing["metadata"].get("annotations", {}).get(REVISION, "")
    return int(text) if text.isdigit() else 0


def comparable(template: Object) -> Object:
    """The template less what a ReplicaSet adds (EqualIgnoreHash); absent and empty are the same."""
    metadata = dict(template.get("metadata") or {})
    labels = {name: value for name, value in (metadata.pop("labels", None) or {}).items() if name != HASH}
    pruned = _pruned({**template, "metadata": {**metadata, "labels": labels}})
    return pruned if isinstance(pruned, dict) else {}


def _pruned(value: object) -> object:
    """Without null and empty parts, which semantic equality does not tell apart (emptyDir: {} stays a choice)."""
    if isinstance(value, dict):
        kept = {name: _pruned(part) for name, part in value.items()}
        return {n: p for n, p in kept.items() if p is not None and p != [] and not (p == {} and n in _MAPS)}
    if isinstance(value, list):
        return [_pruned(part) for part in value]
    return value


_MAPS = frozenset({"annotations", "labels", "nodeSelector", "resources", "limits", "requests", "securityContext"})


def name_hash(template: Object, collisions: int | None) -> str:
    """Ten letters that are the same for the same template and count of collisions."""
    text = json.dumps([comparable(template), collisions or 0], sort_keys=True)
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        digest, letter = divmod(digest, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def find_new(deployment: Object, sets: Iterable[Object]) -> Object | None:
    """The oldest with an equal template (FindNewReplicaSet); `sets` stand oldest first."""
    template = deployment["spec"]["template"]
    return next((rs for rs in sets if _is_equal(rs["spec"]["template"], template)), None)


def _is_equal(one: Object, other: Object) -> bool:
    # Mostly the one was made of the other, and has its spec.
    if one.get("spec") != other.get("spec"):
        return comparable(one) == comparable(other)
    return comparable({**one, "spec": None}) == comparable({**other, "spec": None})


def is_rolling(deployment: Object) -> bool:
    """Whether its strategy is RollingUpdate, as it is by default."""
    return bool(deployment["spec"].get("strategy", {}).get("type", "RollingUpdate") == "RollingUpdate")


def fenceposts(deployment: Object) -> tuple[int, int]:
    """Surge and unavailable; both zero means one unavailable (ResolveFenceposts)."""
    if not is_rolling(deployment):
        return 0, 0
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    total = replicas(deployment)
    surge = scaled(rolling.get("maxSurge"), total, default="25%", up=True)
    unavailable = scaled(rolling.get("maxUnavailable"), total, default="25%", up=False)
    return surge, unavailable if surge or unavailable else 1


def max_unavailable(deployment: Object) -> int:
    """At most all of them (MaxUnavailable)."""
    return min(fenceposts(deployment)[1], replicas(deployment))


def new_count(deployment: Object, every: list[Object], new: int) -> int:
    """How many pods the new ReplicaSet may have (NewRSNewReplicas)."""
    wanted = replicas(deployment)
    if not is_rolling(deployment):
        return wanted
    free = wanted + fenceposts(deployment)[0] - sum(replicas(rs) for rs in every)
    return new if free <= 0 else new + min(free, wanted - new)


def annotated(deployment: Object, rs: Object | None, revision: int) -> dict[str, str]:
    """The annotations of the new ReplicaSet: the Deployment's are added, none is removed
    (SetNewReplicaSetAnnotations)."""
    before = (rs["metadata"].get("annotations") if rs else None) or {}
    travelling = deployment["metadata"].get("annotations") or {}
    after = {**before, **{name: value for name, value in travelling.items() if name not in STAYS}}
    old = number(rs) if rs else 0
    if old < revision:
        after[REVISION] = str(revision)
        if REVISION in before:
            history = before.get(HISTORY, "")
            after[HISTORY] = f"{history},{old}" if history else str(old)
    return after


def sized(deployment: Object) -> dict[str, str]:
    """The two annotations by which a scaling of the Deployment is noticed (SetReplicasAnnotations)."""
    wanted = replicas(deployment)
    return {DESIRED: str(wanted), MAXIMUM: str(wanted + fenceposts(deployment)[0])}


def scale_to(work: Work, deployment: Object, rs: Object, count: int, *, force: bool = False) -> bool:
    """Writes count and annotations where the count differs; whether it did (scaleReplicaSet).

    With `force` the annotations are written where they alone differ.
    """
    changed = replicas(rs) != count
    before = rs["metadata"].get("annotations") or {}
    after = {**before, **sized(deployment)}
    if changed or (force and after != before):
        work.unchanged(REPLICASETS, rs)
        metadata = {**rs["metadata"], "annotations": after}
        work.update(REPLICASETS, {**rs, "metadata": metadata, "spec": {**rs["spec"], "replicas": count}})
    if changed:
        tell_scaled(work, deployment, rs["metadata"]["name"], replicas(rs), count)
    return changed


def tell_scaled(work: Work, deployment: Object, name: str, before: int, after: int) -> None:
    """An Event of the Deployment (sync.go, scaleReplicaSet and getNewReplicaSet)."""
    said = f"Scaled {'up' if before < after else 'down'} replica set {name} from {before} to {after}"
    work.kernel.events.say(SOURCE, deployment, "ScalingReplicaSet", said)


def proportional(work: Work, deployment: Object, active: list[Object]) -> None:
    """Shares a scaling among the active ReplicaSets by their size (sync.go, scale)."""
    wanted = replicas(deployment)
    surge = fenceposts(deployment)[0]
    missing = (wanted + surge if wanted else 0) - sum(replicas(rs) for rs in active)
    # Newer first where pods are added, older first where they go (ReplicaSetsBySizeNewer, BySizeOlder).
    ordered = sorted(active, key=lambda rs: rs["metadata"]["creationTimestamp"], reverse=missing > 0)
    ordered.sort(key=replicas, reverse=True)
    sizes, added = [], 0
    for rs in ordered:
        share = _share(deployment, rs, surge, missing, added)
        sizes.append(replicas(rs) + share)
        added += share
    for place, rs in enumerate(ordered):
        size = sizes[place]
        if not place and missing:
            size = max(size + missing - added, 0)
        scale_to(work, deployment, rs, size, force=True)


def _share(deployment: Object, rs: Object, surge: int, missing: int, added: int) -> int:
    """GetReplicaSetProportion: its part of what is missing, never more than is left."""
    size, wanted = replicas(rs), replicas(deployment)
    if not size or not missing or missing == added:
        return 0
    if not wanted:
        part = -size
    else:
        annotation = rs["metadata"].get("annotations", {}).get(MAXIMUM, "")
        before = int(annotation) if annotation.isdigit() else deployment.get("status", {}).get("replicas", 0)
        grown = size * (wanted + surge) / before if before else float(size)
        part = int(grown + 0.5) - size
    left = missing - added
    return min(part, left) if missing > 0 else max(part, left)
