"""`--roll-on-config`: config that changes rolls the workloads that use it, in the roll of everything else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios import fleet
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, Object, config, secret, written
from tests.scenarios.world import World, image

CEO, CSO = fleet.BOTH
SETTINGS, TOKENS = "config.rollonce.dev/configmap.settings", "config.rollonce.dev/secret.tokens"


def using(thing: Object, **sources: Any) -> Object:
    """With more in the first container, or volumes."""
    pod = thing["spec"]["template"]["spec"]
    volumes = sources.pop("volumes", None)
    if volumes:
        pod["volumes"] = volumes
    pod["containers"][0] |= sources
    return thing


def ceo(build: str = "b1") -> Object:
    """It takes its variables from the ConfigMap, and mounts the Secret in a projected volume."""
    both = [{"secret": {"name": "tokens"}}]
    return using(
        fleet.ceo(build),
        envFrom=[{"configMapRef": {"name": "settings"}}],
        volumes=[{"name": "all", "projected": {"sources": both}}],
    )


def noted(world: World, ref: str = CEO) -> dict[str, str]:
    """The annotations of the pods."""
    return dict(world.get(ref)["spec"]["template"]["metadata"].get("annotations") or {})


@pytest.fixture
def begun(world: World, folder: Folder) -> Folder:
    """All of it made by us; agent-cso uses none of the config."""
    folder.has(config("settings", LOG="info"), secret("tokens", KEY="k1"), ceo(), fleet.cso("b1"))
    run = folder.converge("--roll-on-config")
    assert run.code == 0, run.err
    assert (noted(world), world.revision(CEO)) == ({}, 1)
    return folder


def test_config_then_image_is_one_roll_of_what_uses_it(world: World, begun: Folder) -> None:
    """ "Change config, then restart" was two steps and is one roll; who does not use it, does not roll."""
    begun.has(config("settings", LOG="debug"), secret("tokens", KEY="k1"), ceo(), fleet.cso("b1"))
    run = begun.converge("--roll-on-config", f"deployment/agent-ceo:agent={image('agent', 'b2')}")
    assert run.code == 0, run.err
    assert (world.revision(CEO), world.revision(CSO)) == (2, 1)
    assert set(noted(world)) == {SETTINGS}
    seen = Interposer()
    again = begun.converge("--roll-on-config", f"deployment/agent-ceo:agent={image('agent', 'b2')}", interposer=seen)
    assert (again.code, written(seen)) == (0, [])


def test_without_the_option_config_changes_and_nothing_rolls_then_or_later(world: World, begun: Folder) -> None:
    """And a digest that was once written stays, for to drop it would be a roll."""
    begun.has(config("settings", LOG="debug"), secret("tokens", KEY="k1"), ceo(), fleet.cso("b1"))
    assert begun.converge().code == 0
    assert (world.revision(CEO), noted(world)) == (1, {})
    begun.has(config("settings", LOG="trace"), secret("tokens", KEY="k1"), ceo(), fleet.cso("b1"))
    assert begun.converge("--roll-on-config").code == 0
    kept = noted(world)
    assert (world.revision(CEO), set(kept)) == (2, {SETTINGS})
    begun.has(config("settings", LOG="info"), secret("tokens", KEY="k1"), ceo(), fleet.cso("b1"))
    assert begun.converge().code == 0
    assert (world.revision(CEO), noted(world)) == (2, kept)
    # The next run that is to roll on config finds pods that run with other config.
    assert begun.converge("--roll-on-config").code == 0
    assert world.revision(CEO) == 3


def test_a_secret_counts_as_config_and_each_object_has_its_own_digest(world: World, begun: Folder) -> None:
    """A run of some of the objects does not disturb the digests of the others; no value of a Secret is told."""
    begun.has(secret("tokens", KEY="k2"), ceo())
    run = begun.converge("--roll-on-config")
    assert run.code == 0, run.err
    assert (world.revision(CEO), set(noted(world))) == (2, {TOKENS})
    begun.has(config("settings", LOG="debug"), ceo())
    assert begun.converge("--roll-on-config").code == 0
    assert (world.revision(CEO), set(noted(world))) == (3, {SETTINGS, TOKENS})
    assert begun.converge("--roll-on-config").code == 0
    assert world.revision(CEO) == 3


def test_what_changes_of_config_beside_its_data_rolls_nothing(world: World, begun: Folder) -> None:
    """Labels, and an object that is new."""
    labelled = {**config("settings", LOG="info"), "metadata": {"name": "settings", "labels": {"a": "b"}}}
    begun.has(labelled, secret("tokens", KEY="k1"), config("other", A="1"), ceo(), fleet.cso("b1"))
    assert begun.converge("--roll-on-config").code == 0
    assert world.get("configmap/settings")["metadata"]["labels"] == {"a": "b"}
    assert (world.revision(CEO), noted(world)) == (1, {})


def test_what_pods_use_no_more_is_dropped_with_the_change_that_ends_it(world: World, begun: Folder) -> None:
    """In the same roll."""
    begun.has(config("settings", LOG="debug"), secret("tokens", KEY="k2"), ceo(), fleet.cso("b1"))
    assert begun.converge("--roll-on-config").code == 0
    assert set(noted(world)) == {SETTINGS, TOKENS}
    begun.has(config("settings", LOG="debug"), secret("tokens", KEY="k2"), fleet.ceo("b1"), fleet.cso("b1"))
    assert begun.converge("--roll-on-config").code == 0
    assert (world.revision(CEO), noted(world)) == (3, {})
