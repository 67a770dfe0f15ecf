"""DELETE: grace periods, finalizers, propagation (apiserver/pkg/registry/rest/delete.go, generic/registry/store.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollonce.sim.api import gojson, status, typed
from rollonce.sim.api.kinds import Kind, Kinds
from rollonce.sim.api.target import Query
from rollonce.sim.clockwork import timestamp
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Key, Object
from rollonce.wire import Request

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
POLICIES = {"Foreground": FOREGROUND, "Orphan": ORPHAN, "Background": ""}
POD_GRACE = 30
# Answered as they were, and not with a Status (ReturnDeletedObject of the registries).
RETURNED = frozenset({
    "csidrivers", "storageclasses", "volumeattachments", "csinodes", "resourcequotas", "persistentvolumes",
    "serviceaccounts", "persistentvolumeclaims", "namespaces", "pods", "services", "podtemplates",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete."""

    policy: str = ""
    grace: int | None = None
    uid: str = ""
    version: str = ""
    dry: bool = False


def read(request: Request, query: Query) -> DeleteOptions:
    """From a request; a 400 or 422 where it is none."""
    try:
        body = gojson.read(request.body) if request.body else None
    except gojson.Broken as error:
        raise status.bad_request(f"couldn't get version/kind; json parse error: {error}") from None
    if isinstance(body, dict):
        try:
            body = typed.Decoder().decode(body, "DeleteOptions")
        except typed.Mismatch as error:
            raise status.bad_request(str(error)) from None
    return options(query, body)


def options(query: Query, body: Any) -> DeleteOptions:
    """From the query and a DeleteOptions in the body; a 422 where the policy is none."""
    body = body if isinstance(body, dict) else {}
    policy = body.get("propagationPolicy") or query.get("propagationPolicy")
    if policy and (body.get("orphanDependents") is not None or query.get("orphanDependents")):
        rule = "orphanDependents and deletionPropagation cannot be both set"
        raise status.invalid_options("DeleteOptions", status.bad("propagationPolicy", policy, rule))
    if not policy and (body.get("orphanDependents") or query.true("orphanDependents")):
        policy = "Orphan"
    if policy and policy not in POLICIES:
        supported = '"Foreground", "Background", "Orphan", "nil"'
        message = f'Unsupported value: "{policy}": supported values: {supported}'
        raise status.invalid_options(
            "DeleteOptions", status.Cause("propagationPolicy", "FieldValueNotSupported", message)
        )
    dry = body.get("dryRun") or query.all("dryRun")
    if any(each != "All" for each in dry):
        raise status.invalid_options("DeleteOptions", status.unsupported("dryRun", dry, ["All"]))
    grace = body.get("gracePeriodSeconds")
    if grace is None:
        grace = query.number("gracePeriodSeconds")
    preconditions = body.get("preconditions") or {}
    return DeleteOptions(
        policy,
        grace,
        preconditions.get("uid") or "",
        preconditions.get("resourceVersion") or "",
        bool(dry),
    )


class Deleter:
    """Deletes, or marks what is to be deleted."""

    def __init__(self, kernel: Kernel, kinds: Kinds) -> None:
        self._kernel = kernel
        self._kinds = kinds

    def delete(self, kind: Kind, key: Key, how: DeleteOptions) -> Object:
        """What is answered: a Status where the object is gone, else the object that is on its way."""
        thing = self._kernel.store.get(key)
        if thing is None:
            raise status.not_found(kind, key.name)
        _check(kind, thing, how)
        marked = self._marked(kind, thing, how)
        metadata = marked["metadata"]
        if "deletionTimestamp" in metadata and (
            metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds", 0) > 0
        ):
            return marked if how.dry else self._kernel.store.put(key, marked)
        if not how.dry:
            if kind.resource == "namespaces":
                self._empty(key.name)
            self._kernel.delete(key)
        return thing if kind.resource in RETURNED else _success(kind, thing)

    def finished(self, thing: Object) -> bool:
        """Whether an object that is being deleted may now go: no finalizer and no grace left."""
        metadata = thing["metadata"]
        return bool(
            "deletionTimestamp" in metadata
            and not metadata.get("finalizers")
            and not metadata.get("deletionGracePeriodSeconds")
        )

    def _marked(self, kind: Kind, thing: Object, how: DeleteOptions) -> Object:
        """The object as it waits for its end; unmarked where it need not wait."""
        metadata = dict(thing["metadata"])
        finalizers = list(metadata.get("finalizers") or ())
        if how.policy:
            # A policy that is asked for replaces the one that the object has.
            kept = [each for each in finalizers if each not in (FOREGROUND, ORPHAN)]
            finalizers = kept + [POLICIES[how.policy]] * (how.policy != "Background")
        grace = _grace(kind, thing, how)
        if not finalizers and grace == 0:
            return {**thing, "metadata": {k: v for k, v in metadata.items() if k != "deletionTimestamp"}}
        if finalizers:
            metadata["finalizers"] = finalizers
        else:
            metadata.pop("finalizers", None)
        now = self._kernel.clockwork.now
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = timestamp(now + grace)
            metadata["deletionGracePeriodSeconds"] = grace
            if "generation" in metadata:
                metadata["generation"] += 1
        elif grace < metadata.get("deletionGracePeriodSeconds", 0):
            metadata["deletionTimestamp"] = timestamp(now + grace)
            metadata["deletionGracePeriodSeconds"] = grace
        return {**thing, "metadata": metadata}

    def _empty(self, namespace: str) -> None:
        """Deletes all that a namespace holds."""
        for collection in dict.fromkeys(kind.collection for kind in self._kinds.all() if kind.namespaced):
            for thing in self._kernel.store.list(collection, namespace):
                self._kernel.delete(Key(collection.group, collection.resource, namespace, thing["metadata"]["name"]))


def _grace(kind: Kind, thing: Object, how: DeleteOptions) -> int:
    """Seconds; pods only (pkg/registry/core/pod/strategy.go, CheckGracefulDelete)."""
    if kind.resource != "pods":
        return 0
    if not thing.get("spec", {}).get("nodeName") or thing.get("status", {}).get("phase") in ("Failed", "Succeeded"):
        return 0
    if how.grace is not None:
        return max(how.grace, 0)
    if "deletionGracePeriodSeconds" in thing["metadata"]:
        return int(thing["metadata"]["deletionGracePeriodSeconds"])
    return int(thing.get("spec", {}).get("terminationGracePeriodSeconds", POD_GRACE))


def _check(kind: Kind, thing: Object, how: DeleteOptions) -> None:
    metadata = thing["metadata"]
    for name, asked, found in (
        ("UID", how.uid, metadata["uid"]),
        ("ResourceVersion", how.version, metadata["resourceVersion"]),
    ):
        if asked and asked != found:
            raise status.precondition(
                kind,
                metadata["name"],
                f"the {name} in the precondition ({asked}) does not match the {name} in record ({found}). The object "
                "might have been deleted and then recreated",
            )


def _success(kind: Kind, thing: Object) -> Object:
    details: dict[str, Any] = {"name": thing["metadata"]["name"]}
    if kind.group:
        details["group"] = kind.group
    details |= {"kind": kind.resource, "uid": thing["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
