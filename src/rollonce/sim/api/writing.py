"""POST, PUT, PATCH and DELETE: what is sent is merged, defaulted, validated, and then stored by the kernel."""

from __future__ import annotations

from typing import Any

from rollonce.sim.api import (
    admission,
    apply,
    applying,
    defaults,
    deleting,
    eventviews,
    gojson,
    managed,
    patching,
    podwarnings,
    scale,
    selectors,
    sent,
    status,
    validation,
)  # fmt: skip
from rollonce.sim.api.kinds import Kind, Kinds
from rollonce.sim.api.sent import Writing, Yaml
from rollonce.sim.api.showing import whole, worked_out
from rollonce.sim.api.target import Query, Target
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Key, Object
from rollonce.wire import Request

APPLY = "application/apply-patch+yaml"
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    APPLY,
)
OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
# Given by the server alone, whatever an update says.
KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace")
# What a PUT creates where it is not there (AllowCreateOnUpdate of the strategies).
PUT_CREATES = frozenset({
    "runtimeclasses", "rolebindings", "clusterrolebindings", "roles", "clusterroles", "leases", "limitranges", "events",
    "services", "endpoints",
})  # fmt: skip
UNDETERMINED = "the name of the object ({name} based on URL) was undeterminable: name must be provided"


class Writer:
    """Answers what changes something."""

    def __init__(self, kernel: Kernel, kinds: Kinds, yaml: Yaml | None) -> None:
        self._yaml = yaml
        self._kernel = kernel
        self._deleter = deleting.Deleter(kernel, kinds)

    def write(self, request: Request, target: Target, query: Query) -> tuple[int, Object, list[str]]:
        """Status code, answer and warnings; raises a refusal."""
        if target.kind.namespaced and target.namespace is None:
            raise status.method_not_allowed()
        match request.method, bool(target.name):
            case "DELETE", _ if not target.subresource:
                code, thing = self._delete(request, target, query)
                return code, thing, []
            case ("POST", False) | ("PUT", True) | ("PATCH", True):
                if request.method == "PATCH" and sent.media_type(request) not in PATCHES:
                    raise status.unsupported_patch()
                if target.kind.definition is not None and sent.media_type(request) == PATCHES[2]:
                    raise status.unsupported_media_type((*PATCHES[:2], APPLY))
                how = sent.writing(request, query, OPTIONS[request.method])
                act = {"POST": self._create, "PUT": self._put, "PATCH": self._patch}[request.method]
                try:
                    code, thing = act(request, target, how)
                except status.Refusal as refusal:
                    refusal.warnings = how.warnings
                    raise
                return code, thing, how.warnings
            case "POST", True if target.subresource in ("eviction", "binding", "token"):
                how = sent.writing(request, query, "CreateOptions")
                return *self._create_part(request, target, query, how), how.warnings
        raise status.method_not_allowed()

    def scale_of(self, target: Target, thing: Object) -> Object:
        """The scale of a workload."""
        return scale.read(thing, target.kind)

    def _create_part(self, request: Request, target: Target, query: Query, how: Writing) -> tuple[int, Object]:
        try:
            body = gojson.read(request.body) if request.body else {}
        except gojson.Broken as error:
            raise status.bad_request(str(error)) from None
        body = body if isinstance(body, dict) else {}
        live = self._live(target)
        success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        if target.subresource == "eviction":
            if (body.get("metadata") or {}).get("name") != target.name:
                raise status.bad_request("name in URL does not match name in Eviction object")
            told = body.get("deleteOptions")
            options = deleting.options(query, told if isinstance(told, dict) else None)
            self._deleter.delete(target.kind, target.key, options)
        elif target.subresource == "binding":
            if live["spec"].get("nodeName"):
                raise status.conflict(
                    target.kind,
                    target.name,
                    f'pod {target.name} is already assigned to node "{live["spec"]["nodeName"]}"',
                )
            node = (body.get("target") or {}).get("name", "")
            changed = {**live, "spec": {**live["spec"], "nodeName": node}}
            if not how.dry:
                self._kernel.update(target.key, changed, manager=how.manager, subresource="binding")
        return 201, success

    def _create(self, request: Request, target: Target, how: Writing) -> tuple[int, Object]:
        thing = sent.whole_object(request, target.kind, how, self._yaml)
        self._same_namespace(target, thing)
        metadata = dict(thing["metadata"])
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._kernel.unique(metadata["generateName"])
        metadata["name"] = metadata.get("name") or ""
        placed = Target(target.kind, target.namespace, metadata["name"])
        self._check_namespace(placed)
        if metadata.get("resourceVersion"):
            raise status.Refusal(500, "", "resourceVersion should not be set on objects to be created")
        return 201, self._store_new(placed, {**thing, "metadata": metadata}, how)

    def _store_new(self, target: Target, thing: Object, how: Writing, *, tracked: bool = False) -> Object:
        metadata = {
            key: value
            for key, value in thing["metadata"].items()
            if key not in (*KEPT, "resourceVersion", "selfLink") and value is not None
        }
        thing = eventviews.stored(target.kind, self._fresh(target.kind, {**thing, "metadata": metadata}))
        thing = defaults.complete(target.kind, thing)
        tracked = tracked or "managedFields" in metadata
        made = self._kernel.prepared(
            target.key, thing, manager=how.manager, tracked=tracked, version=_version(target.kind)
        )
        made = admission.admitted(self._kernel, target.kind, made)
        validation.check(target.kind, made, None)
        how.warnings += podwarnings.of(target.kind, made, None)
        if self._kernel.store.get(target.key) is not None:
            raise status.already_exists(target.kind, target.name)
        return whole(target.kind, made if how.dry else self._kernel.store.put(target.key, made))

    def _fresh(self, kind: Kind, thing: Object) -> Object:
        """Nobody creates a status."""
        if "status" not in kind.subresources:
            return thing
        return sent.decoded(kind, {key: value for key, value in thing.items() if key != "status"}, thing)[0]

    def _put(self, request: Request, target: Target, how: Writing) -> tuple[int, Object]:
        if target.subresource == "scale":
            return self._scale(target, scale.sent(request, how), how)
        thing = sent.whole_object(request, target.kind, how, self._yaml)
        self._same_name(target, thing)
        self._same_namespace(target, thing)
        if target.kind.resource in PUT_CREATES and self._kernel.store.get(target.key) is None:
            self._check_namespace(target)
            return 201, self._store_new(target, thing, how)
        return 200, self._replace(target, thing, how, put=True)

    def _scale(self, target: Target, thing: Any, how: Writing) -> tuple[int, Object]:
        live = self._live(target)
        changed = scale.write(target.kind, live, thing)
        main = Target(target.kind, target.namespace, target.name)
        written = self._replace(main, changed, how, subresource="scale")
        return 200, scale.read(written, target.kind)

    def _patch(self, request: Request, target: Target, how: Writing) -> tuple[int, Object]:
        media = sent.media_type(request)
        live = self._kernel.store.get(target.key)
        if media == APPLY:
            return self._apply(request, target, how, live)
        if live is None:
            raise status.not_found(target.kind, target.name)
        if target.subresource == "scale":
            before = scale.read(live, target.kind)
            changed, told = patching.apply(media, request.body, before, scale.KIND, strict=how.strict)
            return self._scale(target, sent.patched(scale.KIND, changed, before, how, told), how)
        before = whole(target.kind, worked_out(live))
        changed, told = patching.apply(media, request.body, before, target.kind, strict=how.strict)
        thing = sent.patched(target.kind, changed, before, how, told)
        self._same_namespace(target, thing)
        self._same_name(target, thing)
        return 200, self._replace(target, thing, how)

    def _apply(self, request: Request, target: Target, how: Writing, live: Object | None) -> tuple[int, Object]:
        thing = applying.read(request.body, self._yaml)
        if live is None:
            if target.subresource:
                raise status.not_found(target.kind, target.name)
            self._check_namespace(target)
        by = apply.Applier(
            manager=how.manager, subresource=target.subresource, now=self._kernel.clockwork.now, force=how.force
        )
        applying.check(thing, target)
        thing = {**thing, "metadata": thing.get("metadata") or {}}
        given = thing["metadata"].get("name")
        kind = eventviews.stored_as(target.kind)
        merged = apply.merge(kind, live, eventviews.stored_part(target.kind, thing), by)
        applying.note_repeated(request.body, how)
        uid = thing["metadata"].get("uid")
        if live is None and uid:
            raise status.conflict(
                target.kind,
                target.name,
                f"uid mismatch: the provided object specified uid {uid}, and no existing object was found",
            )
        self._same_namespace(target, thing)
        if given and given != target.name:
            self._same_name(target, thing)
        merged = {**merged, "metadata": {**merged["metadata"], "name": target.name}}
        merged = sent.decoded(kind, merged, live)[0]
        if live is None:
            # Who applies nothing owns nothing, and what the server adds has no owner.
            return 201, self._store_new(target, merged, how, tracked=True)
        return 200, self._replace(target, merged, how, tracked=True)

    def _replace(
        self,
        target: Target,
        thing: Object,
        how: Writing,
        *,
        subresource: str = "",
        tracked: bool = False,
        put: bool = False,
    ) -> Object:
        """Stores a changed object; what the subresource does not show stays as it was."""
        live = self._live(target)
        before, given = live["metadata"], thing.get("metadata") or {}
        if put and given.get("uid") and given["uid"] != before["uid"]:
            raise status.conflict(target.kind, target.name, _uid_mismatch(given["uid"], before["uid"]))
        if given.get("resourceVersion") and given["resourceVersion"] != before["resourceVersion"]:
            raise status.conflict(target.kind, target.name)
        metadata = {key: value for key, value in given.items() if key not in KEPT and value is not None}
        metadata |= {key: before[key] for key in KEPT if key in before}
        metadata |= {"name": target.name, "resourceVersion": before["resourceVersion"]}
        if not tracked:
            metadata.pop("managedFields", None)
            told = given.get("managedFields")
            if told not in ([], [{}]) and (told or before.get("managedFields")):
                given_fields = managed.read({"metadata": {"managedFields": told}}) if told else {}
                metadata["managedFields"] = managed.written(given_fields) or before.get("managedFields")
        thing = eventviews.stored(target.kind, {**thing, "metadata": metadata})
        thing = self._part(target, live, thing)
        thing = defaults.complete(target.kind, thing, live)
        part = subresource or target.subresource
        changed = self._kernel.prepared(
            target.key, thing, manager=how.manager, subresource=part, tracked=tracked, version=_version(target.kind)
        )
        changed = admission.kept(target.kind, changed, live)
        if changed.get("spec") == live.get("spec") and target.kind.resource == "pods":
            metadata = {**changed["metadata"], "generation": before.get("generation", 1)}
            changed = {**changed, "metadata": metadata}
        validation.check(target.kind, changed, live, uid=given.get("uid"))
        how.warnings += podwarnings.of(target.kind, changed, live)
        if how.dry:
            return whole(target.kind, changed)
        if self._deleter.finished(changed):
            self._kernel.delete(target.key)
            return whole(target.kind, changed)
        return whole(target.kind, self._kernel.store.put(target.key, changed))

    def _part(self, target: Target, live: Object, thing: Object) -> Object:
        """Through one part of an object nothing is changed of the other."""
        before, metadata = live["metadata"], thing["metadata"]
        if target.subresource == "status":
            owned = {"managedFields": metadata["managedFields"]} if "managedFields" in metadata else {}
            return {**live, "metadata": {**before, **owned}, "status": thing.get("status") or {}}
        if target.subresource in ("ephemeralcontainers", "resize"):
            return {**live, "metadata": metadata, "spec": thing.get("spec") or {}}
        if "status" in target.kind.subresources:
            thing = {key: value for key, value in thing.items() if key != "status"}
            if "status" in live:
                thing["status"] = live["status"]
        return thing

    def _delete(self, request: Request, target: Target, query: Query) -> tuple[int, Object]:
        how = deleting.read(request, query)
        if target.name:
            gone = self._deleter.delete(target.kind, target.key, how)
            return 200, gone if gone.get("kind") == "Status" else whole(target.kind, gone)
        by_label = selectors.labels(query.get("labelSelector"))
        by_field = selectors.fields(query.get("fieldSelector"), target.kind)
        found = [
            thing
            for thing in self._kernel.store.list(target.kind.collection, target.namespace)
            if by_label(thing["metadata"].get("labels") or {}) and by_field(thing)
        ]
        head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version}
        version = str(self._kernel.store.version)
        for thing in found:
            key = Key(*target.kind.collection, target.namespace or "", thing["metadata"]["name"])
            self._deleter.delete(target.kind, key, how)
        shown = (eventviews.shown(target.kind, thing) for thing in found)
        items = [{k: v for k, v in thing.items() if k not in ("kind", "apiVersion")} for thing in shown]
        return 200, {**head, "metadata": {"resourceVersion": version}, "items": items}

    def _live(self, target: Target) -> Object:
        live = self._kernel.store.get(target.key)
        if live is None:
            raise status.not_found(target.kind, target.name)
        return live

    def _same_name(self, target: Target, thing: Object) -> None:
        name = (thing.get("metadata") or {}).get("name")
        if not name:
            raise status.bad_request(UNDETERMINED.format(name=target.name))
        if name != target.name:
            raise status.bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )

    def _same_namespace(self, target: Target, thing: Object) -> None:
        given = (thing.get("metadata") or {}).get("namespace")
        if target.namespace is not None and given not in (None, "", target.namespace):
            raise status.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )

    def _check_namespace(self, target: Target) -> None:
        if not target.kind.namespaced:
            return
        if not target.namespace:
            raise status.bad_request("an empty namespace may not be set during creation")
        space = self._kernel.store.get(Key("", "namespaces", "", target.namespace))
        if space is None:
            message = f'namespaces "{target.namespace}" not found'
            details = {"name": target.namespace, "kind": "namespaces"}
            raise status.Refusal(404, "NotFound", message, details)
        if "deletionTimestamp" in space["metadata"]:
            raise status.terminating(target.kind, target.name, target.namespace)


def _version(kind: Kind) -> str:
    """The version that owners are told in, where it is not the stored one."""
    return kind.api_version if eventviews.is_view(kind) else ""


def _uid_mismatch(asked: str, found: str) -> str:
    return f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
