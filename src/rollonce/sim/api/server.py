"""Which request is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rollonce.sim.api import discovery, negotiation, openapi, status
from rollonce.sim.api.kinds import REVIEWS
from rollonce.sim.api.reading import Reader, metadata_only, wants_metadata, whole
from rollonce.sim.api.status import Refusal
from rollonce.sim.api.target import Query, Target, header, parse
from rollonce.sim.api.watch import Subscription, Watches
from rollonce.sim.api.writing import Writer
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Object
from rollonce.wire import Request, Response

# apiserver/pkg/server/config.go, MaxRequestBodyBytes
MAX_BODY = 3 * 1024 * 1024
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
JSON = (("content-type", "application/json"),)
VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26",
    "compiler": "gc",
    "platform": "linux/amd64",
}


class Server:
    """The API over one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kinds = kernel.kinds
        self.watches = Watches(kernel.store)
        self._reader = Reader(kernel, self.watches)
        self._writer = Writer(kernel, self.kinds)

    def handle(self, request: Request) -> Response | Subscription:
        """Answers; never raises for what a client sends."""
        try:
            if len(request.body) > MAX_BODY:
                raise status.too_large(MAX_BODY)
            answer = self._answer(negotiation.readable(request))
        except Refusal as refusal:
            return Response(refusal.code, JSON, status.encode(refusal.status()) + b"\n")
        except RecursionError:
            return _answered(400, status.bad_request("exceeded max depth").status())
        except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
            # A shape that no Go type would decode.
            said = status.bad_request(f"the object provided is unrecognized: json: cannot unmarshal ({error})")
            return _answered(400, said.status())
        if isinstance(answer, Subscription):
            return answer
        code, thing = answer
        if isinstance(thing, dict) and thing.get("kind") == "APIGroupDiscoveryList":
            told = (("content-type", DISCOVERY),)
            return Response(code, told, status.encode(thing) + b"\n")
        return _answered(code, thing)

    def _answer(self, request: Request) -> tuple[int, Any] | Subscription:
        path = request.path.rstrip("/") or "/"
        if (found := self._fixed(path)) is not None:
            if request.method != "GET":
                raise status.method_not_allowed()
            return 200, found(header(request, "accept"))
        watched = "/watch/" in path and path.split("/")[3 if path.startswith("/api/") else 4 :][:1] == ["watch"]
        target = parse(path.replace("/watch/", "/", 1) if watched else path, self.kinds)
        query = Query(request)
        if target.kind.resource in REVIEWS:
            return self._review(request, target)
        match request.method:
            case "GET" | "HEAD":
                return self._read(request, target, query, watched=watched)
            case "POST" | "PUT" | "PATCH" | "DELETE":
                code, thing = self._writer.write(request, target, query)
                accept = header(request, "accept")
                if "metadata" in thing and thing.get("kind") != "Status" and wants_metadata(accept):
                    thing = metadata_only(thing)
                return code, thing
        raise status.method_not_allowed()

    def _read(
        self, request: Request, target: Target, query: Query, *, watched: bool
    ) -> tuple[int, Object] | Subscription:
        accept = header(request, "accept")
        if target.name and not watched:
            if target.subresource not in ("", "status", "scale"):
                raise status.method_not_allowed()
            thing = self._reader.get(target)
            if target.subresource == "scale":
                return 200, self._writer.scale_of(thing)
            return 200, metadata_only(thing) if wants_metadata(accept) else whole(target.kind, thing)
        if watched or query.true("watch"):
            return self._reader.watch(target, query, accept)
        return 200, self._reader.list(target, query, accept)

    def _review(self, request: Request, target: Target) -> tuple[int, Object]:
        if request.method != "POST":
            raise status.method_not_allowed()
        try:
            asked = msgspec.json.decode(request.body)
        except msgspec.MsgspecError as error:
            raise status.bad_request(f"couldn't get version/kind; json parse error: {error}") from None
        if not isinstance(asked, dict):
            raise status.bad_request("couldn't get version/kind; json parse error")
        verdict: Object = {"allowed": True}
        if target.kind.kind == "SelfSubjectRulesReview":
            every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            open_ = {"verbs": ["*"], "nonResourceURLs": ["*"]}
            verdict = {"resourceRules": [every], "nonResourceRules": [open_], "incomplete": False}
        head = {"kind": target.kind.kind, "apiVersion": target.kind.api_version}
        return 201, {**head, "metadata": {}, "spec": asked.get("spec", {}), "status": verdict}

    def _fixed(self, path: str) -> Callable[[str], Any] | None:
        if path == "/version":
            return lambda _: VERSION
        if (document := openapi.answer(path, self.kinds)) is not None:
            return lambda _: document
        if discovery.answer(path, "", self.kinds) is not None:
            return lambda accept: discovery.answer(path, accept, self.kinds)
        return None


def _answered(code: int, thing: Any) -> Response:
    return Response(code, JSON, status.encode(thing) + b"\n")
