"""What the API server writes into an object that leaves it out
(pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from rollonce.sim.api import quantities
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.poddefaults import filled, of_pod, pod_spec
from rollonce.sim.store import Object

Json = dict[str, Any]
QUARTER = "25%"
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def complete(kind: Kind, thing: Object, live: Object | None = None) -> Object:
    """The object with its defaults; a copy along what is filled in. A shape that is none is left to validation.

    `live` is the object before an update.
    """
    fill = _KINDS.get(kind.resource)
    try:
        done = fill(thing) if fill is not None else thing
        if kind.resource == "daemonsets":
            done = _template_generation(done, live)
    except (TypeError, AttributeError, KeyError, ValueError):
        return thing
    metadata = {name: value for name, value in done["metadata"].items() if value not in (None, {}, [])}
    return {**done, "metadata": metadata}


def _template_generation(thing: Object, live: Object | None) -> Object:
    """The counter that a DaemonSet still carries (pkg/registry/apps/daemonset/strategy.go)."""
    count = 1
    if live is not None:
        count = int((live["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, 1))
        count += thing["spec"].get("template") != live["spec"].get("template")
    annotations = {**(thing["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(count)}
    return {**thing, "metadata": {**thing["metadata"], "annotations": annotations}}


def template(sent: Any) -> Any:
    """A pod template with its defaults."""
    if not isinstance(sent, dict):
        return sent
    done = dict(sent)
    if isinstance(done.get("spec"), dict):
        done["spec"] = pod_spec(done["spec"])
    metadata = done.get("metadata")
    done["metadata"] = {k: v for k, v in (metadata or {}).items() if v not in (None, {}, [])}
    return {"metadata": done.pop("metadata"), **done}


def _workload(thing: Object, **more: Any) -> Object:
    spec = filled(thing.get("spec") or {}, **more)
    if "template" in spec:
        spec["template"] = template(spec["template"])
    if spec.get("paused") is False:
        del spec["paused"]
    if spec.get("minReadySeconds") == 0:
        del spec["minReadySeconds"]
    return {**thing, "spec": spec}


def _deployment(thing: Object) -> Object:
    done = _workload(thing, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    strategy = filled(done["spec"]["strategy"], type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = filled(
            strategy.get("rollingUpdate") or {}, maxUnavailable=QUARTER, maxSurge=QUARTER
        )
    done["spec"]["strategy"] = strategy
    return done


def _statefulset(thing: Object) -> Object:
    done = _workload(
        thing, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady", updateStrategy={},
        persistentVolumeClaimRetentionPolicy={},
    )  # fmt: skip
    spec = done["spec"]
    given = spec["updateStrategy"]
    update = filled(given, type="RollingUpdate")
    # Whoever names the type gets no partition (pkg/apis/apps/v1/defaults.go, SetDefaults_StatefulSet).
    if update["type"] == "RollingUpdate" and (not given.get("type") or given.get("rollingUpdate") is not None):
        update["rollingUpdate"] = filled(update.get("rollingUpdate") or {}, partition=0)
    spec["updateStrategy"] = update
    spec["persistentVolumeClaimRetentionPolicy"] = filled(
        spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain"
    )
    if spec.get("volumeClaimTemplates"):
        spec["volumeClaimTemplates"] = [_claim_template(each) for each in spec["volumeClaimTemplates"]]
    return done


def _claim_template(claim: Json) -> Json:
    done = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **claim}
    done["spec"] = _claim_spec(claim)
    done["metadata"] = {k: v for k, v in (claim.get("metadata") or {}).items() if v is not None}
    return {**done, "status": {"phase": "Pending", **(claim.get("status") or {})}}


def _claim_spec(claim: Json) -> Json:
    spec = filled(claim.get("spec") or {}, volumeMode="Filesystem")
    if "resources" in spec:
        spec["resources"] = quantities.resources(spec["resources"])
    return spec


def _daemonset(thing: Object) -> Object:
    done = _workload(thing, revisionHistoryLimit=10, updateStrategy={})
    update = filled(done["spec"]["updateStrategy"], type="RollingUpdate")
    if update["type"] == "RollingUpdate":
        update["rollingUpdate"] = filled(update.get("rollingUpdate") or {}, maxUnavailable=1, maxSurge=0)
    done["spec"]["updateStrategy"] = update
    return done


def _replicaset(thing: Object) -> Object:
    return _workload(thing, replicas=1)


def _job_spec(spec: Json) -> Json:
    spec = filled(
        spec, backoffLimit=6, completionMode="NonIndexed", suspend=False, podReplacementPolicy="TerminatingOrFailed",
        manualSelector=False,
    )  # fmt: skip
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    if "template" in spec:
        spec["template"] = template(spec["template"])
    return spec


def _job(thing: Object) -> Object:
    done = {**thing, "spec": _job_spec(thing.get("spec") or {})}
    labels = ((done["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not thing["metadata"].get("labels"):
        done["metadata"] = {**thing["metadata"], "labels": labels}
    return done


def _network_policy(thing: Object) -> Object:
    spec = thing.get("spec") or {}
    types = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    return {**thing, "spec": filled(spec, policyTypes=types)}


def _autoscaler(thing: Object) -> Object:
    return {**thing, "spec": filled(thing.get("spec") or {}, minReplicas=1)}


def _endpoints(thing: Object) -> Object:
    subsets = [
        {**each, **({"ports": [filled(port, protocol="TCP") for port in each["ports"]]} if each.get("ports") else {})}
        for each in thing.get("subsets") or ()
    ]
    return {**thing, "subsets": subsets} if subsets else thing


def _cronjob(thing: Object) -> Object:
    spec = filled(
        thing.get("spec") or {}, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3,
        failedJobsHistoryLimit=1,
    )  # fmt: skip
    made = spec.get("jobTemplate")
    if isinstance(made, dict):
        # The template of a job is not a job: its spec gets the pod template's defaults and none of its own.
        job = filled(made.get("spec") or {})
        if "template" in job:
            job["template"] = template(job["template"])
        spec["jobTemplate"] = {"metadata": made.get("metadata") or {}, **made, "spec": job}
    return {**thing, "spec": spec}


def _pod(thing: Object) -> Object:
    return {**thing, "spec": of_pod(pod_spec(thing.get("spec") or {}))}


def _service(thing: Object) -> Object:
    spec = filled(thing.get("spec") or {}, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        spec = filled(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec = filled(spec, externalTrafficPolicy="Cluster")
    if spec.get("ports"):
        spec["ports"] = [_service_port(each) for each in spec["ports"]]
    return {**thing, "spec": spec, "status": thing.get("status") or {"loadBalancer": {}}}


def _service_port(port: Json) -> Json:
    done = filled(port, protocol="TCP")
    return done if done.get("targetPort") else {**done, "targetPort": port.get("port")}


def _secret(thing: Object) -> Object:
    done = filled(thing, type="Opaque")
    if sent := done.pop("stringData", None):
        written = {name: b64encode(value.encode()).decode() for name, value in sent.items()}
        done["data"] = {**(done.get("data") or {}), **written}
    return done


def _claim(thing: Object) -> Object:
    return {**thing, "spec": _claim_spec(thing), "status": thing.get("status") or {"phase": "Pending"}}


def _namespace(thing: Object) -> Object:
    metadata = thing["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    done = {**thing, "metadata": {**metadata, "labels": labels}}
    done["spec"] = {"finalizers": ["kubernetes"], **(thing.get("spec") or {})}
    return {**done, "status": thing.get("status") or {"phase": "Active"}}


_KINDS: dict[str, Callable[[Object], Object]] = {
    "deployments": _deployment,
    "statefulsets": _statefulset,
    "daemonsets": _daemonset,
    "replicasets": _replicaset,
    "jobs": _job,
    "cronjobs": _cronjob,
    "pods": _pod,
    "services": _service,
    "secrets": _secret,
    "networkpolicies": _network_policy,
    "horizontalpodautoscalers": _autoscaler,
    "endpoints": _endpoints,
    "persistentvolumeclaims": _claim,
    "namespaces": _namespace,
}
