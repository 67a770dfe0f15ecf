"""The bug, and the cure, with real kubectl."""

from __future__ import annotations

import pytest

from tests.scenarios import fleet
from tests.scenarios.world import World, image


def test_the_bug_set_image_then_apply_rolls_twice(world: World) -> None:
    """Step one sets the agent's image, step two applies all images: two revisions, same agent image."""
    world.has(fleet.ceo("b1"))
    world.kubectl("set", "image", "deployment/agent-ceo", f"agent={image('agent', 'b2')}")
    world.settled("deployment/agent-ceo")
    world.apply(fleet.ceo("b2"))
    world.settled("deployment/agent-ceo")
    history = world.revisions("deployment/agent-ceo")
    assert world.revision("deployment/agent-ceo") == 3
    assert history[2]["agent"] == history[3]["agent"]
    assert (history[2]["git-sync"], history[3]["git-sync"]) == (image("git-sync", "b1"), image("git-sync", "b2"))


@pytest.mark.parametrize("made", ["server-side", "client-side"])
@pytest.mark.parametrize("applied", ["server-side", "client-side"])
def test_the_cure_over_three_deploys(world: World, made: str, applied: str) -> None:
    """Converge, then the same apply: one revision a deploy, and the apply changes nothing of the spec.

    The first deploy finds objects that kubectl made. Where client-side apply has left its
    annotation, each apply rewrites it, and for a Deployment a changed annotation counts in the
    generation as well (kubernetes/kubernetes, pkg/registry/apps/deployment/strategy.go,
    PrepareForUpdate); elsewhere the generation stays.
    """
    world.has(fleet.ceo("b0"), fleet.cso("b0"), server_side=made == "server-side")
    for n in (1, 2, 3):
        before = {ref: world.revision(ref) for ref in fleet.BOTH}
        run = world.converge(*fleet.BOTH, *fleet.pairs(f"b{n}"), "--deploy-id", f"deploy-{n}")
        assert run.code == 0, run.err
        converged = {ref: world.get(ref) for ref in fleet.BOTH}
        world.apply(fleet.ceo(f"b{n}"), fleet.cso(f"b{n}"), server_side=applied == "server-side")
        for ref in fleet.BOTH:
            now = world.get(ref)
            assert now["spec"] == converged[ref]["spec"]
            if "client-side" not in (made, applied):
                assert now["metadata"]["generation"] == converged[ref]["metadata"]["generation"]
            assert world.revision(ref) == before[ref] + 1
            assert world.deploy_id(ref) == f"deploy-{n}"


def test_converging_again_sends_no_write(world: World) -> None:
    """Nothing to do is nothing done: the same read, and no other request."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    run = world.converge(*fleet.BOTH, *fleet.pairs("b1"))
    assert run.code == 0
    assert run.out.count("already on target images, skipping") == 2
    assert "0 patches sent" in run.out


def test_all_images_of_a_workload_change_in_one_revision(world: World) -> None:
    """agent-cso's cai-runtime goes with the others; agent-ceo has none, which is said and skipped."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    run = world.converge(*fleet.BOTH, *fleet.pairs("b2"))
    assert run.code == 0
    assert set(world.images("deployment/agent-cso").values()) == {image(r, "b2") for r in fleet.IMAGES.values()}
    assert world.revision("deployment/agent-cso") == 2
    assert 'deployment/agent-ceo: no container "cai-runtime", skipped' in run.out


def test_staging_takes_the_same_command(world: World) -> None:
    """Staging lacks agent-cso: skipped there, with the reason; agent-ceo rolls once."""
    world.has(fleet.ceo("b1"))
    run = world.converge(*fleet.BOTH, *fleet.pairs("b2"))
    assert run.code == 0, run.err
    assert "there is no deployment/agent-cso" in run.out
    assert world.revision("deployment/agent-ceo") == 2


def test_the_next_deploy_without_converge_is_refused_by_the_server_and_not_by_chance(world: World) -> None:
    """After converge the applier is only co-owner: its next build alone conflicts with our manager, and says so."""
    world.has(fleet.ceo("b1"))
    assert world.converge("deployment/agent-ceo", *fleet.pairs("b2")[:2]).code == 0
    world.apply(fleet.ceo("b2"))
    refused = world.apply(fleet.ceo("b3"), check=False)
    assert refused.code != 0
    assert 'conflicts with "rollonce"' in refused.stderr
