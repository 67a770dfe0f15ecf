"""Where the examples of the documentation run."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.controlplane import manifests
from tests.controlplane.description import ControlPlane, NeedsBuiltControlPlane
from tests.controlplane.kubectl import Kubectl
from tests.docs.examples import Place
from tests.docs.pages import ROOT
from tests.docs.scenes import SCENES, folder

# Nothing of the caller's: a CI's variables would be taken for the deploy.
_BARE = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "80"}


class _NoApi(BaseHTTPRequestHandler):
    """`/page` is a web page for every path below it, `/elsewhere` redirects."""

    def do_GET(self) -> None:
        if self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", "https://login.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"<html>log in</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: it would stand between the tests' lines."""


@pytest.fixture
def no_api() -> Iterator[str]:
    """Address of a server that is not a Kubernetes API server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoApi)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def _kubeconfig(server: str, user: dict[str, object] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "main",
            "contexts": [{"name": "main", "context": {"cluster": "main", "user": "main"}}],
            "clusters": [{"name": "main", "cluster": {"server": server}}],
            "users": [{"name": "main", "user": user or {"token": "t"}}],
        }
    )


@pytest.fixture
def nowhere(tmp_path: Path, no_api: str) -> Place:
    """No cluster; kubeconfig files that lead to none, the fleet file of the story, and one with faults."""
    # The dumps that the examples read stand where a checkout has them.
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    plugin = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "cloud-login",
            "interactiveMode": "Never",
        }
    }
    for name, content in {
        "nobody-there": _kubeconfig("https://127.0.0.1:9"),
        "web-page": _kubeconfig(f"{no_api}/page"),
        "redirect": _kubeconfig(f"{no_api}/elsewhere"),
        "plugin": _kubeconfig(no_api, dict(plugin)),
    }.items():
        (tmp_path / f"{name}.yaml").write_text(content)
    story = (ROOT / "examples/story/rollonce.yaml").read_text()
    shutil.copytree(ROOT / "examples/story/k8s", tmp_path / "k8s")
    (tmp_path / "rollonce.yaml").write_text(story)
    (tmp_path / "misspelt.yaml").write_text(
        story.replace("sidecars", "sidecar").replace("  timeout: 30m", "  timout: 30m")
    )
    return Place(tmp_path, _BARE | {"HOME": str(tmp_path)}, within=True)


@pytest.fixture
def scene(
    control_plane: ControlPlane, namespace: str, kubectl: Kubectl, tmp_path: Path, request: pytest.FixtureRequest
) -> Place:
    """The scene that the test is parametrized with, rolled out, and kubeconfig files for other users."""
    if control_plane.data is None:
        # The examples' images exist in no registry: only fake nodes run them.
        raise NeedsBuiltControlPlane("fake nodes")
    objects = SCENES[request.param](namespace)
    kubectl("apply", "-f", "-", input=manifests.as_list(*objects))
    for item in objects:
        if item["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            kubectl("rollout", "status", f"{item['kind'].lower()}/{item['metadata']['name']}")
    for user in ("reader", "lister", "nobody"):
        (tmp_path / f"{user}.yaml").write_text(control_plane.kubeconfig(user).read_text())
    (tmp_path / "expired.yaml").write_text(_altered(control_plane, user={"token": "expired"}))
    (tmp_path / "untrusted.yaml").write_text(_altered(control_plane, cluster={"server": control_plane.server}))
    (tmp_path / "typo.yaml").write_text("spec:\n  containerz: []\n")
    (tmp_path / "k8s").mkdir()
    for name, thing in folder().items():
        (tmp_path / "k8s" / name).write_text(json.dumps(thing))
    environment = _BARE | {"HOME": str(tmp_path), "KUBECONFIG": str(control_plane.kubeconfig("admin"))}
    return Place(tmp_path, environment, namespace, str(control_plane.kubectl))


def _altered(plane: ControlPlane, **parts: dict[str, str]) -> str:
    content = yaml.safe_load(plane.kubeconfig("admin").read_text())
    for part, value in parts.items():
        content[f"{part}s"][0][part] = value
    return str(yaml.safe_dump(content))
