"""The client and the use-cases on the simulated cluster, in one thread: watches end, expire, and are opened anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import msgspec
import pytest

from rollonce.app import converge, simulated
from rollonce.app.converge import Options
from rollonce.app.news import Progressed, Result
from rollonce.app.ports import Ports
from rollonce.app.simulated import OneThread, SimWire, VirtualClock
from rollonce.cluster.client import WATCH_SECONDS, Client
from rollonce.cluster.watch import Changed, Snapshot
from rollonce.errors import RefusedManifest
from rollonce.manifests import reading
from rollonce.model import reference
from rollonce.model.deploy import Deploy, Source
from rollonce.model.kind import Kind
from rollonce.plan.decide import Wish
from rollonce.rollout.outcome import Verdict
from rollonce.sim.cluster import START, SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.wire import Request, Response, Stream
from tests.unit.builders import wants

FLEET = b"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: ceo, namespace: agents}
spec:
  strategy: {type: Recreate}
  progressDeadlineSeconds: 3600
  selector: {matchLabels: {app: ceo}}
  template:
    metadata: {labels: {app: ceo}}
    spec:
      containers: [{name: agent, image: "r/agent:1"}]
      volumes: [{name: work, persistentVolumeClaim: {claimName: ceo-work}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue, namespace: agents}
spec:
  replicas: 3
  serviceName: queue
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec:
      terminationGracePeriodSeconds: 200
      containers: [{name: agent, image: "r/agent:1"}]
"""


class Forgetful(SimWire):
    """Forgets what happened as soon as a watch has ended: the next one is answered with 410."""

    def __init__(self, cluster: SimCluster) -> None:
        super().__init__(cluster)
        self.opened = 0
        self.refused = 0

    def stream(self, request: Request, *, timeout: float) -> Stream:
        self.opened += 1
        if self.opened == 3:
            self.refused += 1
            status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
            return simulated.Whole(Response(410, (), msgspec.json.encode(status)))
        return super().stream(request, timeout=timeout)


def seeded(profile: str = "cloud-bad-day") -> SimCluster:
    cluster = SimCluster(profile=PROFILES[profile])
    assert simulated.seed(cluster, reading.read([FLEET], "fleet.yaml")) == ()
    return cluster


def over(wire: SimWire) -> Ports:
    clock = VirtualClock(wire.cluster)
    return Ports(Client(wire, clock, jitter=lambda: 0.0), OneThread(wire.cluster), clock)


def run(ports: Ports, told: list[tuple[float, Progressed]], build: str = "2") -> Result:
    chosen = reference.select(["deploy,sts"], namespace="agents", selector="", everything=True, act="test")
    wish = Wish(wants(f"agent=r/agent:{build}"), Deploy("d", Source.GIVEN))
    options = Options(chosen, wish, act="test", timeout=10_000)
    prepared = converge.prepare(ports, options)

    def listen(event: object) -> None:
        if isinstance(event, Progressed):
            told.append((ports.clock.now(), event))

    return converge.carry_out(ports, prepared, listen)


def watches(wire: SimWire) -> int:
    return sum(("watch", "true") in request.query for request in wire.requests)


@pytest.mark.parametrize("wire_class", [SimWire, Forgetful])
def test_a_rollout_outlasts_its_watches(wire_class: type[SimWire]) -> None:
    """Two collections are watched, and both watches end and are opened again while it rolls."""
    wire = wire_class(seeded())
    begun = wire.cluster.kernel.clockwork.now
    told: list[tuple[float, Progressed]] = []
    result = run(over(wire), told)
    took = wire.cluster.kernel.clockwork.now - begun
    assert {outcome.verdict for outcome in result.outcomes.values()} == {Verdict.ROLLED}
    assert took > 2 * WATCH_SECONDS
    assert watches(wire) >= 6
    if isinstance(wire, Forgetful):
        assert wire.refused == 1


def test_what_happens_is_told_when_it_happens() -> None:
    """With watches that never end, and with those that do, the same is told at the same time."""
    forked = seeded()
    tales = []
    for seconds in (WATCH_SECONDS, 100_000):
        told: list[tuple[float, Progressed]] = []
        wire = _Lasting(forked.fork(), seconds)
        run(over(wire), told)
        tales.append(told)
    assert tales[0] == tales[1]
    assert len(tales[0]) > 8


class _Lasting(SimWire):
    def __init__(self, cluster: SimCluster, seconds: int) -> None:
        super().__init__(cluster)
        self.seconds = seconds

    def stream(self, request: Request, *, timeout: float) -> Stream:
        query = tuple((k, str(self.seconds) if k == "timeoutSeconds" else v) for k, v in request.query)
        return super().stream(replace(request, query=query), timeout=timeout)


def test_a_watch_that_is_read_by_itself_lets_time_go_on() -> None:
    wire = SimWire(seeded("cloud"))
    ports = over(wire)
    now = ports.clock.now()
    watch = ports.client.watch(Kind.DEPLOYMENT.resource, "agents", resource_version="")
    assert isinstance(next(watch.events()), Changed | Snapshot)
    wire.cluster.kernel.clockwork.at(now + 50, watch.close)
    assert list(islice(watch.events(), 1)) == []
    assert 50 <= ports.clock.now() - now < 51


def test_a_refused_manifest_is_named_with_its_line() -> None:
    text = FLEET.replace(b', image: "r/agent:1"', b"", 1)
    with pytest.raises(RefusedManifest) as caught:
        simulated.seed(SimCluster(), reading.read([text], "fleet.yaml"))
    said = 'fleet.yaml:2: Deployment.apps "ceo" is invalid: spec.template.spec.containers'
    assert caught.value.fact.startswith(said)


def _kinds(cluster: SimCluster) -> Iterator[str]:
    yield from (f"{key.resource}/{key.name}" for change in cluster.kernel.store.since(0) for key in [change.key])


def test_namespaces_are_made_and_unknown_kinds_are_served() -> None:
    text = b"""{apiVersion: acme.example/v1, kind: Policy, metadata: {name: p, namespace: elsewhere}, spec: {a: 1}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: elsewhere, labels: {a: b}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {generateName: c-}}
"""
    cluster = SimCluster()
    simulated.seed(cluster, reading.read([text.replace(b"{apiVersion: acme", b"# yaml\n{apiVersion: acme", 1)], "x"))
    wire = SimWire(cluster)
    got = wire.send(Request("GET", "/apis/acme.example/v1/namespaces/elsewhere/policies/p"), timeout=1)
    assert msgspec.json.decode(got.body)["spec"] == {"a": 1}
    space = msgspec.json.decode(wire.send(Request("GET", "/api/v1/namespaces/elsewhere"), timeout=1).body)
    assert space["metadata"]["labels"]["a"] == "b"
    assert any(name.startswith("configmaps/c-") for name in _kinds(cluster))
    assert cluster.kernel.clockwork.now == START
