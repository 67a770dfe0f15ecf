"""Waves, a bound on what rolls at a time, a budget of pods, and what a failure or Ctrl-C stops."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.controlplane.waiting import until
from tests.scenarios.backends import Real, real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, config
from tests.scenarios.world import Run, World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")
NAMES = ("a", "b", "c", "d")


def has(world: World, *names: str, canary: str = "") -> None:
    """Deployments of one pod each; one of them has a label."""
    labels = {"labels": {"track": "canary"}}
    things = (manifests.deployment(n, {"agent": A1}, metadata=labels if n == canary else None) for n in names)
    world.has(*things)


def converge(world: World, *more: str, interposer: Interposer | None = None) -> Run:
    """All Deployments."""
    return world.converge("deploy", "--all", f"agent={A2}", "-o", "json", *more, interposer=interposer)


class Order:
    """Notes at each patch which rollouts were under way, and in which order the patches were sent."""

    def __init__(self, world: World) -> None:
        self.sent: list[str] = []
        self.under_way: list[set[str]] = []
        self._world = world
        self._lock = threading.Lock()

    def interposer(self, then: Callable[[int], None] = lambda _n: None) -> Interposer:
        def before(_n: int, request: Request) -> None:
            if request.method == "PATCH":
                with self._lock:
                    self.under_way.append({name for name in self.sent if not self._is_complete(name)})
                    self.sent.append(request.path.rpartition("/")[2])
                    then(len(self.sent))

        return Interposer(before=before)

    def _is_complete(self, name: str) -> bool:
        thing = self._world.get(f"deploy/{name}")
        status, wanted = thing["status"], thing["spec"]["replicas"]
        counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "availableReplicas")]
        return status["observedGeneration"] == thing["metadata"]["generation"] and counts == [wanted] * 3


@pytest.mark.parametrize("first", ["deployment/c", "track=canary", "deploy/c,deploy/c"])
def test_the_canary_has_rolled_before_anything_else_is_sent(world: World, first: str) -> None:
    has(world, *NAMES, canary="c")
    order = Order(world)
    run = converge(world, "--wave", first, interposer=order.interposer())
    assert run.code == 0, run.err
    assert order.sent[0] == "c"
    assert sorted(order.sent) == list(NAMES)
    assert "c" not in order.under_way[1]
    assert "wave 2 of 2: deployment/a, deployment/b, deployment/d" in run.err
    assert {w["name"]: w["wave"] for w in run.json()["workloads"]} == {"a": 2, "b": 2, "c": 1, "d": 2}
    assert {world.revision(f"deploy/{name}") for name in NAMES} == {2}


def test_a_number_then_a_share_then_the_rest(world: World) -> None:
    has(world, *NAMES)
    order = Order(world)
    run = converge(world, "--wave", "1", "--wave", "50%", interposer=order.interposer())
    assert run.code == 0, run.err
    assert [w["wave"] for w in run.json()["workloads"]] == [1, 2, 2, 3]
    assert (order.sent[0], set(order.sent[1:3]), order.sent[3]) == ("a", {"b", "c"}, "d")
    assert order.under_way[1] == order.under_way[3] == set()


def test_a_canary_that_fails_stops_the_rest_and_so_does_the_next_run(world: World) -> None:
    """What was not reached is told as such, and is untouched; the way out is another image, or --keep-going."""
    has(world, "b", "c")
    world.has(manifests.deployment("a", {"agent": A1}, progressDeadlineSeconds=2))
    broken = image("agent", "never-ready-1")
    run = world.converge("deploy", "--all", f"agent={broken}", "--wave", "deploy/a", "-o", "json")
    assert run.code == 1, run.err
    assert [run.outcome(name) for name in "abc"] == ["failed", "not-sent", "not-sent"]
    assert "halted: deployment/a has not come to a good end; 2 workloads not begun" in run.err
    assert "not-sent: deployment/b, deployment/c: not reached: deployment/a has not come to a good end" in run.err
    again = world.converge("deploy", "--all", f"agent={broken}", "--wave", "deploy/a", "-o", "json")
    assert (again.code, again.json()["patchesSent"]) == (1, 0), again.err
    assert {world.revision(f"deploy/{name}") for name in "bc"} == {1}
    on = world.converge("deploy", "--all", f"agent={A2}", "--wave", "deploy/a", "--keep-going", "-o", "json")
    assert [on.outcome(name) for name in "bc"] == ["rolled", "rolled"], on.err


def test_so_many_at_a_time(world: World) -> None:
    has(world, *NAMES)
    order = Order(world)
    run = converge(world, "--concurrency", "2", interposer=order.interposer())
    assert run.code == 0, run.err
    assert sorted(order.sent) == list(NAMES)
    assert max(len(others) for others in order.under_way) == 1


def test_so_many_pods_a_second(world: World) -> None:
    """Four pods at two a second: the last one is begun a second and a half after the first."""
    has(world, *NAMES)
    moments: list[float] = []
    clock = world.backend.clock()
    run = converge(
        world, "--pods-per-second", "2", interposer=Order(world).interposer(lambda _n: moments.append(clock()))
    )
    assert run.code == 0, run.err
    assert moments[-1] - moments[0] >= 1.49
    assert all(later - sooner >= 0.3 for sooner, later in itertools.pairwise(moments))


def test_waves_cost_no_request_more(world: World) -> None:
    has(world, *NAMES)
    plain, waved = Interposer(), Interposer()
    assert converge(world, interposer=plain).code == 0
    back = ("deploy", "--all", f"agent={A1}", "--wave", "1", "--concurrency", "1", "--pods-per-second", "50")
    assert world.converge(*back, interposer=waved).code == 0
    assert sorted(waved.methods) == sorted(plain.methods)


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        (("--wave", "deploy/x"), "empty-wave"),
        (("--wave", "track=canary"), "empty-wave"),
        (("--wave", "canary"), "malformed-wave"),
        (("--wave", "1", "--no-wait"), "usage"),
        (("--concurrency", "0"), "usage"),
        (("--concurrency", "2", "--no-wait"), "usage"),
        (("--pods-per-second", "0"), "usage"),
        (("--keep-going",), "usage"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(world: World, more: tuple[str, ...], slug: str) -> None:
    has(world, "a")
    seen = Interposer()
    run = converge(world, *more, interposer=seen)
    assert (run.code, "PATCH" in seen.methods) == (2, False)
    assert f"error: {slug}" in run.err


def test_a_dry_run_tells_the_waves(world: World) -> None:
    has(world, *NAMES)
    run = world.converge("deploy", "--all", f"agent={A2}", "--wave", "25%", "--dry-run")
    assert run.code == 0
    assert "wave 1: deployment/a\nwave 2: deployment/b, deployment/c, deployment/d\n" in run.out


# --- Ctrl-C


def test_ctrl_c_begins_nothing_more_and_waits_for_what_rolls(world: World) -> None:
    has(world, *NAMES)
    order = Order(world)
    interposer = order.interposer(lambda n: os.kill(os.getpid(), signal.SIGINT) if n == 1 else None)
    run = converge(world, "--concurrency", "1", interposer=interposer)
    assert run.code == 130, run.err
    assert [run.outcome(name) for name in NAMES] == ["rolled", "not-sent", "not-sent", "not-sent"]
    assert "the run was interrupted; 3 workloads not begun, what rolls is waited for" in run.err
    rest = converge(world)
    assert (rest.code, rest.json()["patchesSent"]) == (0, 3)
    assert {world.revision(f"deploy/{name}") for name in NAMES} == {2}


@real_only("processes")
def test_ctrl_c_twice_leaves_at_once(world: World) -> None:
    slow = {"rollonce.test/ready-delay": "5s"}
    world.has(manifests.deployment("a", {"agent": A1}, annotations=slow))
    assert isinstance(world.backend, Real)
    process = world.backend.process("deploy/a", f"agent={A2}", "--deploy-id", "d1")
    until(lambda: world.deploy_id("deploy/a") == "d1", "the patch is there")
    process.send_signal(signal.SIGINT)
    with pytest.raises(Exception, match="timed out"):
        process.wait(timeout=1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=3)
    assert process.returncode == 130, out + err
    assert "interrupted: not waited for any longer" in out
    assert "the next run takes up what is left" in err


# --- where else waves come from

FILE = """\
version: 1
environments:
  production: {{namespace: {namespace}, policy: {{waves: ["deploy/c"], concurrency: 1}}}}
  staging: {{namespace: {namespace}}}
workloads: [deploy/a, deploy/b, deploy/c]
images: {{agent: "registry.test/agent:{{build}}"}}
policy: {{waves: ["1"]}}
"""


def test_the_waves_of_the_fleet_file_hold_unless_others_are_given(world: World, tmp_path: Path) -> None:
    has(world, "a", "b", "c")
    file = tmp_path / "rollonce.yaml"
    file.write_text(FILE.format(namespace=world.namespace))

    def order(environment: str, build: str, *more: str) -> list[str]:
        noted = Order(world)
        given = ("--fleet", str(file), "--env", environment, "--build", build)
        run = world.rollonce("converge", *given, *more, interposer=noted.interposer())
        assert run.code == 0, run.err
        return noted.sent

    assert order("production", "b2") == ["c", "a", "b"]
    assert order("staging", "b3")[0] == "a"
    assert order("production", "b4", "--wave", "deploy/b")[0] == "b"


def test_manifests_go_in_waves_too(world: World, folder: Folder) -> None:
    """The other objects come before all waves; what is still to be made belongs to one as well."""
    folder.has(*(manifests.deployment(n, {"agent": A1}) for n in "ab"))
    assert folder.converge().code == 0
    folder.has(config("settings", A="1"), *(manifests.deployment(n, {"agent": A2}) for n in "abc"))
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PATCH" and ("dryRun", "All") not in request.query:
            seen.append(request.path.rpartition("/")[2])

    assert folder.converge("--wave", "deploy/c", "--wave", "deploy/b", interposer=_noting(note)).code == 0
    assert seen == ["settings", "c", "b", "a"]


def _noting(note: Callable[[Request], None]) -> Interposer:
    return Interposer(before=lambda _n, request: note(request))
