"""GET, LIST and WATCH."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rollonce.sim.api import selectors, status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.target import Query, Target
from rollonce.sim.api.watch import Selection, Subscription, Watches
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Collection, Object

# A watch without timeoutSeconds ends after 30 to 60 minutes (kube-apiserver --min-request-timeout).
DEFAULT_WATCH_SECONDS = 1800
Show = Callable[[Object], Object]


def whole(kind: Kind, thing: Object) -> Object:
    """An object as it is answered: its type first."""
    return {"kind": kind.kind, "apiVersion": kind.api_version} | {
        key: value for key, value in thing.items() if key not in ("kind", "apiVersion")
    }


def metadata_only(thing: Object) -> Object:
    """As PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": thing["metadata"]}


def wants_metadata(accept: str) -> bool:
    """Whether the first media type of Accept is one of metadata alone."""
    first = accept.split(",")[0].replace(" ", "")
    return "as=PartialObjectMetadata" in first


class Reader:
    """Answers what changes nothing."""

    def __init__(self, kernel: Kernel, watches: Watches) -> None:
        self._kernel = kernel
        self._watches = watches

    def get(self, target: Target) -> Object:
        """One object; a 404 where there is none."""
        thing = self._kernel.store.get(target.key)
        if thing is None:
            raise status.not_found(target.kind, target.name)
        return thing

    def list(self, target: Target, query: Query, accept: str) -> Object:
        """A page of a list."""
        kind, partial = target.kind, wants_metadata(accept)
        limit, version, start = query.number("limit") or 0, self._kernel.store.version, ("", "")
        if token := query.get("continue"):
            version, start = _continued(token)
        else:
            self._check_version(query)
        selection = self.selection(target, query, lambda thing: thing)
        found = [
            thing
            for place, thing in self._as_of(kind.collection, version)
            if place >= start and selection.covers(place[0], thing)
        ]
        page = found[:limit] if limit > 0 else found
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if len(page) < len(found):
            after = found[limit]["metadata"]
            metadata["continue"] = _token(version, after.get("namespace", ""), after["name"])
            if not query.get("labelSelector") and not query.get("fieldSelector"):
                metadata["remainingItemCount"] = len(found) - limit
        if partial:
            items = [metadata_only(thing) for thing in page]
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        else:
            # Items of a typed list do not repeat their type.
            items = [{k: v for k, v in thing.items() if k not in ("kind", "apiVersion")} for thing in page]
            head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version}
        return {**head, "metadata": metadata, "items": items}

    def watch(self, target: Target, query: Query, accept: str, show: Show | None = None) -> Subscription:
        """Opens a watch."""
        kind = target.kind
        initial = query.true("sendInitialEvents")
        if query.get("sendInitialEvents") and query.get("resourceVersionMatch") != "NotOlderThan":
            raise _bad_initial(
                "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            )
        if show is None:
            show = metadata_only if wants_metadata(accept) else lambda thing: whole(kind, thing)
        seconds = query.number("timeoutSeconds") or DEFAULT_WATCH_SECONDS
        watch = Subscription(
            self.selection(target, query, show),
            self._kernel.clockwork.now + seconds,
            bookmarks=query.true("allowWatchBookmarks") or initial,
            head=show({"metadata": {}}),
        )
        version = self._check_version(query)
        if initial or (version == 0 and not query.get("sendInitialEvents")):
            for place, thing in self._as_of(kind.collection, self._kernel.store.version):
                if watch.selection.covers(place[0], thing):
                    watch.show("ADDED", thing)
            if initial:
                watch.bookmark(self._kernel.store.version, initial=True)
        elif version:
            for change in self._kernel.store.since(version):
                if change.key.collection == kind.collection:
                    watch.note(change)
        self._watches.add(kind.collection, watch)
        return watch

    def selection(self, target: Target, query: Query, show: Show) -> Selection:
        """What the query selects."""
        tests: list[Callable[[Object], bool]] = []
        if text := query.get("labelSelector"):
            by_label = selectors.labels(text)
            tests.append(lambda thing: by_label(thing["metadata"].get("labels") or {}))
        if text := query.get("fieldSelector"):
            tests.append(selectors.fields(text, target.kind.resource))
        if target.name:
            tests.append(lambda thing: bool(thing["metadata"]["name"] == target.name))
        return Selection(target.namespace, lambda thing: all(test(thing) for test in tests), show)

    def _as_of(self, collection: Collection, version: int) -> Sequence[tuple[tuple[str, str], Object]]:
        """The objects as they were at a version, in order: the log undone."""
        found = {
            (thing["metadata"].get("namespace", ""), thing["metadata"]["name"]): thing
            for thing in self._kernel.store.list(collection)
        }
        if version < self._kernel.store.version:
            for change in reversed(list(self._kernel.store.since(version))):
                if change.key.collection == collection:
                    if change.previous is None:
                        found.pop((change.key.namespace, change.key.name), None)
                    else:
                        found[change.key.namespace, change.key.name] = change.previous
        return sorted(found.items())

    def _check_version(self, query: Query) -> int:
        text = query.get("resourceVersion")
        if not text:
            return 0
        if not text.isascii() or not text.isdigit():
            raise status.bad_request(f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
        version = int(text)
        if version > self._kernel.store.version:
            raise status.future(version, self._kernel.store.version)
        return version


def _bad_initial(field: str, why: str) -> status.Refusal:
    causes = [{"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": field}]
    details = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes}
    message = f'ListOptions.meta.k8s.io "" is invalid: {field}: Forbidden: {why}'
    return status.Refusal(422, "Invalid", message, details)


def _token(version: int, namespace: str, name: str) -> str:
    return base64.urlsafe_b64encode(
        status.encode({"v": "meta.k8s.io/v1", "rv": version, "start": [namespace, name]})
    ).decode()


def _continued(token: str) -> tuple[int, tuple[str, str]]:
    try:
        read = msgspec.json.decode(base64.urlsafe_b64decode(token))
        return int(read["rv"]), (str(read["start"][0]), str(read["start"][1]))
    except (ValueError, KeyError, TypeError, IndexError):
        raise status.bad_request("continue key is not valid") from None
