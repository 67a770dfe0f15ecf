"""The pipelines of the migration page: two revisions a deploy before, one after."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane import manifests
from tests.dist.runners import ROOT, Ended, Job, filled, github, gitlab
from tests.scenarios.backends import Real, real_only
from tests.scenarios.world import World

pytestmark = real_only("the pipelines run kubectl")

AGENTS = ("agent-ceo", "agent-cso", "agent-cto")
PAGE = (ROOT / "docs/migration.md").read_text()


def pipeline(system: str, when: str) -> Any:
    """The pipeline that the page shows."""
    [text] = re.findall(rf"<!-- pipeline: {system} {when} -->\n```yaml\n(.*?)```\n", PAGE, re.DOTALL)
    return yaml.safe_load(text)


class Checkout:
    """A checkout of the story's repository, and its production in the test's namespace."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        shutil.copytree(ROOT / "examples/story", folder, dirs_exist_ok=True)
        file = folder / "rollonce.yaml"
        text = file.read_text().replace("namespace: agents\n", f"namespace: {world.namespace}\n")
        # The pipeline's kubeconfig has one context.
        file.write_text(text.replace("    context: production\n", ""))
        backend = world.backend
        assert isinstance(backend, Real)
        kubeconfig = {"KUBECONFIG": backend.environment("admin")["KUBECONFIG"]}
        self.job = Job.within(folder, kubeconfig, programs=backend.kubectl.plane.kubectl.parent)

    def deploy(self, system: str, when: str, run: int) -> None:
        """One run of a pipeline of the page, for commit 4f2c."""
        steps = {"github": self._github, "gitlab": self._gitlab}[system]
        for step in steps(pipeline(system, when), str(run)):
            ended = step()
            assert ended.returncode == 0, ended.stderr

    def _github(self, shown: Any, run: str) -> Iterator[Callable[[], Ended]]:
        known = {"github.sha": "4f2c", "github.run_id": run}
        job = shown["jobs"]["deploy"]
        variables = {name: filled(text, known) for name, text in job["env"].items()}
        for step in job["steps"]:
            if "run" in step:
                script = self._placed(step["run"])
                yield lambda script=script: self.job.bash(script, variables)  # type: ignore[misc]
            elif step["uses"] == "OWNER/rollonce@REF":
                inputs = {name: filled(text, known) for name, text in step["with"].items()}
                yield lambda inputs=inputs: github(self.job, inputs)  # type: ignore[misc]
            else:
                assert step["uses"].startswith("actions/checkout@")

    def _gitlab(self, shown: Any, run: str) -> Iterator[Callable[[], Ended]]:
        variables = {"CI_COMMIT_SHORT_SHA": "4f2c", "CI_PIPELINE_ID": run}
        for entry in shown.get("include", ()):
            inputs = {
                n: text.replace("$CI_COMMIT_SHORT_SHA", "4f2c").replace("$CI_PIPELINE_ID", run)
                for n, text in entry["inputs"].items()
            }
            yield lambda inputs=inputs: gitlab(self.job, inputs)  # type: ignore[misc]
        for job in (part for part in shown.values() if isinstance(part, dict)):
            script = self._placed("\n".join(job["script"]))
            yield lambda script=script: self.job.shell("sh", "-ec", script, more=variables)  # type: ignore[misc]

    def _placed(self, script: str) -> str:
        return script.replace("--namespace agents", f"--namespace {self.world.namespace}")

    def revisions(self) -> list[int]:
        """The newest revision of each agent."""
        return [self.world.revision(f"deployment/{name}") for name in AGENTS]


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_two_revisions_a_deploy_become_one(world: World, tmp_path: Path, system: str) -> None:
    """The first deploy after the change finds what the old pipeline has left: other owners of the same fields."""
    checkout = Checkout(world, tmp_path)
    for name in AGENTS:
        world.apply(*manifests.volume_and_claim(f"{name}-work", world.namespace))
    world.kubectl("apply", "--server-side", "-f", str(tmp_path / "k8s"))
    for name in AGENTS:
        world.settled(f"deployment/{name}")
    checkout.deploy(system, "before", 1187)
    assert checkout.revisions() == [3, 3, 3]
    for run, revision in ((1188, 4), (1189, 5)):
        checkout.deploy(system, "after", run)
        assert checkout.revisions() == [revision] * 3
        assert world.images("deployment/agent-cso") == {
            "agent": f"registry.example/agent-science:4f2c-{run}",
            "git-sync": f"registry.example/git-sync:4f2c-{run}",
            "cai-runtime": f"registry.example/cai:4f2c-{run}",
        }
