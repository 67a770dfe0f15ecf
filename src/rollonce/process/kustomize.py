"""Kustomize, as the kubectl that is there has it."""

from __future__ import annotations

import subprocess

from rollonce.errors import UnreadableManifest

KUBECTL = "kubectl"
_SHOWN = 500


def build(folder: str) -> bytes:
    """The manifests that kustomize makes of a folder, as YAML. Raises UnreadableManifest."""
    act = f"build {folder} with {KUBECTL} kustomize"
    try:
        done = subprocess.run(  # noqa: S603 - the folder is one argument, and no shell reads it
            [KUBECTL, "kustomize", "--", folder],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        hint = "install kubectl, or build the folder elsewhere and give the result: kustomize build DIR | ... -f -"
        raise UnreadableManifest(f"{KUBECTL} is not there, and kustomize is a part of it", act=act, hint=hint) from None
    except OSError as fault:
        raise UnreadableManifest(f"{KUBECTL} cannot be run: {fault.strerror}", act=act) from None
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()[-_SHOWN:] or f"exit code {done.returncode}"
        raise UnreadableManifest(f"kustomize does not build it: {words}", act=act, hint="repair the folder")
    return done.stdout
