"""What may not be in a pod (pkg/apis/core/validation/validation.go)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import names, quantities, status, volumevalidation
from rollonce.sim.api.status import Cause

Json = dict[str, Any]
PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL = ("Always", "IfNotPresent", "Never")
_DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
ENV_RULE = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_ENV_NAME_RULE = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_ENV_FROM_RULE = "must specify one of: `configMapRef` or `secretRef`"
_ENV_FIELDS = frozenset({
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
})  # fmt: skip
_STANDARD = frozenset({"cpu", "memory", "ephemeral-storage", "storage"})
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PORT_RULE = "must be between 1 and 65535, inclusive"
CHANGE_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
TOLERATIONS_RULE = "existing toleration can not be modified except its tolerationSeconds"


def pod_spec(spec: Json, at: str, *, job: bool = False) -> Iterator[Cause]:
    """What is wrong in a pod spec."""
    volumes: set[str] = set()
    yield from volumevalidation.volumes(spec.get("volumes") or (), f"{at}.volumes", volumes)
    containers = spec.get("containers") or []
    if not containers:
        yield status.required(f"{at}.containers")
    taken: set[str] = set()
    ports: set[str] = set()
    for index, each in enumerate(containers):
        yield from _container(each, f"{at}.containers[{index}]", taken, volumes, ports)
        yield from _sleeps(each, spec.get("terminationGracePeriodSeconds"), f"{at}.containers[{index}].lifecycle")
    for index, each in enumerate(spec.get("initContainers") or ()):
        yield from _init_container(each, f"{at}.initContainers[{index}]", taken, volumes)
    yield from _policies(spec, at, job=job)
    yield from names.labels(spec.get("nodeSelector"), f"{at}.nodeSelector")
    if spec.get("serviceAccountName"):
        yield from names.subdomain(spec["serviceAccountName"], f"{at}.serviceAccountName")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 0 < deadline < 2**31:
        yield status.bad(f"{at}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    for index, each in enumerate(spec.get("topologySpreadConstraints") or ()):
        yield from _spread(each, f"{at}.topologySpreadConstraints[{index}]")
    for index, each in enumerate(spec.get("tolerations") or ()):
        yield from _toleration(each, f"{at}.tolerations[{index}]")
    for index, each in enumerate(spec.get("hostAliases") or ()):
        try:
            ipaddress.ip_address(each.get("ip", ""))
        except ValueError:
            where = f"{at}.hostAliases[{index}].ip"
            yield status.bad(where, each.get("ip", ""), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def _policies(spec: Json, at: str, *, job: bool) -> Iterator[Cause]:
    policy = spec.get("restartPolicy")
    if job and policy not in ("OnFailure", "Never"):
        if policy in (None, "Always"):
            yield status.required(f"{at}.restartPolicy", 'valid values: "OnFailure", "Never"')
        else:
            yield status.unsupported(f"{at}.restartPolicy", policy, ["OnFailure", "Never"])
    elif policy not in ("Always", "OnFailure", "Never", None):
        yield status.unsupported(f"{at}.restartPolicy", policy, ["Always", "OnFailure", "Never"])
    if spec.get("dnsPolicy", "ClusterFirst") not in _DNS:
        yield status.unsupported(f"{at}.dnsPolicy", spec["dnsPolicy"], _DNS)


def images(spec: Json, at: str) -> Iterator[Cause]:
    """Containers without an image."""
    for part in ("containers", "initContainers"):
        for index, each in enumerate(spec.get(part) or ()):
            if not each.get("image"):
                yield status.required(f"{at}.{part}[{index}].image")


def change(live: Json, spec: Json) -> Iterator[Cause]:
    """Only images, the deadline and further tolerations of a pod may change."""
    if _fixed(live) != _fixed(spec):
        yield status.forbidden("spec", CHANGE_RULE)
        return
    kept = [_less_seconds(each) for each in spec.get("tolerations") or ()]
    if any(_less_seconds(each) not in kept for each in live.get("tolerations") or ()):
        yield status.forbidden("spec.tolerations", TOLERATIONS_RULE)


def _less_seconds(toleration: Json) -> Json:
    return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}


def _fixed(spec: Json) -> Json:
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates")
    kept = {name: value for name, value in spec.items() if name not in free}
    for field in ("containers", "initContainers"):
        kept[field] = [{**each, "image": ""} for each in spec.get(field) or ()]
    return kept


def _init_container(container: Json, at: str, taken: set[str], volumes: set[str]) -> Iterator[Cause]:
    native = container.get("restartPolicy") == "Always"
    yield from _container(container, at, taken, volumes, set())
    if "restartPolicy" in container and container["restartPolicy"] not in ("Always", "Never", "OnFailure"):
        yield status.unsupported(f"{at}.restartPolicy", container["restartPolicy"], ["Always", "Never", "OnFailure"])
    if not native:
        for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if name in container:
                yield status.forbidden(
                    f"{at}.{name}", "may not be set for init containers without restartPolicy=Always"
                )


def _container(container: Json, at: str, taken: set[str], volumes: set[str], ports: set[str]) -> Iterator[Cause]:
    yield from _name(container.get("name"), f"{at}.name", taken)
    if not container.get("image"):
        yield status.required(f"{at}.image")
    if container.get("terminationMessagePolicy") not in ("File", "FallbackToLogsOnError"):
        policies = ["File", "FallbackToLogsOnError"]
        yield status.unsupported(f"{at}.terminationMessagePolicy", container.get("terminationMessagePolicy"), policies)
    yield from _ports(container.get("ports") or (), f"{at}.ports", ports)
    for index, env in enumerate(container.get("env") or ()):
        yield from _env(env, f"{at}.env[{index}]")
    for each in container.get("envFrom") or ():
        if "configMapRef" not in each and "secretRef" not in each:
            yield status.bad(f"{at}.envFrom", "", _ENV_FROM_RULE)
    yield from volumevalidation.mounts(container.get("volumeMounts") or (), f"{at}.volumeMounts", volumes)
    if container.get("imagePullPolicy") not in _PULL:
        yield status.unsupported(f"{at}.imagePullPolicy", container.get("imagePullPolicy"), _PULL)
    yield from _resources(container.get("resources") or {}, f"{at}.resources")
    for hook, act in sorted((container.get("lifecycle") or {}).items()):
        if isinstance(act, dict):
            yield from _handler(act, f"{at}.lifecycle.{hook}")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            yield from _probe(container[name], f"{at}.{name}", name)
    context = container.get("securityContext") or {}
    for field in ("runAsUser", "runAsGroup"):
        if field in context and not 0 <= context[field] < 2**31:
            where = f"{at}.securityContext.{field}"
            yield status.bad(where, context[field], "must be between 0 and 2147483647, inclusive")


def _sleeps(container: Json, grace: Any, at: str) -> Iterator[Cause]:
    """No hook may sleep for longer than the pod has."""
    for hook, act in sorted((container.get("lifecycle") or {}).items()):
        seconds = (act.get("sleep") or {}).get("seconds", 0) if isinstance(act, dict) and act.get("sleep") else 0
        if grace is not None and not 0 <= seconds <= grace:
            rule = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            yield status.bad(f"{at}.{hook}.sleep", seconds, rule)


def _name(name: Any, at: str, taken: set[str]) -> Iterator[Cause]:
    if not name:
        yield status.required(at)
        return
    yield from names.label(name, at)
    if name in taken:
        yield status.duplicate(at, name)
    taken.add(name)


def _ports(ports: Any, at: str, taken: set[str]) -> Iterator[Cause]:
    named: set[str] = set()
    for index, port in enumerate(ports):
        where, name = f"{at}[{index}]", port.get("name")
        if name:
            wrong = list(names.port_name(name, f"{where}.name"))
            yield from wrong
            if not wrong and name in named:
                yield status.duplicate(f"{where}.name", name)
            named.add(name)
        number = port.get("containerPort")
        if not number:
            yield status.required(f"{where}.containerPort")
        elif not 0 < number < 65536:
            yield status.bad(f"{where}.containerPort", number, _PORT_RULE)
        if port.get("hostPort") and not 0 < port["hostPort"] < 65536:
            yield status.bad(f"{where}.hostPort", port["hostPort"], _PORT_RULE)
        if port.get("protocol") not in PROTOCOLS:
            yield status.unsupported(f"{where}.protocol", port.get("protocol"), PROTOCOLS)
    for index, port in enumerate(ports):
        if port.get("hostPort"):
            place = f"{port.get('protocol')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if place in taken:
                yield status.duplicate(f"{at}[{index}].hostPort", place)
            taken.add(place)


def _env(env: Json, at: str) -> Iterator[Cause]:
    name, source = env.get("name"), env.get("valueFrom")
    if not name:
        yield status.required(f"{at}.name")
    elif "=" in name or any(not " " <= letter <= "~" for letter in name):
        yield status.bad(f"{at}.name", name, _ENV_NAME_RULE)
    if source is None:
        return
    at = f"{at}.valueFrom"
    for kind in ("secretKeyRef", "configMapKeyRef"):
        if isinstance(source.get(kind), dict):
            told = source[kind]
            if not told.get("name"):
                yield from names.subdomain("", f"{at}.{kind}.name")
            if not told.get("key"):
                yield status.required(f"{at}.{kind}.key")
            else:
                yield from names.config_key(told["key"], f"{at}.{kind}.key")
    if isinstance(source.get("fieldRef"), dict):
        path = source["fieldRef"].get("fieldPath", "")
        if not path:
            yield status.required(f"{at}.fieldRef.fieldPath")
        elif path not in _ENV_FIELDS and not path.startswith(("metadata.labels['", "metadata.annotations['")):
            why = f"error converting fieldPath: field label not supported: {path}"
            yield status.bad(f"{at}.fieldRef.fieldPath", path, why)
    if not source:
        yield status.bad(at, "", ENV_RULE)
    elif len(source) > 1:
        yield status.bad(at, "", "may not have more than one field specified at a time")
    elif env.get("value"):
        yield status.bad(at, "", "may not be specified when `value` is not empty")


def _resources(told: Json, at: str) -> Iterator[Cause]:
    limits, requests = told.get("limits") or {}, told.get("requests") or {}
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            where = f"{at}.{field}[{name}]"
            if "/" in name:
                yield from names.qualified(name, where)
            elif name not in _STANDARD and not name.startswith("hugepages-"):
                yield status.bad(where, name, "must be a standard resource type or fully qualified")
                yield status.bad(where, name, "must be a standard resource for containers")
            if (quantities.amount(amount) or 0) < 0:
                yield status.bad(where, amount, "must be greater than or equal to 0")
            if field == "requests" and name in limits:
                wanted, most = quantities.amount(amount), quantities.amount(limits[name])
                if wanted is not None and most is not None and wanted > most:
                    why = f"must be less than or equal to {name} limit of {limits[name]}"
                    yield status.bad(f"{at}.requests", amount, why)


def _handler(handler: Json, at: str) -> Iterator[Cause]:
    found = [name for name in _HANDLERS if isinstance(handler.get(name), dict)]
    if not found:
        yield status.required(at, "must specify a handler type")
    for index, name in enumerate(found):
        where = f"{at}.{name}"
        if index:
            yield status.forbidden(where, "may not specify more than 1 handler type")
            continue
        told = handler[name]
        if name == "exec" and not told.get("command"):
            yield status.required(f"{where}.command")
        if name in ("httpGet", "tcpSocket"):
            yield from port_number(told.get("port"), f"{where}.port")


def port_number(port: Any, at: str) -> Iterator[Cause]:
    """A port by number or by name."""
    if isinstance(port, str):
        yield from names.port_name(port, at)
    elif port is not None and not 0 < port < 65536:
        yield status.bad(at, port, _PORT_RULE)


def _probe(probe: Json, at: str, kind: str) -> Iterator[Cause]:
    yield from _handler(probe, at)
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from names.natural(probe.get(field), f"{at}.{field}")
    grace = probe.get("terminationGracePeriodSeconds")
    if kind == "readinessProbe":
        if grace is not None:
            yield status.bad(f"{at}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
        return
    if grace is not None and grace <= 0:
        yield status.bad(f"{at}.terminationGracePeriodSeconds", grace, "must be greater than 0")
    if probe.get("successThreshold", 1) != 1:
        yield status.bad(f"{at}.successThreshold", probe["successThreshold"], "must be 1")


def _toleration(toleration: Json, at: str) -> Iterator[Cause]:
    if toleration.get("key"):
        yield from names.qualified(toleration["key"], f"{at}.key")
    operator = toleration.get("operator", "Equal")
    if operator == "Exists" and toleration.get("value"):
        yield status.bad(f"{at}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'")
    if not toleration.get("key") and operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield status.bad(f"{at}.operator", toleration.get("operator", ""), why)


def _spread(told: Json, at: str) -> Iterator[Cause]:
    if told.get("maxSkew", 0) <= 0:
        yield status.bad(f"{at}.maxSkew", told.get("maxSkew", 0), "must be greater than zero")
    if not told.get("topologyKey"):
        yield status.required(f"{at}.topologyKey", "can not be empty")
    if told.get("whenUnsatisfiable") not in ("DoNotSchedule", "ScheduleAnyway"):
        choices = ["DoNotSchedule", "ScheduleAnyway"]
        yield status.unsupported(f"{at}.whenUnsatisfiable", told.get("whenUnsatisfiable", ""), choices)
