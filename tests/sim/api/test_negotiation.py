"""What is accepted, and what is not."""

from __future__ import annotations

import msgspec
import pytest

from rollonce.sim.cluster import START, SimCluster
from rollonce.wire import Request, Response

PROTOBUF = "application/vnd.kubernetes.protobuf"


def _asked(accept: str) -> Response:
    request = Request("GET", "/api/v1/namespaces", headers=(("accept", accept),))
    answer = SimCluster(START, controllers=False).handle(request, START)
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize(
    "accept", ["", "application/json", "*/*", f"{PROTOBUF},application/json", f"{PROTOBUF}, */*", "application/*;q=0.5"]
)
def test_whoever_accepts_json_gets_it(accept: str) -> None:
    answer = _asked(accept)
    assert (answer.status, answer.header("content-type")) == (200, "application/json")


@pytest.mark.parametrize("accept", [PROTOBUF, "text/html"])
def test_whoever_does_not_is_told_what_there_is(accept: str) -> None:
    answer = _asked(accept)
    status = msgspec.json.decode(answer.body)
    assert (answer.status, status["reason"]) == (406, "NotAcceptable")
    assert "application/json" in status["message"]


def test_protobuf_that_is_none_is_a_bad_request() -> None:
    headers = (("content-type", PROTOBUF),)
    request = Request("POST", "/api/v1/namespaces/default/configmaps", headers=headers, body=b"k8s\x00\x0a\xff")
    answer = SimCluster(START, controllers=False).handle(request, START)
    assert isinstance(answer, Response)
    assert answer.status == 400
