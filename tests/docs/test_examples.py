"""What the pages show is what the program prints."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

import pytest

from tests.docs import examples, pages
from tests.docs.examples import Place, Story


def _named(stories: Iterable[Story]) -> list[object]:
    return [pytest.param(story, id=story.name) for story in stories]


@pytest.mark.parametrize("story", _named(examples.stories(cluster=False)))
def test_examples_without_a_cluster(story: Story, nowhere: Place) -> None:
    examples.check(story, nowhere)


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("story", "scene"),
    [pytest.param(story, story.scene, id=story.name) for story in examples.stories(cluster=True)],
    indirect=["scene"],
)
def test_examples_on_a_cluster(story: Story, scene: Place) -> None:
    examples.check(story, scene)


def test_make_demo_runs_the_demo() -> None:
    """The page shows `make demo`; what is repeated is its recipe."""
    dry = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "demo"],
        cwd=pages.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert dry.stdout.splitlines()[-1] == ".venv/bin/python -m rollonce demo"


def test_lines_of_a_rollout_on_its_way_are_not_compared() -> None:
    """They depend on timing; everything else has to be there."""
    one = [
        "deployment/a: patch sent",
        "deployment/a: 0 of 1 pod updated",
        "deployment/a: rolled: x",
        "",
        "1 patch sent",
    ]
    other = [
        "deployment/a: waiting for its controller to see the change",
        "deployment/a: rolled: x",
        "",
        "1 patch sent",
    ]
    assert examples.comparable(one) == examples.comparable(other)
    assert examples.comparable(one) != examples.comparable(["deployment/a: failed: x", "", "1 patch sent"])
