"""The protocol: what is asked of the API server, and what its answers mean."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import msgspec

from rollonce._version import __version__
from rollonce.cluster import answers, retries
from rollonce.cluster.answers import Listing, Page
from rollonce.cluster.clock import Clock
from rollonce.cluster.retries import Effect
from rollonce.cluster.watch import Source, Watch
from rollonce.errors import AccessError, ApiRefusal
from rollonce.model.kind import ACCESS_REVIEWS, Resource
from rollonce.model.thing import Served
from rollonce.wire import Request, Response, Stream, Wire

JSON = "application/json"
NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
WATCH_SECONDS = 290
MAX_ERROR_BODY = 1_000_000
MANAGER = "rollonce"

_Answer = TypeVar("_Answer", bound=Response | Stream)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a right is there; `reason` is the server's, and often empty."""

    allowed: bool
    reason: str


class Client:
    """Asks one API server. Safe to call from several threads.

    Every method raises errors of `rollonce.errors.access`, after the retries of `retries`.
    `timeout` is in seconds and counts for each try. `login_hint` is the way out of a 401
    (`login.hint`), `jitter` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        *,
        user_agent: str = f"rollonce/{__version__}",
        timeout: float = 30.0,
        login_hint: str = "",
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._timeout = timeout
        self._login_hint = login_hint
        self._jitter = jitter
        self._agent = ("user-agent", user_agent)
        self._reading = (("accept", JSON), self._agent)

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    def get(self, resource: Resource, namespace: str | None, name: str) -> bytes:
        """One object, as JSON."""
        request = Request("GET", _path(resource, namespace, name), headers=self._reading)
        act = f"read {_named(resource, namespace, name)}"
        return _read(answers.whole, self._ask(request, Effect.READ, act), act)

    def pages(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        selector: str = "",
        name: str = "",
        fields: str = "",
        names_only: bool = False,
        limit: int = 500,
    ) -> Iterator[Page]:
        """A list, page by page; None as namespace means all. `selector` is a label selector.

        `names_only` asks for metadata without spec and status. Raises `ApiRefusal` of status 410
        where the list expires between two pages: what was read is then no list of any moment.
        """
        act = f"list {_collection(resource, namespace)}"
        accept = NAMES_ONLY if names_only else JSON
        token = ""
        while True:
            query = [("limit", str(limit)), *_chosen(selector, name, fields)]
            if token:
                query.append(("continue", token))
            request = Request("GET", _path(resource, namespace), tuple(query), (("accept", accept), self._agent))
            page = _read(answers.page, self._ask(request, Effect.READ, act), act)
            yield page
            token = page.token
            if not token:
                return

    def list(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        selector: str = "",
        name: str = "",
        fields: str = "",
        names_only: bool = False,
        limit: int = 500,
    ) -> Listing:
        """A whole list of one moment; one that expires while it is read is read once more."""

        def once() -> Listing:
            read = tuple(
                self.pages(
                    resource,
                    namespace,
                    selector=selector,
                    name=name,
                    fields=fields,
                    names_only=names_only,
                    limit=limit,
                )
            )
            return Listing(tuple(item for page in read for item in page.items), read[-1].resource_version)

        try:
            return once()
        except ApiRefusal as error:
            if error.status != 410:
                raise
        return once()

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: bytes,
        *,
        field_manager: str = MANAGER,
        dry_run: bool = False,
    ) -> bytes:
        """Sends a JSON Patch; the object after it, as JSON.

        After `ConnectionLost`, `ServerFault` or `UnreadableAnswer` it may have been executed: read again.
        """
        query = (("fieldManager", field_manager),) + ((("dryRun", "All"),) if dry_run else ())
        headers = (*self._reading, ("content-type", "application/json-patch+json"))
        request = Request("PATCH", _path(resource, namespace, name), query, headers, operations)
        act = f"{'try to patch' if dry_run else 'patch'} {_named(resource, namespace, name)}"
        effect = Effect.READ if dry_run else Effect.WRITE
        return _read(answers.whole, self._ask(request, effect, act), act)

    def apply(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: bytes,
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> bytes:
        """Server-side apply of a whole intent; the object after it, as JSON.

        It makes what is not there. Raises `ApiRefusal` of status 409 where the object is not of the uid and version
        that the body has, or where fields belong to others (`owned`) and `force` does not take them. As to what
        breaks on the way, see `patch`.
        """
        query = [("fieldManager", MANAGER), ("fieldValidation", "Strict"), ("force", "true" if force else "false")]
        query += [("dryRun", "All")] if dry_run else []
        headers = (*self._reading, ("content-type", "application/apply-patch+yaml"))
        request = Request("PATCH", _path(resource, namespace, name), tuple(query), headers, body)
        act = f"{'try to apply' if dry_run else 'apply'} {_named(resource, namespace, name)}"
        effect = Effect.READ if dry_run else Effect.WRITE
        return _read(answers.whole, self._ask(request, effect, act), act)

    def versions(self) -> frozenset[str]:
        """What may stand in apiVersion."""
        request = Request("GET", "/apis", headers=self._reading)
        act = "ask which groups are served"
        return _read(answers.versions, self._ask(request, Effect.READ, act), act) | {"v1"}

    def kinds(self, api_version: str) -> dict[str, Served]:
        """By kind, what is served of that apiVersion, which has to be one of `versions`."""
        group, _, version = api_version.rpartition("/")
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        request = Request("GET", path, headers=self._reading)
        act = f"ask what is served of {api_version}"
        return _read(
            lambda response: answers.kinds(response, group, version), self._ask(request, Effect.READ, act), act
        )

    def delete(self, resource: Resource, namespace: str | None, name: str, *, uid: str) -> None:
        """Deletes the very object of that uid, in the background; `ApiRefusal` of status 409 where it is another one.

        After `ConnectionLost` and `ServerFault` it may have been executed.
        """
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        headers = (*self._reading, ("content-type", JSON))
        request = Request("DELETE", _path(resource, namespace, name), (), headers, msgspec.json.encode(body))
        self._ask(request, Effect.WRITE, f"delete {_named(resource, namespace, name)}")

    def merge(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: bytes,
        *,
        field_manager: str = MANAGER,
    ) -> bytes:
        """What a strategic merge patch would make of an object, as JSON.

        Nothing is written; it needs the right to patch. Fields that do not exist are an error.
        """
        query = (("fieldManager", field_manager), ("dryRun", "All"), ("fieldValidation", "Strict"))
        headers = (*self._reading, ("content-type", "application/strategic-merge-patch+json"))
        request = Request("PATCH", _path(resource, namespace, name), query, headers, body)
        act = f"try to patch {_named(resource, namespace, name)}"
        return _read(answers.whole, self._ask(request, Effect.READ, act), act)

    def may(self, verb: str, resource: Resource, namespace: str | None, name: str = "") -> Verdict:
        """Whether we have a right, for one object where it is named; None as namespace asks for all namespaces."""
        attributes = {"group": resource.group, "resource": resource.plural, "verb": verb}
        if name:
            attributes["name"] = name
        if namespace is not None:
            attributes["namespace"] = namespace
        review = {
            "apiVersion": f"{ACCESS_REVIEWS.group}/{ACCESS_REVIEWS.version}",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        headers = (*self._reading, ("content-type", JSON))
        request = Request("POST", ACCESS_REVIEWS.path(), headers=headers, body=msgspec.json.encode(review))
        act = f"ask for the right to {verb} {_collection(resource, namespace)}"
        # A review is answered and not stored, so that it may be asked again.
        status = _read(answers.review, self._ask(request, Effect.READ, act), act)
        return Verdict(status.allowed, status.reason or status.evaluation_error)

    def watch(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        name: str = "",
        selector: str = "",
        fields: str = "",
        resource_version: str,
    ) -> Watch:
        """The changes since `resource_version`; open when this returns, so a missing right shows here.

        An empty `resource_version` begins with the object or objects as they are now. One that is named
        needs no right to list: what was missed is then read by GET.
        """
        act = f"watch {_named(resource, namespace, name) if name else _collection(resource, namespace)}"

        def request(version: str) -> Request:
            query = (
                ("watch", "true"),
                ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", str(WATCH_SECONDS)),
                ("resourceVersion", version),
                *_chosen(selector, name, fields),
            )
            return Request("GET", _path(resource, namespace), query, self._reading)

        source = Source(
            open=lambda version: self._accepted(self._begin(request(version)), act),
            relist=lambda: (
                self._alone(resource, namespace, name)
                if name
                else self.list(resource, namespace, selector=selector, fields=fields)
            ),
            act=act,
        )
        first: Stream | None
        try:
            opened = self._persist(lambda: self._begin(request(resource_version)), Effect.READ, act)
            first = self._accepted(opened, act)
        except ApiRefusal as error:
            if error.status != 410:
                raise
            first = None
        return Watch(source, self._clock, resource_version, first)

    def _alone(self, resource: Resource, namespace: str | None, name: str) -> Listing:
        """One object as a listing without a version: an object's own may be older than what a server remembers."""
        try:
            return Listing((self.get(resource, namespace, name),), "")
        except ApiRefusal as error:
            if error.status != 404:
                raise
            return Listing((), "")

    def _begin(self, request: Request) -> Stream | Response:
        """A stream, or the whole response where it is an error. One try."""
        stream = self._wire.stream(request, timeout=self._timeout)
        if stream.status == 200:
            return stream
        try:
            body = b""
            while len(body) < MAX_ERROR_BODY and (piece := stream.read()):
                body += piece
        finally:
            stream.close()
        return Response(stream.status, stream.headers, body)

    def _accepted(self, opened: Stream | Response, act: str) -> Stream:
        if isinstance(opened, Response):
            raise answers.refusal(opened, self._login_hint).doing(act)
        return opened

    def _ask(self, request: Request, effect: Effect, act: str) -> Response:
        return self._persist(lambda: self._wire.send(request, timeout=self._timeout), effect, act)

    def _persist(self, once: Callable[[], _Answer], effect: Effect, act: str) -> _Answer:
        """Tries until there is a good answer, or one that the policy does not repeat."""
        begun = self._clock.now()
        attempt = 0
        while True:
            attempt += 1
            outcome: Response | AccessError
            try:
                answer = once()
                if not isinstance(answer, Response) or 200 <= answer.status < 300:
                    return answer
                outcome = answer
            except AccessError as error:
                outcome = error
            elapsed = self._clock.now() - begun
            wait = retries.next_wait(attempt, outcome, effect, elapsed, jitter=self._jitter())
            if wait is None:
                if isinstance(outcome, Response):
                    outcome = answers.refusal(outcome, self._login_hint)
                raise outcome.doing(act)
            self._clock.sleep(wait)


_Read = TypeVar("_Read")


def _read(reader: Callable[[Response], _Read], response: Response, act: str) -> _Read:
    try:
        return reader(response)
    except AccessError as error:
        raise error.doing(act) from None


def _path(resource: Resource, namespace: str | None, name: str | None = None) -> str:
    space = None if namespace is None else quote(namespace, safe="")
    return resource.path(space, None if name is None else quote(name, safe=""))


def _chosen(selector: str, name: str, fields: str) -> tuple[tuple[str, str], ...]:
    labels = (("labelSelector", selector),) if selector else ()
    fields = ",".join(filter(None, (f"metadata.name={name}" if name else "", fields)))
    return labels + ((("fieldSelector", fields),) if fields else ())


def _collection(resource: Resource, namespace: str | None) -> str:
    return f"{resource} in {'all namespaces' if namespace is None else f'namespace {namespace}'}"


def _named(resource: Resource, namespace: str | None, name: str) -> str:
    return f"{resource}/{name}" + ("" if namespace is None else f" in namespace {namespace}")
