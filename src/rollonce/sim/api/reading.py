"""GET, LIST and WATCH."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rollonce.sim.api import selectors, showing, status
from rollonce.sim.api.showing import Showing
from rollonce.sim.api.target import Query, Target
from rollonce.sim.api.watch import Selection, Subscription, Watches
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Object

# A watch without timeoutSeconds ends after 30 to 60 minutes (kube-apiserver --min-request-timeout).
DEFAULT_WATCH_SECONDS = 1800
INITIAL_NEEDS = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
TOO_OLD_PAGE = (
    "The provided continue parameter is too old to display a consistent list result. You must start a new list without "
    "the continue parameter."
)
Show = Callable[[Object], Object]


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

    def list(self, target: Target, query: Query, show: Showing) -> Object:
        """A page of a list."""
        kind = target.kind
        store = self._kernel.store
        _check_options(query, watch=False)
        limit, version, start = query.number("limit") or 0, store.version, ("", "")
        if token := query.get("continue"):
            if query.get("resourceVersion") not in ("", "0"):
                raise status.bad_request("specifying resource version is not allowed when using continue")
            version, start = _continued(token)
            if version < store.compacted:
                raise status.expired(TOO_OLD_PAGE)
        else:
            asked = self._check_version(query)
            match = query.get("resourceVersionMatch")
            if asked and (match == "Exact" or (limit and not match)):
                version = asked
                if version < store.compacted:
                    raise status.expired("The resourceVersion for the provided list is too old.")
        selection = self.selection(target, query, lambda thing: thing)
        found = [
            thing
            for place, thing in self._as_of(target, version)
            if place >= start and selection.covers(place[0], thing)
        ]
        page = found[:limit] if limit > 0 else found
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if len(page) < len(found):
            after = found[limit]["metadata"]
            metadata["continue"] = _token(version, after.get("namespace", ""), after["name"])
            if not query.get("labelSelector") and not query.get("fieldSelector"):
                metadata["remainingItemCount"] = len(found) - limit
        now = self._kernel.clockwork.now
        return showing.several(show, kind, page, metadata, now=now, include=query.get("includeObject"))

    def watch(self, target: Target, query: Query, form: Showing) -> Subscription:
        """Opens a watch."""
        kind = target.kind
        initial = query.true("sendInitialEvents")
        _check_options(query, watch=True)
        now, include = self._kernel.clockwork.now, query.get("includeObject")

        def show(thing: Object) -> Object:
            return showing.one(form, kind, thing, now, include)

        seconds = query.number("timeoutSeconds") or DEFAULT_WATCH_SECONDS
        watch = Subscription(
            self.selection(target, query, show),
            now + seconds,
            bookmarks=query.true("allowWatchBookmarks") or initial,
            head=showing.head(form, kind),
        )
        version = self._check_version(query, watch=True)
        if initial or (version == 0 and not query.get("sendInitialEvents")):
            for place, thing in self._as_of(target, self._kernel.store.version):
                if watch.selection.covers(place[0], thing):
                    watch.show("ADDED", thing)
            if initial:
                watch.bookmark(self._kernel.store.version, initial=True)
        elif version and version < self._kernel.store.compacted:
            said = f"too old resource version: {version} ({self._kernel.store.compacted})"
            watch.put("ERROR", status.expired(said).status())
            watch.close()
            return watch
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
            tests.append(selectors.fields(text, target.kind))
        if target.name:
            tests.append(lambda thing: bool(thing["metadata"]["name"] == target.name))
        return Selection(target.namespace, lambda thing: all(test(thing) for test in tests), show)

    def _as_of(self, target: Target, version: int) -> Sequence[tuple[tuple[str, str], Object]]:
        """The objects of a namespace or of all as they were at a version, in order: the log undone."""
        collection, space = target.kind.collection, target.namespace
        listed = [
            ((thing["metadata"].get("namespace", ""), thing["metadata"]["name"]), thing)
            for thing in self._kernel.store.list(collection, space)
        ]
        if version >= self._kernel.store.version:
            return listed
        found = dict(listed)
        for change in reversed(list(self._kernel.store.since(version))):
            if change.key.collection == collection and space in (None, change.key.namespace):
                if change.previous is None:
                    found.pop((change.key.namespace, change.key.name), None)
                else:
                    found[change.key.namespace, change.key.name] = change.previous
        return sorted(found.items())

    def _check_version(self, query: Query, *, watch: bool = False) -> int:
        text = query.get("resourceVersion")
        if not text:
            return 0
        if not text.isascii() or not text.isdigit():
            said = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
            if watch:
                raise status.Refusal(500, "", f"resourceVersion: {said}")
            raise status.bad_request(f"invalid resource version: resourceVersion: {said}")
        version = int(text)
        if version > self._kernel.store.version:
            raise status.future(version, self._kernel.store.version)
        return version


def _check_options(query: Query, *, watch: bool) -> None:
    """The rules of versions (apimachinery/pkg/apis/meta/internalversion/validation/validation.go)."""
    match, version, initial = (
        query.get(name) for name in ("resourceVersionMatch", "resourceVersion", "sendInitialEvents")
    )
    at, wrong = "resourceVersionMatch", []
    if watch and initial:
        if match != "NotOlderThan":
            wrong.append(status.forbidden(at, INITIAL_NEEDS))
            if match:
                wrong.append(status.unsupported(at, match, ["NotOlderThan"]))
    elif watch:
        if match:
            wrong.append(status.forbidden(at, f"{at} is forbidden for watch unless sendInitialEvents is provided"))
    else:
        if match and not version:
            wrong.append(status.forbidden(at, f"{at} is forbidden unless resourceVersion is provided"))
        if match and query.get("continue"):
            wrong.append(status.forbidden(at, f"{at} is forbidden when continue is provided"))
        if match and match not in ("Exact", "NotOlderThan"):
            wrong.append(status.unsupported(at, match, ["Exact", "NotOlderThan", ""]))
        if match == "Exact" and version == "0":
            wrong.append(status.forbidden(at, f'{at} "exact" is forbidden for resourceVersion "0"'))
        if initial:
            wrong.append(status.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if wrong:
        raise status.invalid_options("ListOptions", *wrong)


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
