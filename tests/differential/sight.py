"""What of the objects is compared: everything but names that are drawn, uids, versions and times."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.differential.scenario import Object

Sight = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
DRAWN = ("uid", "namespace", "resourceVersion", "creationTimestamp", "selfLink", "deletionTimestamp", "ownerReferences")
TIMES = ("lastUpdateTime", "lastTransitionTime", "lastProbeTime", "lastHeartbeatTime")
# The other side has other nodes and another kubelet.
FOREIGN = ("kwok", "kubelet", "kube-scheduler")
# The nodes of the other side are in other zones.
ZONE = "topology.kubernetes.io/zone"


def of(things: dict[str, list[Object]], name: str, codes: list[list[int]], *, scaled: bool) -> Sight:
    """The sight of one workload; `things` are its own, and those that are named after it.

    Where it was `scaled`, nobody is asked who owns the count: a scale of the real one that changes nothing writes a
    second entry of the same manager, and the next write loses one of the two.
    """
    things = _without_draws(things, name)
    return {
        "codes": codes,
        "workload": [_workload(thing, scaled=scaled) for part in WORKLOADS for thing in things.get(part, [])],
        "replicasets": sorted((_replicaset(rs) for rs in things.get("replicasets", [])), key=_text),
        "revisions": sorted((_seen(thing) for thing in things.get("controllerrevisions", [])), key=_text),
        "pods": sorted((_pod(pod) for pod in things.get("pods", [])), key=_text),
    }


WORKLOADS = ("deployments", "statefulsets", "daemonsets")


def _without_draws(things: dict[str, list[Object]], name: str) -> dict[str, list[Object]]:
    """The hash of a template depends on Go's memory layout: in its place stands its revision. All uids are alike."""
    text = json.dumps(things)
    for rs in things.get("replicasets", []):
        text = text.replace(_digest(rs, name), f"<{_number(rs)}>")
    for revision in things.get("controllerrevisions", []):
        text = text.replace(_digest(revision, name), f"<{revision['revision']}>")
    # A condition may name one that is gone.
    text = re.sub(rf"{name}-[{LETTERS}]{{6,10}}\\b", f"{name}-<gone>", text)
    found: dict[str, list[Object]] = json.loads(UID.sub("uid", text))
    return found


LETTERS = "bcdfghjklmnpqrstvwxz2456789"
UID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _digest(thing: Object, name: str) -> str:
    return str(thing["metadata"]["name"]).removeprefix(f"{name}-")


def _number(rs: Object) -> int:
    return int(rs["metadata"].get("annotations", {}).get(REVISION, "0"))


def _text(thing: object) -> str:
    return json.dumps(thing, sort_keys=True)


def _seen(thing: Object) -> Object:
    """An object less what is drawn."""
    metadata = {name: part for name, part in thing["metadata"].items() if name not in DRAWN}
    if "managedFields" in metadata:
        metadata["managedFields"] = _owners(metadata["managedFields"])
    metadata["owners"] = sorted(o["kind"] + "/" + o["name"] for o in thing["metadata"].get("ownerReferences", []))
    seen = {name: part for name, part in thing.items() if name not in ("metadata", "kind", "apiVersion")}
    if "conditions" in seen.get("status", {}):
        told = [{k: v for k, v in c.items() if k not in TIMES} for c in seen["status"]["conditions"]]
        seen["status"] = {**seen["status"], "conditions": sorted(told, key=_text)}
    return {"metadata": metadata, **seen}


def _workload(thing: Object, *, scaled: bool) -> Object:
    seen = _seen(thing)
    if scaled:
        entries = seen["metadata"].pop("managedFields", [])
        kept = [_without_count(entry) for entry in entries if entry.get("subresource") != "scale"]
        seen["metadata"]["managedFields"] = sorted((entry for entry in kept if entry["fieldsV1"]), key=_text)
    return seen


def _without_count(entry: Object) -> Object:
    spec = {name: part for name, part in entry["fieldsV1"].get("f:spec", {}).items() if name != "f:replicas"}
    fields = {name: part for name, part in entry["fieldsV1"].items() if name != "f:spec"}
    return {**entry, "fieldsV1": {**fields, **({"f:spec": spec} if spec else {})}}


def _owners(entries: list[Object]) -> list[Object]:
    kept = [{k: v for k, v in entry.items() if k != "time"} for entry in entries if entry["manager"] not in FOREIGN]
    return sorted(kept, key=_text)


def _replicaset(rs: Object) -> Object:
    """A ReplicaSet."""
    seen = _seen(rs)
    generation = seen["metadata"]["generation"]
    seen["status"] = {**seen["status"], "observedGeneration": seen["status"].get("observedGeneration") == generation}
    seen["metadata"]["owners"] = [owner.partition("/")[0] for owner in seen["metadata"]["owners"]]
    return seen


def _pod(pod: Object) -> Object:
    """A pod as its owner made it, and whether it runs."""
    metadata = pod["metadata"]
    labels = {name: value for name, value in metadata.get("labels", {}).items() if name != ZONE}
    spec = pod["spec"]
    ready = next((c["status"] for c in pod.get("status", {}).get("conditions", []) if c["type"] == "Ready"), "False")
    return {
        # Only the pods of a StatefulSet have names that are not drawn.
        "name": metadata["name"]
        if "generateName" not in metadata or "statefulset.kubernetes.io/pod-name" in labels
        else "",
        "owner": [o["kind"] for o in metadata.get("ownerReferences", [])],
        "labels": labels,
        "annotations": metadata.get("annotations", {}),
        "containers": spec["containers"],
        "initContainers": spec.get("initContainers", []),
        "volumes": [v["name"] for v in spec.get("volumes", []) if not v["name"].startswith("kube-api-access-")],
        "phase": pod.get("status", {}).get("phase"),
        "ready": ready,
        "terminating": "deletionTimestamp" in metadata,
    }
