"""Defaults, strategic merge, and who owns which field."""

from __future__ import annotations

from typing import Any

import pytest

from rollonce.sim.api import quantities, strategic
from tests.sim.api.asking import Asking, deployment


@pytest.fixture
def api() -> Asking:
    return Asking()


def containers(thing: Any) -> Any:
    return thing["spec"]["template"]["spec"]["containers"]


def owners(thing: Any) -> dict[str, Any]:
    return {f"{each['manager']} {each['operation']}": each["fieldsV1"] for each in thing["metadata"]["managedFields"]}


def images(**wanted: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": n, "image": i} for n, i in wanted.items()]}}}}


def test_a_deployment_gets_its_defaults(api: Asking) -> None:
    spec = api.create(deployment(agent="a:1", sync="s"))["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    assert [each["imagePullPolicy"] for each in spec["template"]["spec"]["containers"]] == ["IfNotPresent", "Always"]
    assert spec["template"]["spec"]["securityContext"] == {}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1000m", "1"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("0", "0"), (2, "2"), ("2000", "2k")],
)
def test_quantities_are_written_back_in_one_form(sent: Any, kept: str) -> None:
    assert quantities.canonical(sent) == kept


def test_set_image_changes_one_container(api: Asking) -> None:
    api.create(deployment(agent="a:1", sync="s:1"))
    _, changed = api.patch("ceo", images(sync="s:2"), "strategic", fieldManager="kubectl-set")
    assert {each["name"]: each["image"] for each in containers(changed)} == {"agent": "a:1", "sync": "s:2"}
    path = owners(changed)["kubectl-set Update"]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert path == {'k:{"name":"sync"}': {"f:image": {}}}


def test_strategic_directives() -> None:
    live = {
        "spec": {
            "containers": [{"name": "a", "args": ["1"]}, {"name": "b"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
        }
    }
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": [{"name": "c"}, {"name": "b", "$patch": "delete"}],
            "volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}],
        }
    }
    spec = strategic.apply(patch, live, "Pod")["spec"]
    assert spec["containers"] == [{"name": "c"}, {"name": "a", "args": ["1"]}]
    assert spec["volumes"] == [{"name": "v", "secret": {"secretName": "s"}}]


def test_lists_of_values_can_lose_one() -> None:
    live = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic.apply(patch, live, "Pod") == {"metadata": {"finalizers": ["b"]}}


def test_an_applier_is_refused_what_another_manager_changed(api: Asking) -> None:
    api.patch("ceo", deployment(), "apply", fieldManager="ci")
    api.patch("ceo", images(agent="a:2"), "strategic", fieldManager="kubectl-set")
    code, said = api.patch("ceo", deployment(agent="a:3"), "apply", fieldManager="ci")
    field = '.spec.template.spec.containers[name="agent"].image'
    assert (code, said["reason"]) == (409, "Conflict")
    assert said["message"] == f'Apply failed with 1 conflict: conflict with "kubectl-set" using apps/v1: {field}'
    assert said["details"]["causes"][0]["field"] == field


def test_force_takes_it(api: Asking) -> None:
    api.patch("ceo", deployment(), "apply", fieldManager="ci")
    api.patch("ceo", images(agent="a:2"), "strategic", fieldManager="kubectl-set")
    code, taken = api.patch("ceo", deployment(agent="a:3"), "apply", fieldManager="ci", force="true")
    assert (code, containers(taken)[0]["image"]) == (200, "a:3")
    assert list(owners(taken)) == ["ci Apply"]


def test_the_same_value_makes_a_co_owner_and_rolls_nothing(api: Asking) -> None:
    api.patch("ceo", deployment(), "apply", fieldManager="ci")
    code, shared = api.patch("ceo", deployment(), "apply", fieldManager="other")
    assert (code, shared["metadata"]["generation"]) == (200, 1)
    assert set(owners(shared)) == {"ci Apply", "other Apply"}


def test_what_an_applier_drops_goes_unless_another_has_it(api: Asking) -> None:
    both = deployment(agent="a:1", sync="s:1")
    api.patch("ceo", both, "apply", fieldManager="ci")
    api.patch("ceo", both, "apply", fieldManager="other")
    _, kept = api.patch("ceo", deployment(agent="a:1"), "apply", fieldManager="ci")
    assert [each["name"] for each in containers(kept)] == ["agent", "sync"]
    _, gone = api.patch("ceo", deployment(agent="a:1"), "apply", fieldManager="other")
    assert [each["name"] for each in containers(gone)] == ["agent"]


def test_a_dropped_probe_takes_its_defaults_along(api: Asking) -> None:
    probed = deployment()
    containers(probed)[0]["livenessProbe"] = {"httpGet": {"port": 80}}
    _, made = api.patch("ceo", probed, "apply", fieldManager="ci")
    assert containers(made)[0]["livenessProbe"]["periodSeconds"] == 10
    _, left = api.patch("ceo", deployment(), "apply", fieldManager="ci")
    assert "livenessProbe" not in containers(left)[0]


def test_applying_the_same_twice_changes_nothing(api: Asking) -> None:
    _, once = api.patch("ceo", deployment(), "apply", fieldManager="ci")
    api.now += 60
    assert api.patch("ceo", deployment(), "apply", fieldManager="ci") == (200, once)
