"""What the other files leave out: the rest of kubectl create, edit, pages and sorted rows."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


def test_create_the_rest(twin: Twin) -> None:
    twin.kubectl("create", "service", "nodeport", "open", "--tcp=80:8080")
    twin.kubectl("create", "service", "loadbalancer", "wide", "--tcp=80:8080")
    twin.kubectl("create", "service", "externalname", "away", "--external-name=example.com")
    twin.kubectl("create", "clusterrole", "x", "--verb=get", "--resource=pods", "--dry-run=server")
    twin.kubectl("create", "clusterrolebinding", "x", "--clusterrole=view", "--user=u", "--dry-run=server")
    twin.kubectl("get", "quota", "-o", "name")


def test_edit(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.configmap(mode="fast"))
    for side in (twin.real, twin.simulated):
        side.environment = {**side.environment, "EDITOR": "sed -i s/fast/slow/"}
    twin.kubectl("edit", "configmap/settings")
    twin.kubectl("edit", "configmap/settings")
    twin.objects("configmaps")


def test_other_ways_to_get(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.as_list(shapes.configmap("one"), shapes.configmap("other")))
    twin.kubectl("get", "configmaps", "--chunk-size=1", "-o", "name")
    twin.kubectl("get", "configmaps", "--sort-by=.metadata.name", "--no-headers")
    twin.kubectl("get", "configmaps", "-A", "--field-selector", f"metadata.namespace={twin.real.namespace}")
    twin.kubectl("get", "configmaps", "-o", "json")
