"""What happens while no watch is there to see it, and what is under way when a run ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from rollonce.errors import ApiRefusal
from rollonce.wire import Request
from tests.controlplane import manifests
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer, method
from tests.scenarios.world import World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")
CEO = "deployment/ceo"
NEVER = {"rollonce.test/ready": "never"}
EXPIRED = ApiRefusal("too old resource version", status=410, reason="Expired")


def _once(due: Callable[[Request], bool], act: Callable[[], object]) -> Callable[[int, Request], None]:
    """A hook for the first request of that sort."""
    done = threading.Event()

    def hook(_number: int, request: Request) -> None:
        if due(request) and not done.is_set():
            done.set()
            act()

    return hook


def _watch(request: Request) -> bool:
    return method(request) == "WATCH"


def _patch(request: Request) -> bool:
    return request.method == "PATCH"


def _unfinished(world: World) -> None:
    """On target, and never ready: a run waits for it, and sends nothing."""
    world.has(manifests.deployment("ceo", {"agent": A2}, annotations=NEVER), ready=False)


def test_what_is_deleted_between_a_list_and_its_watch_is_seen(world: World) -> None:
    """The watch goes on from the version of the list."""
    _unfinished(world)
    race = Interposer(before=_once(_watch, lambda: world.kubectl("delete", CEO)))
    run = world.converge("deploy", "--all", f"agent={A2}", "-o", "json", "--timeout", "10s", interposer=race)
    assert (run.code, run.outcome("ceo")) == (1, "gone"), run.err


def test_what_a_new_list_lacks_was_deleted(world: World) -> None:
    """The watch's version has expired: the deletion was before, and no event will ever tell of it."""
    _unfinished(world)

    def expire() -> None:
        world.kubectl("delete", CEO)
        raise EXPIRED

    race = Interposer(before=_once(_watch, expire))
    run = world.converge("deploy", "--all", f"agent={A2}", "-o", "json", "--timeout", "10s", interposer=race)
    assert (run.code, run.outcome("ceo")) == (1, "gone"), run.err


def test_a_conflict_of_writers_is_read_again(world: World) -> None:
    """The server applies a patch anew where somebody writes meanwhile, and gives up with 409 after some tries."""
    world.has(manifests.deployment("ceo", {"agent": A1}))

    def refuse() -> None:
        raise ApiRefusal("the object has been modified", status=409, reason="Conflict")

    busy = Interposer(before=_once(_patch, refuse))
    run = world.converge(CEO, f"agent={A2}", "-o", "json", interposer=busy)
    assert (run.code, run.outcome("ceo")) == (0, "rolled"), run.err
    assert world.revision(CEO) == 2


@real_only("threads: the loss of a watch while a patch is under way")
def test_a_watch_that_is_lost_while_the_patch_is_under_way_is_not_waited_for(world: World) -> None:
    """Its events would never come: what is known is told at once, and that it is not all."""
    world.has(manifests.deployment("ceo", {"agent": A1}, annotations={"rollonce.test/ready-delay": "8s"}))
    lost = threading.Event()

    def before(_number: int, request: Request) -> None:
        if _watch(request):
            raise EXPIRED
        if _patch(request):
            assert lost.wait(10)
            time.sleep(0.5)  # until the loss has been told
        elif request.path.endswith("/deployments/ceo") and "WATCH" in interposer.methods:
            lost.set()
            raise ApiRefusal("the right was taken away", status=403, reason="Forbidden")

    interposer = Interposer(before=before)
    run = world.converge(CEO, f"agent={A2}", "-o", "json", "--timeout", "5s", interposer=interposer)
    assert (run.code, run.outcome("ceo"), run.json()["patchesSent"]) == (1, "unknown", 1), run.err
    assert "the right was taken away" in run.err


@real_only("threads: a patch under way when the run is interrupted")
def test_the_answer_to_a_patch_under_way_is_taken_in_after_ctrl_c(world: World) -> None:
    """It is known a moment later whether it arrived, so that moment is waited."""
    world.has(manifests.deployment("ceo", {"agent": A1}))

    def interrupt() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)

    slow = Interposer(after=_once(_patch, interrupt))
    run = world.converge(CEO, f"agent={A2}", "-o", "json", interposer=slow)
    assert (run.code, run.outcome("ceo"), run.json()["patchesSent"]) == (130, "interrupted", 1), run.err


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_not_begun_when_the_run_was_interrupted_was_not_sent(world: World, times: int) -> None:
    """Of a fleet larger than what goes out side by side, the rest is known to be untouched."""
    names = [f"agent-{n:02}" for n in range(40)]
    world.has(*(manifests.deployment(name, {"agent": A1}, replicas=0) for name in names), ready=False)

    def interrupt() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    interrupted = Interposer(before=_once(_patch, interrupt))
    run = world.converge("deploy", "--all", f"agent={A2}", "-o", "json", "--no-wait", interposer=interrupted)
    assert run.code == 130
    verdicts = {name: run.outcome(name) for name in names}
    left = [name for name, verdict in verdicts.items() if verdict == "not-sent"]
    assert left
    assert {world.images(f"deploy/{name}")["agent"] for name in left} == {A1}
