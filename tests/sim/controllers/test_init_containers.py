"""Init containers end one after the other, a native sidecar stays; one that does not end keeps the rest out."""

from __future__ import annotations

from typing import Any

import pytest

from rollonce.sim.api import podcells
from tests.sim.controllers.test_controllers import World


def _pod(*inits: dict[str, Any], main: str = "i:1") -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "a"}},
        "spec": {"initContainers": [*inits], "containers": [{"name": "c", "image": main}]},
    }
    world = World(replicas=1, template=template)
    world.wait(30)
    (pod,) = world.all("pods")
    return pod


def _init(name: str, image: str, **more: str) -> dict[str, Any]:
    return {"name": name, "image": image, **more}


@pytest.mark.parametrize(
    ("inits", "main", "shown"),
    [
        ([_init("a", "i:1"), _init("b", "i:2")], "i:1", ["1/1", "Running"]),
        ([_init("side", "i:1", restartPolicy="Always"), _init("b", "i:2")], "i:1", ["2/2", "Running"]),
        ([_init("a", "i:1"), _init("b", "i:crash")], "i:1", ["0/1", "Init:CrashLoopBackOff"]),
        ([_init("a", "i:1"), _init("b", "i:image-pull")], "i:1", ["0/1", "Init:ImagePullBackOff"]),
        ([_init("a", "i:1"), _init("b", "i:never-ready"), _init("c", "i:1")], "i:1", ["0/1", "Init:1/3"]),
        ([_init("a", "i:1")], "i:crash", ["0/1", "CrashLoopBackOff"]),
        ([_init("a", "i:1")], "i:image-pull", ["0/1", "ImagePullBackOff"]),
    ],
)
def test_kubectl_shows_how_far_a_pod_has_come(inits: list[dict[str, Any]], main: str, shown: list[str]) -> None:
    assert podcells.row(_pod(*inits, main=main), lambda _: "")[1:3] == shown


def test_what_has_ended_stays_as_it_is() -> None:
    pod = _pod(_init("a", "i:1"))
    (status,) = pod["status"]["initContainerStatuses"]
    ended = status["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"], status["ready"], status["started"]) == (0, "Completed", True, False)
