"""What is absent, what is a typo, and what nobody may write to."""

from __future__ import annotations

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.world import World, image

A2 = image("agent", "b2")


def test_an_absent_workload_is_skipped_with_the_nearest_name(world: World) -> None:
    """Read one by one or from a list, the reason and the guess are the same."""
    world.has(fleet.ceo("b1"))
    for more in ([], [f"deploy/none-{n}" for n in range(6)]):
        run = world.converge("deploy/agent-ceo", "deploy/agent-coe", *more, f"agent={A2}", "--dry-run")
        assert run.code == 0, run.err
        assert "no deployment/agent-coe in namespace" in run.out
        assert 'the nearest name is "agent-ceo"' in run.out


def test_strict_makes_an_absent_workload_an_error(world: World) -> None:
    """--strict, for those whose fleet is known."""
    world.has(fleet.ceo("b1"))
    run = world.converge("deploy/agent-ceo", "deploy/agent-coe", f"agent={A2}", "--strict")
    assert run.code == 2
    assert "error: absent-workload" in run.err
    assert world.images("deploy/agent-ceo")["agent"] == image("agent", "b1")


def test_a_container_that_nobody_has_is_a_typo(world: World) -> None:
    """An error before anything is sent, naming what there is; --allow-unmatched lifts it."""
    world.has(fleet.ceo("b1"))
    arguments = ("deploy/agent-ceo", f"agent={A2}", f"git-snyc={A2}")
    run = world.converge(*arguments)
    assert run.code == 2
    assert "error: unknown-container" in run.err
    assert 'did you mean "git-sync"?' in run.err
    assert world.generation("deploy/agent-ceo") == 1
    assert world.converge(*arguments, "--allow-unmatched").code == 0
    assert world.images("deploy/agent-ceo")["agent"] == A2


def test_a_pair_for_an_absent_workload_is_no_typo(world: World) -> None:
    """Staging lacks agent-cso, and the pair that is only for it goes with it."""
    world.has(fleet.ceo("b1"))
    run = world.converge(*fleet.BOTH, f"agent={A2}", f"deployment/agent-cso:cai-runtime={A2}")
    assert run.code == 0, run.err
    unnamed = world.converge("deploy/agent-ceo", f"agent={A2}", f"deployment/agent-cso:cai-runtime={A2}")
    assert unnamed.code == 2
    assert "not among the workloads of this run" in unnamed.err


def test_nothing_matched_is_an_error_and_a_missing_namespace_another(world: World) -> None:
    """Both exit as usage errors, with different words."""
    world.has(fleet.ceo("b1"))
    nothing = world.converge("deploy/agent-coe", f"agent={A2}")
    assert (nothing.code, nothing.err.splitlines()[0]) == (2, "error: nothing-matched")
    assert 'the nearest name is "agent-ceo"' in nothing.err
    assert world.converge("deploy/agent-coe", f"agent={A2}", "--allow-unmatched").code == 0
    nowhere = world.converge("deploy/agent-ceo", f"agent={A2}", namespace="no-such-namespace", user="admin")
    assert (nowhere.code, nowhere.err.splitlines()[0]) == (2, "error: namespace-absent")
    assert world.converge("sts", "--all", f"agent={A2}").code == 2


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x:apps/Deployment:y/agent-ceo"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
    ],
    ids=["argo", "flux"],
)
def test_a_managed_workload_is_refused(world: World, metadata: dict[str, object], who: str) -> None:
    """They would put it back, which is a second roll. Nothing is sent, not even to its neighbour."""
    world.has(fleet.ceo("b1", metadata=metadata), fleet.cso("b1"))
    run = world.converge(*fleet.BOTH, *fleet.pairs("b2"))
    assert run.code == 4
    assert f"refused (managed): {who} manages it" in run.out
    assert world.generation("deploy/agent-ceo") == world.generation("deploy/agent-cso") == 1
    forced = world.converge(*fleet.BOTH, *fleet.pairs("b2"), "--force-managed")
    assert forced.code == 0, forced.err
    assert world.converge(*fleet.BOTH, *fleet.pairs("b2")).code == 0  # on target: there is nothing to refuse


def test_what_an_operator_owns_is_refused(world: World) -> None:
    """A controlling ownerReference."""
    owner = world.kubectl("create", "configmap", "operator-made", "-o", "json").json()
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "operator-made",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    world.has(fleet.ceo("b1", metadata={"ownerReferences": [reference]}))
    run = world.converge("deploy/agent-ceo", f"agent={A2}")
    assert run.code == 4
    assert "owned by ConfigMap/operator-made" in run.out


def test_at_most_once_is_enforced(world: World) -> None:
    """The same deploy wants to change the workload a second time: refused with what differs; --again lifts it."""
    world.has(fleet.ceo("b1"))
    assert world.converge("deploy/agent-ceo", f"agent={A2}", "--deploy-id", "run-7.1").code == 0
    second = ("deploy/agent-ceo", f"git-sync={image('git-sync', 'b2')}", "--deploy-id", "run-7.1")
    run = world.converge(*second)
    assert run.code == 4
    assert "refused (second-roll): deploy run-7.1 has changed it already" in run.out
    assert "git-sync: b1 -> b2" in run.out
    assert world.revision("deploy/agent-ceo") == 2
    assert world.converge(*second, "--again").code == 0
    assert world.revision("deploy/agent-ceo") == 3


def test_a_re_run_of_the_same_deploy_does_nothing(world: World) -> None:
    """A CI job that is started again with the same id finds its work done."""
    world.has(fleet.ceo("b1"))
    for _ in range(2):
        assert world.converge("deploy/agent-ceo", f"agent={A2}", "--deploy-id", "run-7.1").code == 0
    assert world.revision("deploy/agent-ceo") == 2


def test_dry_run_writes_nothing_and_tells_what_is_pending(world: World) -> None:
    """Exit code 5 where asked, 0 else; after the change 0 in both."""
    world.has(*manifests.volume_and_claim("data", world.namespace), fleet.ceo("b1", claims=["data"]), ready=False)
    world.settled("deploy/agent-ceo")
    arguments = ("deploy/agent-ceo", f"agent={A2}", "--dry-run")
    assert world.converge(*arguments).code == 0
    run = world.converge(*arguments, "--exit-code", "-o", "json")
    assert run.code == run.json()["exitCode"] == 5
    cost = run.json()["workloads"][0]["cost"]
    assert cost["disruption"] == "outage"
    assert "Recreate" in cost["why"]
    assert cost["risks"] == ["ReadWriteOnce volume data is detached and attached"]
    assert world.generation("deploy/agent-ceo") == 1


def test_a_selector_that_the_server_does_not_understand(world: World) -> None:
    """A usage error with the server's words, not a lack of access."""
    world.has(fleet.ceo("b1"))
    run = world.converge("deploy", "-l", "app in ceo", f"agent={A2}")
    assert (run.code, run.err.splitlines()[0]) == (2, "error: malformed-selector")
