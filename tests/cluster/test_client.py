"""The protocol against a server that follows a script."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from rollonce.cluster.client import Client, Verdict
from rollonce.errors import (
    ApiRefusal,
    ConnectionLost,
    Forbidden,
    Redirected,
    ServerBusy,
    ServerFault,
    Unauthorized,
    UnreadableAnswer,
)
from rollonce.wire import Request, Response, Stream
from tests.cluster.conftest import DEPLOYMENTS, FakeClock
from tests.cluster.server import Exchange, Server, Step, listing, says, status, thing

Connect = Callable[..., tuple[Client, Server]]
BUSY = says(429, status(429, "TooManyRequests", "slow down"), "Retry-After: 2")


def patched(client: Client) -> bytes:
    return client.patch(DEPLOYMENTS, "agents", "ceo", b"[]")


def test_an_object_is_read(client: Connect) -> None:
    api, server = client(says(200, thing()))
    assert json.loads(api.get(DEPLOYMENTS, "agents", "ceo")) == thing()
    seen = server.seen[0]
    assert seen.target == "/apis/apps/v1/namespaces/agents/deployments/ceo"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["user-agent"].startswith("rollonce/")


def test_names_cannot_leave_their_place(client: Connect) -> None:
    api, server = client(says(200, thing()))
    api.get(DEPLOYMENTS, "a/../b?c", "x/y#z")
    assert server.seen[0].target == "/apis/apps/v1/namespaces/a%2F..%2Fb%3Fc/deployments/x%2Fy%23z"


def test_a_list_is_read_page_by_page(client: Connect) -> None:
    api, server = client(says(200, listing("a", "b", token="n+/=")), says(200, listing("c")))
    found = api.list(DEPLOYMENTS, None, selector="app in (x, y)", limit=2)
    assert [json.loads(item)["metadata"]["name"] for item in found.items] == ["a", "b", "c"]
    assert found.resource_version == "9"
    assert [exchange.target for exchange in server.seen] == [
        "/apis/apps/v1/deployments?limit=2&labelSelector=app%20in%20%28x%2C%20y%29",
        "/apis/apps/v1/deployments?limit=2&labelSelector=app%20in%20%28x%2C%20y%29&continue=n%2B%2F%3D",
    ]


def test_names_only_asks_for_metadata(client: Connect) -> None:
    api, server = client(says(200, {"kind": "PartialObjectMetadataList", "metadata": {}, "items": None}))
    assert api.list(DEPLOYMENTS, "agents", names_only=True).items == ()
    assert server.seen[0].headers["accept"].startswith("application/json;as=PartialObjectMetadataList;g=meta.k8s.io")


def test_a_list_that_expires_is_read_once_more_from_the_start(client: Connect) -> None:
    expired = says(410, status(410, "Expired", "too old"))
    api, _ = client(
        says(200, listing("a", token="n")), expired, says(200, listing("b", token="n")), says(200, listing("c"))
    )
    names = [json.loads(item)["metadata"]["name"] for item in api.list(DEPLOYMENTS, None).items]
    assert names == ["b", "c"], "no item of the first attempt is mixed in"
    api, _ = client(says(200, listing("a", token="n")), expired, says(200, listing("a", token="n")), expired)
    with pytest.raises(ApiRefusal) as caught:
        api.list(DEPLOYMENTS, None)
    assert caught.value.status == 410


def test_a_patch(client: Connect) -> None:
    api, server = client(says(200, thing(version="8")))
    operations = b'[{"op":"test","path":"/metadata/uid","value":"u"}]'
    api.patch(DEPLOYMENTS, "agents", "ceo", operations)
    api.patch(DEPLOYMENTS, "agents", "ceo", operations, field_manager="other", dry_run=True)
    first, second = server.seen
    assert (first.method, first.body) == ("PATCH", operations)
    assert first.target == "/apis/apps/v1/namespaces/agents/deployments/ceo?fieldManager=rollonce"
    assert first.headers["content-type"] == "application/json-patch+json"
    assert second.target.endswith("?fieldManager=other&dryRun=All")


def test_a_right_is_asked_for(client: Connect) -> None:
    denied = {"status": {"allowed": False, "reason": "no role"}}
    api, server = client(says(201, denied), says(201, {"status": {"allowed": True}}))
    assert api.may("patch", DEPLOYMENTS, "agents") == Verdict(False, "no role")
    assert api.may("list", DEPLOYMENTS, None).allowed
    attributes = [json.loads(exchange.body)["spec"]["resourceAttributes"] for exchange in server.seen]
    asked = {"group": "apps", "resource": "deployments"}
    assert attributes == [{**asked, "verb": "patch", "namespace": "agents"}, {**asked, "verb": "list"}]


def test_a_busy_server_is_waited_for_even_with_a_patch(client: Connect, clock: FakeClock) -> None:
    api, server = client(BUSY, BUSY, says(200, thing()))
    patched(api)
    assert clock.slept == [2.0, 2.0]
    assert len(server.seen) == 3


def test_a_bare_503_may_be_that_of_a_balancer_so_that_a_patch_is_read_back(client: Connect) -> None:
    """Only with Retry-After is it sure that the request was not executed."""
    api, server = client(says(503, {"kind": "Status", "message": "upstream reset"}))
    with pytest.raises(ServerFault):
        api.patch(DEPLOYMENTS, "agents", "ceo", b"[]")
    assert len(server.seen) == 1


def test_a_server_that_stays_busy(client: Connect, clock: FakeClock) -> None:
    api, _ = client(says(429, status(429, "TooManyRequests", "slow down"), "Retry-After: 25"))
    with pytest.raises(ServerBusy, match="slow down"):
        patched(api)
    assert clock.slept == [25.0, 25.0]


def test_reads_are_repeated_and_writes_are_not(client: Connect) -> None:
    api, server = client(Exchange.cut, says(500, {}), says(200, thing()))
    api.get(DEPLOYMENTS, "agents", "ceo")
    assert len(server.seen) == 3
    for step, error in ((Exchange.cut, ConnectionLost), (says(500, {}), ServerFault)):
        api, server = client(step, says(200, thing()))
        with pytest.raises(error) as caught:
            patched(api)
        assert len(server.seen) == 1
        assert caught.value.act == "patch deployments.apps/ceo in namespace agents"


def html(exchange: Exchange) -> None:
    exchange.answer(200, b"<html>\x1b[31mPlease log in", "Content-Type: text/html")


@pytest.mark.parametrize(
    ("step", "error", "fact"),
    [
        (says(401, status(401, "Unauthorized", "Unauthorized")), Unauthorized, "does not know us: Unauthorized"),
        (says(401, {}), Unauthorized, "status 401 without an explanation"),
        (says(403, status(403, "Forbidden", 'User "u" cannot patch')), Forbidden, 'User "u" cannot patch'),
        (lambda e: e.answer(403, b"<html>"), UnreadableAnswer, "status 403 is not of the Kubernetes API (no"),
        (says(404, status(404, "NotFound", "not found")), ApiRefusal, "not found"),
        (lambda e: e.answer(404, b"nginx", "Content-Type: text/plain"), UnreadableAnswer, "(text/plain); it"),
        (says(422, status(422, "Invalid", "the server rejected")), ApiRefusal, "the server rejected"),
        (says(502, []), ServerFault, "status 502 without an explanation"),
        (says(302, {}, "Location: https://login.example/?token=s3cret"), Redirected, "redirects to login.example;"),
        (says(301, {}), Redirected, "a path of its own"),
        (html, UnreadableAnswer, "(text/html); it begins with: <html> [31mPlease log in"),
        (says(200, {}), UnreadableAnswer, "is not of the Kubernetes API"),
        (says(200, [1]), UnreadableAnswer, "is not of the Kubernetes API"),
        (lambda e: e.answer(200, b""), UnreadableAnswer, "it is empty"),
        (lambda e: e.answer(200, b'{"metadata": {"resourceVersion": "\xff"}}'), UnreadableAnswer, "it begins with"),
    ],
)  # fmt: skip
def test_refusals(client: Connect, step: Step, error: type[Exception], fact: str) -> None:
    api, server = client(step)
    with pytest.raises(error) as caught:
        patched(api)
    assert type(caught.value) is error
    assert fact in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert len(server.seen) == 1


def test_a_refusal_carries_status_and_reason(client: Connect) -> None:
    api, _ = client(says(409, status(409, "Conflict", "changed")))
    with pytest.raises(ApiRefusal) as caught:
        patched(api)
    assert (caught.value.status, caught.value.reason) == (409, "Conflict")


def test_the_way_out_of_a_401_is_that_of_the_credentials(clock: FakeClock) -> None:
    class Rejecting:
        def send(self, request: Request, *, timeout: float) -> Response:
            return Response(401)

        def stream(self, request: Request, *, timeout: float) -> Stream:
            raise AssertionError("nothing is watched here")

        def close(self) -> None:
            pass

    with pytest.raises(Unauthorized) as caught:
        Client(Rejecting(), clock, login_hint="log in").get(DEPLOYMENTS, "agents", "ceo")
    assert caught.value.hint == "log in"


def test_a_missing_right_to_watch_shows_at_once(client: Connect) -> None:
    api, _ = client(says(403, status(403, "Forbidden", "cannot watch")))
    with pytest.raises(Forbidden, match="cannot watch"):
        api.watch(DEPLOYMENTS, "agents", resource_version="1")
