"""One row per object, a function a kind (pkg/printers/internalversion/printers.go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rollonce.sim.api import podcells
from rollonce.sim.store import Object

Row = Callable[[Object, float], list[Any]]
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_NONE = "<none>"
_STEP = re.compile(r"\.((?:[^.\[\\]|\\.)+)|\[(\d+|\*|'[^']*'|\"[^\"]*\")\]")


def duration(seconds: float) -> str:
    """As kubectl prints a span of time (apimachinery/pkg/util/duration/duration.go)."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    minutes, hours = whole // 60, whole // 3600
    days = hours // 24
    if whole < 120:
        return f"{max(whole, 0)}s"
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    if days < 365 * 8:
        return f"{days // 365}y{days % 365}d" if days % 365 else f"{days // 365}y"
    return f"{days // 365}y"


def since(stamp: Any, now: float) -> str:
    """How long ago a time is."""
    if not stamp:
        return "<unknown>"
    return duration(now - datetime.fromisoformat(str(stamp).replace("Z", "+00:00")).timestamp())


def plain(thing: Object, _now: float) -> list[Any]:
    """Name and creation, of what has no printer of its own."""
    return [_name(thing), thing["metadata"].get("creationTimestamp")]


def _name(thing: Object) -> str:
    return str(thing["metadata"]["name"])


def _age(thing: Object, now: float) -> str:
    return since(thing["metadata"].get("creationTimestamp"), now)


def _of(thing: Object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return thing.get("spec") or {}, thing.get("status") or {}


def _containers(pod: Mapping[str, Any] | None) -> list[str]:
    found = (pod or {}).get("containers") or ()
    return [",".join(each.get("name", "") for each in found), ",".join(each.get("image", "") for each in found)]


def selector(told: Any) -> str:
    """A LabelSelector as text (metav1.FormatLabelSelector)."""
    if told is None:
        return _NONE
    parts = [(key, f"{key}={value}") for key, value in (told.get("matchLabels") or {}).items()]
    for each in told.get("matchExpressions") or ():
        key, values = each["key"], ",".join(sorted(each.get("values") or ()))
        match each["operator"]:
            case "In":
                parts.append((key, f"{key} in ({values})"))
            case "NotIn":
                parts.append((key, f"{key} notin ({values})"))
            case "Exists":
                parts.append((key, key))
            case _:
                parts.append((key, f"!{key}"))
    return ",".join(text for _, text in sorted(parts)) or _NONE


def labels(found: Mapping[str, str] | None) -> str:
    """Labels as text (labels.FormatLabels)."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or _NONE


def _deployment(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    told = selector(spec.get("selector"))
    return [
        _name(thing), f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}", status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0), _age(thing, now), *_containers(spec["template"].get("spec")),
        "" if told == _NONE else told,
    ]  # fmt: skip


def _replicaset(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    told = spec.get("selector")
    chosen = told if told is None or "matchLabels" in told or "matchExpressions" in told else {"matchLabels": told}
    return [
        _name(thing), spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0),
        _age(thing, now), *_containers((spec.get("template") or {}).get("spec")), selector(chosen),
    ]  # fmt: skip


def _statefulset(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [_name(thing), ready, _age(thing, now), *_containers(spec["template"].get("spec"))]


def _daemonset(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    counts = [
        status.get(name, 0)
        for name in (
            "desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
            "numberAvailable",
        )
    ]  # fmt: skip
    pod = spec["template"].get("spec") or {}
    return [
        _name(thing), *counts, labels(pod.get("nodeSelector")), _age(thing, now), *_containers(pod),
        selector(spec.get("selector")),
    ]  # fmt: skip


def _job(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    done, wanted, parallel = status.get("succeeded", 0), spec.get("completions"), spec.get("parallelism") or 0
    more = f" of {parallel}" if parallel > 1 else ""
    completions = f"{done}/1{more}" if wanted is None else f"{done}/{wanted}"
    begun, ended = status.get("startTime"), status.get("completionTime")
    took = since(begun, datetime.fromisoformat(ended.replace("Z", "+00:00")).timestamp() if ended else now)
    true = {each["type"] for each in status.get("conditions") or () if each.get("status") == "True"}
    state = next(
        (
            shown
            for found, shown in (
                ("Complete" in true, "Complete"), ("Failed" in true, "Failed"),
                ("deletionTimestamp" in thing["metadata"], "Terminating"), ("Suspended" in true, "Suspended"),
                ("FailureTarget" in true, "FailureTarget"), ("SuccessCriteriaMet" in true, "SuccessCriteriaMet"),
            )
            if found
        ),
        "Running",
    )  # fmt: skip
    return [
        _name(thing), state, completions, took if begun else "", _age(thing, now),
        *_containers(spec["template"].get("spec")), selector(spec.get("selector")),
    ]  # fmt: skip


def _cronjob(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    suspended = {None: "<unset>", True: "True", False: "False"}[spec.get("suspend")]
    last = status.get("lastScheduleTime")
    return [
        _name(thing), spec.get("schedule", ""), spec.get("timeZone", _NONE), suspended,
        len(status.get("active") or ()), since(last, now) if last else _NONE, _age(thing, now),
        *_containers((job.get("template") or {}).get("spec")), selector(job.get("selector")),
    ]  # fmt: skip


def _service(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    type_, outside = spec.get("type"), list(spec.get("externalIPs") or ())
    if type_ == "LoadBalancer":
        points = (status.get("loadBalancer") or {}).get("ingress") or ()
        outside = [each.get("ip") or each.get("hostname") for each in points] + outside
    external = ",".join(outside) or ("<pending>" if type_ == "LoadBalancer" else _NONE)
    if type_ == "ExternalName":
        external = spec.get("externalName", "")
    ports = ",".join(
        f"{port['port']}{f':{node}' if (node := port.get('nodePort')) else ''}/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    )
    inside = (spec.get("clusterIPs") or [_NONE])[0]
    chosen = labels(spec.get("selector"))
    return [_name(thing), type_, inside, external, ports or _NONE, _age(thing, now), chosen]


def _node(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    ready = next((each for each in status.get("conditions") or () if each["type"] == "Ready"), None)
    state = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    prefix = "node-role.kubernetes.io/"
    found = (thing["metadata"].get("labels") or {}).items()
    roles = {key.removeprefix(prefix) for key, _ in found if key.startswith(prefix)} - {""}
    roles |= {value for key, value in found if key == "kubernetes.io/role" and value}
    info = status.get("nodeInfo") or {}
    places = {each.get("type"): each.get("address") for each in reversed(status.get("addresses") or ())}
    kernel = info.get("kernelVersion") or "<unknown>"
    if info.get("architecture"):
        kernel += f" ({info['architecture']})"
    return [
        _name(thing), state + (",SchedulingDisabled" if spec.get("unschedulable") else ""),
        ",".join(sorted(roles)) or _NONE, _age(thing, now), info.get("kubeletVersion", ""),
        places.get("InternalIP", _NONE), places.get("ExternalIP", _NONE), info.get("osImage") or "<unknown>",
        kernel, info.get("containerRuntimeVersion") or "<unknown>",
    ]  # fmt: skip


def _event(thing: Object, now: float) -> list[Any]:
    about = thing.get("involvedObject") or thing.get("regarding") or {}
    first = since(thing.get("firstTimestamp") or thing.get("eventTime"), now)
    last = since(thing["lastTimestamp"], now) if thing.get("lastTimestamp") else first
    count = thing.get("count") or 1
    if series := thing.get("series"):
        last, count = since(series.get("lastObservedTime"), now), series.get("count", 0)
    target = "/".join(filter(None, (str(about.get("kind", "")).lower(), about.get("name"))))
    source = thing.get("source") or {}
    told = [source.get("component") or thing.get("reportingComponent") or thing.get("reportingController") or ""]
    told.append(source.get("host") or thing.get("reportingInstance") or "")
    message = (thing.get("message") or thing.get("note") or "").strip()
    return [
        last, thing.get("type", ""), thing.get("reason", ""), target, about.get("fieldPath", ""),
        ", ".join(filter(None, told)), message, first, count, _name(thing),
    ]  # fmt: skip


def _volume(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    claim = spec.get("claimRef")
    phase = "Terminating" if "deletionTimestamp" in thing["metadata"] else status.get("phase", "")
    return [
        _name(thing), (spec.get("capacity") or {}).get("storage", "0"), _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""), phase,
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "", spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName", "<unset>"), status.get("reason", ""), _age(thing, now),
        spec.get("volumeMode", "<unset>"),
    ]  # fmt: skip


def _claim(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    phase = "Terminating" if "deletionTimestamp" in thing["metadata"] else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    return [
        _name(thing), phase, spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "0") if bound else "",
        _modes(status.get("accessModes")) if bound else "", spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName", "<unset>"), _age(thing, now), spec.get("volumeMode", "<unset>"),
    ]  # fmt: skip


def _modes(found: Sequence[str] | None) -> str:
    return ",".join(_MODES[mode] for mode in _MODES if mode in (found or ()))


def _ingress(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    rules = spec.get("rules") or ()
    hosts = [rule["host"] for rule in rules[:3] if rule.get("host")]
    shown = ",".join(hosts) or "*"
    if hosts and len(rules) > 3:
        shown += f" + {len(rules) - 3} more..."
    points = (status.get("loadBalancer") or {}).get("ingress") or ()
    address = ",".join(each.get("ip") or each.get("hostname") or "" for each in points)
    ports = "80, 443" if spec.get("tls") else "80"
    return [_name(thing), spec.get("ingressClassName", _NONE), shown, address, ports, _age(thing, now)]


def _autoscaler(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    target = spec.get("scaleTargetRef") or {}
    metrics = [_metric(each) for each in spec.get("metrics") or ()]
    shown = ", ".join(metrics[:2]) or _NONE
    if len(metrics) > 2:
        shown += f" + {len(metrics) - 2} more..."
    least = spec.get("minReplicas")
    return [
        _name(thing), f"{target.get('kind', '')}/{target.get('name', '')}", shown,
        "<unset>" if least is None else str(least), spec.get("maxReplicas", 0), status.get("currentReplicas", 0),
        _age(thing, now),
    ]  # fmt: skip


def _metric(metric: Mapping[str, Any]) -> str:
    """Nobody measures here: what is now is unknown."""
    kind = metric.get("type", "")
    told = metric.get(kind[:1].lower() + kind[1:]) or {}
    target = told.get("target") or {}
    name = f"{told['name']}: " if kind in ("Resource", "ContainerResource") else ""
    if "averageValue" in target:
        return f"{name}<unknown>/{target['averageValue']}" + (" (avg)" if kind in ("External", "Object") else "")
    if name:
        percent = target.get("averageUtilization")
        return f"{name}<unknown>/{'<auto>' if percent is None else f'{percent}%'}"
    return f"<unknown>/{target.get('value', '')}"


def _endpoints(thing: Object, now: float) -> list[Any]:
    found = []
    for subset in thing.get("subsets") or ():
        addresses = [each["ip"] for each in subset.get("addresses") or ()]
        ports = [f":{port['port']}" for port in subset.get("ports") or ()] or [""]
        found += [address + port for port in ports for address in addresses]
    shown = ",".join(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")
    return [_name(thing), shown if thing.get("subsets") else _NONE, _age(thing, now)]


def _revision(thing: Object, now: float) -> list[Any]:
    owner = next((each for each in thing["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    shown = _NONE
    if owner is not None:
        group = owner["apiVersion"].rpartition("/")[0]
        shown = f"{owner['kind'].lower()}{f'.{group}' if group else ''}/{owner['name']}"
    return [_name(thing), shown, thing.get("revision", 0), _age(thing, now)]


def _binding(thing: Object, now: float) -> list[Any]:
    role, found = thing.get("roleRef") or {}, thing.get("subjects") or ()
    users = [each["name"] for each in found if each.get("kind") == "User"]
    groups = [each["name"] for each in found if each.get("kind") == "Group"]
    accounts = [f"{each.get('namespace', '')}/{each['name']}" for each in found if each.get("kind") == "ServiceAccount"]
    told = [", ".join(users), ", ".join(groups), ", ".join(accounts)]
    return [_name(thing), f"{role.get('kind', '')}/{role.get('name', '')}", _age(thing, now), *told]


def _budget(thing: Object, now: float) -> list[Any]:
    spec, status = _of(thing)
    bounds = [str(spec.get(name, "N/A")) for name in ("minAvailable", "maxUnavailable")]
    return [_name(thing), *bounds, status.get("disruptionsAllowed", 0), _age(thing, now)]


def _storage(thing: Object, now: float) -> list[Any]:
    annotations = thing["metadata"].get("annotations") or {}
    default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        _name(thing) + (" (default)" if default else ""), thing.get("provisioner", ""),
        thing.get("reclaimPolicy", "Delete"), thing.get("volumeBindingMode", "Immediate"),
        thing.get("allowVolumeExpansion", False), _age(thing, now),
    ]  # fmt: skip


def custom(columns: Sequence[Mapping[str, Any]], thing: Object, now: float) -> list[Any]:
    """The columns of a CustomResourceDefinition (pkg/registry/customresource/tableconvertor/tableconvertor.go)."""
    found: list[Any] = [_name(thing)]
    for column in columns:
        value = _at(thing, column["jsonPath"])
        match column["type"]:
            case "date":
                value = since(value, now) if isinstance(value, str) else "<unknown>" if value is None else value
            case "integer":
                value = int(value) if isinstance(value, int | float) else None
            case "string" if isinstance(value, dict | list):
                value = str(value)
        found.append(value)
    return found


def _at(thing: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        if name:
            thing = thing.get(name.replace("\\", "")) if isinstance(thing, dict) else None
        elif index == "*":
            thing = thing[0] if isinstance(thing, list) and thing else None
        elif index.isdigit():
            thing = thing[int(index)] if isinstance(thing, list) and int(index) < len(thing) else None
        else:
            thing = thing.get(index[1:-1]) if isinstance(thing, dict) else None
    return thing


ROWS: dict[str, Row] = {
    "pods": lambda thing, now: podcells.row(thing, lambda stamp: since(stamp, now)),
    "deployments": _deployment,
    "replicasets": _replicaset,
    "replicationcontrollers": _replicaset,
    "statefulsets": _statefulset,
    "daemonsets": _daemonset,
    "jobs": _job,
    "cronjobs": _cronjob,
    "services": _service,
    "nodes": _node,
    "events": _event,
    "persistentvolumes": _volume,
    "persistentvolumeclaims": _claim,
    "ingresses": _ingress,
    "horizontalpodautoscalers": _autoscaler,
    "endpoints": _endpoints,
    "controllerrevisions": _revision,
    "rolebindings": _binding,
    "clusterrolebindings": _binding,
    "poddisruptionbudgets": _budget,
    "storageclasses": _storage,
    "namespaces": lambda thing, now: [_name(thing), _of(thing)[1].get("phase", ""), _age(thing, now)],
    "secrets": lambda thing, now: [
        _name(thing), thing.get("type", "Opaque"), len(thing.get("data") or ()), _age(thing, now),
    ],
    "configmaps": lambda thing, now: [
        _name(thing), len(thing.get("data") or ()) + len(thing.get("binaryData") or ()), _age(thing, now),
    ],
    "serviceaccounts": lambda thing, now: [_name(thing), _age(thing, now)],
    "leases": lambda thing, now: [_name(thing), _of(thing)[0].get("holderIdentity", ""), _age(thing, now)],
    "priorityclasses": lambda thing, now: [
        _name(thing), thing.get("value", 0), thing.get("globalDefault", False), _age(thing, now),
        thing.get("preemptionPolicy", ""),
    ],
    "networkpolicies": lambda thing, now: [
        _name(thing), selector(_of(thing)[0].get("podSelector") or {}), _age(thing, now),
    ],
}  # fmt: skip
