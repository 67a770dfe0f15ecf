"""Nodes as their kubelets register them."""

from __future__ import annotations

from rollonce.sim.store import Object

VERSION = "v1.36.2"
_ROOM = {"cpu": "32", "memory": "256Gi", "pods": "1k", "ephemeral-storage": "1Ti"}
# Condition, whether it is so, reason, message (pkg/kubelet/nodestatus/setters.go).
_CONDITIONS = (
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


def registered(name: str, number: int, stamp: str) -> Object:
    """A node that is ready; `number` makes its address, `stamp` is since when."""
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    info = {
        "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "containerd://2.0.0", "kernelVersion": "",
        "kubeProxyVersion": "", "kubeletVersion": VERSION, "machineID": "", "operatingSystem": "linux", "osImage": "",
        "systemUUID": "",
    }  # fmt: skip
    conditions = [
        {
            "type": kind, "status": truth, "reason": reason, "message": message, "lastHeartbeatTime": stamp,
            "lastTransitionTime": stamp,
        }
        for kind, truth, reason, message in _CONDITIONS
    ]  # fmt: skip
    address = f"10.255.{number // 250 % 250}.{number % 250 + 1}"
    addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"labels": labels},
        "spec": {},
        "status": {
            "addresses": addresses, "allocatable": _ROOM, "capacity": _ROOM, "conditions": conditions,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": info,
        },
    }  # fmt: skip
