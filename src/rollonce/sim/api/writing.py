"""POST, PUT, PATCH and DELETE: what is sent is merged, defaulted, validated, and then stored by the kernel."""

from __future__ import annotations

from typing import Any

import msgspec

from rollonce.sim.api import apply, defaults, deleting, managed, patching, scale, selectors, status, validation
from rollonce.sim.api.kinds import Kinds
from rollonce.sim.api.reading import whole
from rollonce.sim.api.target import Query, Target, header
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
OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
# Given by the server alone, whatever an update says.
KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace")


class Writer:
    """Answers what changes something."""

    def __init__(self, kernel: Kernel, kinds: Kinds) -> None:
        self._kernel = kernel
        self._deleter = deleting.Deleter(kernel, kinds)

    def write(self, request: Request, target: Target, query: Query) -> tuple[int, Object]:
        """Status code and answer; raises a refusal."""
        dry = query.get("dryRun")
        if dry and dry != "All":
            cause = status.unsupported("dryRun", [dry], ["All"])
            raise status.invalid_options(OPTIONS.get(request.method, "DeleteOptions"), cause)
        writer = _Manager(request, query)
        match request.method, bool(target.name):
            case "POST", False:
                return self._create(target, _body(request), writer, dry=bool(dry))
            case "POST", True if target.subresource == "eviction":
                how = deleting.options(query, (_body(request) or {}).get("deleteOptions"))
                self._deleter.delete(target.kind, target.key, how)
                head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
                return 201, head
            case "PUT", True:
                return self._put(target, _body(request), writer, dry=bool(dry))
            case "PATCH", True:
                return self._patch(request, target, query, writer, dry=bool(dry))
            case "DELETE", True if not target.subresource:
                how = deleting.options(query, _body(request) if request.body else None)
                gone = self._deleter.delete(target.kind, target.key, how)
                return 200, gone if gone.get("kind") == "Status" else whole(target.kind, gone)
            case "DELETE", False:
                return self._delete_all(request, target, query)
        raise status.method_not_allowed()

    def scale_of(self, thing: Object) -> Object:
        """The scale of a workload."""
        return scale.read(thing)

    def _create(self, target: Target, sent: Any, writer: _Manager, *, dry: bool) -> tuple[int, Object]:
        thing = self._typed(target, sent)
        metadata = dict(thing["metadata"])
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._kernel.unique(metadata["generateName"])
        metadata["name"] = metadata.get("name") or ""
        if metadata.get("resourceVersion"):
            raise status.bad_request("resourceVersion should not be set on objects to be created")
        placed = Target(target.kind, target.namespace, metadata["name"])
        self._check_namespace(placed)
        if self._kernel.store.get(placed.key) is not None:
            raise status.already_exists(placed.kind, placed.name)
        thing = {**thing, "metadata": metadata}
        if "status" in target.kind.subresources:
            thing = {key: value for key, value in thing.items() if key != "status"}
        return 201, self._store_new(placed, thing, writer, dry=dry)

    def _store_new(self, target: Target, thing: Object, writer: _Manager, *, dry: bool) -> Object:
        metadata = {
            key: value
            for key, value in thing["metadata"].items()
            if key not in (*KEPT, "resourceVersion", "selfLink") and value is not None
        }
        thing = defaults.complete(target.kind, {**thing, "metadata": metadata})
        validation.check(target.kind, thing, None)
        tracked = "managedFields" in metadata
        made = self._kernel.prepared(target.key, thing, manager=writer.name, tracked=tracked)
        return whole(target.kind, made if dry else self._kernel.store.put(target.key, made))

    def _put(self, target: Target, sent: Any, writer: _Manager, *, dry: bool) -> tuple[int, Object]:
        if target.subresource == "scale":
            return self._scale(target, sent, writer, dry=dry)
        thing = self._typed(target, sent)
        name = thing["metadata"].get("name")
        if name and name != target.name:
            raise status.bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )
        return 200, self._replace(target, thing, writer, dry=dry, put=True)

    def _scale(self, target: Target, sent: Any, writer: _Manager, *, dry: bool) -> tuple[int, Object]:
        live = self._live(target)
        changed = scale.write(target.kind, live, sent)
        main = Target(target.kind, target.namespace, target.name)
        written = self._replace(main, changed, writer, dry=dry, subresource="scale")
        return 200, scale.read(written)

    def _patch(
        self, request: Request, target: Target, query: Query, writer: _Manager, *, dry: bool
    ) -> tuple[int, Object]:
        media = header(request, "content-type").split(";")[0].strip()
        if media not in PATCHES:
            raise status.Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        live = self._kernel.store.get(target.key)
        if media == APPLY:
            return self._apply(request, target, query, writer, live, dry=dry)
        if live is None:
            raise status.not_found(target.kind, target.name)
        if target.subresource == "scale":
            return self._scale(target, patching.apply(media, request.body, scale.read(live), None), writer, dry=dry)
        changed = patching.apply(media, request.body, whole(target.kind, live), target.kind)
        name = changed.get("metadata", {}).get("name")
        if name != target.name:
            raise status.bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )
        return 200, self._replace(target, changed, writer, dry=dry)

    def _apply(
        self, request: Request, target: Target, query: Query, writer: _Manager, live: Object | None, *, dry: bool
    ) -> tuple[int, Object]:
        if not query.get("fieldManager"):
            wrong = status.required("fieldManager", "is required for apply patch")
            raise status.invalid_options("PatchOptions", wrong)
        sent = self._typed(target, _body(request, yaml=True))
        if sent["metadata"].get("managedFields"):
            raise status.bad_request("metadata.managedFields must be nil")
        name = sent["metadata"].get("name")
        if name and name != target.name:
            raise status.bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )
        if live is None:
            uid = sent["metadata"].get("uid")
            if target.subresource:
                raise status.not_found(target.kind, target.name)
            if uid or sent["metadata"].get("resourceVersion"):
                raise status.conflict(target.kind, target.name, _uid_mismatch(uid or "", ""))
            self._check_namespace(target)
        by = apply.Applier(
            manager=writer.name,
            subresource=target.subresource,
            now=self._kernel.clockwork.now,
            force=query.true("force"),
        )
        sent = {**sent, "metadata": {**sent["metadata"], "name": target.name}}
        if target.namespace:
            sent["metadata"]["namespace"] = target.namespace
        merged = apply.merge(target.kind, live, sent, by)
        if live is None:
            if "status" in target.kind.subresources:
                merged = {key: value for key, value in merged.items() if key != "status"}
            return 201, self._store_new(target, merged, writer, dry=dry)
        return 200, self._replace(target, merged, writer, dry=dry, tracked=True)

    def _replace(
        self,
        target: Target,
        thing: Object,
        writer: _Manager,
        *,
        dry: bool,
        subresource: str = "",
        tracked: bool = False,
        put: bool = False,
    ) -> Object:
        """Stores a changed object; what the subresource does not show stays as it was."""
        live = self._live(target)
        before, sent = live["metadata"], thing.get("metadata") or {}
        if sent.get("uid") and sent["uid"] != before["uid"]:
            if put:
                raise status.conflict(target.kind, target.name, _uid_mismatch(sent["uid"], before["uid"]))
            fixed = status.bad("metadata.uid", sent["uid"], "field is immutable")
            raise status.invalid(target.kind, target.name, [fixed, fixed])
        if sent.get("resourceVersion") and sent["resourceVersion"] != before["resourceVersion"]:
            raise status.conflict(target.kind, target.name)
        metadata = {key: value for key, value in sent.items() if key not in KEPT and value is not None}
        metadata |= {key: before[key] for key in KEPT if key in before}
        metadata |= {"name": target.name, "resourceVersion": before["resourceVersion"]}
        if not tracked:
            metadata.pop("managedFields", None)
            given = sent.get("managedFields")
            if managed.is_readable(given):
                metadata["managedFields"] = given  # whoever writes may set them, as a migration does
            elif "managedFields" in before and given not in ([], [{}]):
                metadata["managedFields"] = before["managedFields"]
        thing = {**thing, "metadata": metadata}
        if target.subresource == "status":
            thing = {**live, "metadata": {**before, **_managed(metadata)}, "status": thing.get("status") or {}}
        elif "status" in target.kind.subresources:
            thing = {key: value for key, value in thing.items() if key != "status"}
            if "status" in live:
                thing["status"] = live["status"]
        thing = defaults.complete(target.kind, thing, live)
        validation.check(target.kind, thing, live)
        part = subresource or target.subresource
        changed = self._kernel.prepared(target.key, thing, manager=writer.name, subresource=part, tracked=tracked)
        if dry:
            return whole(target.kind, changed)
        if self._deleter.finished(changed):
            self._kernel.delete(target.key)
            return whole(target.kind, changed)
        return whole(target.kind, self._kernel.store.put(target.key, changed))

    def _delete_all(self, request: Request, target: Target, query: Query) -> tuple[int, Object]:
        if target.kind.namespaced and target.namespace is None:
            raise status.method_not_allowed()
        how = deleting.options(query, _body(request) if request.body else None)
        by_label = selectors.labels(query.get("labelSelector"))
        by_field = selectors.fields(query.get("fieldSelector"), target.kind.resource)
        found = [
            thing
            for thing in self._kernel.store.list(target.kind.collection, target.namespace)
            if by_label(thing["metadata"].get("labels") or {}) and by_field(thing)
        ]
        for thing in found:
            key = Key(*target.kind.collection, target.namespace or "", thing["metadata"]["name"])
            self._deleter.delete(target.kind, key, how)
        head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version}
        return 200, {**head, "metadata": {"resourceVersion": str(self._kernel.store.version)}, "items": found}

    def _live(self, target: Target) -> Object:
        live = self._kernel.store.get(target.key)
        if live is None:
            raise status.not_found(target.kind, target.name)
        return live

    def _typed(self, target: Target, sent: Any) -> Object:
        """What was sent, if it is of this kind and belongs here."""
        kind = target.kind
        if not isinstance(sent, dict):
            raise status.bad_request("couldn't get version/kind; json parse error: json: cannot unmarshal")
        # What names no type is taken for what the path serves.
        sent = {**sent, "kind": sent.get("kind") or kind.kind, "apiVersion": sent.get("apiVersion") or kind.api_version}
        if (sent["kind"], sent["apiVersion"]) != (kind.kind, kind.api_version):
            version = str(sent["apiVersion"]).rpartition("/")[2]
            raise status.bad_request(
                f'{sent["kind"]} in version "{version}" cannot be handled as a {kind.kind}: converting '
                f"({version}.{sent['kind']}) to ({kind.group or 'core'}.{kind.kind}): unknown conversion"
            )
        metadata = sent.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise status.bad_request(
                f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: json: cannot unmarshal '
                "into Go struct field .metadata of type v1.ObjectMeta"
            )
        if target.namespace is not None and metadata.get("namespace") not in (None, "", target.namespace):
            raise status.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        return {**sent, "metadata": metadata}

    def _check_namespace(self, target: Target) -> None:
        if target.kind.namespaced:
            if not target.namespace:
                raise status.bad_request("an empty namespace may not be set during creation")
            if self._kernel.store.get(Key("", "namespaces", "", target.namespace)) is None:
                message = f'namespaces "{target.namespace}" not found'
                details = {"name": target.namespace, "kind": "namespaces"}
                raise status.Refusal(404, "NotFound", message, details)


class _Manager:
    """Who writes: fieldManager of the query, else the first part of the user agent
    (apiserver/pkg/endpoints/handlers/create.go, managerOrUserAgent)."""

    def __init__(self, request: Request, query: Query) -> None:
        agent = header(request, "user-agent").split("/")[0]
        self.name = query.get("fieldManager") or "".join(letter for letter in agent if letter.isprintable())[:128]


def _managed(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"managedFields": metadata["managedFields"]} if "managedFields" in metadata else {}


def _uid_mismatch(asked: str, found: str) -> str:
    return f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"


def _body(request: Request, *, yaml: bool = False) -> Any:
    media = header(request, "content-type").split(";")[0].strip()
    if not yaml and media not in ("", "application/json"):
        raise status.unsupported_media_type(("application/json",))
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        said = "error decoding YAML: " if yaml else "the object provided is unrecognized: json parse error: "
        raise status.bad_request(f"{said}{error}") from None
