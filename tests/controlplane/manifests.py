"""Small builders of objects for tests: plain dicts, as a manifest would hold them.

Containers are given as `{"agent": "registry.test/agent:a1"}`. `annotations` go to the pods (stages.yaml understands
some), `metadata` is merged into the workload's own metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
Images = Mapping[str, str]


def pod_template(
    name: str,
    containers: Images,
    *,
    init: Images | None = None,
    sidecars: Images | None = None,
    claims: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """Pods labelled `app: NAME`; `sidecars` are native ones.

    Each claim is mounted into every container, at a path of its name.
    """
    mounts = [{"name": claim, "mountPath": f"/{claim}"} for claim in claims]
    first = [_container(key, image, mounts) for key, image in (init or {}).items()]
    beside = [_container(key, image, mounts) | {"restartPolicy": "Always"} for key, image in (sidecars or {}).items()]
    spec: Object = {"containers": [_container(key, image, mounts) for key, image in containers.items()]}
    if first or beside:
        spec["initContainers"] = [*first, *beside]
    if claims:
        spec["volumes"] = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
    metadata: Object = {"labels": {"app": name}}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": spec}


def _container(name: str, image: str, mounts: Sequence[Object]) -> Object:
    return {"name": name, "image": image} | ({"volumeMounts": list(mounts)} if mounts else {})


def deployment(
    name: str,
    containers: Images,
    *,
    replicas: int = 1,
    strategy: str | Object = "RollingUpdate",
    init: Images | None = None,
    sidecars: Images | None = None,
    claims: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
    metadata: Object | None = None,
    **spec: Any,
) -> Object:
    """A Deployment; `strategy` is a type or the whole strategy; further keywords become fields of its spec."""
    template = pod_template(name, containers, init=init, sidecars=sidecars, claims=claims, annotations=annotations)
    chosen = {"type": strategy} if isinstance(strategy, str) else strategy
    return _workload("Deployment", name, template, metadata, {"replicas": replicas, "strategy": chosen, **spec})


def statefulset(
    name: str,
    containers: Images,
    *,
    replicas: int = 1,
    init: Images | None = None,
    sidecars: Images | None = None,
    claims: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
    metadata: Object | None = None,
    **spec: Any,
) -> Object:
    """A StatefulSet; further keywords become fields of its spec (`updateStrategy`, `podManagementPolicy` ...)."""
    template = pod_template(name, containers, init=init, sidecars=sidecars, claims=claims, annotations=annotations)
    return _workload("StatefulSet", name, template, metadata, {"replicas": replicas, "serviceName": name, **spec})


def daemonset(
    name: str,
    containers: Images,
    *,
    init: Images | None = None,
    sidecars: Images | None = None,
    claims: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
    metadata: Object | None = None,
    **spec: Any,
) -> Object:
    """A DaemonSet; there are three nodes. Further keywords become fields of its spec."""
    template = pod_template(name, containers, init=init, sidecars=sidecars, claims=claims, annotations=annotations)
    return _workload("DaemonSet", name, template, metadata, spec)


def _workload(kind: str, name: str, template: Object, metadata: Object | None, spec: Object) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def cronjob(
    name: str,
    containers: Images,
    *,
    schedule: str = "0 0 1 1 *",
    init: Images | None = None,
    annotations: Mapping[str, str] | None = None,
    metadata: Object | None = None,
    **spec: Any,
) -> Object:
    """A CronJob; by default it is due on New Year's Day, that is never during a test."""
    template = pod_template(name, containers, init=init, annotations=annotations)
    template["spec"]["restartPolicy"] = "OnFailure"
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}, **spec},
    }


def volume_and_claim(name: str, namespace: str, access: str = "ReadWriteOnce", size: str = "1Gi") -> list[Object]:
    """A PersistentVolume and a claim that name each other, as nothing here provisions volumes.

    The volume has no namespace, so its name carries the claim's.
    """
    volume = f"{namespace}-{name}"
    shared = {"accessModes": [access], "storageClassName": ""}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume, "labels": {"rollonce.test/namespace": namespace}},
            "spec": {
                **shared,
                "capacity": {"storage": size},
                # Nothing is ever written there: no kubelet mounts it.
                "hostPath": {"path": f"/nowhere/{volume}"},
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name, "namespace": namespace},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {**shared, "resources": {"requests": {"storage": size}}, "volumeName": volume},
        },
    ]


def as_list(*objects: Object) -> Object:
    """One List, for one `kubectl apply -f -`."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}
