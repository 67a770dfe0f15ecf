"""Whatever is sent, something is answered: no exception leaves `handle`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rollonce.sim.cluster import START, SimCluster, Subscription
from rollonce.wire import Request, Response
from tests.sim.api.asking import DEPLOYMENTS, MEDIA, Asking, deployment

BASES = (
    "/", "/api", "/apis", "/api/v1", "/apis/apps/v1", "/version", "/healthz", "/openapi/v3", "/openapi/v3/apis/apps/v1",
    "/openapi/v2", DEPLOYMENTS, f"{DEPLOYMENTS}/ceo", f"{DEPLOYMENTS}/ceo/scale", f"{DEPLOYMENTS}/ceo/status",
    "/api/v1/namespaces", "/api/v1/namespaces/default", "/api/v1/namespaces/default/pods/p/log",
    "/api/v1/watch/pods", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/api/v1/namespaces/default/services",
)  # fmt: skip
QUERIES = (
    "limit", "continue", "resourceVersion", "resourceVersionMatch", "watch", "labelSelector", "fieldSelector", "dryRun",
    "fieldManager", "fieldValidation", "force", "sendInitialEvents", "timeoutSeconds", "propagationPolicy", "pretty",
)  # fmt: skip

texts = some.text(max_size=12)
json = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@some.composite
def mangled(draw: some.DrawFn) -> Any:
    """A Deployment in which one value is something else."""
    thing: object = deployment("ceo", agent="a:1", sync="s:1")
    root: Any = {"root": thing}
    holder: Any = root
    key: Any = "root"
    for _ in range(draw(some.integers(1, 6))):
        inner = holder[key]
        if isinstance(inner, dict) and inner:
            holder, key = inner, draw(some.sampled_from(sorted(inner)))
        elif isinstance(inner, list) and inner:
            holder, key = inner, 0
    holder[key] = draw(json)
    return root["root"]


bodies = some.binary(max_size=40) | json.map(msgspec.json.encode) | mangled().map(msgspec.json.encode)
requests = some.builds(
    Request,
    some.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "x"]),
    some.sampled_from(BASES) | some.builds("{}/{}".format, some.sampled_from(BASES), texts) | texts,
    some.lists(
        some.tuples(some.sampled_from(QUERIES), texts | some.sampled_from(["true", "1", "All", "0"])), max_size=3
    ).map(tuple),
    some.lists(
        some.tuples(
            some.sampled_from(["content-type", "accept", "user-agent"]),
            some.sampled_from([*MEDIA.values(), "application/json"]) | texts,
        ),
        max_size=3,
    ).map(tuple),
    bodies,
)


@given(some.lists(requests, min_size=1, max_size=4))
@settings(max_examples=300)
def test_every_request_is_answered(sent: list[Request]) -> None:
    cluster = SimCluster(controllers=False)
    body = msgspec.json.encode(deployment("ceo", agent="a:1"))
    cluster.handle(Request("POST", DEPLOYMENTS, body=body), START)
    for each in sent:
        answer = cluster.handle(each, START)
        assert isinstance(answer, Response | Subscription)
        assert 200 <= answer.status < 600


@pytest.mark.parametrize("how", ["POST", *MEDIA])
def test_a_body_that_is_too_deep_is_refused(how: str) -> None:
    api = Asking()
    api.create(deployment())
    deep = b'{"metadata":' * 20_000 + b"1" + b"}" * 20_000
    path = DEPLOYMENTS if how == "POST" else f"{DEPLOYMENTS}/ceo"
    code, said = api.ask(
        "POST" if how == "POST" else "PATCH", path, deep, media="" if how == "POST" else how, fieldManager="x"
    )
    assert code in (400, 422)
    assert said["kind"] == "Status"


def test_a_body_that_is_too_large_is_refused() -> None:
    code, said = Asking().ask("POST", DEPLOYMENTS, b"x" * (10 * 1024 * 1024))
    assert (code, said["reason"]) == (413, "RequestEntityTooLarge")


def test_a_path_is_read_as_it_is_encoded() -> None:
    api = Asking()
    api.create(deployment())
    assert api.ask("GET", DEPLOYMENTS + "/c%65o")[0] == 200
    assert api.ask("GET", DEPLOYMENTS + "/a%2Fb")[0] == 404
