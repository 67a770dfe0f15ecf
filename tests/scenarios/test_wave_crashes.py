"""A converge in two waves that dies at any of its requests: the next run ends it, and every workload rolls once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.scenarios import dying
from tests.scenarios.backends import SIMULATED, Real, real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import World, image

NAMES = tuple(f"w{n:02}" for n in range(20))
ARGUMENTS = ("deploy", "-l", "run=crash", "--wave", "deploy/w07,deploy/w11", "--deploy-id", "d1")
# A list, an access review, a watch, and a patch each.
REQUESTS = 3 + len(NAMES)


def fleet(build: str) -> Iterator[dict[str, object]]:
    """Twenty Deployments; without pods, for what counts here are their revisions."""
    for name in NAMES:
        images = {"agent": image("agent", build)}
        yield manifests.deployment(name, images, replicas=0, metadata={"labels": {"run": "crash"}})


def begin(world: World) -> None:
    """They are there, and their controller has seen them."""
    world.has(*fleet("b1"), ready=False)
    world.until(lambda: set(revisions(world)) == {"1"}, "the controller has seen the fleet")


def revisions(world: World) -> list[str]:
    """The newest revision of each workload."""
    things = world.kubectl("get", "deploy", "-l", "run=crash", "-o", "json").json()["items"]
    assert len(things) == len(NAMES)
    return [thing["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision") for thing in things]


def check_repaired(world: World) -> None:
    """After one more run every workload is on its image by one roll, and a last run sends no write."""
    wanted = f"agent={image('agent', 'b2')}"
    again = world.converge(*ARGUMENTS, wanted)
    assert again.code == 0, again.out + again.err
    assert set(revisions(world)) == {"2"}
    seen = Interposer()
    assert world.converge(*ARGUMENTS, wanted, interposer=seen).code == 0
    assert seen.methods == ["GET"]


class Died(BaseException):
    """The process is no more: nothing of ours catches this."""


def test_the_requests_that_are_broken_below(world: World) -> None:
    """What the next tests enumerate; if this changes, they have to."""
    begin(world)
    seen = Interposer()
    assert world.converge(*ARGUMENTS, f"agent={image('agent', 'b2')}", interposer=seen).code == 0
    assert len(seen.requests) == REQUESTS


@pytest.mark.parametrize("world", [SIMULATED], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_it_dies_at_any_request(world: World, number: int, moment: str) -> None:
    begin(world)

    def die(n: int, _request: Request) -> None:
        if n == number:
            raise Died

    interposer = Interposer(before=die) if moment == "before" else Interposer(after=die)
    with contextlib.suppress(Died):
        world.converge(*ARGUMENTS, f"agent={image('agent', 'b2')}", interposer=interposer)
    assert number < len(interposer.requests)
    check_repaired(world)


@real_only("processes")
@pytest.mark.parametrize("moment", dying.MOMENTS)
@pytest.mark.parametrize("number", range(REQUESTS))
def test_it_is_killed_at_any_request(world: World, number: int, moment: str) -> None:
    begin(world)
    assert isinstance(world.backend, Real)
    arguments = (*ARGUMENTS, f"agent={image('agent', 'b2')}", "-n", world.namespace)
    command = [sys.executable, "-m", "tests.scenarios.dying", str(number), moment, "converge", *arguments]
    environment = {**world.backend.environment("deployer"), "PYTHONPATH": ":".join(filter(None, sys.path))}
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -9, killed.stdout + killed.stderr
    check_repaired(world)
    left = world.kubectl("get", "configmaps,leases.coordination.k8s.io", "-o", "name").stdout.split()
    assert [name for name in left if not name.endswith("/kube-root-ca.crt")] == []
