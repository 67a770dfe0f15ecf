"""Everything that a deploy changes beside images: one patch, one revision."""

from __future__ import annotations

import json
from typing import Any

from tests.controlplane import manifests
from tests.controlplane.waiting import until
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import before_patch
from tests.scenarios.world import World, image

CEO = "deployment/agent-ceo"
A2 = image("agent", "b2")
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def with_env(thing: dict[str, Any], *entries: dict[str, Any], container: int = 0) -> dict[str, Any]:
    """The object with an environment of that container."""
    thing["spec"]["template"]["spec"]["containers"][container]["env"] = list(entries)
    return thing


def value(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "value": text}


FROM_SECRET = {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}


def template(world: World, ref: str = CEO) -> Any:
    return world.get(ref)["spec"]["template"]


def env(world: World, container: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template(world)["spec"]["containers"][container].get("env", [])
    return found


def test_all_edits_of_a_deploy_are_one_revision_and_then_nothing(world: World) -> None:
    """Images, environment, resources, labels, annotations and a restart, of pods and workload."""
    world.has(with_env(fleet.ceo("b1"), value("LOG", "info"), value("OLD", "x"), FROM_SECRET))
    wanted = (
        CEO,
        f"agent={A2}",
        *("--set-env", "agent:LOG=debug", "--set-env", "agent:OLD-", "--set-env", "*:BUILD=b2"),
        *("--resources", "agent:requests.cpu=0.5", "--resources", "agent:limits.memory=1Gi"),
        *("--label", "tier=agents", "--annotation", "example.com/note=a: b"),
        *("--workload-label", "team=platform", "--workload-annotation", "example.com/owner=ops"),
        *("--restart", "--deploy-id", "run-1"),
    )
    run = world.converge(*wanted)
    assert run.code == 0, run.err
    assert world.revision(CEO) == 2
    now = world.get(CEO)
    pods = now["spec"]["template"]
    agent, sync = pods["spec"]["containers"]
    assert (agent["image"], sync["image"]) == (A2, image("git-sync", "b1"))
    assert agent["env"] == [value("LOG", "debug"), FROM_SECRET, value("BUILD", "b2")]
    assert sync["env"] == [value("BUILD", "b2")]
    assert agent["resources"] == {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}
    assert pods["metadata"]["labels"] == {"app": "agent-ceo", "tier": "agents"}
    assert pods["metadata"]["annotations"]["example.com/note"] == "a: b"
    assert RESTARTED_AT in pods["metadata"]["annotations"]
    assert now["metadata"]["labels"]["team"] == "platform"
    assert now["metadata"]["annotations"]["example.com/owner"] == "ops"
    again = world.converge(*wanted)
    assert again.code == 0, again.err
    assert "already as wanted, skipping" in again.out
    assert world.generation(CEO) == now["metadata"]["generation"]


def test_a_value_that_came_from_a_secret_is_replaced_in_its_place(world: World) -> None:
    """The API server refuses an entry with both a value and a source."""
    world.has(with_env(fleet.ceo("b1"), FROM_SECRET, value("LOG", "info")))
    run = world.converge(CEO, "--set-env", "agent:API_TOKEN=hunter2")
    assert run.code == 0, run.err
    assert env(world) == [value("API_TOKEN", "hunter2"), value("LOG", "info")]
    assert "hunter2" not in run.out + run.err
    assert "env API_TOKEN" in run.out
    assert "(from secretKeyRef)  (hidden)" in run.out


def test_a_restart_replaces_the_pods_and_is_kept_by_later_deploys(world: World) -> None:
    """A re-run of the deploy does not restart once more; the next deploy leaves the mark where it is."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    before = world.pods("agent-ceo")
    restart = (*fleet.BOTH, "--restart-only", CEO, "--deploy-id", "run-1")
    run = world.converge(*restart)
    assert run.code == 0, run.err
    assert set(world.pods("agent-ceo")).isdisjoint(before)
    assert (world.revision(CEO), world.revision("deployment/agent-cso")) == (2, 1)
    stamp = template(world)["metadata"]["annotations"][RESTARTED_AT]
    assert world.converge(*restart).code == 0
    assert world.revision(CEO) == 2
    assert world.converge(CEO, f"agent={A2}", "--deploy-id", "run-2").code == 0
    assert world.revision(CEO) == 3
    assert template(world)["metadata"]["annotations"][RESTARTED_AT] == stamp


@real_only("kubectl itself")
def test_a_restart_by_kubectl_and_one_by_us_are_the_same_to_the_pods(world: World) -> None:
    """kubectl's own mark is replaced, not doubled."""
    world.has(fleet.ceo("b1"))
    world.kubectl("rollout", "restart", CEO)
    world.settled(CEO)
    assert world.converge(CEO, "--restart").code == 0
    assert world.revision(CEO) == 3
    assert list(template(world)["metadata"]["annotations"]) == [RESTARTED_AT]


def test_metadata_of_the_workload_rolls_nothing(world: World) -> None:
    """The plan says none, no pod is replaced, and a later step of the same deploy may still roll it."""
    world.has(fleet.ceo("b1"), *(fleet.cso("b1"),))
    pods = world.pods("agent-ceo")
    run = world.converge(
        CEO, "--workload-label", "team=platform", "--workload-annotation", "a/b=c", "--deploy-id", "run-1", "-o", "json"
    )
    assert run.code == 0, run.err
    [told] = run.json()["workloads"]
    assert (told["cost"]["disruption"], told["outcome"]["verdict"]) == ("none", "changed")
    assert [(c["field"], c["name"], c["old"], c["new"]) for c in told["changes"]] == [
        ("workload-label", "team", None, "platform"),
        ("workload-annotation", "a/b", None, "c"),
    ]
    assert (world.revision(CEO), world.pods("agent-ceo"), world.deploy_id(CEO)) == (1, pods, None)
    assert world.converge(CEO, f"agent={A2}", "--deploy-id", "run-1").code == 0


def test_metadata_of_a_workload_whose_rollout_failed_is_written_and_is_no_success(world: World) -> None:
    """As where nothing is to be done."""
    broken = fleet.ceo("b1", progressDeadlineSeconds=1, annotations={"rollonce.test/ready": "never"})
    world.has(broken, ready=False)
    run = world.converge(CEO, "--workload-label", "team=platform", "--timeout", "30s", "-o", "json")
    assert run.code == 1
    assert run.json()["workloads"][0]["outcome"]["sent"]
    assert world.get(CEO)["metadata"]["labels"] == {"team": "platform"}


def test_a_label_of_the_selector_is_refused_before_anything_is_sent(world: World) -> None:
    """The API server would refuse it after half of the fleet was patched."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    run = world.converge(*fleet.BOTH, "--label", "deployment/agent-cso:app=other", f"agent={A2}")
    assert run.code == 4
    assert "deployment/agent-cso: refused (selector): it finds its pods by the label app" in run.out
    assert world.generation(CEO) == 1


def test_every_kind_takes_edits(world: World) -> None:
    """A CronJob's template lies deeper, and has nothing to restart."""
    world.has(
        manifests.statefulset("queue", {"agent": image("agent", "b1")}),
        manifests.daemonset("log", {"agent": image("agent", "b1")}),
        manifests.cronjob("report", {"agent": image("agent", "b1")}),
    )
    refs = ("sts/queue", "ds/log", "cronjob/report")
    edits = ("--set-env", "agent:A=1", "--annotation", "x=y", "--resources", "agent:requests.cpu=10m", "--restart")
    run = world.converge(*refs, *edits)
    assert run.code == 0, run.err
    assert "cronjob/report: a CronJob has no pods to restart, skipped" in run.out
    for ref in refs:
        spec = world.get(ref)["spec"]
        pods = spec["jobTemplate"]["spec"]["template"] if ref.startswith("cronjob") else spec["template"]
        [agent] = pods["spec"]["containers"]
        assert (agent["env"], agent["resources"]) == ([value("A", "1")], {"requests": {"cpu": "10m"}})
        assert pods["metadata"]["annotations"]["x"] == "y"
        assert (RESTARTED_AT in pods["metadata"]["annotations"]) is not ref.startswith("cronjob")


def test_a_racing_writer_of_the_same_environment_is_seen_and_kept(world: World) -> None:
    """Between our read and our patch somebody adds a variable: planned anew, and both are there."""
    world.has(with_env(fleet.ceo("b1"), value("LOG", "info")))

    theirs = {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": value("THEIRS", "1")}
    other = before_patch(lambda: world.kubectl("patch", CEO, "--type=json", "-p", json.dumps([theirs])))
    run = world.converge(CEO, "--set-env", "agent:OURS=2", "--no-wait", interposer=other)
    assert run.code == 0, run.err
    assert other.methods.count("PATCH") == 2
    assert env(world) == [value("LOG", "info"), value("THEIRS", "1"), value("OURS", "2")]


@real_only("admission policies")
def test_what_the_server_says_of_a_credential_is_not_repeated(world: World) -> None:
    """A policy's message may quote what was sent."""
    world.has(fleet.ceo("b1"))
    name = f"quotes-{world.namespace}"
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
    entries = "object.spec.template.spec.containers[0].?env"
    check = {"expression": f"!{entries}.hasValue()", "messageExpression": f"'no ' + {entries}.value()[0].value"}
    admission = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    chosen = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}}
    policy = {"matchConstraints": {"resourceRules": [rule]}, "validations": [check]}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": chosen}
    world.apply(
        {"kind": "ValidatingAdmissionPolicy", "spec": policy, **admission},
        {"kind": "ValidatingAdmissionPolicyBinding", "spec": binding, **admission},
    )
    try:
        probe = ("set", "env", CEO, "--dry-run=server", "A=probe")
        until(lambda: "no probe" in world.kubectl(*probe, check=False).stderr, "the policy is in force")
        run = world.converge(CEO, "--set-env", "agent:API_TOKEN=hunter2")
        assert run.code == 1
        assert "no (hidden)" in run.out
        assert "hunter2" not in run.out + run.err
    finally:
        world.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)
