"""`rollonce demo --keep`: the cluster of a part stays open."""

from __future__ import annotations

import json
import signal
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.gateway.sandbox import PATIENCE, Sandbox, running

DEPLOYMENT = "/apis/apps/v1/namespaces/agents/deployments/agent-ceo"
REVISION = "deployment.kubernetes.io/revision"


def _ask(sandbox: Sandbox, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "application/merge-patch+json"} if body else {}
        connection.request(method, f"{sandbox.prefix}{path}", body, headers)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status == 200, found
        return found
    finally:
        connection.close()


@pytest.mark.parametrize(("words", "revision"), [("--keep", "3"), ("--keep=pipeline", "3"), ("--keep=converge", "2")])
def test_the_cluster_is_served_as_the_part_left_it(words: str, revision: str) -> None:
    with running([words], command="demo") as kept:
        assert _ask(kept, "GET", DEPLOYMENT)["metadata"]["annotations"][REVISION] == revision
        changed = _ask(kept, "PATCH", DEPLOYMENT, b'{"spec":{"replicas":0}}')
        assert changed["spec"]["replicas"] == 0
        folder = kept.kubeconfig.parent
        assert kept.end(signal.SIGINT) == 0
        assert not folder.exists()
        assert "Traceback" not in kept.errors()
