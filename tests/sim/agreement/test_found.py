"""What random sequences have shown to be different once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.agreement.pair import Pair
from tests.sim.agreement.things import (
    DEPLOYMENTS,
    SERVICES,
    STATEFULSETS,
    deployment,
    service,
    statefulset,
    stored,
    template,
)

pytestmark = pytest.mark.cluster
TWO: dict[str, str] = {"fieldManager": "two", "force": "true"}


def _two(pair: Pair, path: str, thing: Any) -> None:
    pair.ask("PATCH", f"{path}/{thing['metadata']['name']}", thing, media="apply", query=TWO, see=stored)


@pytest.mark.parametrize("how", ["POST", "apply"])
@pytest.mark.parametrize("before", [{}, {"updateStrategy": {"type": "RollingUpdate"}}], ids=["default", "named"])
def test_a_dropped_partition_is_zero_where_somebody_has_the_rolling_update(
    pair: Pair, how: str, before: dict[str, Any]
) -> None:
    if how == "POST":
        pair.ask("POST", STATEFULSETS, statefulset(**before), query="fieldManager=one", see=stored)
    else:
        query = "fieldManager=one"
        pair.ask("PATCH", f"{STATEFULSETS}/db", statefulset(**before), media="apply", query=query, see=stored)
    _two(pair, STATEFULSETS, statefulset(updateStrategy={"rollingUpdate": {"partition": 2}}))
    _two(pair, STATEFULSETS, statefulset())


def test_an_apply_that_only_reorders_has_a_time(pair: Pair) -> None:
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    pair.ask("POST", SERVICES, service(ports=ports), query="fieldManager=one", see=stored)
    for applied in (ports, [*reversed(ports)], [*reversed(ports)]):
        thing = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": applied}}
        _two(pair, SERVICES, thing)


def test_a_port_is_held_against_all_others(pair: Pair) -> None:
    ports: list[list[dict[str, Any]]] = [
        [{"containerPort": 1}, {"containerPort": 2}],
        [{"containerPort": 2}],
        [{"containerPort": 2, "hostPort": 2}, {"containerPort": 1}],
        [{"containerPort": 2, "hostPort": 2, "hostIP": "10.0.0.1"}, {"containerPort": 2, "protocol": "UDP"}],
        [{"containerPort": 2, "hostPort": 3}],
    ]
    containers = [
        {"name": f"c{number}", "image": "registry.example/web:1", "ports": found} for number, found in enumerate(ports)
    ]
    pair.ask("POST", DEPLOYMENTS, deployment(pod=template(containers=containers)), see=stored)


def test_no_hook_sleeps_longer_than_the_pod_may_take(pair: Pair) -> None:
    for seconds, grace in ((1, 0), (5, 5), (6, 5), (-1, 5), (0, 0), (40, 30)):
        hooks = {"preStop": {"sleep": {"seconds": seconds}}, "postStart": {"sleep": {"seconds": seconds}}}
        container = {"name": "main", "image": "registry.example/web:1", "lifecycle": hooks}
        pod = template(containers=[container], terminationGracePeriodSeconds=grace)
        pair.ask("POST", DEPLOYMENTS, deployment(pod=pod), query="dryRun=All", see=stored)


def test_a_second_volume_type_is_named(pair: Pair) -> None:
    sources = {"downwardAPI": {}, "configMap": {"name": "c"}, "secret": {"secretName": "s"}, "projected": {}, "nfs": {}}
    for name, source in sources.items():
        volume = {"name": "v", "emptyDir": {}, name: source}
        pair.ask("POST", DEPLOYMENTS, deployment(pod=template(volumes=[volume])), see=stored)
