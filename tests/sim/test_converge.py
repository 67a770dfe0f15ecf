"""Converge on the simulated cluster: the code that runs in production, in one thread and in virtual time."""

from __future__ import annotations

import json
from typing import Any

from rollonce.app import converge
from rollonce.app.converge import Options
from rollonce.app.news import Result
from rollonce.app.simulated import SimWire, ports
from rollonce.model import reference
from rollonce.model.deploy import Deploy, Source
from rollonce.plan.decide import Wish
from rollonce.rollout.outcome import Verdict
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.store import Collection
from rollonce.wire import Request, Response
from tests.controlplane import manifests
from tests.unit.builders import wants


class Fleet:
    """A Recreate Deployment with two containers, on a cluster whose volumes take their time."""

    def __init__(self, profile: str = "cloud") -> None:
        self.cluster = SimCluster(profile=PROFILES[profile])
        thing = manifests.deployment("ceo", {"agent": "r/agent:b1", "git-sync": "r/git-sync:b1"}, strategy="Recreate")
        self.ask("POST", "/apis/apps/v1/namespaces/default/deployments", thing, "application/json")
        self.wait(300)

    def ask(self, method: str, path: str, body: Any, content_type: str, manager: str = "kubectl") -> None:
        headers = (("content-type", content_type),)
        request = Request(method, path, (("fieldManager", manager),), headers, json.dumps(body).encode())
        answer = self.cluster.handle(request, self.cluster.kernel.clockwork.now)
        assert isinstance(answer, Response)
        assert answer.status < 300, answer.body

    def wait(self, seconds: float) -> None:
        self.cluster.advance(self.cluster.kernel.clockwork.now + seconds)

    def set_image(self, container: str, image: str) -> None:
        patch = {"spec": {"template": {"spec": {"containers": [{"name": container, "image": image}]}}}}
        path = "/apis/apps/v1/namespaces/default/deployments/ceo"
        self.ask("PATCH", path, patch, "application/strategic-merge-patch+json", "kubectl-set")

    def converge(self, build: str, deploy: str, timeout: float = 600) -> tuple[Result, SimWire]:
        port, wire = ports(self.cluster)
        chosen = reference.select(["deploy/ceo"], namespace="default", selector="", everything=False, act="test")
        wish = Wish(wants(f"agent=r/agent:{build}", f"git-sync=r/git-sync:{build}"), Deploy(deploy, Source.GIVEN))
        options = Options(chosen, wish, act="test", timeout=timeout)
        return converge.carry_out(port, converge.prepare(port, options), lambda _event: None), wire

    def revisions(self) -> list[int]:
        note = "deployment.kubernetes.io/revision"
        found = self.cluster.kernel.store.list(Collection("apps", "replicasets"), "default")
        return sorted(int(rs["metadata"]["annotations"][note]) for rs in found)


def verdict(result: Result) -> Verdict:
    (outcome,) = result.outcomes.values()
    return outcome.verdict


def test_the_bug_two_steps_roll_twice() -> None:
    fleet = Fleet()
    fleet.set_image("agent", "r/agent:b2")
    fleet.wait(300)
    fleet.set_image("git-sync", "r/git-sync:b2")
    fleet.wait(300)
    assert fleet.revisions() == [1, 2, 3]


def test_the_cure_is_one_roll_and_the_wait_takes_virtual_minutes() -> None:
    """The same client, executor and driver as over HTTPS; the clock and the fan-out are others."""
    fleet = Fleet()
    begun = fleet.cluster.kernel.clockwork.now
    result, wire = fleet.converge("b2", "d1")
    assert verdict(result) is Verdict.ROLLED
    assert fleet.revisions() == [1, 2]
    assert fleet.cluster.kernel.clockwork.now - begun > 30
    # Two more, for it takes longer than a rollout that nobody asks about: pods and Events are watched.
    assert [request.method for request in wire.requests] == ["GET", "POST", "GET", "PATCH", "GET", "GET"]
    assert [request.path.rpartition("/")[2] for request in wire.requests[4:]] == ["pods", "events"]
    fleet.set_image("git-sync", "r/git-sync:b2")
    fleet.wait(300)
    assert fleet.revisions() == [1, 2]


def test_again_nothing_is_sent() -> None:
    fleet = Fleet()
    fleet.converge("b2", "d1")
    result, wire = fleet.converge("b2", "d2")
    assert verdict(result) is Verdict.UNCHANGED
    assert [request.method for request in wire.requests] == ["GET"]


def test_time_runs_out_in_virtual_time_too() -> None:
    fleet = Fleet()
    result, _ = fleet.converge("b2", "d1", timeout=5)
    assert verdict(result) is Verdict.TIMED_OUT
    result, _ = fleet.converge("b2", "d1")
    assert verdict(result) is Verdict.SETTLED
    assert fleet.revisions() == [1, 2]
