"""What may not be (pkg/apis/apps/validation/validation.go, pkg/apis/core/validation/validation.go): the essentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import selectors, status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.status import Cause
from rollonce.sim.store import Object

TEMPLATED = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets"})
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
ENV_RULE = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_PULL = ("Always", "IfNotPresent", "Never")
_LABEL_KINDS = frozenset({"namespaces"})
_STATEFULSET_FIELDS = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_STATEFULSET_RULE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_POD_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check(kind: Kind, thing: Object, live: Object | None) -> None:
    """Raises a 422 that names every field that is wrong; `live` is the object before an update."""
    try:
        causes = [*_metadata(kind, thing["metadata"], created=live is None), *_spec(kind, thing, live)]
    except (TypeError, AttributeError, KeyError, ValueError):
        raise status.bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: json: cannot unmarshal'
        ) from None
    if causes:
        raise status.invalid(kind, thing["metadata"].get("name", ""), causes)


def _metadata(kind: Kind, metadata: dict[str, Any], *, created: bool) -> Iterator[Cause]:
    name = metadata["name"]
    if not name:
        yield status.required("metadata.name", "name or generateName is required")
    if name and created and not kind.group.startswith("rbac."):
        if kind.resource in _LABEL_KINDS:
            if not _LABEL.fullmatch(name) or len(name) > 63:
                yield status.bad("metadata.name", name, LABEL_RULE)
        elif not _SUBDOMAIN.fullmatch(name):
            yield status.bad("metadata.name", name, SUBDOMAIN_RULE)
        elif len(name) > 253:
            yield status.bad("metadata.name", name, "must be no more than 253 characters")
    for field in ("labels", "annotations"):
        for key, value in (metadata.get(field) or {}).items():
            if not isinstance(value, str):
                raise TypeError(key)


def _spec(kind: Kind, thing: Object, live: Object | None) -> Iterator[Cause]:
    if kind.resource in TEMPLATED:
        yield from _workload(kind, thing.get("spec") or {}, live)
    elif kind.resource == "pods":
        yield from pod_spec(thing["spec"], "spec")
        if live is not None and not _pod_may_become(live["spec"], thing["spec"]):
            yield status.forbidden("spec", _POD_RULE)
    elif kind.resource == "cronjobs":
        yield from _cronjob(thing["spec"])
    elif kind.resource == "jobs":
        at = "spec.template.spec"
        yield from pod_spec(thing["spec"]["template"]["spec"], at, job=True)
        if live is not None and live["spec"].get("template") != thing["spec"].get("template"):
            yield status.bad("spec.template", thing["spec"]["template"], "field is immutable")
    elif kind.resource == "services":
        spec = thing["spec"]
        if not spec.get("ports") and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
            yield status.required("spec.ports")
    elif kind.resource in ("secrets", "configmaps") and live is not None and live.get("immutable"):
        for field in ("data", "binaryData"):
            if thing.get(field) != live.get(field):
                yield status.forbidden(field, "field is immutable when `immutable` is set")


def _workload(kind: Kind, spec: dict[str, Any], live: Object | None) -> Iterator[Cause]:
    for field in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        value = spec.get(field, 0)
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(field)
        if value < 0:
            yield status.bad(f"spec.{field}", value, "must be greater than or equal to 0")
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not selector:
        if selector is None:
            yield status.required("spec.selector")
        else:
            yield status.bad("spec.selector", selector, f"empty selector is invalid for {kind.kind.lower()}")
    if not selectors.matches(selector, labels):
        yield status.bad("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")
    yield from pod_spec(template.get("spec") or {}, "spec.template.spec")
    policy = (template.get("spec") or {}).get("restartPolicy", "Always")
    if policy != "Always":
        yield status.unsupported("spec.template.spec.restartPolicy", policy, ["Always"])
    if kind.resource == "deployments":
        yield from _deployment(spec)
    if kind.resource in ("statefulsets", "daemonsets"):
        yield from _update_strategy(spec)
    if live is None:
        return
    if kind.resource == "statefulsets":

        def rest(found: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in found.items() if name not in _STATEFULSET_FIELDS}

        if rest(spec) != rest(live["spec"]):
            yield status.forbidden("spec", _STATEFULSET_RULE)
    elif selector != live["spec"].get("selector"):
        yield status.bad("spec.selector", selector, "field is immutable")


def _deployment(spec: dict[str, Any]) -> Iterator[Cause]:
    strategy = spec.get("strategy") or {}
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        yield status.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif strategy.get("type") not in ("Recreate", "RollingUpdate"):
        yield status.unsupported("spec.strategy.type", strategy.get("type"), ["Recreate", "RollingUpdate"])
    elif isinstance(rolling, dict):
        yield from _shares(rolling, "spec.strategy.rollingUpdate")
        if all(str(rolling.get(name)).rstrip("%") == "0" for name in ("maxUnavailable", "maxSurge")):
            yield status.bad(
                "spec.strategy.rollingUpdate.maxUnavailable", rolling.get("maxUnavailable"),
                "may not be 0 when `maxSurge` is 0",
            )  # fmt: skip
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        yield status.bad("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _shares(rolling: dict[str, Any], at: str) -> Iterator[Cause]:
    for name in ("maxUnavailable", "maxSurge"):
        value = rolling.get(name)
        if isinstance(value, str) and not re.fullmatch(r"[0-9]+%", value):
            yield status.bad(
                f"{at}.{name}", value,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
                "regex used for validation is '[0-9]+%')",
            )  # fmt: skip
        elif isinstance(value, int) and value < 0:
            yield status.bad(f"{at}.{name}", value, "must be greater than or equal to 0")


def _update_strategy(spec: dict[str, Any]) -> Iterator[Cause]:
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in ("OnDelete", "RollingUpdate"):
        yield status.unsupported("spec.updateStrategy", strategy.get("type"), ["OnDelete", "RollingUpdate"])


def _cronjob(spec: dict[str, Any]) -> Iterator[Cause]:
    if not spec.get("schedule"):
        yield status.required("spec.schedule")
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    at = "spec.jobTemplate.spec.template.spec"
    yield from pod_spec((job.get("template") or {}).get("spec") or {}, at, job=True)


def pod_spec(spec: dict[str, Any], at: str, *, job: bool = False) -> Iterator[Cause]:
    """What is wrong in a pod spec."""
    containers = spec.get("containers") or []
    if not containers:
        yield status.required(f"{at}.containers")
    volumes: set[str] = set()
    for index, volume in enumerate(spec.get("volumes") or ()):
        yield from _name(volume.get("name"), f"{at}.volumes[{index}].name", volumes)
    taken: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield from _container(container, f"{at}.{field}[{index}]", taken, volumes)
    policy = spec.get("restartPolicy")
    if job and policy not in ("OnFailure", "Never"):
        if policy in (None, "Always"):
            yield status.unsupported(f"{at}.restartPolicy", policy or "Always", ["OnFailure", "Never"])
    elif policy not in ("Always", "OnFailure", "Never", None):
        yield status.unsupported(f"{at}.restartPolicy", policy, ["Always", "OnFailure", "Never"])


def _name(name: Any, at: str, taken: set[str]) -> Iterator[Cause]:
    if not name:
        yield status.required(at)
    elif not _LABEL.fullmatch(name):
        yield status.bad(at, name, LABEL_RULE)
    elif name in taken:
        yield status.duplicate(at, name)
    else:
        taken.add(name)


def _container(container: dict[str, Any], at: str, taken: set[str], volumes: set[str]) -> Iterator[Cause]:
    yield from _name(container.get("name"), f"{at}.name", taken)
    image = container.get("image")
    if not image:
        yield status.required(f"{at}.image")
    elif image != image.strip():
        yield status.bad(f"{at}.image", image, "must not have leading or trailing whitespace")
    if container.get("imagePullPolicy") not in _PULL:
        yield status.unsupported(f"{at}.imagePullPolicy", container.get("imagePullPolicy"), _PULL)
    for index, port in enumerate(container.get("ports") or ()):
        number = port.get("containerPort")
        if not number:
            yield status.required(f"{at}.ports[{index}].containerPort")
        elif not 0 < number < 65536:
            yield status.bad(f"{at}.ports[{index}].containerPort", number, "must be between 1 and 65535, inclusive")
    for index, env in enumerate(container.get("env") or ()):
        if not env.get("name"):
            yield status.required(f"{at}.env[{index}].name")
        if env.get("valueFrom") == {}:
            yield status.bad(f"{at}.env[{index}].valueFrom", "", ENV_RULE)
        if env.get("value") and env.get("valueFrom"):
            yield status.bad(f"{at}.env[{index}].valueFrom", "", "may not be specified when `value` is not empty")
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where, name = f"{at}.volumeMounts[{index}]", mount.get("name")
        if not name:
            yield status.required(f"{where}.name")
        elif name not in volumes:
            yield Cause(f"{where}.name", "FieldValueNotFound", f'Not found: "{name}"')
        path = mount.get("mountPath")
        if not path:
            yield status.required(f"{where}.mountPath")
        elif path in paths:
            yield status.bad(f"{where}.mountPath", path, "must be unique")
        paths.add(path)


def _pod_may_become(live: dict[str, Any], spec: dict[str, Any]) -> bool:
    """Only images, the deadline, tolerations and the node of a pod may change."""

    def rest(found: dict[str, Any]) -> dict[str, Any]:
        free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates", "nodeName")
        kept = {name: value for name, value in found.items() if name not in free}
        for field in ("containers", "initContainers"):
            kept[field] = [{**each, "image": ""} for each in found.get(field) or ()]
        return kept

    return rest(live) == rest(spec)
