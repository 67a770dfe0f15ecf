"""Deployments: one ReplicaSet per template, rolled from one to the next."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from rollonce.sim import pods
from rollonce.sim.controllers import deployment_status, replicasets_of
from rollonce.sim.controllers.replicasets_of import HASH, REVISION, number, replicas, scale_to
from rollonce.sim.controllers.work import DEPLOYMENTS, PODS, REPLICASETS, RETRY, Queue, Work, owned_by
from rollonce.sim.store import Key, Object

Making = Generator[None, None, tuple[Object, Object | None]]


class Deployments:
    """pkg/controller/deployment; the functions are named after what they do, their sources in each."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.queue = Queue(work.kernel, self.sync)

    def sync(self, key: Key) -> Iterator[None]:
        """deployment_controller.go, syncDeployment."""
        work = self._work
        deployment = work.get(key)
        if deployment is None:
            return
        if not pods.is_terminating(deployment) and work.adoptable(deployment, "Deployment", REPLICASETS):
            yield
            work.unchanged(DEPLOYMENTS, deployment)
        sets = work.claimed(deployment, "Deployment", REPLICASETS)
        if pods.is_terminating(deployment):
            new = replicasets_of.find_new(deployment, sets)
            work.set_status(DEPLOYMENTS, deployment, deployment_status.counted(deployment, sets, new, work.stamp))
            return
        deployment = self._note_pause(deployment)
        if deployment["spec"].get("paused") or _was_scaled(deployment, sets):
            self._scale_only(deployment, sets)
        elif replicasets_of.is_rolling(deployment):
            yield from self._roll(key, deployment, sets)
        else:
            yield from self._recreate(key, deployment, sets)

    def _note_pause(self, deployment: Object) -> Object:
        """sync.go, checkPausedConditions."""
        if deployment_status.deadline(deployment) is None:
            return deployment
        progress = pods.condition(deployment, "Progressing")
        reason = progress["reason"] if progress else ""
        if reason == "ProgressDeadlineExceeded":
            return deployment
        paused = bool(deployment["spec"].get("paused"))
        if paused == (reason == "DeploymentPaused"):
            return deployment
        reason, message = ("DeploymentPaused", "paused") if paused else ("DeploymentResumed", "resumed")
        status = deployment_status.with_condition(
            deployment.get("status", {}), "Progressing", "Unknown", reason, f"Deployment is {message}", self._work.stamp
        )
        return self._work.set_status(DEPLOYMENTS, deployment, status)

    def _scale_only(self, deployment: Object, sets: list[Object]) -> None:
        """sync.go, sync: paused, or scaled."""
        work = self._work
        deployment, new, old = self._sort(deployment, sets)
        self._scale(deployment, new, old)
        if deployment["spec"].get("paused"):
            self._clean(deployment, old)
        every = [*old, new] if new else old
        work.set_status(DEPLOYMENTS, deployment, deployment_status.counted(deployment, every, new, work.stamp))

    def _sort(self, deployment: Object, sets: list[Object]) -> tuple[Object, Object | None, list[Object]]:
        """The new ReplicaSet, brought up to date where there is one, and the old ones (getNewReplicaSet)."""
        work = self._work
        new = replicasets_of.find_new(deployment, sets)
        old = [rs for rs in sets if rs is not new]
        if new is None:
            return deployment, None, old
        annotations = replicasets_of.annotated(deployment, new, max((number(rs) for rs in old), default=0) + 1)
        min_ready = deployment["spec"].get("minReadySeconds", 0)
        if annotations != (new["metadata"].get("annotations") or {}) or min_ready != new["spec"].get(
            "minReadySeconds", 0
        ):
            spec = {**new["spec"], "minReadySeconds": min_ready}
            if not min_ready:
                del spec["minReadySeconds"]
            metadata = {**new["metadata"], "annotations": annotations}
            # Returned at once: the Deployment's own revision follows with the sync that this write causes.
            return deployment, work.update(REPLICASETS, {**new, "metadata": metadata, "spec": spec}), old
        name = new["metadata"]["name"]
        return (
            self._found(deployment, new, "FoundNewReplicaSet", f'Found new replica set "{name}"', only=True),
            new,
            old,
        )

    def _found(self, deployment: Object, new: Object, reason: str, message: str, *, only: bool) -> Object:
        """Takes over the revision of the new ReplicaSet, and says that there is one."""
        status = deployment.get("status", {})
        has = pods.condition(deployment, "Progressing") is not None
        if deployment_status.deadline(deployment) is not None and not (only and has):
            status = deployment_status.with_condition(status, "Progressing", "True", reason, message, self._work.stamp)
        annotations = {**(deployment["metadata"].get("annotations") or {}), REVISION: str(number(new))}
        found = {**deployment, "metadata": {**deployment["metadata"], "annotations": annotations}}
        if status:
            found["status"] = status
        return self._work.kernel.update(
            Key(*DEPLOYMENTS, found["metadata"]["namespace"], found["metadata"]["name"]),
            found,
            manager="kube-controller-manager",
            subresource="status",
        )

    def _make(self, key: Key, deployment: Object, old: list[Object]) -> Making:
        """Creates the new ReplicaSet; none where the name is taken, which counts as a collision and is tried again."""
        work = self._work
        template = deployment["spec"]["template"]
        collisions = deployment.get("status", {}).get("collisionCount")
        digest = replicasets_of.name_hash(template, collisions)
        name = f"{key.name}-{digest}"
        # Whoever it is of: an equal one of its own would have been found.
        taken = work.get(Key(*REPLICASETS, key.namespace, name))
        if taken is not None:
            # That it is taken, the server has told by now.
            yield
            work.unchanged(DEPLOYMENTS, deployment)
            status = {**deployment.get("status", {}), "collisionCount": (collisions or 0) + 1}
            work.set_status(DEPLOYMENTS, deployment, status)
            self.queue.add_after(key, RETRY)
            return deployment, None
        labels = {**(template.get("metadata", {}).get("labels") or {}), HASH: digest}
        selector = deployment["spec"]["selector"]
        spec: Object = {
            "replicas": replicasets_of.new_count(deployment, old, 0),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: digest}},
            "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
        }
        if deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        revision = max((number(rs) for rs in old), default=0) + 1
        annotations = {**replicasets_of.annotated(deployment, None, revision), **replicasets_of.sized(deployment)}
        made = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owned_by(deployment, "Deployment")],
            },
            "spec": spec,
            "status": {"replicas": 0},
        }
        new = work.create(REPLICASETS, key.namespace, name, made)
        if spec["replicas"]:
            replicasets_of.tell_scaled(work, deployment, name, 0, spec["replicas"])
        yield
        work.unchanged(DEPLOYMENTS, deployment)
        message = f'Created new replica set "{name}"'
        return self._found(deployment, new, "NewReplicaSetCreated", message, only=False), new

    def _roll(self, key: Key, deployment: Object, sets: list[Object]) -> Iterator[None]:
        """rolling.go, rolloutRolling."""
        deployment, new, old = self._sort(deployment, sets)
        if new is None:
            deployment, new = yield from self._make(key, deployment, old)
        if new is None:
            return
        every = [*old, new]
        if not self._grow(deployment, new, every) and not self._shrink(deployment, new, old, every):
            self._clean_when_complete(deployment, old)
        deployment_status.synced(self._work, self.queue, deployment, every, new)

    def _grow(self, deployment: Object, new: Object, every: list[Object]) -> bool:
        """rolling.go, reconcileNewReplicaSet."""
        wanted, has = replicas(deployment), replicas(new)
        if has == wanted:
            return False
        count = wanted if has > wanted else replicasets_of.new_count(deployment, every, has)
        return count != has and scale_to(self._work, deployment, new, count)

    def _shrink(self, deployment: Object, new: Object, old: list[Object], every: list[Object]) -> bool:
        """rolling.go, reconcileOldReplicaSets: first what is not available, then what may be spared."""
        minimum = replicas(deployment) - replicasets_of.max_unavailable(deployment)
        pending = replicas(new) - _available(new)
        budget = sum(replicas(rs) for rs in every) - minimum - pending
        if not sum(replicas(rs) for rs in old) or budget <= 0:
            return False
        counts = {rs["metadata"]["name"]: replicas(rs) for rs in old}
        cleaned = 0
        for rs in old:
            less = min(budget - cleaned, replicas(rs) - _available(rs))
            if less > 0:
                counts[rs["metadata"]["name"]] -= less
                cleaned += less
        spare = sum(_available(rs) for rs in every) - minimum
        for rs in old:
            less = min(counts[rs["metadata"]["name"]], spare)
            if less > 0:
                counts[rs["metadata"]["name"]] -= less
                spare -= less
        changed = [rs for rs in old if counts[rs["metadata"]["name"]] != replicas(rs)]
        for rs in changed:
            scale_to(self._work, deployment, rs, counts[rs["metadata"]["name"]])
        return bool(changed)

    def _recreate(self, key: Key, deployment: Object, sets: list[Object]) -> Iterator[None]:
        """recreate.go, rolloutRecreate: no new ReplicaSet while an old pod exists."""
        work = self._work
        deployment, new, old = self._sort(deployment, sets)
        every = [*old, new] if new else old
        active = [rs for rs in old if replicas(rs)]
        for rs in active:
            scale_to(work, deployment, rs, 0)
        if active or self._old_pods(old):
            deployment_status.synced(work, self.queue, deployment, every, new)
            return
        if new is None:
            deployment, new = yield from self._make(key, deployment, old)
            if new is None:
                return
            every = [*old, new]
        scale_to(work, deployment, new, replicas(deployment))
        self._clean_when_complete(deployment, old)
        deployment_status.synced(work, self.queue, deployment, every, new)

    def _old_pods(self, old: list[Object]) -> bool:
        """recreate.go, oldPodsRunning: terminating pods too."""
        if any(rs.get("status", {}).get("replicas") for rs in old):
            return True
        owned = (pod for rs in old for pod in self._work.controlled(rs["metadata"]["uid"], PODS))
        return any(not pods.is_finished(pod) for pod in owned)

    def _scale(self, deployment: Object, new: Object | None, old: list[Object]) -> None:
        """sync.go, scale."""
        work, wanted = self._work, replicas(deployment)
        every = [*old, new] if new else old
        active = [rs for rs in every if replicas(rs)]
        if len(active) < 2:
            latest = active[0] if active else new or (old[-1] if old else None)
            if latest is not None:
                scale_to(work, deployment, latest, wanted)
            return
        if new and _is_saturated(deployment, new):
            for rs in old:
                if replicas(rs):
                    scale_to(work, deployment, rs, 0)
        elif replicasets_of.is_rolling(deployment):
            replicasets_of.proportional(work, deployment, active)

    def _clean_when_complete(self, deployment: Object, old: list[Object]) -> None:
        if deployment_status.is_complete(deployment, deployment.get("status", {})):
            self._clean(deployment, old)

    def _clean(self, deployment: Object, old: list[Object]) -> None:
        """sync.go, cleanupDeployment: the lowest revisions go first, those with pods stay."""
        limit = deployment["spec"].get("revisionHistoryLimit")
        if limit is None:
            return
        alive = sorted((rs for rs in old if not pods.is_terminating(rs)), key=number)
        for rs in alive[: max(len(alive) - int(limit), 0)]:
            status = rs.get("status", {})
            behind = rs["metadata"]["generation"] > status.get("observedGeneration", 0)
            if not (status.get("replicas") or replicas(rs) or behind):
                self._work.delete(REPLICASETS, rs)


def _available(rs: Object) -> int:
    return int(rs.get("status", {}).get("availableReplicas", 0))


def _is_saturated(deployment: Object, rs: Object) -> bool:
    """deployment_util.go, IsSaturated."""
    desired = rs["metadata"].get("annotations", {}).get(replicasets_of.DESIRED)
    wanted = replicas(deployment)
    return replicas(rs) == wanted and desired == str(wanted) and _available(rs) == wanted


def _was_scaled(deployment: Object, sets: list[Object]) -> bool:
    """sync.go, isScalingEvent."""
    wanted = str(replicas(deployment))
    noted = (rs["metadata"].get("annotations", {}).get(replicasets_of.DESIRED) for rs in sets if replicas(rs))
    return any(desired is not None and desired != wanted for desired in noted)
