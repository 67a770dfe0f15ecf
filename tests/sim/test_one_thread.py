"""The fan-out without threads: what it hands on, when, and how far it lets time go on."""

from __future__ import annotations

import json
from typing import Any

from rollonce.app.simulated import SimWire, ports
from rollonce.cluster.fanout import Inbox
from rollonce.cluster.feed import Changed, WatchEvent
from rollonce.model.kind import Kind
from rollonce.sim.cluster import SimCluster
from rollonce.wire import Request, Response
from tests.controlplane import manifests

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


class Still:
    """A cluster in which nothing happens by itself, and an inbox that follows its Deployments."""

    def __init__(self) -> None:
        self.cluster = SimCluster(controllers=False)
        port, self.wire = ports(self.cluster)
        watch = port.client.watch(Kind.DEPLOYMENT.resource, "default", resource_version="1")
        self.inbox: Inbox[WatchEvent | str] = port.fanout.inbox()
        self.inbox.follow(watch, lambda event: event, lambda error: error.fact)

    @property
    def now(self) -> float:
        return self.cluster.kernel.clockwork.now

    def create(self, name: str) -> None:
        body = json.dumps(manifests.deployment(name, {"agent": "r/agent:b1"})).encode()
        answer = self.cluster.handle(Request("POST", DEPLOYMENTS, (), (), body), self.now)
        assert isinstance(answer, Response)
        assert answer.status == 201, answer.body

    def take(self, timeout: float | None) -> str:
        """The name in the next event; empty where there is none in time."""
        event = self.inbox.take(timeout)
        return named(event) if isinstance(event, Changed) else ""


def named(event: Changed) -> str:
    thing: dict[str, Any] = json.loads(event.object)
    return str(thing["metadata"]["name"])


def watches(wire: SimWire) -> int:
    return sum(("watch", "true") in request.query for request in wire.requests)


def test_two_events_of_one_moment_are_both_handed_on_in_that_moment() -> None:
    """They arrive in one piece; the second must not wait for a third."""
    still = Still()
    still.create("ceo")
    still.create("cso")
    begun = still.now
    assert [still.take(0), still.take(0), still.take(0)] == ["ceo", "cso", ""]
    assert still.now == begun


def test_a_watch_that_the_server_ends_is_opened_anew_and_the_time_is_kept() -> None:
    """Hours in which nothing happens: the watch ends several times, with a bookmark each; nobody waits longer."""
    still = Still()
    begun = still.now
    assert still.take(10_000) == ""
    assert still.now == begun + 10_000
    assert watches(still.wire) > 2


def test_what_happens_after_a_watch_was_opened_anew_is_seen() -> None:
    still = Still()
    still.cluster.kernel.clockwork.at(still.now + 5_000, lambda: still.create("ceo"))
    begun = still.now
    assert still.take(10_000) == "ceo"
    assert still.now == begun + 5_000


def test_a_watch_that_is_lost_says_so() -> None:
    """The namespace's collection is refused from one moment on: the reader gets the words, and nothing more."""
    still = Still()
    handle = still.cluster.handle

    def refusing(request: Request, now: float) -> Any:
        said = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no watch for you"}
        return Response(403, (), json.dumps(said).encode()) if request.method == "GET" else handle(request, now)

    still.cluster.handle = refusing  # type: ignore[method-assign]
    lost = still.inbox.take(10_000)
    assert isinstance(lost, str)
    assert "no watch for you" in lost
    assert still.take(10) == ""
