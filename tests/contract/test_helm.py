"""helm 3 and helm 4: what they say, what they leave in the cluster, and what they keep of their releases."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import plain
from tests.contract.twin import Said, Side, Twin
from tests.controlplane.build import ensure_helm

pytestmark = [pytest.mark.cluster, pytest.mark.contract]

CHART = Path(__file__).parent / "chart"
KINDS = (
    "configmaps", "secrets", "serviceaccounts", "services", "deployments", "replicasets", "statefulsets",
    "controllerrevisions", "poddisruptionbudgets", "horizontalpodautoscalers",
)  # fmt: skip
RELEASES = "helm.sh/release.v1"
# Long enough for what gets ready, on any machine; and for what does not, of which nothing is to be seen but that.
READY, NEVER = "--timeout=90s", "--timeout=5s"


class Helm:
    """One helm, told the same on both clusters."""

    def __init__(self, twin: Twin, major: int, chart: Path) -> None:
        self.twin = twin
        self.major = major
        self.chart = chart
        self._program = str(ensure_helm(major))

    def __call__(self, *arguments: str, code: int = 0, unordered: bool = False) -> Said:
        """What helm says on the real one."""
        return self.twin.command([self._program, *arguments], code=code, unordered=unordered)

    def settled(self, *, queue: bool = True) -> None:
        """Waits until the workloads are rolled out; then all that is there is compared."""
        self.twin.settled("deployment/shop", *(["statefulset/shop-queue"] if queue else []))
        self.same()

    def same(self) -> None:
        """Compares what is in the namespace, and what helm keeps of its releases."""
        found = self.twin.objects(*KINDS[2:])
        assert found
        told = [self._kept(side) for side in (self.twin.real, self.twin.simulated)]
        self.twin.compare("ConfigMaps, Secrets and releases", *told)

    def _kept(self, side: Side) -> list[str]:
        things = [
            plain.thing(_opened(item), side.names) for item in side.reader.list("configmaps,secrets", side.namespace)
        ]
        return sorted(line for item in things for line in json.dumps(item, sort_keys=True, indent=1).splitlines())


def _opened(item: Any) -> Any:
    """A Secret of a release with what is in it, less the times."""
    if item.get("type") != RELEASES:
        return item
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(item["data"]["release"]))))
    labels = {key: value for key, value in item["metadata"]["labels"].items() if key not in ("modifiedAt", "createdAt")}
    return {**item, "metadata": {**item["metadata"], "labels": labels}, "data": _timeless(release)}


def _timeless(value: Any) -> Any:
    times = ("first_deployed", "last_deployed", "deleted", "started_at", "completed_at", "modtime")
    match value:
        case dict():
            return {key: _timeless(inner) for key, inner in value.items() if key not in times}
        case list():
            return [_timeless(inner) for inner in value]
    return value


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest, twin: Twin, tmp_path: Path) -> Helm:
    return Helm(twin, request.param, Path(shutil.copytree(CHART, tmp_path / "shop")))


def test_a_release_from_its_beginning_to_its_end(helm: Helm) -> None:
    helm("install", "shop", "./shop", "--description", "the first one")
    helm.settled()
    # Resources are told of in any order.
    helm("status", "shop", unordered=True)
    for command in ("history", "get values", "get manifest", "get notes", "get hooks", "get metadata"):
        helm(*command.split(), "shop")
    helm("list")
    helm("list", "-o", "json")
    helm("upgrade", "shop", "./shop", "--set", "tag=2")
    helm.settled()
    helm("upgrade", "shop", "./shop", "--reuse-values")
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "tag=2,mode=slow,queue=false")
    helm.settled(queue=False)
    helm("history", "shop")
    helm.twin.kubectl("rollout", "history", "deployment/shop")
    helm("rollback", "shop", "1")
    helm.settled()
    helm("history", "shop", "-o", "yaml")
    helm.twin.kubectl("rollout", "history", "deployment/shop")
    helm("get", "values", "shop", "--revision", "4", "-o", "yaml")
    helm("uninstall", "shop", "--keep-history")
    # helm 4 shows all of them without being asked to.
    helm("list", *(["--all"] if helm.major == 3 else []))
    helm("uninstall", "shop")
    helm("status", "shop", code=1)
    helm.twin.until("deployments,statefulsets,pods", lambda found: not found)


def test_waiting_for_what_gets_ready_and_for_what_does_not(helm: Helm) -> None:
    helm("install", "shop", "./shop", "--wait", READY)
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "tag=2", "--wait", READY)
    helm.settled()
    nowhere = ("--set", "tag=3,nodeSelector.no=where")
    helm("upgrade", "shop", "./shop", *nowhere, "--wait", NEVER, code=1)
    helm("history", "shop")
    helm("rollback", "shop", "2", "--wait", READY)
    helm.settled()
    undo = "--atomic" if helm.major == 3 else "--rollback-on-failure"
    helm("upgrade", "shop", "./shop", *nowhere, undo, NEVER, code=1)
    helm("history", "shop")
    helm.settled()
    helm("uninstall", "shop", "--wait", READY)
    helm.twin.until("deployments,statefulsets,pods", lambda found: not found)


def test_what_only_looks_changes_nothing(helm: Helm) -> None:
    helm("install", "shop", "./shop", "--dry-run=server")
    helm("install", "shop", "./shop", "--dry-run=client")
    helm("template", "shop", "./shop", "--validate")
    helm("lint", "./shop")
    helm("list")
    helm("history", "shop", code=1)
    helm("upgrade", "shop", "./shop", code=1)
    helm("upgrade", "--install", "shop", "./shop")
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "tag=2", "--dry-run=server")
    helm("install", "shop", "./shop", code=1)
    helm.settled()


def test_hooks_run_to_their_end(helm: Helm) -> None:
    helm("install", "shop", "./shop", "--set", "hooks=true", READY)
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "hooks=true,tag=2", READY)
    helm.settled()
    helm("get", "hooks", "shop")
    helm("uninstall", "shop")


def test_a_template_that_kubectl_applies(helm: Helm) -> None:
    for tag in ("1", "1", "2"):
        said = helm("template", "shop", "./shop", "--set", f"tag={tag}")
        helm.twin.kubectl("apply", "-f", "-", given=said.stdout)
        helm.settled()
    said = helm("template", "shop", "./shop", "--set", "tag=3")
    helm.twin.kubectl("apply", "--server-side", "-f", "-", given=said.stdout)
    helm.settled()


def test_what_others_have_changed(helm: Helm) -> None:
    helm("install", "shop", "./shop")
    helm.settled()
    helm.twin.kubectl("set", "image", "deployment/shop", "web=registry.example/web:other")
    helm.settled()
    helm.twin.kubectl("scale", "deployment/shop", "--replicas=3")
    helm.settled()
    # helm 4 applies on the server, where the field is the other's; helm 3 merges, and takes what it has not changed.
    helm("upgrade", "shop", "./shop", "--set", "mode=slow", code=int(helm.major == 4))
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "tag=2", *(["--force-conflicts"] if helm.major == 4 else []))
    helm.settled()


def test_an_autoscaler_has_the_replicas(helm: Helm) -> None:
    helm("install", "shop", "./shop", "--set", "autoscaled=true")
    helm.settled()
    helm.twin.kubectl("scale", "deployment/shop", "--replicas=3")
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "autoscaled=true,tag=2")
    helm.settled()


def test_what_is_not_its_own_is_not_taken(helm: Helm) -> None:
    helm.twin.kubectl("create", "serviceaccount", "shop")
    helm("install", "shop", "./shop", code=1)
    helm("install", "shop", "./shop", "--take-ownership")
    helm.settled()


def test_a_chart_that_brings_a_kind_of_its_own(helm: Helm) -> None:
    group = f"{helm.twin.real.namespace}.example"
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    (helm.chart / "crds").mkdir()
    (helm.chart / "crds" / "widgets.yaml").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": f"widgets.{group}"},
                "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
            }
        )
    )
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {}}
    (helm.chart / "templates" / "widget.yaml").write_text(yaml.safe_dump(widget))
    helm("install", "shop", "./shop")
    helm.settled()
    # The short name may be that of another test's.
    helm.twin.kubectl("get", f"widgets.{group}", "-o", "name")
    helm("upgrade", "shop", "./shop", "--set", "tag=2")
    helm.settled()
    helm("uninstall", "shop")
    helm.twin.kubectl("get", f"widgets.{group}")
    helm.twin.kubectl("delete", "crd", f"widgets.{group}")


@pytest.mark.parametrize("way", ["true", "false"])
def test_helm_4_on_the_server_and_not(twin: Twin, tmp_path: Path, way: str) -> None:
    helm = Helm(twin, 4, Path(shutil.copytree(CHART, tmp_path / "shop")))
    helm("install", "shop", "./shop", f"--server-side={way}")
    helm.settled()
    helm("upgrade", "shop", "./shop", f"--server-side={way}", "--set", "tag=2")
    helm.settled()
    helm("upgrade", "shop", "./shop", "--server-side=auto", "--set", "tag=3")
    helm.settled()
    helm("rollback", "shop")
    helm.settled()


def test_helm_4_goes_on_with_what_helm_3_began(twin: Twin, tmp_path: Path) -> None:
    chart = Path(shutil.copytree(CHART, tmp_path / "shop"))
    Helm(twin, 3, chart)("install", "shop", "./shop")
    helm = Helm(twin, 4, chart)
    helm.settled()
    helm("upgrade", "shop", "./shop", "--set", "tag=2")
    helm.settled()
    helm("history", "shop")
