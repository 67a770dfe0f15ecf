"""What the API server writes into a pod spec that leaves it out (pkg/apis/core/v1/defaults.go).

Everything is copied along the path to what is filled in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rollonce.sim.api import quantities

Json = dict[str, Any]
MODE = 420
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def pod_spec(spec: Json) -> Json:
    """A pod spec with its defaults."""
    spec = filled(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    for name in ("containers", "initContainers", "ephemeralContainers"):
        if spec.get(name):
            spec[name] = [container(each) for each in spec[name]]
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        # The old name is kept in step (pkg/apis/core/v1/conversion.go).
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    if spec.get("volumes"):
        spec["volumes"] = [_volume(each) for each in spec["volumes"]]
    if spec.get("topologySpreadConstraints"):
        spec["topologySpreadConstraints"] = [dict(each) for each in spec["topologySpreadConstraints"]]
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name) is False:
            del spec[name]
    for name in ("containers", "initContainers", "volumes", "tolerations", "imagePullSecrets", "nodeSelector"):
        if not spec.get(name, True):
            del spec[name]
    return spec


def container(sent: Json) -> Json:
    """A container with its defaults."""
    filled_in = filled(
        sent,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=pull_policy(sent.get("image") or ""),
    )
    filled_in["resources"] = quantities.resources(filled_in["resources"])
    for name in ("env", "ports", "volumeMounts", "command", "args", "envFrom"):
        if name in filled_in and not filled_in[name]:
            del filled_in[name]
    if filled_in.get("env"):
        filled_in["env"] = [_env(each) for each in filled_in["env"]]
    if filled_in.get("ports"):
        filled_in["ports"] = [filled(each, protocol="TCP") for each in filled_in["ports"]]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(filled_in.get(name), dict):
            filled_in[name] = _probe(filled_in[name])
    if isinstance(filled_in.get("lifecycle"), dict):
        filled_in["lifecycle"] = {
            hook: _handler(act) if isinstance(act, dict) else act for hook, act in filled_in["lifecycle"].items()
        }
    return filled_in


def pull_policy(image: str) -> str:
    """Always for `latest` or no tag at all; a digest is a fixed image."""
    if any(letter.isspace() for letter in image):
        return "IfNotPresent"
    name = image.rsplit("/", 1)[-1]
    if "@" in name:
        return "IfNotPresent"
    _, _, tag = name.partition(":")
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def filled(thing: Json, **defaults: Any) -> Json:
    """A copy with what is absent, null or the empty string."""
    copied = {name: value for name, value in thing.items() if value is not None}
    for name, value in defaults.items():
        if name not in copied or copied[name] == "":
            copied[name] = value
    return copied


def of_pod(spec: Json) -> Json:
    """What only a pod gets and no template: requests from limits, host ports, service links."""
    done = filled(spec, enableServiceLinks=True)
    for name in ("containers", "initContainers"):
        if done.get(name):
            done[name] = [_of_pod(each, host_network=done.get("hostNetwork") is True) for each in done[name]]
    return done


def quality(spec: Json) -> str:
    """The class of service of a pod (pkg/apis/core/v1/helper/qos/qos.go)."""
    told = [each.get("resources") or {} for name in ("containers", "initContainers") for each in spec.get(name) or ()]
    amounts = [(each.get("requests") or {}, each.get("limits") or {}) for each in told]
    if not any(name in held for pair in amounts for held in pair for name in ("cpu", "memory")):
        return "BestEffort"
    guaranteed = all(
        name in limits and requests.get(name) == limits[name]
        for requests, limits in amounts
        for name in ("cpu", "memory")
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _of_pod(sent: Json, *, host_network: bool) -> Json:
    done = dict(sent)
    resources = done.get("resources")
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        requests = {**resources["limits"], **(resources.get("requests") or {})}
        done["resources"] = {**resources, "requests": requests}
    if host_network and done.get("ports"):
        done["ports"] = [{"hostPort": port.get("containerPort"), **port} for port in done["ports"]]
    return done


def _env(env: Json) -> Json:
    source = env.get("valueFrom")
    if isinstance(source, dict) and isinstance(source.get("fieldRef"), dict):
        reference = filled(source["fieldRef"], apiVersion="v1")
        return {**env, "valueFrom": {**source, "fieldRef": reference}}
    if isinstance(source, dict) and isinstance(source.get("resourceFieldRef"), dict):
        return {**env, "valueFrom": {**source, "resourceFieldRef": filled(source["resourceFieldRef"], divisor="0")}}
    # An empty value is no value: it is left out when the object is written.
    return {name: value for name, value in env.items() if not (name == "value" and not value)}


def _probe(probe: Json) -> Json:
    probe = _handler(probe)
    for name in tuple(_PROBE):
        if probe.get(name) == 0:
            del probe[name]
    probe = filled(probe, **_PROBE)
    if probe.get("initialDelaySeconds") == 0:
        del probe["initialDelaySeconds"]
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"] = filled(probe["grpc"], service="")
    return probe


def _handler(handler: Json) -> Json:
    handler = filled(handler)
    if isinstance(handler.get("httpGet"), dict):
        handler["httpGet"] = filled(handler["httpGet"], path="/", scheme="HTTP")
    return handler


def _mode(source: Json) -> Json:
    return filled(source, defaultMode=MODE)


def _projected(source: Json) -> Json:
    source = _mode(source)
    source["sources"] = [_projection(each) for each in source.get("sources") or ()]
    return source


def _projection(source: Json) -> Json:
    if isinstance(source.get("serviceAccountToken"), dict):
        return {**source, "serviceAccountToken": filled(source["serviceAccountToken"], expirationSeconds=3600)}
    if isinstance(source.get("downwardAPI"), dict):
        return {**source, "downwardAPI": _items(source["downwardAPI"])}
    return source


def _items(source: Json) -> Json:
    return {**source, "items": [_env_like(each) for each in source.get("items") or ()]}


def _env_like(item: Json) -> Json:
    if isinstance(item.get("fieldRef"), dict):
        return {**item, "fieldRef": filled(item["fieldRef"], apiVersion="v1")}
    return item


def _ephemeral(source: Json) -> Json:
    template = source.get("volumeClaimTemplate")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        return {
            **source,
            "volumeClaimTemplate": {**template, "spec": filled(template["spec"], volumeMode="Filesystem")},
        }
    return source


_VOLUMES: dict[str, Callable[[Json], Json]] = {
    "secret": _mode,
    "configMap": _mode,
    "downwardAPI": lambda source: _items(_mode(source)),
    "projected": _projected,
    "hostPath": lambda source: filled(source, type="") | ({"type": source.get("type") or ""}),
    "ephemeral": _ephemeral,
    "iscsi": lambda source: filled(source, iscsiInterface="default"),
    "rbd": lambda source: filled(source, pool="rbd", user="admin", keyring="/etc/ceph/keyring"),
    "azureDisk": lambda source: filled(source, cachingMode="ReadWrite", kind="Shared", fsType="ext4", readOnly=False),
    "scaleIO": lambda source: filled(source, storageMode="ThinProvisioned", fsType="xfs"),
}


def _volume(volume: Json) -> Json:
    volume = filled(volume)
    sources = [name for name in volume if name != "name"]
    if not sources:
        return {**volume, "emptyDir": {}}
    for name in sources:
        if name in _VOLUMES and isinstance(volume[name], dict):
            volume[name] = _VOLUMES[name](volume[name])
    return volume
