"""What rolls in the simulated cluster, how often, and for how long nobody serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from rollonce.sim import pods
from rollonce.sim.api import defaults
from rollonce.sim.clockwork import Clockwork
from rollonce.sim.controllers import PROFILES, install
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Collection, Key

START = 1_767_225_600.0


class World:
    """A kernel with controllers and one workload, all in virtual time."""

    def __init__(self, resource: str = "deployments", profile: str = "none", **spec: Any) -> None:
        self.kernel = Kernel(Clockwork(START))
        install(self.kernel, PROFILES[profile])
        self.key = Key("apps", resource, "d", "a")
        template = {
            "metadata": {"labels": {"app": "a"}},
            "spec": {"terminationGracePeriodSeconds": 30, "containers": [{"name": "c", "image": "i:1"}]},
        }
        whole = {"selector": {"matchLabels": {"app": "a"}}, "template": template, **spec}
        if resource != "daemonsets":
            whole = {"replicas": 2, **whole}
        thing = {"metadata": {"annotations": {"note": "x"}}, "spec": whole}
        self.kernel.create(self.key, self.completed(thing), manager="test")

    def completed(self, thing: dict[str, Any]) -> dict[str, Any]:
        """As the API server stores it."""
        kind = self.kernel.kinds.of(self.key.collection)
        assert kind is not None
        return defaults.complete(
            kind, {**thing, "metadata": {**thing["metadata"], "name": "a"}}, self.kernel.store.get(self.key)
        )

    def live(self) -> dict[str, Any]:
        found = self.kernel.store.get(self.key)
        assert found is not None
        return found

    def all(self, resource: str) -> list[dict[str, Any]]:
        group = "" if resource == "pods" else "apps"
        return self.kernel.store.list(Collection(group, resource))

    def wait(self, seconds: float) -> None:
        self.kernel.clockwork.advance(self.kernel.clockwork.now + seconds)

    def change(self, **spec: Any) -> None:
        live = self.live()
        changed = {**live, "spec": {**live["spec"], **spec}}
        self.kernel.update(self.key, self.completed(changed), manager="test")

    def image(self, image: str) -> None:
        template = self.live()["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        self.change(template={**template, "spec": {**template["spec"], "containers": containers}})

    def annotations(self, **annotations: str) -> None:
        live = self.live()
        self.kernel.update(
            self.key, {**live, "metadata": {**live["metadata"], "annotations": annotations}}, manager="test"
        )

    def revisions(self) -> list[int]:
        name = "deployment.kubernetes.io/revision"
        return sorted(int(rs["metadata"]["annotations"][name]) for rs in self.all("replicasets"))

    def outage(self, limit: float = 600) -> float:
        """Seconds without a ready pod, in steps of a tenth."""
        out = 0
        for _ in range(int(limit * 10)):
            self.wait(0.1)
            out += not any(pods.is_ready(pod) for pod in self.all("pods"))
        return out / 10


RECREATE: dict[str, Any] = {"strategy": {"type": "Recreate"}, "replicas": 1}


def test_one_roll_is_one_new_revision() -> None:
    world = World()
    world.wait(10)
    world.image("i:2")
    world.wait(30)
    assert world.revisions() == [1, 2]
    assert world.live()["status"]["updatedReplicas"] == 2
    assert world.live()["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    rest = world.kernel.store.version
    # The timer of the progress deadline finds nothing to do.
    world.wait(1000)
    assert world.kernel.store.version == rest
    assert world.kernel.clockwork.next_due() is None


def test_going_back_reuses_the_old_replicaset() -> None:
    world = World()
    for image in ("i:1", "i:2", "i:1"):
        world.image(image)
        world.wait(30)
    assert world.revisions() == [2, 3]
    newest = next(rs for rs in world.all("replicasets") if rs["spec"]["replicas"])
    assert newest["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_two_writes_within_one_sync_are_one_replicaset() -> None:
    world = World()
    world.wait(10)
    world.image("i:2")
    world.image("i:3")
    world.wait(30)
    assert world.revisions() == [1, 2]


def test_recreate_absorbs_a_write_during_termination() -> None:
    world = World(**RECREATE)
    world.wait(10)
    world.image("i:2")
    world.wait(0.5)
    world.image("i:3")
    world.wait(30)
    assert world.revisions() == [1, 2]


def test_recreate_pays_twice_for_a_write_after_termination() -> None:
    world = World(**RECREATE)
    world.wait(10)
    world.image("i:2")
    world.wait(1.5)
    world.image("i:3")
    world.wait(30)
    assert world.revisions() == [1, 2, 3]


@pytest.mark.parametrize(
    ("profile", "grace", "least", "most"), [("none", 30, 1.8, 2.4), ("cloud", 30, 52, 54), ("cloud", 5, 40, 42)]
)
def test_an_outage_follows_grace_period_and_profile(profile: str, grace: int, least: float, most: float) -> None:
    world = World(profile=profile, **RECREATE)
    template = world.live()["spec"]["template"]
    world.change(template={**template, "spec": {**template["spec"], "terminationGracePeriodSeconds": grace}})
    world.wait(200)
    world.image("i:2")
    assert least <= world.outage() <= most


def test_a_removed_annotation_stays_on_the_replicaset() -> None:
    world = World()
    world.wait(10)
    world.annotations(other="y")
    world.wait(1)
    noted = world.all("replicasets")[0]["metadata"]["annotations"]
    assert (noted["note"], noted["other"]) == ("x", "y")


def test_history_is_limited() -> None:
    world = World(revisionHistoryLimit=1)
    for number in range(1, 6):
        world.image(f"i:{number}")
        world.wait(30)
    assert world.revisions() == [4, 5]


def test_paused_makes_no_replicaset_but_scales() -> None:
    world = World(progressDeadlineSeconds=600)
    world.wait(10)
    world.change(paused=True)
    world.image("i:2")
    world.change(replicas=3)
    world.wait(30)
    assert world.revisions() == [1]
    assert len(world.all("pods")) == 3


def test_a_stuck_roll_exceeds_its_deadline() -> None:
    world = World(progressDeadlineSeconds=60)
    world.wait(10)
    world.image("i:image-pull")
    world.wait(90)
    progress = pods.condition(world.live(), "Progressing")
    assert progress is not None
    assert progress["reason"] == "ProgressDeadlineExceeded"


def test_what_is_owned_goes_with_its_owner() -> None:
    world = World()
    world.wait(10)
    world.kernel.delete(world.key)
    world.wait(10)
    assert world.all("pods") == world.all("replicasets") == []


def test_a_partition_holds_back_the_lower_pods() -> None:
    world = World("statefulsets", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})
    world.wait(10)
    world.image("i:2")
    world.wait(30)
    assert [pod["spec"]["containers"][0]["image"] for pod in world.all("pods")] == ["i:1", "i:2"]
    assert [r["metadata"]["annotations"]["note"] for r in world.all("controllerrevisions")] == ["x", "x"]


@pytest.mark.parametrize("resource", ["statefulsets", "daemonsets"])
def test_on_delete_waits_and_a_rolling_update_does_not(resource: str) -> None:
    world = World(resource, updateStrategy={"type": "OnDelete"})
    world.wait(10)
    world.image("i:2")
    world.wait(30)
    assert {pod["spec"]["containers"][0]["image"] for pod in world.all("pods")} == {"i:1"}
    world.change(updateStrategy={"type": "RollingUpdate"})
    world.wait(60)
    assert {pod["spec"]["containers"][0]["image"] for pod in world.all("pods")} == {"i:2"}
    assert [r["revision"] for r in sorted(world.all("controllerrevisions"), key=lambda r: r["revision"])] == [1, 2]


SCRIPT = """
from rollonce.sim.api.status import encode
from tests.sim.controllers.test_controllers import World
for kind in ("deployments", "statefulsets", "daemonsets"):
    world = World(kind)
    world.wait(5); world.image("i:2"); world.wait(60)
    print(encode([change.object for change in world.kernel.store.since(0)]).decode())
"""


def test_hash_seeds_change_nothing() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]


def test_a_recreated_deployment_adopts_the_orphans_of_the_first() -> None:
    world = World()
    world.wait(10)
    before = world.all("replicasets")[0]
    live = world.live()
    orphaned = {k: v for k, v in before["metadata"].items() if k != "ownerReferences"}
    world.kernel.update(
        Key("apps", "replicasets", "d", orphaned["name"]), {**before, "metadata": orphaned}, manager="t"
    )
    world.kernel.delete(world.key)
    again = {"metadata": {"name": "a"}, "spec": live["spec"]}
    world.kernel.create(world.key, world.completed(again), manager="test")
    world.wait(10)
    (adopted,) = world.all("replicasets")
    assert adopted["metadata"]["uid"] == before["metadata"]["uid"]
    assert adopted["metadata"]["ownerReferences"][0]["uid"] == world.live()["metadata"]["uid"]


def test_a_name_that_is_taken_counts_as_a_collision() -> None:
    world = World()
    world.wait(10)
    (first,) = world.all("replicasets")
    metadata = {**first["metadata"], "labels": {"other": "x"}}
    world.kernel.update(Key("apps", "replicasets", "d", metadata["name"]), {**first, "metadata": metadata}, manager="t")
    world.wait(10)
    assert world.live()["status"]["collisionCount"] == 1
    assert len(world.all("replicasets")) == 2


def test_a_surging_daemonset_keeps_a_ready_pod_on_each_node() -> None:
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    world = World("daemonsets", updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    world.wait(10)
    world.image("i:2")
    for _ in range(200):
        world.wait(0.1)
        ready = [pod for pod in world.all("pods") if pods.is_ready(pod) and not pods.is_terminating(pod)]
        assert {pod["spec"]["nodeName"] for pod in ready} == {"node-0", "node-1", "node-2"}
    assert {pod["spec"]["containers"][0]["image"] for pod in world.all("pods")} == {"i:2"}


def test_an_annotation_of_the_pod_says_how_long_it_takes() -> None:
    world = World(**RECREATE)
    template = world.live()["spec"]["template"]
    notes = {"sim.rollonce.dev/stop-delay": "20s", "sim.rollonce.dev/ready-delay": "1m"}
    world.change(template={**template, "metadata": {**template["metadata"], "annotations": notes}})
    world.wait(200)
    world.image("i:2")
    assert 79 <= world.outage() <= 83


def calls(act: Callable[[], None]) -> int:
    """How many functions are called."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def test_ten_minutes_of_rollout_are_counted_steps() -> None:
    """Nobody waits in real time: what a rollout costs is what happens in it."""
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    world = World(replicas=20, minReadySeconds=30, strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    world.wait(60)
    began = world.kernel.clockwork.now
    world.image("i:2")
    steps = 0
    while {pod["spec"]["containers"][0]["image"] for pod in world.all("pods")} != {"i:2"}:
        due = world.kernel.clockwork.next_due()
        assert due is not None
        world.kernel.clockwork.advance(due)
        steps += 1
    assert world.kernel.clockwork.now - began > 570
    assert steps < 2000


def test_the_cost_of_a_roll_does_not_grow_with_the_number_of_others() -> None:
    counts = []
    for others in (0, 300):
        world = World()
        for number in range(others):
            key = Key("apps", "deployments", "d", f"other-{number}")
            labels = {"app": key.name}
            template = {**world.live()["spec"]["template"], "metadata": {"labels": labels}}
            spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
            world.kernel.create(key, {"metadata": {}, "spec": spec}, manager="test")
        world.wait(30)
        world.image("i:2")
        counts.append(calls(lambda world=world: world.wait(30)))  # type: ignore[misc]
    assert counts[1] < counts[0] * 1.1


def test_a_statefulset_that_is_made_anew_waits_for_the_pods_of_the_old_one() -> None:
    """It tries again, each time twice as late: a pod of that name is there until its grace is over."""
    world = World("statefulsets", "cloud", replicas=1)
    world.wait(60)
    (old,) = world.all("pods")
    kept = world.live()
    world.kernel.delete(world.key)
    again = {"metadata": {"annotations": {}}, "spec": kept["spec"]}
    world.kernel.create(world.key, world.completed(again), manager="test")
    world.wait(1)
    assert [pod["metadata"]["uid"] for pod in world.all("pods")] == [old["metadata"]["uid"]]
    world.wait(180)
    (new,) = world.all("pods")
    assert (new["metadata"]["name"], pods.is_ready(new)) == (old["metadata"]["name"], True)
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
