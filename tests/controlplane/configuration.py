"""Writes everything that the processes read into the data folder: keys, tokens, kubeconfigs, policies."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.controlplane import users
from tests.controlplane.description import ControlPlane

HERE = Path(__file__).parent
CERTIFIED = "certified"


def write(data: Path, binaries: Path, port: int) -> ControlPlane:
    """Fills `data` for an API server that will listen on `port` of 127.0.0.1."""
    keys = data / "keys"
    keys.mkdir()
    subprocess.run([binaries / "pki", keys], check=True, stdin=subprocess.DEVNULL)
    for name in ("audit-policy.yaml", "stages.yaml"):
        shutil.copyfile(HERE / name, data / name)
    (data / "logs").mkdir()

    server = f"https://127.0.0.1:{port}"
    tokens = {user.name: secrets.token_hex(16) for user in users.ALL}
    lines = [f'{tokens[user.name]},{user.name},{user.name},"{",".join(user.groups)}"' for user in users.ALL]
    private(data / "tokens.csv", "\n".join(lines) + "\n")

    kubeconfigs = {}
    (data / "kubeconfigs").mkdir()
    authority = keys / "ca.crt"
    for user in users.ALL:
        kubeconfigs[user.name] = kubeconfig(data, server, user.name, {"token": tokens[user.name]})
    certificate = {"client-certificate": str(keys / "client.crt"), "client-key": str(keys / "client.key")}
    kubeconfigs[CERTIFIED] = kubeconfig(data, server, CERTIFIED, certificate)
    return ControlPlane(
        server=server,
        kubeconfigs=kubeconfigs,
        binaries=binaries,
        data=data,
        audit_log=data / "audit.log",
        control=data / "control",
        tokens=tokens,
        authority=authority,
    )


def kubeconfig(data: Path, server: str, user: str, login: dict[str, str]) -> Path:
    """Writes the kubeconfig of one user, readable by its owner only, as kubectl and helm ask for."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "rollonce-test",
                "cluster": {"server": server, "certificate-authority": str(data / "keys" / "ca.crt")},
            }
        ],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": user, "context": {"cluster": "rollonce-test", "user": user}}],
        "current-context": user,
    }
    # A file system may forbid the colon of `system:kube-scheduler`.
    return private(data / "kubeconfigs" / f"{user.replace(':', '-')}.yaml", yaml.safe_dump(content, sort_keys=False))


def private(file: Path, text: str) -> Path:
    """Writes a file of mode 0600."""
    file.touch(mode=0o600)
    file.write_text(text)
    return file
