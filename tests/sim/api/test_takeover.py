"""From client-side to server-side apply, as the server helps kubectl with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sim.api.asking import Asking, deployment

NOTE = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def api() -> Asking:
    """With a Deployment that kubectl has applied client-side."""
    asking = Asking()
    thing = deployment(agent="a:1")
    noted = {**thing, "metadata": {**thing["metadata"], "annotations": {NOTE: json.dumps(thing)}}}
    code, made = asking.ask(
        "POST", "/apis/apps/v1/namespaces/default/deployments", noted, fieldManager="kubectl-client-side-apply"
    )
    assert code == 201, made
    return asking


def managers(thing: Any) -> dict[str, Any]:
    return {entry["manager"]: entry for entry in thing["metadata"]["managedFields"]}


def test_kubectl_takes_over_what_client_side_apply_has_set(api: Asking) -> None:
    """No conflict with itself; and its note is what it has applied now."""
    code, changed = api.patch("ceo", deployment(agent="a:2"), "apply", fieldManager="kubectl")
    assert code == 200, changed
    noted = json.loads(changed["metadata"]["annotations"][NOTE])
    assert noted["spec"]["template"]["spec"]["containers"] == [{"name": "agent", "image": "a:2"}]
    assert "annotations" not in noted["metadata"]


def test_another_applier_does_not(api: Asking) -> None:
    code, refused = api.patch("ceo", deployment(agent="a:2"), "apply", fieldManager="helm")
    assert (code, refused["reason"]) == (409, "Conflict")


def test_what_somebody_changed_since_is_a_conflict_for_kubectl_too(api: Asking) -> None:
    """And only that is named."""
    images = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "a:hot"}]}}}}
    assert api.patch("ceo", images, "strategic", fieldManager="kubectl-set")[0] == 200
    wanted = deployment(agent="a:2")
    wanted["spec"]["replicas"] = 3
    code, refused = api.patch("ceo", wanted, "apply", fieldManager="kubectl")
    assert code == 409
    assert [cause["message"] for cause in refused["details"]["causes"]] == ['conflict with "kubectl-set" using apps/v1']


def test_who_becomes_owner_and_changes_nothing_has_no_time(api: Asking) -> None:
    code, same = api.patch("ceo", deployment(agent="a:1"), "apply", fieldManager="helm")
    assert code == 200, same
    assert "time" not in managers(same)["helm"]
    api.now += 60
    replicas = deployment(agent="a:1")
    replicas["spec"]["paused"] = True
    _, changed = api.patch("ceo", replicas, "apply", fieldManager="helm")
    assert managers(changed)["helm"]["time"] == "2026-01-01T00:01:00Z"


def test_a_writer_may_set_managed_fields_as_the_migration_does(api: Asking) -> None:
    """What cannot be read as such is ignored."""
    _, live = api.ask("GET", "/apis/apps/v1/namespaces/default/deployments/ceo")
    (entry,) = live["metadata"]["managedFields"]
    moved = {**entry, "manager": "kubectl", "operation": "Apply"}
    for given, manager in (([{"manager": "x"}], "kubectl-client-side-apply"), ([moved], "kubectl")):
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": given}]
        code, changed = api.patch("ceo", patch, "json", fieldManager="kubectl")
        assert code == 200, changed
        assert list(managers(changed)) == [manager]
