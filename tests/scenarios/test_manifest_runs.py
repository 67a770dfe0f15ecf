"""What a run of `converge -f` does: what it makes, refuses, shows, and how it bears other writers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from rollonce.wire import Request
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, autoscaler, backup, config, is_write, written
from tests.scenarios.world import World, image

CEO = fleet.BOTH[0]


def test_a_run_makes_its_namespace_and_what_lies_in_it(world: World, folder: Folder) -> None:
    """A first deploy and a second one are the same command."""
    space = f"{world.namespace[:50]}-new"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    ceo = fleet.ceo("b1")
    inside = [{**thing, "metadata": {**thing["metadata"], "namespace": space}} for thing in (ceo, config("a", A="1"))]
    folder.has(*inside, made)
    for n in (1, 2):
        seen = Interposer()
        run = world.rollonce("converge", "-f", str(folder.path), user="applier", interposer=seen)
        assert run.code == 0, run.out + run.err
        assert written(seen) == ([space, "a", "agent-ceo"] if n == 1 else [])
    world.kubectl("delete", f"namespace/{space}", "--wait=false")


@real_only("controllers that serve what is defined, in their time")
def test_a_run_defines_a_kind_and_makes_an_object_of_it(world: World, folder: Folder) -> None:
    """The definition first, and its objects when they are served. Nothing of either is written a second time."""
    group = f"{world.namespace[-6:]}.scenario.example"
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"backups.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Backup", "plural": "backups", "singular": "backup", "listKind": "BackupList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    folder.has({**backup("nightly"), "apiVersion": f"{group}/v1"}, definition)
    try:
        first, second = Interposer(), Interposer()
        run = folder.converge(interposer=first, user="admin")
        assert run.code == 0, run.out + run.err
        assert written(first) == [f"backups.{group}", "nightly"]
        assert world.get(f"backups.{group}/nightly")["metadata"]["name"] == "nightly"
        assert folder.converge(interposer=second, user="admin").code == 0
        assert written(second) == []
    finally:
        world.kubectl("delete", f"crd/backups.{group}", check=False)


def test_argo_cd_is_not_worked_against(world: World, folder: Folder) -> None:
    """As without manifests; one refusal stops the whole run."""
    folder.has(config("settings", A="1"), fleet.ceo("b1"), fleet.cso("b1"))
    assert folder.converge().code == 0
    world.kubectl("label", CEO, "argocd.argoproj.io/instance=agents")
    folder.has(config("settings", A="2"), fleet.ceo("b2"), fleet.cso("b2"))
    seen = Interposer()
    run = folder.converge(interposer=seen)
    assert (run.code, written(seen)) == (4, [])
    assert "refused (managed)" in run.out
    assert folder.converge("--force-managed").code == 0


def test_a_second_roll_of_one_deploy_is_refused(world: World, folder: Folder) -> None:
    """Who applies again in the same deploy with other images has a pipeline that rolls twice."""
    folder.has(fleet.ceo("b1"))
    assert folder.converge("--deploy-id", "d1").code == 0
    folder.has(fleet.ceo("b2"))
    assert folder.converge("--deploy-id", "d2").code == 0
    folder.has(fleet.ceo("b3"))
    run = folder.converge("--deploy-id", "d2")
    assert (run.code, "refused (second-roll)" in run.out) == (4, True)
    assert folder.converge("--deploy-id", "d2", "--again").code == 0
    assert world.revision(CEO) == 3


def test_a_restart_is_in_the_same_roll_and_made_once(world: World, folder: Folder) -> None:
    """Later applies keep what it wrote into the template, for to drop it is a roll."""
    folder.has(fleet.ceo("b1"))
    assert folder.converge("--deploy-id", "d1").code == 0
    for deploy, arguments, revision in (
        ("d2", ["--restart", f"agent={image('agent', 'b2')}"], 2),
        ("d2", ["--restart", f"agent={image('agent', 'b2')}"], 2),
        ("d3", [f"agent={image('agent', 'b2')}"], 2),
        ("d4", [f"agent={image('agent', 'b3')}"], 3),
    ):
        run = folder.converge("--deploy-id", deploy, *arguments)
        assert run.code == 0, run.out + run.err
        assert world.revision(CEO) == revision


def test_a_dry_run_shows_everything_and_sends_nothing(world: World, folder: Folder) -> None:
    """Pending changes are an exit code."""
    world.has(fleet.ceo("b1"), config("settings", LOG="info"), server_side=False)
    folder.has(
        fleet.ceo("b1", minReadySeconds=1), config("settings", LOG="debug"), config("more", A="1"), fleet.cso("b1")
    )
    seen = Interposer()
    run = folder.converge(f"agent={image('agent', 'b2')}", "--dry-run", "--exit-code", interposer=seen)
    assert (run.code, written(seen)) == (5, [])
    told = run.out
    assert "configmap/settings: changes: data.LOG" in told
    assert "configmap/more: is created" in told
    assert "spec.minReadySeconds" in told
    assert "none: deployment/agent-cso: it is new, nothing that runs is touched" in told
    assert "dry run: nothing was sent; 2 workloads and 2 other objects would be changed" in told
    document = folder.converge("--dry-run", "-o", "json").json()
    assert [w["operation"] for w in document["workloads"]] == ["apply", "create"]
    assert [(o["name"], o["operation"], o["fields"]) for o in document["objects"]] == [
        ("settings", "apply", ["data.LOG"]),
        ("more", "create", []),
    ]


def test_a_plan_of_manifests_is_shown_and_not_kept(world: World, folder: Folder, tmp_path: Path) -> None:
    """The same plan as a dry run's, also for a pull request; a file would be bound to less than what it applies."""
    folder.has(fleet.ceo("b1"), config("settings", LOG="info"))
    arguments = ("plan", "-f", str(folder.path), f"agent={image('agent', 'b2')}", "-n", world.namespace)
    run = world.rollonce(*arguments, "--exit-code", user="applier")
    assert (run.code, "deployment/agent-ceo" in run.out) == (5, True), run.err
    shown = world.rollonce(*arguments, "-o", "markdown", user="applier")
    assert (shown.code, "configmap/settings" in shown.out) == (0, True), shown.err
    kept = world.rollonce(*arguments, "--out", str(tmp_path / "plan.json"), user="applier")
    assert (kept.code, kept.err.splitlines()[0]) == (2, "error: usage")
    assert not (tmp_path / "plan.json").exists()


def test_what_does_not_change_the_template_is_applied_and_rolls_nothing(world: World, folder: Folder) -> None:
    """No deploy id either: it would be evidence of a roll that there was none of."""
    folder.has(fleet.ceo("b1"))
    assert folder.converge("--deploy-id", "d1").code == 0
    folder.has(fleet.ceo("b1", minReadySeconds=1, metadata={"labels": {"team": "x"}}))
    run = folder.converge("--deploy-id", "d2", "-o", "json")
    assert (run.code, run.outcome("agent-ceo")) == (0, "changed"), run.err
    assert (world.revision(CEO), world.deploy_id(CEO)) == (1, "d1")
    assert world.get(CEO)["metadata"]["labels"] == {"team": "x"}


def before_first_write(act: Callable[[World], object], world: World) -> Interposer:
    """Acts as somebody else, right before the first write to each object of ours."""
    done: set[str] = set()

    def hook(_number: int, request: Request) -> None:
        if is_write(request) and request.path not in done:
            done.add(request.path)
            act(world)

    return Interposer(before=hook)


def add_theirs(world: World) -> None:
    """To both objects, where we have nothing."""
    noted = [{"op": "add", "path": "/metadata/labels", "value": {"theirs": "1"}}]
    for ref in ("configmap/settings", CEO):
        world.kubectl("patch", ref, "--type=json", "-p", json.dumps(noted))


def test_somebody_who_writes_before_any_write_of_ours_is_seen(world: World, folder: Folder) -> None:
    """Each apply is conditional on the version that was read; what they wrote stays."""
    folder.has(config("settings", LOG="info"), fleet.ceo("b1"))
    assert folder.converge().code == 0
    folder.has(config("settings", LOG="debug"), fleet.ceo("b2"))
    other = before_first_write(add_theirs, world)
    run = folder.converge(interposer=other)
    assert run.code == 0, run.out + run.err
    assert world.get("configmap/settings")["data"] == {"LOG": "debug"}
    for ref in ("configmap/settings", CEO):
        assert world.get(ref)["metadata"]["labels"] == {"theirs": "1"}
    assert written(other).count("settings") == 2
    assert world.revision(CEO) == 2


def test_somebody_who_makes_it_first_is_not_written_over(world: World, folder: Folder) -> None:
    """Ours is made only where nothing is; then their fields are theirs."""
    folder.has(fleet.ceo("b1"))
    theirs = world.backend.prepared(fleet.ceo("other", minReadySeconds=1))
    other = before_first_write(lambda world: world.kubectl("create", "-f", "-", input=theirs), world)
    run = folder.converge(interposer=other)
    assert run.code == 4, run.out + run.err
    assert "belongs to kubectl-create now" in run.out
    assert world.images(CEO)["agent"] == image("agent", "other")
    assert world.get(CEO)["spec"]["minReadySeconds"] == 1


def test_somebody_who_makes_it_first_and_manages_it_is_left_alone(world: World, folder: Folder) -> None:
    """Made for nothing, and of it there is something by now: all that is decided of what is there is decided anew."""
    folder.has(fleet.ceo("b1", annotations={"note": "ours"}))
    label = {"labels": {"argocd.argoproj.io/instance": "agents"}}
    theirs = world.backend.prepared(fleet.ceo("b1", metadata=label))
    other = before_first_write(lambda world: world.kubectl("create", "-f", "-", input=theirs), world)
    run = folder.converge(interposer=other)
    assert run.code == 4, run.out + run.err
    assert "Argo CD manages it" in run.out
    assert world.revision(CEO) == 1
    assert "annotations" not in world.get(CEO)["spec"]["template"]["metadata"]


def test_a_rollout_that_fails_holds_back_what_comes_after_it(world: World, folder: Folder) -> None:
    """The autoscaler is for what runs."""
    folder.has(fleet.ceo("b1"))
    assert folder.converge().code == 0
    never = {"rollonce.test/ready": "never"}
    folder.has(fleet.ceo("b2", annotations=never, progressDeadlineSeconds=2), autoscaler("agent-ceo", 1, 2))
    run = folder.converge("-o", "json")
    assert run.code == 1
    [held] = run.json()["objects"]
    assert (held["name"], held["outcome"]["verdict"]) == ("agent-ceo", "not-sent")


def test_the_requests_of_a_run(world: World, folder: Folder) -> None:
    """Discovery, a read and a trial for each object, a list of autoscalers, a watch and a write where it differs."""
    folder.has(config("settings", A="1"), fleet.ceo("b1"), fleet.cso("b1"))
    assert folder.converge().code == 0
    folder.has(config("settings", A="1"), fleet.ceo("b2"), fleet.cso("b1"))
    seen = Interposer()
    assert folder.converge(interposer=seen).code == 0
    reads = [r.path for r in seen.requests if r.method == "GET" and ("watch", "true") not in r.query]
    assert len(reads) == 3 + 3 + 1  # /apis, two versions; three objects; autoscalers
    assert len([r for r in seen.requests if ("dryRun", "All") in r.query]) == 3
    assert (seen.methods.count("WATCH"), written(seen)) == (1, ["agent-ceo"])
