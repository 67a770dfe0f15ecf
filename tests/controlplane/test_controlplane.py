"""The control plane behaves like a cluster: controllers roll, kwok plays the containers, users have their rights."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import build, control, manifests
from tests.controlplane.audit import Audit
from tests.controlplane.control import Act
from tests.controlplane.description import ControlPlane, NeedsBuiltControlPlane
from tests.controlplane.kubectl import Kubectl
from tests.controlplane.starting import Running
from tests.controlplane.waiting import until

pytestmark = pytest.mark.cluster

A, B = "registry.test/agent:a1", "registry.test/agent:b2"
SYNC_A, SYNC_B = "registry.test/git-sync:a1", "registry.test/git-sync:b2"


@pytest.fixture
def apply(kubectl: Kubectl) -> Callable[..., None]:
    """Applies objects as admin."""

    def act(*objects: manifests.Object) -> None:
        kubectl("apply", "--server-side", "-f", "-", input=manifests.as_list(*objects))

    return act


def rolled_out(kubectl: Kubectl, workload: str) -> None:
    kubectl("rollout", "status", workload, "--timeout=60s", timeout=70)


def pods(kubectl: Kubectl, name: str) -> list[Any]:
    found: list[Any] = kubectl("get", "pods", "-l", f"app={name}", "-o", "json").json()["items"]
    return found


def statuses(pod: Any) -> dict[str, Any]:
    listed = pod["status"].get("containerStatuses", []) + pod["status"].get("initContainerStatuses", [])
    return {status["name"]: status for status in listed}


def is_ready(pod: Any) -> bool:
    conditions = {condition["type"]: condition["status"] for condition in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def test_it_is_usable_within_fifteen_seconds(control_plane: ControlPlane) -> None:
    """Measured warm: the binaries are built, and in memory once more than here."""
    binaries = build.ensure()
    begun = time.monotonic()
    with Running(binaries) as second:
        assert time.monotonic() - begun < 15
        assert second.plane.server != control_plane.server


def test_kubectl_and_server_know_their_version(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    """Clients decide by version, so a build from source must not call itself v0.0.0."""
    if control_plane.data is None:
        raise NeedsBuiltControlPlane("version")
    versions = kubectl("version", "-o", "json").json()
    assert versions["clientVersion"]["gitVersion"] == versions["serverVersion"]["gitVersion"] == "v1.36.2"


def test_a_deployment_becomes_ready_and_rolls(kubectl: Kubectl, namespace: str, apply: Callable[..., None]) -> None:
    """Two images, two revisions, and only pods of the second one are left."""
    images = {"agent": A, "git-sync": SYNC_A}
    apply(manifests.deployment("ceo", images, replicas=2, init={"setup": A}, sidecars={"proxy": SYNC_A}))
    rolled_out(kubectl, "deployment/ceo")
    kubectl("set", "image", "deployment/ceo", f"agent={B}")
    rolled_out(kubectl, "deployment/ceo")
    revision = kubectl("get", "deployment", "ceo", "-o", "json").json()["metadata"]["annotations"]
    assert revision["deployment.kubernetes.io/revision"] == "2"
    live = [pod for pod in pods(kubectl, "ceo") if "deletionTimestamp" not in pod["metadata"]]
    assert [statuses(pod)["agent"]["image"] for pod in live] == [B, B]
    assert statuses(live[0])["setup"]["state"]["terminated"]["reason"] == "Completed"
    assert all(statuses(live[0])[name]["state"]["running"] for name in ("agent", "git-sync", "proxy"))


def test_recreate_is_down_for_as_long_as_the_old_pod_takes(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None]
) -> None:
    """The annotation makes termination last, and the controller waits for its end before it starts the new pod."""
    slow = {"rollonce.test/stop-delay": "2s"}
    claim = manifests.volume_and_claim("home", namespace)
    apply(*claim, manifests.deployment("ceo", {"agent": A}, strategy="Recreate", annotations=slow, claims=["home"]))
    rolled_out(kubectl, "deployment/ceo")
    assert kubectl("get", "pvc", "home", "-o", "json").json()["status"]["phase"] == "Bound"
    old = pods(kubectl, "ceo")[0]["metadata"]["name"]
    begun = time.monotonic()
    kubectl("set", "image", "deployment/ceo", f"agent={B}")
    until(lambda: old not in [pod["metadata"]["name"] for pod in pods(kubectl, "ceo")], "the old pod is gone")
    assert time.monotonic() - begun >= 2
    rolled_out(kubectl, "deployment/ceo")
    assert [statuses(pod)["agent"]["image"] for pod in pods(kubectl, "ceo")] == [B]


def test_statefulset_and_daemonset_roll(kubectl: Kubectl, namespace: str, apply: Callable[..., None]) -> None:
    """Both by the real controllers; a DaemonSet has a pod on each of the three nodes."""
    apply(manifests.statefulset("db", {"agent": A}, replicas=2), manifests.daemonset("shipper", {"agent": A}))
    for workload, count in (("statefulset/db", 2), ("daemonset/shipper", 3)):
        rolled_out(kubectl, workload)
        kubectl("set", "image", workload, f"agent={B}")
        rolled_out(kubectl, workload)
        images = [statuses(pod)["agent"]["image"] for pod in pods(kubectl, workload.partition("/")[2])]
        assert images == [B] * count


def test_a_cronjob_runs_its_pods_to_the_end(kubectl: Kubectl, namespace: str, apply: Callable[..., None]) -> None:
    """A Job made from it completes."""
    apply(manifests.cronjob("nightly", {"agent": A}))
    kubectl("create", "job", "now", "--from=cronjob/nightly")
    kubectl("wait", "job/now", "--for=condition=Complete", "--timeout=60s", timeout=70)


@pytest.mark.parametrize("container", ["git-sync", "proxy"])
def test_an_image_patch_of_a_pod_restarts_that_container_only(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None], container: str
) -> None:
    """Also a native sidecar's; the pod is not ready meanwhile, and is never replaced."""
    images = {"agent": A, "git-sync": SYNC_A}
    apply(manifests.deployment("ceo", images, init={"setup": A}, sidecars={"proxy": SYNC_A}))
    rolled_out(kubectl, "deployment/ceo")
    [before] = pods(kubectl, "ceo")
    field = "initContainers" if container == "proxy" else "containers"
    index = [entry["name"] for entry in before["spec"][field]].index(container)
    patch = f'[{{"op":"replace","path":"/spec/{field}/{index}/image","value":"{SYNC_B}"}}]'
    kubectl("patch", "pod", before["metadata"]["name"], "--type=json", "-p", patch)

    def restarted() -> Any:
        [pod] = pods(kubectl, "ceo")
        status = statuses(pod)[container]
        return pod if status["image"] == SYNC_B and status["ready"] and is_ready(pod) else None

    after = until(restarted, f"{container} runs the new image")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    counts = {name: status["restartCount"] for name, status in statuses(after).items()}
    assert counts == {"agent": 0, "git-sync": 0, "proxy": 0, "setup": 0} | {container: 1}
    old, new = statuses(before), statuses(after)
    assert [name for name in old if old[name]["imageID"] != new[name]["imageID"]] == [container]


@pytest.mark.parametrize(
    ("tag", "reason"), [("crash-b2", "CrashLoopBackOff"), ("missing-b2", "ImagePullBackOff"), ("never-b2", "")]
)
def test_an_image_can_be_broken(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None], tag: str, reason: str
) -> None:
    """The tag says how: a crash loop, an image that cannot be pulled, a container that never becomes ready."""
    apply(manifests.deployment("ceo", {"agent": f"registry.test/agent:{tag}", "git-sync": SYNC_A}))

    def settled() -> Any:
        found = [statuses(pod) for pod in pods(kubectl, "ceo")]
        return found[0] if found and found[0].get("git-sync", {}).get("ready") else None

    containers = until(settled, "the healthy container is ready")
    assert containers["agent"]["ready"] is False
    assert containers["agent"]["state"].get("waiting", {}).get("reason", "") == reason


@pytest.mark.parametrize("word", ["crash", "missing", "never"])
def test_an_annotation_breaks_every_container(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None], word: str
) -> None:
    """Where the image must stay as it is."""
    broken = manifests.deployment("ceo", {"agent": A}, annotations={"rollonce.test/ready": word})
    fine = manifests.deployment("cto", {"agent": A})
    apply(broken)
    until(lambda: statuses(pods(kubectl, "ceo")[0]) if pods(kubectl, "ceo") else None, "the pod has a status")
    apply(fine)
    rolled_out(kubectl, "deployment/cto")
    assert not any(is_ready(pod) for pod in pods(kubectl, "ceo"))


def test_a_failing_init_container_blocks_the_others(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None]
) -> None:
    """The pod stays Pending, as on a kubelet."""
    apply(manifests.deployment("ceo", {"agent": A}, init={"setup": "registry.test/setup:crash"}))

    def settled() -> Any:
        found = [pod for pod in pods(kubectl, "ceo") if "agent" in statuses(pod)]
        return found[0] if found else None

    pod = until(settled, "the pod has a status")
    assert pod["status"]["phase"] == "Pending"
    assert statuses(pod)["setup"]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert statuses(pod)["agent"]["state"]["waiting"]["reason"] == "PodInitializing"


def test_the_audit_log_names_the_writer(
    kubectl: Kubectl, namespace: str, apply: Callable[..., None], audit: Audit
) -> None:
    """User, user agent and both bodies of a patch; a watch shows up while it runs; the controllers do not."""
    apply(manifests.deployment("ceo", {"agent": A}))
    mark = audit.mark()
    kubectl("set", "image", "deployment/ceo", f"agent={B}", user="deployer")
    kubectl("rollout", "status", "deployment/ceo", user="deployer")
    entries = audit.since(mark, namespace=namespace, resource="deployments")
    [patch] = [entry for entry in entries if entry.verb == "patch"]
    assert patch.user == "deployer"
    assert patch.user_agent.startswith("kubectl/v1.36.2 ")
    assert patch.code == 200
    assert patch.request["spec"]["template"]["spec"]["containers"][0]["image"] == B
    assert patch.response["metadata"]["generation"] == 2
    assert {"get", "watch"} <= {entry.verb for entry in entries}
    assert {entry.user for entry in audit.since(mark, namespace=namespace)} == {"deployer"}
    assert audit.since(audit.mark(), namespace=namespace) == []


RIGHTS = {
    "deployer": {"get", "list", "watch", "patch"},
    "applier": {"get", "list", "watch", "patch", "create"},
    "lister": {"get", "list", "patch"},
    "reader": {"get", "list", "watch"},
    "nobody": set[str](),
    "spare-1": set[str](),
    "admin": {"get", "list", "watch", "patch", "create", "delete", "update"},
    "certified": {"get", "list", "watch", "patch", "create", "delete", "update"},
}


@pytest.mark.parametrize("user", RIGHTS)
def test_users_may_do_what_is_written(kubectl: Kubectl, user: str) -> None:
    """On workloads, in every namespace."""
    verbs = ("get", "list", "watch", "patch", "create", "delete", "update")
    for resource in ("deployments.apps", "cronjobs.batch"):
        allowed = {
            verb for verb in verbs if kubectl("auth", "can-i", verb, resource, "-A", user=user, check=False).code == 0
        }
        assert allowed == RIGHTS[user]


def test_a_spare_user_takes_a_role(kubectl: Kubectl, namespace: str) -> None:
    """For tests that want rights of their own."""
    kubectl("create", "role", "lister", "--verb=list", "--resource=pods")
    kubectl("create", "rolebinding", "spare", "--role=lister", "--user=spare-2")
    until(lambda: kubectl("get", "pods", user="spare-2", check=False).code == 0, "the binding takes effect")
    assert kubectl("get", "pods", "--namespace=default", user="spare-2", check=False).code != 0


def test_the_controller_manager_can_be_paused(kubectl: Kubectl, namespace: str) -> None:
    """On a control plane of its own, because the others need theirs."""
    with Running(build.ensure()) as own:
        alone = Kubectl(own.plane, kubectl.home)
        control.send(own.plane, Act.PAUSE, "kube-controller-manager")
        alone("apply", "-f", "-", input=manifests.deployment("ceo", {"agent": A}))
        assert "observedGeneration" not in alone("get", "deployment", "ceo", "-o", "json").json()["status"]
        control.send(own.plane, Act.RESUME, "kube-controller-manager")
        rolled_out(alone, "deployment/ceo")
        control.send(own.plane, Act.RESTART, "kube-controller-manager")
        alone("set", "image", "deployment/ceo", f"agent={B}")
        rolled_out(alone, "deployment/ceo")
        with pytest.raises(ValueError, match="no component 'kubelet'"):
            control.send(own.plane, Act.STOP, "kubelet")
