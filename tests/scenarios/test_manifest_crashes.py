"""`converge -f` that breaks at any of its requests: the run or the next one repairs it, with one roll in all."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable

import pytest

from rollonce.errors import ConnectionLost, Unreachable
from rollonce.wire import Request
from tests.scenarios import fleet
from tests.scenarios.backends import SIMULATED
from tests.scenarios.interposer import Interposer, Moment
from tests.scenarios.manifest_folder import Folder, Object, autoscaler, config, is_write, written
from tests.scenarios.world import World, image

CEO = "deployment/agent-ceo"
PAIRS = [pair for pair in fleet.pairs("b2") if not pair.startswith("cai")]
ARGUMENTS = (*PAIRS, "--roll-on-config", "--deploy-id", "d1")
# Of what is tried below, in the order of sending on one thread.
WRITES = ["settings", "settings", "agent-ceo", "agent-ceo", "agent-ceo"]
REQUESTS = 23


class Died(BaseException):
    """The process is no more: nothing of ours catches this."""


def mounting(build: str) -> Object:
    """agent-ceo with the ConfigMap mounted."""
    thing = fleet.ceo(build)
    pod = thing["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "settings", "configMap": {"name": "settings"}}]
    pod["containers"][0]["volumeMounts"] = [{"name": "settings", "mountPath": "/settings"}]
    return thing


@pytest.fixture
def begun(world: World, folder: Folder) -> Folder:
    """Made by kubectl, so that all of it moves to us first; the deploy changes config, images and scaling."""
    world.has(config("settings", LOG="info", OLD="1"), mounting("b1"), server_side=False)
    folder.has(config("settings", LOG="debug"), mounting("dev"), autoscaler("agent-ceo", 1, 4))
    return folder


def breaking(number: int, moment: Moment, of: Callable[[Request], bool], error: BaseException | None) -> Interposer:
    """Breaks the n-th of those requests, by `error` or as a connection breaks there."""
    count = [0]
    lock = threading.Lock()
    hit: list[Request] = []

    def before(_n: int, request: Request) -> None:
        with lock:
            due = of(request) and count[0] == number
            count[0] += of(request)
        if due:
            hit.append(request)
            if moment != "after":
                raise error or (ConnectionLost if moment == "lost" else Unreachable)("cut by the test")

    def after(_n: int, request: Request) -> None:
        if request in hit and moment == "after":
            hit.clear()
            raise error or ConnectionLost("cut by the test")

    return Interposer(before=before, after=after)


def check_repaired(world: World, folder: Folder) -> None:
    """After one more run all is there, by one roll; and a last run has nothing to do."""
    again = folder.converge(*ARGUMENTS)
    assert again.code == 0, again.out + again.err
    assert world.images(CEO) == {"agent": image("agent", "b2"), "git-sync": image("git-sync", "b2")}
    assert world.get("configmap/settings")["data"] == {"LOG": "debug"}
    assert world.get("hpa/agent-ceo")["spec"]["maxReplicas"] == 4
    noted = world.get(CEO)["spec"]["template"]["metadata"]["annotations"]
    assert "config.rollonce.dev/configmap.settings" in noted
    assert world.revision(CEO) == 2
    seen = Interposer()
    assert folder.converge(*ARGUMENTS, interposer=seen).code == 0
    assert written(seen) == []


def test_the_requests_that_are_broken_below(begun: Folder) -> None:
    """What the next tests enumerate; if this changes, they have to."""
    seen = Interposer()
    assert begun.converge(*ARGUMENTS, interposer=seen).code == 0
    assert (written(seen), len(seen.requests)) == (WRITES, REQUESTS)


@pytest.mark.parametrize("moment", ["before", "lost", "after"])
@pytest.mark.parametrize("number", range(len(WRITES)))
def test_a_connection_cut_at_any_write(world: World, begun: Folder, number: int, moment: Moment) -> None:
    """Whatever is lost, nothing is sent blindly: it is read back, and this very run ends well."""
    broken = breaking(number, moment, is_write, None)
    run = begun.converge(*ARGUMENTS, interposer=broken)
    assert run.code == 0, run.out + run.err
    assert len(written(broken)) <= len(WRITES) + 1
    assert world.revision(CEO) == 2
    seen = Interposer()
    assert begun.converge(*ARGUMENTS, interposer=seen).code == 0
    assert written(seen) == []
    check_repaired(world, begun)


@pytest.mark.parametrize("world", [SIMULATED], indirect=True)
@pytest.mark.parametrize("moment", ["before", "lost", "after"])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_a_connection_cut_at_any_request(world: World, begun: Folder, number: int, moment: Moment) -> None:
    """Reads are repeated."""
    run = begun.converge(*ARGUMENTS, interposer=breaking(number, moment, lambda _: True, None))
    assert run.code == 0, run.out + run.err
    check_repaired(world, begun)


@pytest.mark.parametrize("world", [SIMULATED], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_a_process_that_dies_at_any_request(world: World, begun: Folder, number: int, moment: Moment) -> None:
    """Config that arrived without its workload's roll is not forgotten: the next run rolls, once."""
    dying = breaking(number, moment, lambda _: True, Died())
    with contextlib.suppress(Died):
        begun.converge(*ARGUMENTS, interposer=dying)
    assert number < len(dying.requests)
    check_repaired(world, begun)


def interrupting(number: int, moment: Moment, of: Callable[[Request], bool]) -> tuple[Interposer, threading.Event]:
    """Ctrl-C at the n-th of those requests."""
    count = [0]
    done = threading.Event()
    lock = threading.Lock()

    def hook(_n: int, request: Request) -> None:
        with lock:
            due = of(request) and count[0] == number and not done.is_set()
            count[0] += of(request)
        if due:
            done.set()
            os.kill(os.getpid(), signal.SIGINT)

    return Interposer(before=hook) if moment == "before" else Interposer(after=hook), done


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(len(WRITES)))
def test_ctrl_c_at_any_write(world: World, begun: Folder, number: int, moment: Moment) -> None:
    """It says what it knows, and the next run ends it."""
    interposer, done = interrupting(number, moment, is_write)
    run = begun.converge(*ARGUMENTS, interposer=interposer)
    assert done.is_set()
    assert run.code == 130, run.out + run.err
    assert "Traceback" not in run.err
    check_repaired(world, begun)


@pytest.mark.parametrize("world", [SIMULATED], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_ctrl_c_at_any_request(world: World, begun: Folder, number: int, moment: Moment) -> None:
    """Reads too."""
    interposer, done = interrupting(number, moment, lambda _: True)
    run = begun.converge(*ARGUMENTS, interposer=interposer)
    assert (done.is_set(), run.code) == (True, 130), run.out + run.err
    check_repaired(world, begun)
