"""Rights are known before the first write: no half-converged fleet for a reason that could be known."""

from __future__ import annotations

import pytest

from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import World, image

pytestmark = real_only("users and their rights")

A2 = image("agent", "b2")
REQUEST = ("deploy/agent-ceo", "deploy/agent-cso", *fleet.pairs("b2"))


def _allow(world: World, user: str, verbs: str, *, names: str = "") -> None:
    """A Role of its own for a spare user."""
    named = [f"--resource-name={names}"] if names else []
    role = f"{user}-{verbs.replace(',', '-')}" + ("-named" if names else "")
    world.kubectl("create", "role", role, f"--verb={verbs}", "--resource=deployments.apps", *named)
    world.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={user}")


def test_nobody_may_not_even_read(world: World) -> None:
    """403 names the verb and the resource."""
    world.has(fleet.ceo("b1"))
    run = world.converge(*REQUEST, user="nobody")
    assert run.code == 3
    assert "error: forbidden" in run.err
    assert "deployments" in run.err
    assert "get" in run.err


def test_a_reader_is_told_before_anything_is_sent(world: World) -> None:
    """The missing right to patch shows in the review, not after half of the fleet."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    interposer = Interposer()
    run = world.converge(*REQUEST, user="reader", interposer=interposer)
    assert run.code == 3
    assert f"the right is missing to patch deployments.apps in namespace {world.namespace}" in run.err
    assert "PATCH" not in interposer.methods


def test_who_may_not_watch_is_told_before_anything_is_sent(world: World) -> None:
    """The watch is opened before the first write; --no-wait needs none."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    _allow(world, "spare-1", "get,patch")
    interposer = Interposer()
    run = world.converge(*REQUEST, "--timeout", "20s", user="spare-1", interposer=interposer)
    assert run.code == 3
    assert "watch" in run.err
    assert "PATCH" not in interposer.methods
    assert world.converge(*REQUEST, "--no-wait", user="spare-1").code == 0


def test_rights_in_one_namespace_are_enough(world: World) -> None:
    """get, patch and watch on deployments, in a Role: nothing else is needed."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    _allow(world, "spare-2", "get,patch,watch")
    assert world.converge(*REQUEST, user="spare-2").code == 0


def test_unknown_credentials_are_told_as_such(world: World, tmp_path: object) -> None:
    """401: a token that the server does not know."""
    world.has(fleet.ceo("b1"))
    config = world.kubectl("config", "view", "--raw", "--flatten", "-o", "json", user="deployer").json()
    config["users"][0]["user"] = {"token": "not-a-token-of-this-cluster"}
    import json
    from pathlib import Path

    path = Path(str(tmp_path)) / "kubeconfig"
    path.write_text(json.dumps(config))
    run = world.converge(*REQUEST, "--kubeconfig", str(path))
    assert run.code == 3
    assert "error: unauthorized" in run.err
    assert "not-a-token-of-this-cluster" not in run.err + run.out


def test_claims_that_may_not_be_listed_are_a_warning(world: World) -> None:
    """Access modes only serve to name a risk."""
    from tests.controlplane import manifests

    world.has(*manifests.volume_and_claim("data", world.namespace), fleet.ceo("b1", claims=["data"]), ready=False)
    world.settled("deploy/agent-ceo")
    _allow(world, "spare-3", "get,patch,watch")
    run = world.converge("deploy/agent-ceo", *fleet.pairs("b2")[:2], user="spare-3")
    assert run.code == 0, run.err
    assert "access modes of volumes are not known" in run.out


def test_a_role_for_single_names_is_enough_for_them(world: World) -> None:
    """`resourceNames`: a review without a name says no, one with the name says yes."""
    world.has(fleet.ceo("b1"), fleet.cso("b1"))
    _allow(world, "spare-4", "get,patch,watch", names="agent-ceo")
    assert world.converge("deploy/agent-ceo", *fleet.pairs("b2")[:2], user="spare-4").code == 0
    other = world.converge("deploy/agent-cso", *fleet.pairs("b2"), user="spare-4")
    assert other.code == 3


def test_who_may_not_read_namespaces_is_told_that_this_is_not_known(world: World) -> None:
    """Nothing is there; whether for the lack of the namespace, nobody can tell."""
    unsure = world.converge(*REQUEST, namespace="no-such-namespace", user="deployer")
    assert unsure.code == 2
    assert "whether namespace no-such-namespace exists is not known" in unsure.err


# --- acting as somebody else, as kubectl does


def test_one_user_acts_as_another(world: World) -> None:
    """The rights that count are theirs."""
    world.has(fleet.ceo("b1", replicas=0))
    refused = world.converge("deploy/agent-ceo", f"agent={A2}", "--as", "reader", user="admin")
    assert refused.code == 3
    assert 'User "reader" cannot' in refused.err or "the right is missing to patch deployments.apps" in refused.err
    run = world.converge("deploy/agent-ceo", f"agent={A2}", "--as", "deployer", "--as-group", "deployers", user="admin")
    assert run.code == 0, run.err
    nobody = world.rollonce("audit", "-n", world.namespace, "--as", "nobody", user="admin")
    assert nobody.code == 3


@pytest.mark.parametrize(
    "options",
    [
        ("--as-group", "x"),
        ("--as-uid", "7"),
        ("--as", ""),
        ("--as", "a\r\nx-evil: 1"),
        ("--as", " x"),
        ("--as", "\u00e9"),
    ],
)
def test_whom_nobody_can_act_as(world: World, options: tuple[str, str]) -> None:
    run = world.converge("deploy/agent-ceo", f"agent={A2}", *options, user="admin")
    assert (run.code, "error: usage" in run.err) == (2, True), run.err
