"""Access from inside a pod: the files of its service account.

Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

from rollonce.cluster.access import Access, File, TokenFile

SERVICE_ACCOUNT = PurePath("/var/run/secrets/kubernetes.io/serviceaccount")


def load(environment: Mapping[str, str], service_account: PurePath) -> Access | None:
    """None where this is not a pod, or one without a service account token."""
    host, port = (
        environment.get("KUBERNETES_SERVICE_HOST", ""),
        environment.get("KUBERNETES_SERVICE_PORT", ""),
    )
    token = service_account / "token"
    if not host or not port or not Path(token).is_file():
        return None
    ca = service_account / "ca.crt"
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=environment.get("POD_NAMESPACE", "") or _namespace(service_account),
        ca=File(ca) if Path(ca).is_file() else None,
        bearer=TokenFile(token),
        origin="the pod's service account",
    )


def _namespace(service_account: PurePath) -> str:
    try:
        return Path(service_account / "namespace").read_text().strip() or "default"
    except OSError:
        return "default"
