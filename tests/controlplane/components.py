"""The command line of every process of the control plane."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.controlplane.description import ControlPlane

# etcd names its sockets like hosts with ports and makes them in its working directory: no port that a stranger could
# find, and no path that could be too long.
_CLIENTS, _PEERS = "unix://etcd:1", "unix://etcd:2"

STORE = "etcd"
API_SERVER = "kube-apiserver"
# These give up when no API server answers for long, so they start after it.
CLIENTS = ("kube-controller-manager", "kube-scheduler", "kwok")
NAMES = (STORE, API_SERVER, *CLIENTS)


def commands(plane: ControlPlane) -> Mapping[str, list[str]]:
    """Arguments by component; all run in the data folder. `plane` is one that was built here."""
    data = plane.data
    if data is None:
        raise ValueError("a control plane without a data folder has no components")
    keys = data / "keys"

    def kubeconfig(user: str) -> str:
        return f"--kubeconfig={plane.kubeconfigs[user]}"

    flags = {
        STORE: [
            "--data-dir=etcd",
            f"--listen-client-urls={_CLIENTS}",
            f"--advertise-client-urls={_CLIENTS}",
            f"--listen-peer-urls={_PEERS}",
            f"--initial-advertise-peer-urls={_PEERS}",
            f"--initial-cluster=default={_PEERS}",
            "--unsafe-no-fsync",
            "--logger=zap",
            "--log-level=warn",
        ],
        API_SERVER: [
            f"--etcd-servers={_CLIENTS}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={urlsplit(plane.server).port}",
            # The supervisor keeps the port reserved for us with a socket of its own.
            "--permit-port-sharing",
            f"--tls-cert-file={keys / 'server.crt'}",
            f"--tls-private-key-file={keys / 'server.key'}",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--token-auth-file={data / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-account-key-file={keys / 'service-account.key'}",
            f"--service-account-signing-key-file={keys / 'service-account.key'}",
            f"--service-account-issuer={plane.server}",
            "--service-cluster-ip-range=10.96.0.0/16",
            # Nobody should be sent to the address of this machine's network card.
            "--endpoint-reconciler-type=none",
            # ServiceAccount: pods are admitted before their namespace has its account.
            # TaintNodesByCondition: nobody would take its taint away, as there is no node-lifecycle-controller.
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            f"--audit-policy-file={data / 'audit-policy.yaml'}",
            f"--audit-log-path={plane.audit_log}",
            # An answer leaves only when its entry is written, and one file holds the whole run.
            "--audit-log-mode=blocking",
            "--audit-log-maxsize=0",
            "--profiling=false",
        ],
        "kube-controller-manager": [
            kubeconfig("system:kube-controller-manager"),
            # The fake nodes send no heartbeats, so that a machine that stalls for a minute loses no pods.
            "--controllers=*,-node-lifecycle-controller",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--leader-elect=false",
            "--secure-port=0",
            "--profiling=false",
        ],
        "kube-scheduler": [
            kubeconfig("system:kube-scheduler"),
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--leader-elect=false",
            "--secure-port=0",
        ],
        "kwok": [
            kubeconfig("kwok"),
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=0",
            "--node-ip=127.0.0.1",
            f"--config={data / 'stages.yaml'}",
        ],
    }
    return {name: [str(plane.binaries / name), *flags[name]] for name in NAMES}
