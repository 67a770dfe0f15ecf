"""A fork goes on as the original would, and neither sees what the other does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rollonce.sim.cluster import START, SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.store import Change
from tests.sim.api.asking import Asking, deployment


def story(cluster: SimCluster) -> list[Change]:
    return list(cluster.kernel.store.since(0))


class Rolling(Asking):
    """A fleet in which a bit of everything is under way: volumes, crashes, deadlines, ordered pods, old pods."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = SimCluster(profile=PROFILES["cloud"])
        self.create(self.with_claim("ceo", "Recreate", agent="a:1", sync="s:1"))
        self.create(self.with_claim("web", "RollingUpdate", web="w:1"))
        self.create(deployment("bad", web="w:crash"))
        spec = {**deployment("queue")["spec"], "serviceName": "queue", "replicas": 2}
        made = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "queue"}, "spec": spec}
        assert self.ask("POST", "/apis/apps/v1/namespaces/default/statefulsets", made)[0] == 201
        self.to(200)

    def with_claim(self, name: str, strategy: str, **images: str) -> dict[str, Any]:
        made = deployment(name, **images)
        made["spec"]["strategy"] = {"type": strategy}
        made["spec"]["template"]["spec"]["volumes"] = [
            {"name": "work", "persistentVolumeClaim": {"claimName": f"{name}-work"}}
        ]
        return made

    def to(self, seconds: float) -> None:
        self.now = START + seconds
        self.cluster.advance(self.now)

    def change(self) -> None:
        for name, container in (("ceo", "agent"), ("web", "web")):
            containers = [{"name": container, "image": "b:2"}]
            code, said = self.patch(name, {"spec": {"template": {"spec": {"containers": containers}}}}, "strategic")
            assert code == 200, said


@pytest.mark.parametrize("after", [0.0, 0.003, 0.1, 10, 17.5, 40, 60, 95, 130])
def test_a_fork_at_any_moment_of_a_rollout_goes_on_as_the_original(after: float) -> None:
    world = Rolling()
    world.change()
    world.to(200 + after)
    twin = world.cluster.fork()
    assert twin.next_due() == world.cluster.next_due()
    world.to(2000)
    before = len(story(twin))
    twin.advance(START + 2000)
    assert len(story(twin)) > before
    assert story(twin) == story(world.cluster)


def test_neither_sees_what_the_other_does() -> None:
    world = Rolling()
    seen = story(world.cluster)
    twin = Rolling()
    twin.cluster = world.cluster.fork()
    twin.change()
    twin.to(1000)
    assert story(world.cluster) == seen
    assert world.cluster.kernel.clockwork.now == START + 200
    world.change()
    world.to(1000)
    assert story(world.cluster) == story(twin.cluster)


def test_watches_stay_with_the_original() -> None:
    world = Rolling()
    watch = world.watch(resourceVersion=str(world.cluster.kernel.store.version))
    twin = Rolling()
    twin.cluster = world.cluster.fork()
    twin.change()
    assert watch.take() == b""
    world.change()
    assert watch.take() != b""


def test_a_timer_that_would_act_on_the_original_is_refused() -> None:
    cluster = SimCluster()
    cluster.kernel.clockwork.after(1, lambda: None)
    with pytest.raises(TypeError, match="is a closure"):
        cluster.fork()


def test_a_fork_costs_little() -> None:
    """The objects themselves are not copied."""
    world = Asking()
    for number in range(300):
        world.create(deployment(f"w{number}", agent="a:1"))
    begun = time.process_time()
    world.cluster.fork()
    assert time.process_time() - begun < 0.1
