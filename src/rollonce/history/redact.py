"""Objects as audit needs them and nothing besides: a dump that is safe to send.

What is kept is listed here; everything else is gone. Strings of a pod template that are not on the list become a keyed
digest, so that a change of them still shows. The key is made for one dump and thrown away: without it nobody can try
out what a digest may stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from rollonce.history import helm

Json = dict[str, Any]

# Strings of a pod template that say what it is built from, and no setting of the user's program.
_PLAIN = frozenset(
    {
        "name",
        "image",
        "imagePullPolicy",
        "restartPolicy",
        "protocol",
        "mountPath",
        "claimName",
        "ip",
        "devicePath",
        "topologyKey",
        "whenUnsatisfiable",
        "dnsPolicy",
        "schedulerName",
        "terminationMessagePolicy",
        "type",
        "cpu",
        "memory",
    }
)
_ANNOTATIONS = ("deployment.kubernetes.io/", "rollonce.dev/", "meta.helm.sh/release-")
_MARKS = frozenset({"argocd.argoproj.io/instance", "argocd.argoproj.io/tracking-id"})
_TEMPLATE_ANNOTATION = "kubectl.kubernetes.io/restartedAt"
_META = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "labels",
)
_SPEC = (
    "replicas",
    "paused",
    "minReadySeconds",
    "progressDeadlineSeconds",
    "revisionHistoryLimit",
    "strategy",
    "updateStrategy",
    "selector",
)
_CONDITION = ("type", "status", "reason", "lastUpdateTime", "lastTransitionTime")
_ANY = msgspec.json.Decoder(Any)


def item(raw: bytes, kind: str, key: bytes) -> bytes | None:
    """The object that may be sent, None where nothing of it is needed. `kind` as for `Collected.add`."""
    try:
        thing = _ANY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(thing, dict):
        return None
    named = thing.get("kind")
    kind = kind or (named if isinstance(named, str) else "")
    make = _KINDS.get(kind)
    if make is None:
        return None
    try:
        kept = make(thing, key)
        return msgspec.json.encode({"apiVersion": _VERSIONS.get(kind, "v1"), "kind": kind, **kept}) if kept else None
    except RecursionError:
        return None


def _workload(thing: Json, key: bytes) -> Json:
    spec = _of(thing, "spec")
    kept = _pick(spec, _SPEC)
    kept["template"] = _template(spec.get("template"), key)
    claims = spec.get("volumeClaimTemplates")
    if isinstance(claims, list):
        kept["volumeClaimTemplates"] = [
            {"metadata": _pick(_of(c, "metadata"), ("name",)), "spec": _pick(_of(c, "spec"), ("accessModes",))}
            for c in claims
            if isinstance(c, dict)
        ]
    status = {n: v for n, v in _of(thing, "status").items() if isinstance(v, int | str)}
    return {"metadata": _metadata(thing), "spec": kept, "status": status | _conditions(thing)}


def _replica_set(thing: Json, key: bytes) -> Json:
    spec = _of(thing, "spec")
    template = _template(spec.get("template"), key)
    return {"metadata": _metadata(thing), "spec": _pick(spec, ("replicas",)) | {"template": template}}


def _revision(thing: Json, key: bytes) -> Json:
    held = _of(_of(thing, "data"), "spec").get("template")
    data = {"spec": {"template": _template(held, key)}}
    return {"metadata": _metadata(thing), "revision": thing.get("revision"), "data": data}


def _pod(thing: Json, _key: bytes) -> Json:
    status = _of(thing, "status")
    kept: Json = _conditions(thing)
    for name in ("containerStatuses", "initContainerStatuses"):
        found = status.get(name)
        if isinstance(found, list):
            waits = (_of(_of(each, "state"), "waiting") for each in found)
            kept[name] = [{"state": {"waiting": _pick(wait, ("reason",))}} if wait else {} for wait in waits]
    return {"metadata": _metadata(thing), "status": kept}


def _event(thing: Json, _key: bytes) -> Json:
    kept = _pick(thing, ("reason", "firstTimestamp", "lastTimestamp", "eventTime"))
    for name in ("involvedObject", "regarding"):
        if name in thing:
            kept[name] = _pick(_of(thing, name), ("kind", "namespace", "name"))
    if "series" in thing:
        kept["series"] = _pick(_of(thing, "series"), ("lastObservedTime",))
    if thing.get("reason") == "ScalingReplicaSet":
        # The Deployment controller's own words; other messages may quote anything.
        kept |= _pick(thing, ("message", "note"))
    return {"metadata": _metadata(thing), **kept}


def _secret(thing: Json, _key: bytes) -> Json:
    return {"type": helm.TYPE, "metadata": _metadata(thing)} if thing.get("type") == helm.TYPE else {}


_KINDS: Mapping[str, Callable[[Json, bytes], Json]] = {
    "Deployment": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _workload,
    "ReplicaSet": _replica_set,
    "ControllerRevision": _revision,
    "Pod": _pod,
    "Event": _event,
    "Secret": _secret,
}
_VERSIONS = dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"), "apps/v1")


def _metadata(thing: Json) -> Json:
    meta = _of(thing, "metadata")
    kept = _pick(meta, _META)
    notes = _of(meta, "annotations")
    told = {n: v for n, v in notes.items() if n in _MARKS or n.startswith(_ANNOTATIONS)}
    if told:
        kept["annotations"] = told
    owners = meta.get("ownerReferences")
    if isinstance(owners, list):
        kept["ownerReferences"] = [
            _pick(owner, ("kind", "name", "uid", "controller")) for owner in owners if isinstance(owner, dict)
        ]
    entries = meta.get("managedFields")
    if isinstance(entries, list):
        kept["managedFields"] = [_entry(entry) for entry in entries if isinstance(entry, dict)]
    return kept


def _entry(entry: Json) -> Json:
    kept = _pick(entry, ("manager", "operation", "time", "subresource"))
    owned = _of(_of(entry, "fieldsV1"), "f:spec").get("f:template")
    return kept | ({"fieldsV1": {"f:spec": {"f:template": owned}}} if isinstance(owned, dict) else {})


def _conditions(thing: Json) -> Json:
    found = _of(thing, "status").get("conditions")
    if not isinstance(found, list):
        return {}
    return {"conditions": [_pick(each, _CONDITION) for each in found if isinstance(each, dict)]}


def _template(template: object, key: bytes) -> object:
    if not isinstance(template, dict):
        return template if template is None else {}
    meta = _of(template, "metadata")
    kept: Json = {}
    if "labels" in meta:
        kept["labels"] = meta["labels"]
    if "annotations" in meta:
        kept["annotations"] = {
            name: value if name == _TEMPLATE_ANNOTATION else _digest(value, key)
            for name, value in _of(meta, "annotations").items()
        }
    redacted: Json = {"metadata": kept}
    if "spec" in template:
        redacted["spec"] = _walk(template["spec"], "", key)
    return redacted


def _walk(value: object, name: str, key: bytes) -> object:
    match value:
        case dict():
            return {inner: _walk(each, str(inner), key) for inner, each in value.items()}
        case list():
            return [_walk(each, name, key) for each in value]
        case str() if name not in _PLAIN:
            return _digest(value, key)
        case _:
            return value


def _digest(value: object, key: bytes) -> object:
    if not isinstance(value, str) or not value:
        return value
    taken = blake2b(value.encode("utf-8", "surrogatepass"), key=key, digest_size=6)
    return f"redacted-{taken.hexdigest()}"


def _of(thing: object, name: str) -> Json:
    found = thing.get(name) if isinstance(thing, dict) else None
    return found if isinstance(found, dict) else {}


def _pick(thing: object, names: tuple[str, ...]) -> Json:
    return {name: thing[name] for name in names if name in thing} if isinstance(thing, dict) else {}
