"""The simulated cluster: the start of a sandbox, a rollout of ten virtual minutes, and a write among many objects."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import msgspec

from bench.lab import Lab
from bench.process import Command, Sample, SideFailed
from bench.result import Bound, Figure, Goal, Result, Row
from bench.rounds import Side, Spread, cpu_ratio, take
from rollonce.app import simulated, sources
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.wire import Request, Response

NAME = "simulated"
START, ROLL = "read, seed and settle", "a rollout of ten minutes"
FEW, MANY = 100, 10_000
WRITES = 300
TEN_MINUTES = 600.0


def measure(lab: Lab) -> Result:
    """Raises SideFailed. No server is asked: all of it is one process, in virtual time."""
    size, rounds = 2 * lab.sizes.deployments, lab.sizes.rounds
    path = lab.home / "fleet.yaml"
    path.write_text("---\n".join(_manifest(f"agent-{number}", 1) for number in range(size)))
    start = Command([sys.executable, "-m", "bench.simulated", str(path)], os.environ)
    sides = [
        Side(START, start.run),
        Side(ROLL, lambda: _roll(lab.home)),
        Side(_among(FEW), lambda: _writes(FEW)),
        Side(_among(MANY), lambda: _writes(MANY)),
    ]
    samples = take(NAME, sides, rounds, [])
    return Result(
        NAME,
        f"{size} Deployments of two containers from YAML, imports of the process included; {rounds} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(START, Spread.of(s.cpu for s in samples[START]), "s", Goal(Bound.AT_MOST, 2)),
            Figure(ROLL, Spread.of(s.cpu for s in samples[ROLL]), "s", Goal(Bound.AT_MOST, 1)),
            Figure(
                f"{MANY} / {FEW} objects", cpu_ratio(samples, _among(MANY), _among(FEW)), "", Goal(Bound.AT_MOST, 1.5)
            ),
        ],
    )


def _among(size: int) -> str:
    return f"{WRITES} patches among {size} Deployments"


def _manifest(name: str, replicas: int) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: agents
  labels: {{app: {name}}}
spec:
  replicas: {replicas}
  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: 0, maxUnavailable: 1}}}}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      volumes: [{{name: work, emptyDir: {{}}}}]
      containers:
      - name: agent
        image: registry.example/agent:1
        env: [{{name: ROLE, value: {name}}}, {{name: LEVEL, value: info}}]
        ports: [{{containerPort: 8080}}]
        resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}
        volumeMounts: [{{name: work, mountPath: /work}}]
      - name: git-sync
        image: registry.example/git-sync:1
        env: [{{name: ROLE, value: {name}}}]
"""


def _seeded(path: Path, cluster: SimCluster) -> SimCluster:
    if unready := simulated.seed(cluster, sources.load([str(path)])):
        raise SideFailed(f"not ready: {unready}")
    return cluster


def _roll(home: Path) -> Sample:
    path = home / "web.yaml"
    path.write_text(_manifest("web", 100))
    cluster = _seeded(path, SimCluster(profile=PROFILES["cloud"]))
    begun, begun_cpu, then = time.perf_counter(), time.process_time(), cluster.kernel.clockwork.now
    simulated.set_images(
        cluster, WorkloadKey.of(Kind.DEPLOYMENT, "agents", "web"), {"agent": "registry.example/agent:2"}
    )
    simulated.settle(cluster)
    sample = Sample(time.perf_counter() - begun, time.process_time() - begun_cpu)
    passed = cluster.kernel.clockwork.now - then
    if passed < TEN_MINUTES:
        raise SideFailed(f"the rollout took {passed:.0f} virtual seconds: less than ten minutes")
    return sample


def _writes(size: int) -> Sample:
    cluster = SimCluster(controllers=False)
    _ask(cluster, Request("POST", "/api/v1/namespaces", (), _JSON, b'{"metadata":{"name":"agents"}}'))
    manifest = msgspec.yaml.decode(_manifest("web", 1))
    for number in range(size):
        named = {**manifest, "metadata": {"name": f"web-{number}"}}
        _ask(cluster, Request("POST", _DEPLOYMENTS, (), _JSON, msgspec.json.encode(named)))
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for number in range(WRITES):
        body = b'{"metadata":{"labels":{"n":"%d"}}}' % number
        _ask(cluster, Request("PATCH", f"{_DEPLOYMENTS}/web-{number % FEW}", (), _MERGE, body))
    return Sample(time.perf_counter() - begun, time.process_time() - begun_cpu)


_DEPLOYMENTS = "/apis/apps/v1/namespaces/agents/deployments"
_JSON = (("content-type", "application/json"),)
_MERGE = (("content-type", "application/merge-patch+json"),)


def _ask(cluster: SimCluster, request: Request) -> None:
    answer = cluster.handle(request, cluster.kernel.clockwork.now)
    if not isinstance(answer, Response) or answer.status >= 300:
        raise SideFailed(f"{request.method} {request.target} was refused")


def main() -> int:
    """The measured process: reads manifests and begins a cluster with them."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulated", description=main.__doc__)
    parser.add_argument("path", type=Path)
    _seeded(parser.parse_args().path, SimCluster())
    return 0


if __name__ == "__main__":
    sys.exit(main())
