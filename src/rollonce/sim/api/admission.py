"""What admission and the registry write into an object that somebody sends, owned by nobody
(plugin/pkg/admission, pkg/registry/core/service/storage/alloc.go)."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import poddefaults
from rollonce.sim.api.kinds import Kind
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Object

# Of --service-cluster-ip-range; the first addresses are left to services that ask for one.
_NET = "10.96"
_FIRST = 4096
TOLERATIONS = tuple(
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
)
_ADDRESSES = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")


def admitted(kernel: Kernel, kind: Kind, thing: Object) -> Object:
    """A new object as it is stored."""
    match kind.group, kind.resource:
        case "", "pods":
            return pod(thing)
        case "", "services":
            return _service(kernel, thing)
        case "", "persistentvolumeclaims":
            return _protected(thing, "kubernetes.io/pvc-protection")
        case "apps", "statefulsets":
            return _ordered(thing)
        case "batch", "jobs":
            return _job(thing)
        case "", "persistentvolumes":
            return _protected(thing, "kubernetes.io/pv-protection")
    return thing


def kept(kind: Kind, thing: Object, live: Object) -> Object:
    """A changed object with what was written for it before and is left out now."""
    if (kind.group, kind.resource) == ("", "services") and thing["spec"].get("type") != "ExternalName":
        spec = {name: live["spec"][name] for name in _ADDRESSES if name in live["spec"]}
        return {**thing, "spec": {**spec, **thing["spec"]}}
    if (kind.group, kind.resource) == ("", "pods"):
        return {**thing, "spec": _tolerant(thing["spec"])}
    if (kind.group, kind.resource) == ("apps", "statefulsets"):
        return _ordered(thing)
    return thing


def _job(thing: Object) -> Object:
    """Selector and labels from the uid (pkg/registry/batch/job/strategy.go, generateSelector)."""
    spec, metadata = thing["spec"], thing["metadata"]
    if spec.get("manualSelector"):
        return thing
    template = spec.get("template") or {}
    told = {
        prefix + name: value
        for prefix in ("batch.kubernetes.io/", "")
        for name, value in (("controller-uid", metadata["uid"]), ("job-name", metadata["name"]))
    }
    before = (template.get("metadata") or {}).get("labels") or {}
    labels = {**before, **told}
    if metadata.get("labels") == before:
        # Its own labels are those of the template, the same map.
        metadata = {**metadata, "labels": labels}
    template = {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata["uid"]}}
    return {**thing, "metadata": metadata, "spec": {**spec, "selector": selector, "template": template}}


def _ordered(thing: Object) -> Object:
    """The feature of maxUnavailable is off: it is dropped (pkg/registry/apps/statefulset/strategy.go)."""
    update = thing["spec"].get("updateStrategy") or {}
    rolling = update.get("rollingUpdate")
    if not isinstance(rolling, dict) or "maxUnavailable" not in rolling:
        return thing
    rolling = {name: value for name, value in rolling.items() if name != "maxUnavailable"}
    return {**thing, "spec": {**thing["spec"], "updateStrategy": {**update, "rollingUpdate": rolling}}}


def pod(thing: Object) -> Object:
    """A new pod: its priority, its tolerations, its class of service."""
    more = {"preemptionPolicy": "PreemptLowerPriority", "priority": 0}
    spec = _tolerant({**more, **thing["spec"]})
    status: Object = {"phase": "Pending", "qosClass": poddefaults.quality(spec)}
    if spec.get("schedulingGates"):
        gated = {
            "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "lastProbeTime": None,
            "message": "Scheduling is blocked due to non-empty scheduling gates", "lastTransitionTime": None,
        }  # fmt: skip
        status["conditions"] = [gated]
    return {**thing, "spec": spec, "status": status}


def _tolerant(spec: Object) -> Object:
    """With the tolerations that every pod gets, also in an update that leaves them out."""
    tolerations: list[Any] = list(spec.get("tolerations") or ())
    for each in TOLERATIONS:
        if not any(_covers(held, each) for held in tolerations):
            tolerations.append(each)
    return {**spec, "tolerations": tolerations}


def _covers(held: Any, wanted: Any) -> bool:
    return (held.get("key") in (None, "", wanted["key"])) and held.get("effect") in (None, "", wanted["effect"])


def _service(kernel: Kernel, thing: Object) -> Object:
    spec = thing["spec"]
    if spec.get("type") == "ExternalName":
        return thing
    address = spec.get("clusterIP")
    if address == "None" and not spec.get("selector") and "ipFamilyPolicy" not in spec:
        # Nobody knows which family the endpoints will be of (pkg/registry/core/service/storage/alloc.go).
        spec = {**spec, "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"}
    if not address:
        number = _FIRST + kernel.next_address()
        address = f"{_NET}.{number // 256 % 256}.{number % 256}"
    spec = {
        **spec, "clusterIP": address, "clusterIPs": spec.get("clusterIPs") or [address],
        "ipFamilies": spec.get("ipFamilies") or ["IPv4"], "ipFamilyPolicy": spec.get("ipFamilyPolicy") or "SingleStack",
    }  # fmt: skip
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        spec["ports"] = [
            port if port.get("nodePort") else {**port, "nodePort": 30000 + kernel.next_address() % 2768}
            for port in spec.get("ports") or ()
        ]
        if spec["type"] == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)
    return {**thing, "spec": spec}


def _protected(thing: Object, finalizer: str) -> Object:
    held = thing["metadata"].get("finalizers") or []
    if finalizer in held:
        return thing
    return {**thing, "metadata": {**thing["metadata"], "finalizers": [*held, finalizer]}}
