"""What a sandbox begins with."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import yaml

from tests.gateway.sandbox import PATIENCE, Sandbox, running

WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
        },
    },
}


def _read(sandbox: Sandbox, path: str) -> Any:
    connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    connection.request("GET", sandbox.prefix + path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_manifests_are_rolled_out_before_the_first_request_is_answered(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(WEB))
    with running(["--from", str(tmp_path)]) as sandbox:
        web = _read(sandbox, "/apis/apps/v1/namespaces/shop/deployments/web")
    assert web["status"]["availableReplicas"] == 2


def test_a_dump_of_a_sandbox_begins_another_that_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(WEB))
    paths = ["/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/api/v1/pods"]
    with running(["--from", str(tmp_path / "web.yaml")]) as sandbox:
        lists = [_read(sandbox, path) for path in paths]
    items = [
        {"apiVersion": each["apiVersion"], "kind": each["kind"].removesuffix("List"), **item}
        for each in lists
        for item in each["items"]
    ]
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    with running(["--from", str(dump)]) as sandbox:
        again = [_read(sandbox, path) for path in paths]

    def known(lists: list[Any]) -> list[Any]:
        return [(i["metadata"]["name"], i["metadata"]["uid"], i["spec"]) for each in lists for i in each["items"]]

    assert known(again) == known(lists)


def test_a_manifest_that_is_refused_ends_the_command_in_the_words_of_the_server(tmp_path: Path) -> None:
    broken = json.loads(json.dumps(WEB))
    broken["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(broken))
    ended = subprocess.run(
        [sys.executable, "-m", "rollonce", "sandbox", "--from", "web.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "error: refused-manifest" in ended.stderr
    assert "`selector` does not match template `labels`" in ended.stderr


def test_nothing_in_it_is_made_in_the_future(tmp_path: Path) -> None:
    """So that clients can tell an age."""
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(WEB))
    with running(["--from", str(tmp_path)]) as sandbox:
        made = _read(sandbox, "/apis/apps/v1/namespaces/shop/deployments/web")["metadata"]["creationTimestamp"]
    assert made <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
