"""`rollonce undo`: what one deploy changed comes back, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.auditing import next_second
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder
from tests.scenarios.world import Run, World, image

CEO, CSO = "deployment/agent-ceo", "deployment/agent-cso"
A1, A2, A3 = (image("agent", build) for build in ("b1", "b2", "b3"))


def undo(world: World, *arguments: str, **options: Any) -> Run:
    """In the test's namespace, by a user with no more rights than that takes."""
    return world.rollonce("undo", *arguments, "-n", world.namespace, **{"user": "undoer", **options})


def has_fleet(world: World) -> None:
    """The two agents at b1, then deploy d1 to b2."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    assert world.converge(*fleet.BOTH, *fleet.pairs("b2"), "--deploy-id", "d1").code == 0


def test_a_whole_deploy(world: World) -> None:
    has_fleet(world)
    run = undo(world, "d1", "-o", "json")
    assert run.code == 0, run.err
    assert world.images(CEO) == {"agent": A1, "git-sync": image("git-sync", "b1")}
    assert world.images(CSO)["cai-runtime"] == image("cai", "b1")
    assert (world.revision(CEO), world.revision(CSO)) == (3, 3)
    assert world.deploy_id(CEO) == "d1.undo.1"
    assert [w["outcome"]["verdict"] for w in run.json()["workloads"]] == ["rolled", "rolled"]
    again = undo(world, "d1", "-o", "json")
    assert (again.code, again.json()["patchesSent"]) == (0, 0), again.err
    assert {w["detail"] for w in again.json()["workloads"]} == {"already as it was before, skipping"}


def test_the_next_deploy_is_an_ordinary_one(world: World) -> None:
    has_fleet(world)
    assert undo(world, "d1").code == 0
    run = world.converge(*fleet.BOTH, *fleet.pairs("b3"), "--deploy-id", "d2", "-o", "json")
    assert (run.code, run.json()["patchesSent"]) == (0, 2), run.err
    assert world.images(CEO)["agent"] == A3
    assert world.revision(CEO) == 4


def test_before_its_controller_has_made_a_revision(world: World) -> None:
    """With Recreate that takes as long as the old pods do."""
    world.has(fleet.ceo("b1", annotations={"rollonce.test/stop-delay": "3s"}))
    assert world.converge(CEO, f"agent={A2}", "--deploy-id", "d1", "--no-wait").code == 0
    run = undo(world, "d1", "-o", "json")
    assert (run.code, run.json()["patchesSent"]) == (0, 1), run.err
    assert world.images(CEO)["agent"] == A1
    assert world.revision(CEO) <= 3
    again = undo(world, "d1", "-o", "json")
    assert (again.code, again.json()["patchesSent"]) == (0, 0), again.err


def test_what_manifests_brought_comes_back_and_the_next_ones_are_applied(world: World, folder: Folder) -> None:
    """Fields that undo has written are still those of the manifests."""
    for build in ("b1", "b2"):
        folder.has(fleet.ceo(build))
        assert folder.converge("--deploy-id", f"deploy-{build}").code == 0
    run = undo(world, "deploy-b2")
    assert run.code == 0, run.out + run.err
    assert world.images(CEO) == {"agent": A1, "git-sync": image("git-sync", "b1")}
    folder.has(fleet.ceo("b3"))
    after = folder.converge("--deploy-id", "deploy-b3")
    assert after.code == 0, after.out + after.err
    assert world.images(CEO)["agent"] == A3
    assert world.revision(CEO) == 4


def test_only_what_is_named(world: World) -> None:
    has_fleet(world)
    assert undo(world, "d1", CSO).code == 0
    assert (world.images(CEO)["agent"], world.images(CSO)["agent"]) == (A2, A1)
    assert undo(world, "d1", "deploy", "agent-ceo").code == 0
    assert world.images(CEO)["agent"] == A1


def test_what_somebody_else_has_changed_since_is_left_alone_and_named(world: World) -> None:
    """A hotfix, which inherits the deploy's id."""
    has_fleet(world)
    hotfix = image("git-sync", "hotfix")
    world.kubectl("set", "image", CEO, f"git-sync={hotfix}")
    run = undo(world, "d1", CEO)
    assert run.code == 0, run.err
    assert world.images(CEO) == {"agent": A1, "git-sync": hotfix}
    assert "spec.containers[git-sync].image was changed since by somebody else, left alone" in run.out


def test_after_a_second_deploy_what_that_one_set_stays(world: World) -> None:
    has_fleet(world)
    assert world.converge(*fleet.BOTH, f"agent={A3}", "--deploy-id", "d2").code == 0
    run = undo(world, "d1", CSO)
    assert run.code == 0, run.err
    assert world.images(CSO) == {"agent": A3, "git-sync": image("git-sync", "b1"), "cai-runtime": image("cai", "b1")}
    assert undo(world, "d2", CEO).code == 0
    assert world.images(CEO)["agent"] == A2


def test_all_sorts_of_edits_come_back_and_scaling_stays(world: World) -> None:
    world.has(manifests.deployment("web", {"agent": A1}, replicas=1))
    before = world.get("deploy/web")["spec"]["template"]
    edits = ("--set-env", "agent:LOG=debug", "--resources", "agent:limits.memory=1Gi", "--label", "tier=x", "--restart")
    assert world.converge("deploy/web", f"agent={A2}", *edits, "--deploy-id", "d1").code == 0
    world.kubectl("scale", "deploy/web", "--replicas=2")
    world.settled("deploy/web")
    assert undo(world, "d1").code == 0
    after = world.get("deploy/web")
    assert after["spec"]["replicas"] == 2
    assert _bare(after["spec"]["template"]) == _bare(before)


def _bare(template: Any) -> Any:
    """Less what is empty, which is nothing to the API server."""
    if isinstance(template, dict):
        return {key: kept for key, value in template.items() if (kept := _bare(value)) not in ({}, [], None)}
    return [_bare(item) for item in template] if isinstance(template, list) else template


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_other_kinds(world: World, kind: str) -> None:
    world.has(getattr(manifests, kind)("x", {"agent": A1}))
    assert world.converge(f"{kind}/x", f"agent={A2}", "--deploy-id", "d1").code == 0
    run = undo(world, "d1", "-o", "json")
    assert (run.code, run.outcome("x")) == (0, "rolled"), run.err
    assert world.images(f"{kind}/x") == {"agent": A1}


def test_a_stateful_set_that_is_stuck_is_got_out_of_it(world: World) -> None:
    """kubernetes/kubernetes#67250: ordered, it waits for a pod that never gets ready, whatever its template says."""
    world.has(manifests.statefulset("db", {"agent": A1}, replicas=2))
    broken = image("agent", "never-ready-1")
    assert world.converge("sts/db", f"agent={broken}", "--deploy-id", "d1", "--timeout", "3s").code == 1
    run = undo(world, "d1", "--timeout", "30s")
    assert run.code == 0, run.out + run.err
    assert "statefulset/db: pod db-1: deleted: not ready, of the revision that is undone" in run.out
    pods = world.kubectl("get", "pods", "-l", "app=db", "-o", "json").json()["items"]
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {A1}


@real_only("rights")
def test_without_the_right_to_delete_pods_the_way_out_is_said(world: World) -> None:
    world.has(manifests.statefulset("db", {"agent": A1}))
    broken = image("agent", "never-ready-1")
    assert world.converge("sts/db", f"agent={broken}", "--deploy-id", "d1", "--timeout", "3s").code == 1
    run = undo(world, "d1", "--timeout", "4s", user="undoer-without-delete")
    assert run.code == 1
    assert f"the right to delete pods is missing; kubectl delete pod db-0 -n {world.namespace}" in run.out


def test_a_partial_wave(world: World) -> None:
    """The canary broke, the rest was not reached: only the canary is undone."""
    world.has(fleet.cso("b1"), fleet.ceo("b1", progressDeadlineSeconds=2))
    broken = image("agent", "never-ready-1")
    run = world.converge(*fleet.BOTH, f"agent={broken}", "--wave", CEO, "--deploy-id", "d1")
    assert run.code == 1
    back = undo(world, "d1", "-o", "json")
    assert back.code == 0, back.err
    assert [w["name"] for w in back.json()["workloads"]] == ["agent-ceo"]
    assert (world.images(CEO)["agent"], world.images(CSO)["agent"]) == (A1, A1)
    assert world.revision(CSO) == 1


def test_without_history_it_is_refused_and_nothing_is_sent(world: World) -> None:
    world.has(fleet.ceo("b1", revisionHistoryLimit=0), fleet.cso("b1"))
    assert world.converge(*fleet.BOTH, *fleet.pairs("b2"), "--deploy-id", "d1").code == 0
    world.until(lambda: len(world.revisions(CEO)) == 1, "the old revision is gone")
    seen = Interposer()
    run = undo(world, "d1", "-o", "json", interposer=seen)
    assert (run.code, "PATCH" in seen.methods) == (4, False)
    ceo = next(w for w in run.json()["workloads"] if w["name"] == "agent-ceo")
    assert (ceo["operation"], ceo["reason"]) == ("refuse", "no-history")
    assert "revision 1, which was before deploy d1, is not kept any more" in ceo["detail"]
    assert undo(world, "d1", CSO).code == 0


def test_a_cron_job_keeps_no_revisions(world: World) -> None:
    world.has(manifests.cronjob("report", {"agent": A1}))
    assert world.converge("cj/report", f"agent={A2}", "--deploy-id", "d1").code == 0
    run = undo(world, "d1", "cj/report")
    assert run.code == 4
    assert "a CronJob keeps no revisions" in run.out


def test_a_deploy_that_nobody_knows(world: World) -> None:
    has_fleet(world)
    run = undo(world, "d7")
    assert run.code == 2
    assert "error: nothing-to-undo" in run.err
    assert "the last ones that did are d1" in run.err
    assert undo(world, "d7", "--allow-unmatched").code == 0


def test_which_deploy(world: World) -> None:
    """That of this CI run where none is named; a kind is no deploy."""
    has_fleet(world)
    ci = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "77"}
    assert world.converge(CEO, f"agent={A3}", environment=ci).code == 0
    assert undo(world, environment=ci).code == 0
    assert world.images(CEO)["agent"] == A2
    bare = undo(world, "deploy", "agent-ceo")
    assert bare.code == 2
    assert "no deploy is named" in bare.err


def test_a_dry_run(world: World) -> None:
    has_fleet(world)
    seen = Interposer()
    run = undo(world, "d1", "--dry-run", "--exit-code", interposer=seen)
    assert (run.code, "PATCH" in seen.methods) == (5, False)
    assert "spec.containers[agent].image" in run.out


def test_somebody_who_writes_meanwhile_is_seen(world: World) -> None:
    """Between the read and the patch a field of the deploy's is changed: it is left, and the rest comes back."""
    has_fleet(world)
    theirs = image("git-sync", "theirs")
    done: list[bool] = []

    def before(_n: int, request: Any) -> None:
        if request.method == "PATCH" and not done:
            done.append(True)
            world.kubectl("set", "image", CEO, f"git-sync={theirs}")

    run = undo(world, "d1", CEO, interposer=Interposer(before=before))
    assert run.code == 0, run.err
    assert world.images(CEO) == {"agent": A1, "git-sync": theirs}


def test_undone_again_is_a_second_roll(world: World) -> None:
    has_fleet(world)
    assert undo(world, "d1", CEO).code == 0
    world.kubectl("set", "image", CEO, f"agent={A2}")
    world.settled(CEO)
    run = undo(world, "d1", CEO)
    assert run.code == 4, run.out
    assert "--again" in run.out
    assert undo(world, "d1", CEO, "--again").code == 0
    assert world.images(CEO)["agent"] == A1


@real_only("the time of a real audit")
def test_audit_calls_it_a_recovery(world: World) -> None:
    has_fleet(world)
    next_second()
    assert undo(world, "d1").code == 0
    run = world.rollonce("audit", "-n", world.namespace, "-o", "json", user="reader")
    summary = json.loads(run.out)["summary"]
    assert (summary["rolls"], summary["redundant"], summary["recoveries"]) == (4, 0, 2), run.out


# --- --undo-on-failure

BROKEN = image("agent", "never-ready-1")


def fails(world: World, extent: str, *more: str) -> Run:
    """agent-ceo gets an image that never gets ready; agent-cso a good one."""
    world.has(fleet.cso("b1"), fleet.ceo("b1", progressDeadlineSeconds=2), manifests.deployment("web", {"agent": A1}))
    pairs = (f"{CEO}:agent={BROKEN}", f"{CSO}:agent={A2}", f"deploy/web:agent={A2}")
    references = (CEO, CSO, "deploy/web")
    options = ("--deploy-id", "d1", "--undo-on-failure", extent)
    return world.converge(*references, *pairs, *options, *more, user="undoer")


def agents(world: World) -> list[str]:
    return [world.images(ref)["agent"].rpartition(":")[2] for ref in (CEO, CSO, "deploy/web")]


def test_a_workload_that_fails_is_put_back_and_the_run_has_failed_all_the_same(world: World) -> None:
    run = fails(world, "workload", "-o", "json")
    assert run.code == 1, run.err
    assert agents(world) == ["b1", "b2", "b2"]
    document = run.json()
    assert document["undone"]["deploy"]["id"] == "d1.undo.1"
    assert [(w["name"], w["outcome"]["verdict"]) for w in document["undone"]["workloads"]] == [("agent-ceo", "rolled")]
    assert document["undone"]["exitCode"] == 0


def test_its_whole_wave_is_put_back(world: World) -> None:
    """The wave before it stays."""
    run = fails(world, "wave", "--wave", "deploy/web")
    assert run.code == 1, run.err
    assert agents(world) == ["b1", "b1", "b2"]
    assert "deploy d1.undo.1" in run.out


def test_the_whole_deploy_is_put_back(world: World) -> None:
    run = fails(world, "deploy", "-o", "jsonl")
    assert run.code == 1, run.err
    assert agents(world) == ["b1", "b1", "b1"]
    told = [json.loads(line) for line in run.out.splitlines()]
    assert [line["event"] for line in told if line["event"] in ("planned", "done")] == ["planned", "done"] * 2
    assert {world.revision(ref) for ref in (CEO, CSO, "deploy/web")} == {3}


def test_what_went_well_is_not_undone(world: World) -> None:
    world.has(fleet.cso("b1"))
    run = world.converge(CSO, f"agent={A2}", "--undo-on-failure", "deploy", "-o", "json", user="undoer")
    assert run.code == 0
    assert "undone" not in run.json()


@real_only("rights")
def test_without_the_rights_to_undo_the_failure_is_reported(world: World) -> None:
    """Nothing of it is hidden by what cannot be done about it."""
    world.has(fleet.ceo("b1", progressDeadlineSeconds=2))
    run = world.converge(CEO, f"agent={BROKEN}", "--undo-on-failure", "deploy", "-o", "json")
    assert (run.code, run.outcome("agent-ceo")) == (1, "failed")
    assert "error: forbidden" in run.err


def test_it_has_to_be_waited_for(world: World) -> None:
    run = world.converge(CSO, f"agent={A2}", "--undo-on-failure", "deploy", "--no-wait")
    assert run.code == 2
