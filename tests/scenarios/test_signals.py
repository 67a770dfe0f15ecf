"""Ctrl-C and SIGTERM at any time leave a state that the next run repairs."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.controlplane.waiting import until
from tests.scenarios import fleet
from tests.scenarios.backends import Real, real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import World, image

A1, A2 = image("agent", "b1"), image("agent", "b2")


@real_only("processes")
def test_sigterm_during_the_rollout(world: World) -> None:
    """A process of its own, ended while it waits: it says what is unfinished, and the next run takes it up."""
    slow = {"rollonce.test/ready-delay": "3s"}
    world.has(manifests.deployment("ceo", {"agent": A1}, annotations=slow))
    assert isinstance(world.backend, Real)
    process = world.backend.process("deploy/ceo", f"agent={A2}", "--deploy-id", "d1")
    until(lambda: world.deploy_id("deploy/ceo") == "d1", "the patch is there")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 143, out + err
    assert "interrupted: not waited for any longer" in out
    assert "the next run takes up what is left" in err
    run = world.converge("deploy/ceo", f"agent={A2}", "--deploy-id", "d1", "-o", "json")
    assert (run.code, run.outcome("ceo"), run.json()["patchesSent"]) == (0, "settled", 0)
    assert world.revision("deploy/ceo") == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(6), ids=["GET-1", "GET-2", "LIST", "POST", "WATCH", "PATCH"])
def test_ctrl_c_at_any_request(world: World, number: int, moment: str) -> None:
    """Interrupted at each request of a run in turn: never more than one roll a workload, and the next run ends it."""
    world.has(fleet.ceo("b1", replicas=0))
    begun = threading.Event()

    def interrupt(n: int, _request: Request) -> None:
        if n == number and not begun.is_set():
            begun.set()
            os.kill(os.getpid(), signal.SIGINT)

    interposer = Interposer(before=interrupt) if moment == "before" else Interposer(after=interrupt)
    arguments = ("deploy/agent-ceo", "deploy/agent-x", f"agent={A2}", "--deploy-id", "d1")
    run = world.converge(*arguments, interposer=interposer)
    assert begun.is_set()
    assert run.code == 130
    again = world.converge(*arguments)
    assert again.code == 0, again.err
    assert world.images("deploy/agent-ceo")["agent"] == A2
    assert world.revision("deploy/agent-ceo") == 2
