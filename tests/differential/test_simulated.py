"""What needs no control plane: scenarios are the same everywhere, and so is what the simulated side makes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.differential import generator
from tests.differential.play import play
from tests.differential.scenario import Scenario
from tests.differential.simulated import Simulated

SCRIPT = """
import hashlib, json
from tests.differential.generator import generate
from tests.differential.play import play
from tests.differential.simulated import Simulated
for seed in range(12):
    stage = Simulated()
    play(stage, generate(seed), "s")
    print(hashlib.sha256(json.dumps(stage.history()).encode()).hexdigest())
"""


def test_hash_seeds_change_nothing() -> None:
    """Not one write of any of the scenarios, nor its order."""
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


def test_a_scenario_is_written_down_whole() -> None:
    for seed in range(50):
        scenario = generator.generate(seed)
        assert Scenario.from_json(scenario.to_json()) == scenario == generator.generate(seed)


def test_every_act_is_drawn() -> None:
    drawn = {step.act for seed in range(300) for step in generator.generate(seed).steps}
    assert drawn == {*generator.ACTS, "create"}


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_played_twice_is_seen_twice(seed: int) -> None:
    scenario = generator.generate(seed)
    first, second = (json.dumps(play(Simulated(), scenario, run)) for run in ("a", "b"))
    assert first == second


def test_the_data_of_a_controller_revision_is_owned_as_a_whole() -> None:
    """What the real one showed from seed 3001 on, once the owners of what controllers make were compared."""
    sights = play(Simulated(), generator.generate(3001), "s")
    revisions = [revision for sight in sights for revision in sight["revisions"]]
    assert revisions
    for revision in revisions:
        entries = revision["metadata"]["managedFields"]
        assert [entry["fieldsV1"]["f:data"] for entry in entries if "f:data" in entry["fieldsV1"]] == [{}]
