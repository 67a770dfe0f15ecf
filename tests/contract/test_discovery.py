"""What is served, and how it is explained."""

from __future__ import annotations

import pytest

from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


def test_version(twin: Twin) -> None:
    twin.kubectl("version")


def test_resources_that_rolling_needs(twin: Twin) -> None:
    for group in ("apps", "batch", "autoscaling", "policy"):
        twin.kubectl("api-resources", f"--api-group={group}", "-o", "wide")
    twin.kubectl("api-resources", "--namespaced=true", "--verbs=list,patch", "--api-group=", "-o", "name")


def test_everything_that_is_served(twin: Twin) -> None:
    twin.kubectl("api-resources", "-o", "wide")
    twin.kubectl("api-versions")


def test_fields_are_explained(twin: Twin) -> None:
    """Each field with its type and its enumeration; the descriptions are not told."""
    for what in ("deployment", "statefulset.spec", "pod.spec.containers", "cronjob.spec", "pdb.status", "service.spec"):
        said = twin.ask([str(twin.program), "explain", what, "--recursive"])
        assert [each.code for each in said] == [0, 0], said
        real, simulated = (each.stdout[each.stdout.index("FIELDS:") :].splitlines() for each in said)
        twin.compare(f"kubectl explain {what}", real, simulated)


def test_rights(twin: Twin) -> None:
    for verb, what in (("create", "deployments"), ("patch", "deployments.apps/scale"), ("delete", "pods")):
        twin.kubectl("auth", "can-i", verb, what)


@pytest.mark.parametrize("path", ["/api", "/apis/apps", "/version"])
def test_classic_discovery(twin: Twin, path: str) -> None:
    real, simulated = twin.ask([str(twin.program), "get", "--raw", path])
    assert real.code == simulated.code == 0
