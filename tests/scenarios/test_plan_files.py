"""A plan is made, kept in a file, and carried out as it was read, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import before_patch
from tests.scenarios.world import Run, World, image

CEO, CSO = fleet.BOTH
A2 = image("agent", "b2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the plan goes."""
    return tmp_path / "plan.json"


def plan(world: World, file: Path, *arguments: str) -> Run:
    return world.rollonce("plan", *arguments, "-n", world.namespace, "--out", str(file))


def carry_out(world: World, file: Path, *more: str, user: str = "deployer") -> Run:
    return world.rollonce("converge", "--plan", str(file), *more, user=user)


def test_a_plan_is_carried_out_in_one_revision_and_then_it_is_stale(world: World, file: Path, tmp_path: Path) -> None:
    """Images, edits, a file and a restart, for workloads of which one needs nothing and one is not there."""
    part = tmp_path / "part.yaml"
    part.write_text("spec: {terminationGracePeriodSeconds: 5}\n")
    world.has(fleet.ceo("b1"), fleet.cso("b2"))
    wanted = (*fleet.BOTH, "deployment/agent-cfo", *fleet.pairs("b2"), "--set-env", f"{CEO}:agent:LOG=debug")
    made = plan(world, file, *wanted, "--patch", f"{CEO}:{part}", "--restart-only", CEO, "--exit-code")
    assert made.code == 5, made.err
    assert f"the plan is in {file}" in made.out
    assert world.generation(CEO) == 1
    run = carry_out(world, file, "--deploy-id", "run-7")
    assert run.code == 0, run.err
    assert "1 patch sent" in run.out
    assert (world.revision(CEO), world.revision(CSO), world.deploy_id(CEO)) == (2, 1, "run-7")
    spec = world.get(CEO)["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == 5
    assert spec["containers"][0]["env"] == [{"name": "LOG", "value": "debug"}]
    again = carry_out(world, file)
    assert (again.code, again.err.splitlines()[0]) == (4, "error: stale-plan")
    assert f"{CEO}: deploy run-7 changed it" in again.err
    assert f"{CEO}: agent: image was {image('agent', 'b1')}, and is as wanted now" in again.err


def test_equal_plans_have_equal_bytes(world: World, tmp_path: Path) -> None:
    """Whatever the order of the arguments, and however often the status was written meanwhile."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    pairs = fleet.pairs("b2")
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    assert plan(world, first, *fleet.BOTH, *pairs, "--restart", "--set-env", "*:A=1", "--set-env", "*:B=1").code == 0
    world.kubectl("scale", CSO, "--replicas=2")
    world.settled(CSO)
    arguments = (*reversed(fleet.BOTH), *reversed(pairs), "--set-env", "*:B=1", "--set-env", "*:A=1", "--restart")
    assert plan(world, second, *arguments).code == 0
    one, other = (json.loads(path.read_text()) for path in (first, second))
    assert one["workloads"][0] == other["workloads"][0]
    assert one["edits"] == other["edits"]
    world.kubectl("scale", CSO, "--replicas=1")
    world.settled(CSO)
    assert plan(world, second, *arguments).code == 0
    assert first.read_bytes() == second.read_bytes()
    assert carry_out(world, first, "--dry-run").code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("set", "image", CEO, f"agent={image('agent', 'hotfix')}"), "image was"),
        (("set", "image", CEO, f"git-sync={image('git-sync', 'hotfix')}"), "a part of its pod template changed that"),
        (("delete", CEO), "it is not there any more"),
        (("annotate", CEO, "rollonce.dev/deploy-id=run-9"), "deploy run-9 changed it"),
    ],
    ids=["what it changes", "something else", "gone", "another deploy"],
)
def test_a_plan_that_does_not_hold_is_refused_with_what_changed(
    world: World, file: Path, change: tuple[str, ...], words: str
) -> None:
    """Nothing is sent, to nobody."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    assert plan(world, file, *fleet.BOTH, f"agent={A2}").code == 0
    world.kubectl(*change)
    run = carry_out(world, file)
    assert (run.code, run.err.splitlines()[0]) == (4, "error: stale-plan")
    assert f"{CEO}: " in run.err
    assert words in run.err
    assert world.generation(CSO) == 1


def test_a_workload_that_was_made_anew_or_came_to_be_is_another_one(world: World, file: Path) -> None:
    """The plan is bound to the uid."""
    world.has(fleet.ceo("b1"))
    assert plan(world, file, *fleet.BOTH, f"agent={A2}").code == 0
    world.kubectl("delete", CEO)
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    run = carry_out(world, file)
    assert f"{CEO}: it was deleted and made anew" in run.err
    assert f"{CSO}: it was not there, and is now" in run.err


def test_scaling_does_not_make_a_plan_stale(world: World, file: Path) -> None:
    """Nor does any status: it is bound to the template and not to a version."""
    world.has(fleet.cso("b1"))
    assert plan(world, file, CSO, f"agent={A2}").code == 0
    world.kubectl("scale", CSO, "--replicas=2")
    world.settled(CSO)
    assert carry_out(world, file).code == 0
    assert world.images(CSO)["agent"] == A2


def test_somebody_who_writes_between_the_check_and_the_patch_is_not_overwritten(world: World, file: Path) -> None:
    """A converge would plan anew; what nobody has read is not sent here."""
    world.has(fleet.ceo("b1"))
    assert plan(world, file, CEO, f"agent={A2}").code == 0
    other = before_patch(lambda: world.kubectl("set", "image", CEO, f"agent={image('agent', 'hotfix')}"))
    run = world.rollonce("converge", "--plan", str(file), interposer=other)
    assert run.code == 4
    assert "the plan does not hold any more" in run.out
    assert world.images(CEO)["agent"] == image("agent", "hotfix")


def test_no_plan_carries_a_credential(world: World, file: Path, tmp_path: Path) -> None:
    """Neither one that is wanted, which is refused with the way out, nor one that is there."""
    world.has(fleet.ceo("b1"))
    assert world.converge(CEO, "--set-env", "agent:DB_PASSWORD=hunter1").code == 0
    part = tmp_path / "part.yaml"
    part.write_text("spec: {containers: [{name: agent, args: ['--db=postgres://u:hunter2@db/x']}]}\n")
    for wanted in (("--set-env", "agent:API_TOKEN=hunter2"), ("--patch", str(part))):
        run = plan(world, file, CEO, *wanted)
        assert (run.code, run.err.splitlines()[0]) == (2, "error: credential-in-plan")
        assert "keep it in a Secret" in run.err
        assert "hunter" not in run.out + run.err
        assert not file.exists()
    assert plan(world, file, CEO, "--set-env", "agent:DB_PASSWORD-", "--set-env", "agent:LOG=x").code == 0
    assert "hunter" not in file.read_text()
    assert carry_out(world, file).code == 0


def test_a_plan_with_a_refusal_is_not_kept(world: World, file: Path) -> None:
    """Nobody could carry it out."""
    world.has(fleet.ceo("b1"))
    run = plan(world, file, CEO, "--label", "app=other")
    assert run.code == 4
    assert "is not written: see what is refused" in run.out
    assert not file.exists()


@real_only("rights")
def test_a_plan_needs_no_right_to_write(world: World, file: Path) -> None:
    """But for a file of --patch, which the server merges in a trial."""
    world.has(fleet.ceo("b1"))
    run = world.rollonce("plan", CEO, f"agent={A2}", "-n", world.namespace, "--out", str(file), user="reader")
    assert run.code == 0, run.err
    assert carry_out(world, file, user="reader").code == 3


@pytest.mark.parametrize(
    "more",
    [[CEO], ["--set-env", "agent:A=1"], ["--restart"], ["--again"], ["-n", "other"], ["-A"], ["--exit-code"]],
    ids=" ".join,
)
def test_what_a_plan_has_may_not_be_given_with_it(world: World, file: Path, more: list[str]) -> None:
    """Nobody could tell which of the two holds."""
    world.has(fleet.ceo("b1"))
    assert plan(world, file, CEO, f"agent={A2}").code == 0
    run = carry_out(world, file, *more)
    assert (run.code, run.err.splitlines()[0]) == (2, "error: usage")
    assert world.generation(CEO) == 1


def test_a_file_that_cannot_be_read_or_written_is_named(world: World, tmp_path: Path) -> None:
    """As any other file that is given."""
    world.has(fleet.ceo("b1"))
    lost = tmp_path / "nowhere" / "plan.json"
    unwritten = plan(world, lost, CEO, f"agent={A2}")
    assert (unwritten.code, unwritten.err.splitlines()[0]) == (2, "error: unwritable-file")
    unread = carry_out(world, lost)
    assert (unread.code, unread.err.splitlines()[0]) == (2, "error: unreadable-file")
    assert str(lost) in unread.err
