"""A fleet file on the simulated cluster: the same requests as without one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from rollonce.app import converge
from rollonce.app.converge import Options
from rollonce.app.news import Result
from rollonce.app.simulated import ports
from rollonce.fleetfile import reading, resolve
from rollonce.model import edit, reference
from rollonce.model.deploy import Deploy, Source
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.wire import Request, Response
from tests.controlplane import manifests

NAMES = [f"d{n}" for n in range(500)]
FILE = f"""
version: 1
environments:
  production: {{namespace: default}}
  both: {{namespaces: [default, other]}}
workloads: [{", ".join(f"deployment/{name}" for name in NAMES)}]
images:
  agent: r/agent:{{build}}
sidecars:
  cai: r/cai:{{build}}
overrides:
  deployment/d7: {{agent: r/own:{{build}}}}
""".replace("{agent: r/own:{build}}", "{agent: 'r/own:{build}'}")


def fleet() -> SimCluster:
    cluster = SimCluster(profile=PROFILES["cloud"])
    headers = (("content-type", "application/json"),)
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    things = [manifests.deployment(name, {"agent": "r/agent:b1"}, replicas=0) for name in NAMES]
    for thing in (other, *things):
        path = "/api/v1/namespaces" if thing is other else "/apis/apps/v1/namespaces/default/deployments"
        request = Request("POST", path, (), headers, json.dumps(thing).encode())
        answer = cluster.handle(request, cluster.kernel.clockwork.now)
        assert isinstance(answer, Response)
        assert answer.status == 201
    cluster.advance(cluster.kernel.clockwork.now + 60)
    return cluster


def deploy(words: tuple[str, ...], desired: Desired, also: tuple[str, ...] = ()) -> tuple[Result, Counter[str]]:
    port, wire = ports(fleet())
    chosen = reference.select(words, namespace="default", selector="", everything=False, act="test")
    options = Options(replace(chosen, also=also), Wish(desired, Deploy("d1", Source.GIVEN)), act="test", timeout=600)
    result = converge.carry_out(port, converge.prepare(port, options), lambda _event: None)
    return result, Counter(f"{request.method} {request.path}" for request in wire.requests if request.method != "PATCH")


def of_file(environment: str) -> tuple[resolve.Run, Desired]:
    run = resolve.run(reading.read(FILE.encode(), "rollonce.yaml"), environment, "b2", act="test")
    return run, Desired.of(run.edits, act="test")


def test_500_workloads_of_a_file_are_read_with_one_request() -> None:
    run, desired = of_file("production")
    result, asked = deploy(run.words, desired)
    assert Counter(outcome.verdict for outcome in result.outcomes.values()) == {"rolled": 500}
    pairs = Desired.of([edit.pair("agent=r/agent:b2", act="test")], act="test")
    assert asked == deploy(tuple(f"deployment/{name}" for name in NAMES), pairs)[1]
    assert asked["GET /apis/apps/v1/namespaces/default/deployments"] == 2  # the list, and the watch


def test_a_second_namespace_costs_a_second_list() -> None:
    run, desired = of_file("both")
    more = tuple(said.value for said in run.environment.namespaces[1:])
    asked = deploy(run.words, desired, more)[1]
    assert asked == deploy(run.words, desired)[1] + Counter(
        {
            "GET /apis/apps/v1/namespaces/other/deployments": 1,
            # Nothing is there: does the namespace exist?
            "GET /api/v1/namespaces/other": 1,
        }
    )
