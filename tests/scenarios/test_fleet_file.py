"""A deploy from the fleet file: the story's own, and a large one."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane import manifests
from tests.controlplane.description import ControlPlane
from tests.controlplane.kubectl import Kubectl
from tests.docs.scenes import REGISTRY
from tests.scenarios.backends import Backend, Real, Simulated, real_only
from tests.scenarios.manifest_folder import config
from tests.scenarios.world import Run, World

STORY = Path(__file__).parents[2] / "examples" / "story" / "rollonce.yaml"


class Story:
    """The file of the story, in a folder of its own, and its two environments on one cluster."""

    def __init__(self, world: World, staging: World, folder: Path) -> None:
        self.environments = {"production": world, "staging": staging}
        self.folder = folder

    def deploy(self, environment: str, build: str, *more: str, user: str = "deployer") -> Run:
        """What a pipeline runs."""
        return self._run("converge", environment, "--build", build, *more, user=user)

    def plan(self, environment: str, build: str, *more: str, user: str = "deployer") -> Run:
        """What it runs at a pull request."""
        return self._run("plan", environment, "--build", build, *more, user=user)

    def carry_out(self, environment: str, file: str, *more: str) -> Run:
        """What it runs when somebody has agreed."""
        more = ("--plan", file, "--context", environment, "--kubeconfig", str(self.folder / "deployer"), *more)
        return self.environments[environment].rollonce("converge", *more)

    def _run(self, command: str, environment: str, *more: str, user: str = "deployer") -> Run:
        arguments = ("--env", environment, "--kubeconfig", str(self.folder / user), *more)
        return self.environments[environment].rollonce(command, *arguments)


def _kubeconfig(plane: ControlPlane, user: str) -> str:
    """One in which the contexts of the file are all one user's."""
    content: dict[str, Any] = yaml.safe_load(plane.kubeconfig(user).read_text())
    inner = content["contexts"][0]["context"]
    content["contexts"] = [{"name": name, "context": inner} for name in ("staging", "production")]
    content["current-context"] = ""
    return str(yaml.safe_dump(content))


def _second(backend: Backend, folder: Path, cleaning: ExitStack) -> Backend:
    """A second namespace of the same cluster, and where the cluster is real the kubeconfigs of a pipeline."""
    if isinstance(backend, Simulated):
        return Simulated("staging", backend.cluster)
    assert isinstance(backend, Real)
    plane, home = backend.kubectl.plane, backend.kubectl.home
    for user in ("deployer", "admin"):
        (folder / user).write_text(_kubeconfig(plane, user))
    name = f"staging-{uuid.uuid4().hex[:6]}"
    admin = Kubectl(plane, home)
    admin("create", "namespace", name)
    cleaning.callback(admin, "delete", "namespace", name, "--wait=false")
    return Real(Kubectl(plane, home, name), name, backend.audit)


@pytest.fixture
def story(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with ExitStack() as cleaning:
        staging = World(_second(world.backend, tmp_path, cleaning))
        text = STORY.read_text()
        assert text.count("namespace: agents-staging\n") == text.count("namespace: agents\n") == 1
        text = text.replace("namespace: agents-staging\n", f"namespace: {staging.namespace}\n")
        text = text.replace("namespace: agents\n", f"namespace: {world.namespace}\n")
        (tmp_path / "rollonce.yaml").write_text(text)
        monkeypatch.chdir(tmp_path)
        yield Story(world, staging, tmp_path)


def _agent(name: str, build: str, containers: Mapping[str, str]) -> dict[str, Any]:
    images = {container: f"{REGISTRY}/{repository}:{build}" for container, repository in containers.items()}
    return manifests.deployment(name, images, strategy="Recreate")


CEO = {"agent": "agent", "git-sync": "git-sync"}
CSO = {"agent": "agent-science", "git-sync": "git-sync", "cai-runtime": "cai"}


def test_the_storys_file_deploys_to_staging_and_production(story: Story) -> None:
    """One command for both: staging lacks agent-cto and has no cai-runtime at all; each workload rolls once."""
    production, staging = story.environments["production"], story.environments["staging"]
    production.has(_agent("agent-ceo", "b1", CEO), _agent("agent-cso", "b1", CSO), _agent("agent-cto", "b1", CEO))
    staging.has(_agent("agent-ceo", "b1", CEO))
    for build, revision in (("4f2c-1187", 2), ("4f2c-1188", 3)):
        for environment, world in story.environments.items():
            run = story.deploy(environment, build, "--deploy-id", build)
            assert run.code == 0, run.err
            assert run.out.startswith(f"environment {environment} of rollonce.yaml, context {environment}, ")
            assert world.revision("deployment/agent-ceo") == revision
            assert world.images("deployment/agent-ceo") == {
                "agent": f"{REGISTRY}/agent:{build}",
                "git-sync": f"{REGISTRY}/git-sync:{build}",
            }
        assert production.revision("deployment/agent-cso") == revision
        assert production.images("deployment/agent-cso") == {
            name: f"{REGISTRY}/{repository}:{build}" for name, repository in CSO.items()
        }
    again = story.deploy("production", "4f2c-1188")
    assert (again.code, "0 patches sent; 3 unchanged" in again.out) == (0, True)


def test_the_file_and_the_command_line_are_one_desired_state(story: Story) -> None:
    production = story.environments["production"]
    production.has(_agent("agent-ceo", "b1", CEO), _agent("agent-cso", "b1", CSO))
    wanted = f"{REGISTRY}/agent:hotfix"
    refused = story.deploy("production", "b2", f"agent={wanted}")
    assert refused.code == 2
    assert f"rollonce.yaml:21:10 and argument 'agent={wanted}' want different images for agent" in refused.err
    forced = story.deploy("production", "b2", "--again")
    assert forced.code == 2
    assert "rollonce.yaml:13:17: mayForce does not have again, and argument '--again' forces it" in forced.err
    elsewhere = story.deploy("production", "b2", "-n", "elsewhere")
    assert (elsewhere.code, "contradicts-fleet-file" in elsewhere.err) == (2, True)
    run = story.deploy("production", "b2", f"deployment/agent-ceo:agent={wanted}")
    assert run.code == 0, run.err
    assert production.images("deployment/agent-ceo")["agent"] == wanted
    assert production.images("deployment/agent-cso")["agent"] == f"{REGISTRY}/agent-science:b2"


def test_manifests_take_images_and_place_from_the_file(story: Story) -> None:
    """The same manifests for both environments; the first deploy makes them, each later one rolls each once."""
    folder = story.folder / "k8s"
    folder.mkdir()
    backend = story.environments["production"].backend
    for n, thing in enumerate((_agent("agent-ceo", "old", CEO), config("agents", LEVEL="info"))):
        (folder / f"{n}.json").write_text(json.dumps(backend.prepared(thing)))
    for build, revision in (("4f2c-1187", 1), ("4f2c-1188", 2)):
        for environment, world in story.environments.items():
            shown = story.plan(environment, build, "-f", "k8s", user="admin")
            assert (shown.code, build in shown.out) == (0, True), shown.err
            run = story.deploy(environment, build, "-f", "k8s", "--deploy-id", build, user="admin")
            assert run.code == 0, run.err
            assert run.out.startswith(f"environment {environment} of rollonce.yaml, context {environment}, ")
            assert world.revision("deployment/agent-ceo") == revision
            assert world.images("deployment/agent-ceo") == {
                "agent": f"{REGISTRY}/agent:{build}",
                "git-sync": f"{REGISTRY}/git-sync:{build}",
            }
            assert world.get("configmap/agents")["metadata"]["namespace"] == world.namespace


def test_a_plan_of_an_environment_is_carried_out_as_it_stands(story: Story) -> None:
    """Also where the environment lacks a bundled sidecar and a workload; the build is in the plan, not in the file."""
    world = story.environments["staging"]
    world.has(_agent("agent-ceo", "b1", CEO))
    told = story.plan("staging", "b2", "--out", "plan.json", "--deploy-id", "run-2")
    assert told.code == 0, told.err
    assert told.out.startswith("environment staging of rollonce.yaml, context staging, ")
    assert "the plan is in plan.json" in told.out
    assert world.revision("deployment/agent-ceo") == 1
    again = story.plan("staging", "b2", "--out", "again.json", "-o", "markdown", "--exit-code")
    assert (again.code, (story.folder / "again.json").read_bytes()) == (5, (story.folder / "plan.json").read_bytes())
    assert "environment staging of rollonce.yaml, context staging" in again.out.replace("\\", "")
    (story.folder / "rollonce.yaml").unlink()
    run = story.carry_out("staging", "plan.json", "--deploy-id", "run-2")
    assert run.code == 0, run.err
    assert world.revision("deployment/agent-ceo") == 2
    assert world.images("deployment/agent-ceo") == {
        "agent": f"{REGISTRY}/agent:b2",
        "git-sync": f"{REGISTRY}/git-sync:b2",
    }
    stale = story.carry_out("staging", "plan.json", "--deploy-id", "run-3")
    assert (stale.code, "stale-plan" in stale.err) == (4, True)


def test_a_plan_of_several_namespaces_is_carried_out_in_all_of_them(story: Story) -> None:
    production, staging = story.environments["production"], story.environments["staging"]
    production.has(_agent("agent-ceo", "b1", CEO))
    staging.has(_agent("agent-cso", "b1", CSO))
    file = story.folder / "rollonce.yaml"
    both = f"namespaces: [{production.namespace}, {staging.namespace}]\n"
    file.write_text(file.read_text().replace(f"namespace: {production.namespace}\n", both))
    told = story.plan("production", "b2", "--out", "plan.json")
    assert told.code == 0, told.err
    run = story.carry_out("production", "plan.json")
    assert run.code == 0, run.err
    assert (production.revision("deployment/agent-ceo"), staging.revision("deployment/agent-cso")) == (2, 2)


def test_a_container_that_no_workload_has_is_a_typo_with_its_line(story: Story) -> None:
    story.environments["staging"].has(_agent("agent-ceo", "b1", {"agent": "agent", "git-snyc": "git-sync"}))
    run = story.deploy("staging", "b2")
    assert run.code == 2
    assert 'no workload has a container named "git-sync" (did you mean "git-snyc"?)' in run.err


def test_several_namespaces_are_one_run(story: Story) -> None:
    """A name is looked for in all of them, and lacks where none has it."""
    production, staging = story.environments["production"], story.environments["staging"]
    production.has(_agent("agent-ceo", "b1", CEO))
    staging.has(_agent("agent-cso", "b1", CSO))
    file = story.folder / "rollonce.yaml"
    both = f"namespaces: [{production.namespace}, {staging.namespace}]\n"
    file.write_text(file.read_text().replace(f"namespace: {production.namespace}\n", both))
    run = story.deploy("production", "b2", "-o", "json")
    assert run.code == 0, run.err
    assert [(w["namespace"], w["name"], w["outcome"]["verdict"]) for w in run.json()["workloads"]] == sorted(
        [
            (production.namespace, "agent-ceo", "rolled"),
            (production.namespace, "agent-cto", "absent"),
            (staging.namespace, "agent-cso", "rolled"),
            (staging.namespace, "agent-cto", "absent"),
        ]
    )
    file.write_text(file.read_text().replace(both, f"namespaces: [{production.namespace}, nowhere-at-all]\n"))
    run = story.deploy("production", "b2", user="admin")
    assert (run.code, "there is no namespace nowhere-at-all" in run.err) == (2, True)


@real_only("there are no users who may not ask for a namespace")
def test_a_namespace_that_may_not_be_there_is_a_warning(story: Story) -> None:
    production = story.environments["production"]
    production.has(_agent("agent-ceo", "b1", CEO))
    file = story.folder / "rollonce.yaml"
    both = f"namespaces: [{production.namespace}, nowhere-at-all]\n"
    file.write_text(file.read_text().replace(f"namespace: {production.namespace}\n", both))
    run = story.deploy("production", "b2")
    assert (run.code, "warning: whether namespace nowhere-at-all exists is not known" in run.out) == (0, True)


def test_a_first_file_leaves_out_what_others_manage_and_changes_nothing(world: World, tmp_path: Path) -> None:
    world.has(
        _agent("agent-ceo", "b17", CEO),
        _agent("agent-cso", "b17", CSO),
        manifests.deployment(
            "shop", {"web": f"{REGISTRY}/web:b17"}, metadata={"labels": {"argocd.argoproj.io/instance": "shop"}}
        ),
    )
    file = str(tmp_path / "first.yaml")
    run = world.rollonce("init", "-n", world.namespace, "--fleet", file)
    assert run.code == 0, run.err
    assert "2 workloads, 1 left out because others manage them; taken for the build: b17" in run.out
    assert "  # - deployment/shop: Argo CD manages it" in Path(file).read_text()
    again = world.rollonce("init", "-n", world.namespace, "--fleet", file)
    assert (again.code, "is not overwritten" in again.err) == (2, True)
    same = world.rollonce("converge", "--env", "production", "--build", "b17", "--fleet", file)
    assert (same.code, "0 patches sent; 2 unchanged" in same.out) == (0, True)
    next_one = world.rollonce("converge", "--env", "production", "--build", "b18", "--fleet", file, "--no-wait")
    assert (next_one.code, "2 patches sent; 2 sent" in next_one.out) == (0, True)


def test_the_files_waiting_is_a_default_and_the_command_lines_goes_over_it(story: Story) -> None:
    production = story.environments["production"]
    production.has(_agent("agent-ceo", "b1", CEO))
    file = story.folder / "rollonce.yaml"
    file.write_text(file.read_text().replace("timeout: 30m", "wait: no\n      timeout: 200ms"))
    sent = story.deploy("production", "b2", "-o", "json", "--timeout", "60s")
    assert (sent.code, sent.outcome("agent-ceo")) == (0, "sent")
    late = story.deploy("production", "b3", "-o", "json", "--wait")
    assert late.code == 1
    assert late.outcome("agent-ceo") in ("timed-out", "not-sent")
    rolled = story.deploy("production", "b4", "-o", "json", "--wait", "--timeout", "60s")
    assert (rolled.code, rolled.outcome("agent-ceo")) == (0, "rolled")


def _beside_the_lookout(requests: Counter[str]) -> dict[str, int]:
    """Whether somebody asks why rollouts take their time depends on how long that is."""
    return {what: count for what, count in requests.items() if what not in ("watch pods", "watch events")}


def test_500_workloads_cost_no_request_more_than_on_the_command_line(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d{n}" for n in range(500)]
    images = {c: f"{REGISTRY}/{c}:b1" for c in ("agent", "git-sync", "cai")}
    world.has(*(manifests.deployment(name, images, replicas=0) for name in names), ready=False)
    world.kubectl("wait", "--for=condition=Available", "deploy", "--all", "--timeout=180s", timeout=200)
    monkeypatch.chdir(tmp_path)
    file = {
        "version": 1,
        "environments": {"production": {"namespace": world.namespace}},
        "workloads": [f"deployment/{name}" for name in names],
        "images": {c: f"{REGISTRY}/{c}:{{build}}" for c in ("agent", "git-sync")},
        "sidecars": {"cai": f"{REGISTRY}/cai:{{build}}", "nobody": f"{REGISTRY}/nobody:{{build}}"},
        "overrides": {f"deployment/{name}": {"agent": f"{REGISTRY}/agent:{{build}}-{name}"} for name in names[:50]},
    }
    (tmp_path / "rollonce.yaml").write_text(yaml.safe_dump(file))
    user = world.backend.somebody("spare-8")

    counted = world.backend.counting(user)
    assert world.rollonce("converge", "--env", "production", "--build", "b2", user=user).code == 0
    from_file = _beside_the_lookout(counted())
    pairs = [f"{c}={REGISTRY}/{c}:b3" for c in images]
    counted = world.backend.counting(user)
    assert world.converge(*(f"deployment/{name}" for name in names), *pairs, user=user).code == 0
    assert from_file == _beside_the_lookout(counted())
    assert from_file == {
        "list deployments": 1,
        "create selfsubjectaccessreviews": 1,
        "watch deployments": 1,
        "patch deployments": 500,
    }
