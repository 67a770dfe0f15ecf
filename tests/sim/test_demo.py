"""The demonstration tells what happened: other manifests, other numbers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rollonce.app import demo
from rollonce.app.demo import Part, Told
from rollonce.errors import UnreadableManifest
from rollonce.model.workload import WorkloadKey
from rollonce.report import demo_text

CEO = WorkloadKey("deployment", "agents", "agent-ceo")
TRIAGE = WorkloadKey("deployment", "agents", "agent-triage")
STAGING = WorkloadKey("deployment", "staging", "agent-ceo")


def story(folder: Path = demo.STORY) -> dict[Part, Told]:
    return {told.part: told for told in demo.tell(demo.set_up(folder))}


@pytest.fixture(scope="module")
def as_it_comes() -> dict[Part, Told]:
    return story()


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str, str], dict[Part, Told]]:
    """The story with one text in one of its files replaced by another."""

    def tell(name: str, old: str, new: str) -> dict[Part, Told]:
        folder = tmp_path / "fleet"
        shutil.copytree(demo.STORY, folder)
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
        return story(folder)

    return tell


def rolls(told: Told, key: WorkloadKey) -> list[int]:
    return [step.costs[key].rolls for step in told.steps]


def outage(told: Told, key: WorkloadKey) -> float:
    return told.cost(key).outage


def test_the_pipeline_rolls_twice_what_has_a_sidecar(as_it_comes: dict[Part, Told]) -> None:
    pipeline = as_it_comes[Part.PIPELINE]
    assert (rolls(pipeline, CEO), rolls(pipeline, TRIAGE), rolls(pipeline, STAGING)) == ([1, 1], [1, 0], [1, 1])
    assert all(step.costs[CEO].outage > 20 for step in pipeline.steps)
    assert outage(pipeline, STAGING) == 0


def test_with_converge_everything_rolls_once_and_the_second_step_nothing(as_it_comes: dict[Part, Told]) -> None:
    cure = as_it_comes[Part.CURE]
    assert {tuple(rolls(cure, key)) for key in cure.steps[0].costs} == {(1, 0)}
    assert 0 < outage(cure, CEO) < outage(as_it_comes[Part.PIPELINE], CEO)


def test_audit_finds_in_the_cluster_what_the_story_counted(as_it_comes: dict[Part, Told]) -> None:
    """From ReplicaSets and managedFields alone, without having seen the deploy: the same workloads and seconds."""
    pipeline = as_it_comes[Part.PIPELINE]
    review = demo.audited(pipeline)
    twice = {key for key in pipeline.steps[0].costs if pipeline.cost(key).rolls > 1}
    assert {finding.subject.key for finding in review.findings} == twice
    assert len(review.rolls) == demo_text.total(pipeline)[0]
    [mine] = [finding for finding in review.findings if finding.subject.key == CEO]
    assert mine.cost.outage.likely == pytest.approx(pipeline.steps[1].costs[CEO].outage, abs=2)


def test_after_converge_audit_has_nothing_to_say(as_it_comes: dict[Part, Told]) -> None:
    assert demo.audited(as_it_comes[Part.CURE]).findings == ()


def test_the_run_after_does_nothing(as_it_comes: dict[Part, Told]) -> None:
    again = as_it_comes[Part.AGAIN]
    assert demo_text.total(again) == (0, 0)
    assert again.steps[0].patches == 0


def test_neighbouring_revisions_differ_in_the_sidecar_only(as_it_comes: dict[Part, Told]) -> None:
    _, second, third = as_it_comes[Part.PIPELINE].history[CEO]
    assert second.images["agent"] == third.images["agent"]
    assert second.images["git-sync"] != third.images["git-sync"]


def test_a_sidecar_that_is_not_built_anew_rolls_nothing(changed: Callable[[str, str, str], dict[Part, Told]]) -> None:
    told = changed("images.txt", "git-sync:4f2c-1187", "git-sync:4f2c-1186")
    assert rolls(told[Part.PIPELINE], CEO) == [1, 0]
    assert told[Part.PIPELINE].cost(CEO).rolls == told[Part.CURE].cost(CEO).rolls == 1


def test_a_tag_that_is_there_already_rolls_nothing(changed: Callable[[str, str, str], dict[Part, Told]]) -> None:
    told = changed("agents.yaml", "4f2c-1186", "4f2c-1187")
    assert told[Part.PIPELINE].cost(CEO).rolls == told[Part.CURE].cost(CEO).rolls == 0
    assert told[Part.PIPELINE].cost(STAGING).rolls == 2


def test_another_strategy_has_another_outage(changed: Callable[[str, str, str], dict[Part, Told]]) -> None:
    told = changed("staging.yaml", "type: RollingUpdate", "type: Recreate")
    assert rolls(told[Part.PIPELINE], STAGING) == [1, 1]
    assert outage(told[Part.PIPELINE], STAGING) > outage(told[Part.CURE], STAGING) > 20


def test_a_shorter_grace_period_is_less_outage(
    as_it_comes: dict[Part, Told], changed: Callable[[str, str, str], dict[Part, Told]]
) -> None:
    """The agents take 17 seconds to stop, and are killed after 5."""
    told = changed("agents.yaml", "terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 5")
    assert outage(as_it_comes[Part.CURE], CEO) - outage(told[Part.CURE], CEO) == pytest.approx(12, abs=0.1)


def test_an_unfinished_rolling_update_is_no_outage_and_an_absent_pod_is_one(
    changed: Callable[[str, str, str], dict[Part, Told]],
) -> None:
    told = changed(
        "staging.yaml",
        "{type: RollingUpdate}",
        "{type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
    )
    assert outage(told[Part.CURE], STAGING) > 20


def test_a_folder_without_a_release_is_an_error(tmp_path: Path) -> None:
    shutil.copy(demo.STORY / "agents.yaml", tmp_path)
    with pytest.raises(UnreadableManifest, match=r"images\.txt cannot be read"):
        demo.set_up(tmp_path)


def test_the_text_says_what_was_counted(as_it_comes: dict[Part, Told]) -> None:
    scene = demo.set_up()
    text = "\n".join(demo_text.part_lines(scene, as_it_comes[Part.PIPELINE]))
    for workload in scene.workloads:
        cost = as_it_comes[Part.PIPELINE].cost(workload.key)
        row = next(line for line in text.splitlines() if f"{workload.key.namespace}/{workload.key.name} " in line)
        assert re.split("  +", row)[-2:] == [str(cost.rolls), demo_text.duration(cost.outage)]
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize(("seconds", "text"), [(0, "0"), (0.4, "0"), (59.6, "1m 00s"), (12.2, "12s"), (125, "2m 05s")])
def test_durations_are_whole_seconds(seconds: float, text: str) -> None:
    assert demo_text.duration(seconds) == text
