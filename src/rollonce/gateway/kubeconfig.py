"""The kubeconfig that leads clients to a gateway."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written(url: str, *, name: str, namespace: str = "default") -> Iterator[Path]:
    """A kubeconfig of mode 0600 with one context of that name, in a folder of its own; both are removed at the end.

    There are no credentials in it: the URL's prefix is the secret (kubectl sends no token over plain HTTP).
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "current-context": name,
    }
    with tempfile.TemporaryDirectory(prefix="rollonce-") as folder:
        file = Path(folder) / "kubeconfig.yaml"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            # JSON is YAML.
            out.write(json.dumps(config, indent=2) + "\n")
        yield file
