"""Which request is answered by what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rollonce.sim.api import discovery, gojson, negotiation, openapi, openapi2, podwarnings, showing, status
from rollonce.sim.api.kinds import REVIEWS
from rollonce.sim.api.lifecycle import Lifecycle
from rollonce.sim.api.reading import Reader
from rollonce.sim.api.sent import Yaml
from rollonce.sim.api.showing import Showing
from rollonce.sim.api.status import Refusal
from rollonce.sim.api.target import Query, Target, header, parse
from rollonce.sim.api.watch import Subscription, Watches
from rollonce.sim.api.writing import Writer
from rollonce.sim.clockwork import timestamp
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Object
from rollonce.wire import Request, Response

# apiserver/pkg/server/config.go, MaxRequestBodyBytes
MAX_BODY = 3 * 1024 * 1024
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
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
# Asked for with an upgrade of the connection.
STREAMS = frozenset({"exec", "attach", "portforward", "proxy"})
# Whoever knows the address may do everything.
EVERYBODY = {"username": "admin", "groups": ["system:masters", "system:authenticated"]}
HEALTH = frozenset({"/healthz", "/livez", "/readyz"})


@dataclass(slots=True)
class Answer:
    """What is answered: JSON, or text as it is."""

    code: int
    body: Any
    media: str = JSON
    warnings: list[str] = field(default_factory=list)


class Server:
    """The API over one kernel."""

    def __init__(self, kernel: Kernel, yaml: Yaml | None = None) -> None:
        self.kinds = kernel.kinds
        self.watches = Watches(kernel.store)
        self._reader = Reader(kernel, self.watches)
        self._writer = Writer(kernel, self.kinds, yaml)
        self._clockwork = kernel.clockwork
        Lifecycle(kernel)

    def handle(self, request: Request) -> Response | Subscription:
        """Answers; never raises for what a client sends."""
        try:
            if len(request.body) > MAX_BODY:
                raise status.too_large(MAX_BODY)
            answer = self._answer(negotiation.readable(request))
        except Refusal as refusal:
            answer = Answer(refusal.code, refusal.status(), warnings=refusal.warnings)
        except status.NoPage:
            answer = Answer(404, b"404 page not found\n", TEXT)
        except RecursionError:
            answer = Answer(400, status.bad_request("exceeded max depth").status())
        except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
            # A shape that no Go type would decode.
            said = status.bad_request(f"the object provided is unrecognized: json: cannot unmarshal ({error})")
            answer = Answer(400, said.status())
        return answer if isinstance(answer, Subscription) else _written(answer)

    def _answer(self, request: Request) -> Answer | Subscription:
        path = request.path.rstrip("/") or "/"
        if (fixed := self._fixed(path, request)) is not None:
            return fixed
        watched = "/watch/" in path and path.split("/")[3 if path.startswith("/api/") else 4 :][:1] == ["watch"]
        target = parse(path.replace("/watch/", "/", 1) if watched else path, self.kinds)
        query, show = Query(request), showing.wanted(header(request, "accept"))
        if target.kind.resource in REVIEWS:
            return self._review(request, target)
        match request.method:
            case "GET" | "HEAD":
                answer = self._read(target, query, show, watched=watched)
                if isinstance(answer, Answer):
                    answer.warnings += podwarnings.of_kind(target.kind)
                return answer
            case "POST" | "PUT" | "PATCH" | "DELETE":
                code, thing, warnings = self._writer.write(request, target, query)
                if "metadata" in thing and thing.get("kind") in (target.kind.kind, "PartialObjectMetadata"):
                    thing = showing.one(show, target.kind, thing, self._clockwork.now, query.get("includeObject"))
                return Answer(code, thing, warnings=warnings)
        raise status.method_not_allowed()

    def _read(self, target: Target, query: Query, show: Showing, *, watched: bool) -> Answer | Subscription:
        if target.name and not watched:
            if target.subresource == "log":
                return self._log(target, query)
            if target.subresource in STREAMS:
                self._reader.get(target)
                raise status.bad_request("Upgrade request required")
            if target.subresource not in ("", "status", "scale", "ephemeralcontainers", "resize"):
                raise status.method_not_allowed()
            thing = self._reader.get(target)
            if target.subresource == "scale":
                return Answer(200, self._writer.scale_of(target, thing))
            return Answer(200, showing.one(show, target.kind, thing, self._clockwork.now, query.get("includeObject")))
        if watched or query.true("watch"):
            return self._reader.watch(target, query, show)
        return Answer(200, self._reader.list(target, query, show))

    def _log(self, target: Target, query: Query) -> Answer:
        """There is no container, so there is no log of one that could have written something."""
        pod = self._reader.get(target)
        names = [each["name"] for part in ("containers", "initContainers") for each in pod["spec"].get(part) or ()]
        named = query.get("container")
        if named and named not in names:
            raise status.bad_request(f"container {named} is not valid for pod {target.name}")
        if not named and len(pod["spec"]["containers"]) > 1:
            choices = " ".join(each["name"] for each in pod["spec"]["containers"])
            raise status.bad_request(
                f"a container name must be specified for pod {target.name}, choose one of: [{choices}]"
            )
        return Answer(200, b"", TEXT)

    def _review(self, request: Request, target: Target) -> Answer:
        if request.method != "POST":
            raise status.method_not_allowed()
        try:
            asked = gojson.read(request.body)
        except gojson.Broken as error:
            raise status.bad_request(f"couldn't get version/kind; json parse error: {error}") from None
        if not isinstance(asked, dict):
            raise status.bad_request("couldn't get version/kind; json parse error")
        verdict: Object = {"allowed": True}
        if target.kind.kind == "SelfSubjectRulesReview":
            every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            open_ = {"verbs": ["*"], "nonResourceURLs": ["*"]}
            verdict = {"resourceRules": [every], "nonResourceRules": [open_], "incomplete": False}
        head = {"kind": target.kind.kind, "apiVersion": target.kind.api_version}
        if target.kind.kind == "SelfSubjectReview":
            made = {"creationTimestamp": timestamp(self._clockwork.now)}
            return Answer(201, {**head, "metadata": made, "status": {"userInfo": EVERYBODY}})
        if target.kind.kind == "TokenReview":
            # Nobody has a token here.
            verdict = {"user": {}}
        return Answer(201, {**head, "metadata": {}, "spec": asked.get("spec", {}), "status": verdict})

    def _fixed(self, path: str, request: Request) -> Answer | None:
        """What is there beside the objects."""
        if path in HEALTH or path.startswith(("/readyz/", "/livez/")):
            return Answer(200, b"ok", TEXT)
        if path == "/version":
            if request.method != "GET":
                raise status.method_not_allowed()
            showing.wanted(header(request, "accept"))
            return Answer(200, VERSION)
        if path == openapi2.PATH:
            told = openapi2.document(self.kinds)
            if openapi2.PROTOBUF in header(request, "accept"):
                return Answer(200, openapi2.encoded(told), openapi2.ANSWERED)
            return Answer(200, told)
        if path.startswith("/openapi/"):
            document = openapi.answer(path, self.kinds)
            if document is None:
                raise status.no_such_path()
            return Answer(200, document)
        found = discovery.answer(path, header(request, "accept"), self.kinds)
        if found is None:
            return None
        return Answer(200, found, DISCOVERY if found["kind"] == "APIGroupDiscoveryList" else JSON)


def _written(answer: Answer) -> Response:
    headers = [("content-type", answer.media)]
    headers += [("warning", f"299 - {status.encode(warning).decode()}") for warning in answer.warnings]
    body = answer.body if isinstance(answer.body, bytes) else status.encode(answer.body) + b"\n"
    return Response(answer.code, tuple(headers), body)
