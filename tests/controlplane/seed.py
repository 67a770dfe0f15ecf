"""What is in the cluster before the first test: fake nodes, and the roles of our users."""

from __future__ import annotations

from typing import Any

from tests.controlplane import api, users
from tests.controlplane.description import ControlPlane
from tests.controlplane.waiting import until

NODES = ("node-1", "node-2", "node-3")
_CAPACITY = {"cpu": "32", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}


def plant(plane: ControlPlane) -> None:
    """Creates roles and nodes and waits until the nodes are ready and the controllers act.

    Raises api.Refused or TimeoutError.
    """
    for path, body in users.roles(users.ALL):
        api.request(plane, "POST", path, body)
    for name in NODES:
        api.request(plane, "POST", "/api/v1/nodes", node(name))
    until(lambda: all_nodes_ready(plane), "the fake nodes become ready")
    # The default account is the controller manager's first visible act in a namespace.
    until(lambda: accounts(plane), "the controller manager acts")


def node(name: str) -> dict[str, Any]:
    """A node that kwok will play; zones differ so that spreading can be tested."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": f"zone-{name.rpartition('-')[2]}",
                "type": "kwok",
            },
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "status": {"capacity": _CAPACITY, "allocatable": _CAPACITY, "nodeInfo": _NODE_INFO},
    }


_NODE_INFO = {
    "architecture": "amd64",
    "bootID": "",
    "containerRuntimeVersion": "containerd://2.0.0",
    "kernelVersion": "",
    "kubeProxyVersion": "",
    "kubeletVersion": "v1.36.2",
    "machineID": "",
    "operatingSystem": "linux",
    "osImage": "fake",
    "systemUUID": "",
}


def all_nodes_ready(plane: ControlPlane) -> bool:
    """True once every node's Ready condition is."""
    found = api.get(plane, "/api/v1/nodes")["items"]
    conditions = [condition for item in found for condition in item["status"].get("conditions", [])]
    ready = [condition for condition in conditions if condition["type"] == "Ready" and condition["status"] == "True"]
    return len(ready) == len(NODES)


def accounts(plane: ControlPlane) -> bool:
    """True once the namespace `default` has a service account."""
    return bool(api.get(plane, "/api/v1/namespaces/default/serviceaccounts")["items"])
