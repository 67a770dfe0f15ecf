"""`converge -f`: manifests with a deploy's images and edits folded in, each object in one server-side apply."""

from __future__ import annotations

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, Object, config, written
from tests.scenarios.world import World, image

CEO, CSO = fleet.BOTH


def test_what_is_not_there_is_made_with_the_images_of_the_deploy(world: World, folder: Folder) -> None:
    """Other kinds first, then workloads; a manifest's image is only a place to put one in."""
    folder.has(fleet.cso("dev"), config("settings", LOG="info"), fleet.ceo("dev"))
    seen = Interposer()
    run = folder.converge(*fleet.pairs("b1"), interposer=seen)
    assert run.code == 0, run.out + run.err
    assert written(seen)[0] == "settings"
    assert sorted(written(seen)) == ["agent-ceo", "agent-cso", "settings"]
    assert world.images(CEO) == {"agent": image("agent", "b1"), "git-sync": image("git-sync", "b1")}
    assert world.revision(CSO) == 1
    assert world.get("configmap/settings")["data"] == {"LOG": "info"}


def test_the_two_steps_of_a_pipeline_become_one_and_the_next_run_sends_nothing(world: World, folder: Folder) -> None:
    """Config and all images: one roll for each workload, and then none."""
    folder.has(config("settings", LOG="info"), fleet.ceo("dev"), fleet.cso("dev"))
    assert folder.converge(*fleet.pairs("b1")).code == 0
    folder.has(config("settings", LOG="debug"), fleet.ceo("dev", minReadySeconds=1), fleet.cso("dev"))
    run = folder.converge(*fleet.pairs("b2"), "--set-env", "agent:BUILD=b2")
    assert run.code == 0, run.out + run.err
    assert (world.revision(CEO), world.revision(CSO)) == (2, 2)
    assert world.get("configmap/settings")["data"] == {"LOG": "debug"}
    assert world.get(CEO)["spec"]["minReadySeconds"] == 1
    seen = Interposer()
    again = folder.converge(*fleet.pairs("b2"), "--set-env", "agent:BUILD=b2", interposer=seen)
    assert (again.code, written(seen)) == (0, []), again.out
    assert (world.revision(CEO), world.revision(CSO)) == (2, 2)


def test_each_kind_of_workload(world: World, folder: Folder) -> None:
    """Created, changed with edits in it, and left alone."""
    refs = ("sts/queue", "ds/collector", "cronjob/report")

    def things(seconds: int) -> list[Object]:
        found = [
            manifests.statefulset("queue", {"agent": "x:dev"}),
            manifests.daemonset("collector", {"agent": "x:dev"}),
            manifests.cronjob("report", {"agent": "x:dev"}),
        ]
        for thing in found:
            spec = thing["spec"].get("jobTemplate", thing)["spec"]["template"]["spec"]
            spec["terminationGracePeriodSeconds"] = seconds
        return found

    for build, seconds, verdicts in (
        ("b1", 5, {"created"}),
        ("b2", 6, {"rolled", "changed"}),
        ("b2", 6, {"unchanged"}),
    ):
        folder.has(*things(seconds))
        run = folder.converge(f"agent={image('agent', build)}", "--set-env", "agent:BUILD=x", "-o", "json")
        assert run.code == 0, run.out + run.err
        assert {w["outcome"]["verdict"] for w in run.json()["workloads"]} == verdicts
        for ref in refs:
            thing = world.get(ref)
            spec = thing["spec"].get("jobTemplate", thing)["spec"]["template"]["spec"]
            assert spec["terminationGracePeriodSeconds"] == seconds
            assert spec["containers"][0]["image"] == image("agent", build)
            assert spec["containers"][0]["env"] == [{"name": "BUILD", "value": "x"}]
    # What is of a CronJob itself, and not of its pods.
    [_, _, job] = things(6)
    folder.has({**job, "spec": {**job["spec"], "schedule": "0 0 2 1 *"}})
    run = folder.converge(f"agent={image('agent', 'b2')}", "--set-env", "agent:BUILD=x", "-o", "json")
    assert [c["name"] for c in run.json()["workloads"][0]["changes"]] == ["spec.schedule"]


def test_the_story_a_pipeline_of_two_steps_becomes_one_command(world: World, folder: Folder) -> None:
    """Two rolls a deploy before, one after. What the old steps' tools own is taken over once, by name."""
    world.has(fleet.ceo("b1"))
    world.kubectl("set", "image", CEO, f"agent={image('agent', 'b2')}")
    world.settled(CEO)
    world.has(fleet.ceo("b2"))
    assert world.revision(CEO) == 3
    folder.has(fleet.ceo("dev"))
    pairs = [[pair for pair in fleet.pairs(f"b{n}") if not pair.startswith("cai")] for n in (3, 4, 5)]
    assert folder.converge(*pairs[0]).code == 4
    first = folder.converge(*pairs[0], "--take-ownership", "spec.template.spec.containers[*].image")
    assert (first.code, world.revision(CEO)) == (0, 4), first.out + first.err
    for n, wanted in enumerate(pairs[1:], start=5):
        run = folder.converge(*wanted)
        assert (run.code, world.revision(CEO)) == (0, n), run.out + run.err
