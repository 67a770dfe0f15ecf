"""The process: what it prints, where it listens, how it ends; what clients may do to it."""

from __future__ import annotations

import json
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.sandbox import PATIENCE, Sandbox, running

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
JSON = {"Content-Type": "application/json"}


def _ask(
    connection: HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    connection.request(method, path, body, JSON | {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def _deployment(name: str = "web") -> bytes:
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
    }
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    thing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
    return json.dumps(thing).encode()


def _alive(sandbox: Sandbox) -> bool:
    connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    try:
        return _ask(connection, "GET", f"{sandbox.prefix}/version")[0] == 200
    finally:
        connection.close()


def test_its_kubeconfig_is_for_its_owner_alone(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(sandbox.kubeconfig.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_removes_the_kubeconfig(number: signal.Signals) -> None:
    with running() as sandbox:
        folder = sandbox.kubeconfig.parent
        assert sandbox.end(number) == 0
        assert not folder.exists()
        assert "Traceback" not in sandbox.errors()


def test_open_watches_do_not_delay_its_end(sandbox: Sandbox) -> None:
    watcher = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    watcher.request("GET", f"{sandbox.prefix}{DEPLOYMENTS}?watch=true")
    answer = watcher.getresponse()
    started = time.monotonic()
    assert sandbox.end() == 0
    assert time.monotonic() - started < 2
    # The body ends as it should: a cut chunk would raise IncompleteRead.
    assert answer.read() == b""
    watcher.close()


def test_a_port_that_is_taken_is_an_error_that_says_so() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "rollonce", "sandbox", "--port", port], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"error: port-taken\n  sandbox\n  port {port} of 127.0.0.1 cannot be listened on" in ended.stderr


def test_only_who_knows_the_prefix_is_answered(sandbox: Sandbox, connection: HTTPConnection) -> None:
    for path in ("/version", "/", f"{sandbox.prefix}x/version", "/api"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b"404 page not found\n"), path


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = {row[1] for row in listening if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == sandbox.port}
    assert places == {f"0100007F:{sandbox.port:04X}"}


def test_a_watch_gets_events_as_they_fall_due() -> None:
    """Of a rollout that takes virtual seconds, at sixty times the speed."""
    with running(["--speed", "60"]) as sandbox:
        watcher = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
        watcher.request("GET", f"{sandbox.prefix}{DEPLOYMENTS}?watch=true")
        answer = watcher.getresponse()
        writer = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
        assert _ask(writer, "POST", f"{sandbox.prefix}{DEPLOYMENTS}", _deployment())[0] == 201
        available = 0
        while available < 2:
            event = json.loads(answer.readline())
            available = event["object"].get("status", {}).get("availableReplicas", 0)
        watcher.close()
        writer.close()


def test_a_thousand_watches_each_get_the_event(sandbox: Sandbox) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    watchers = []
    seen = "watch=true&fieldSelector=metadata.name%3Dseen"
    for _ in range(1000):
        watcher = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
        watcher.request("GET", f"{sandbox.prefix}/api/v1/namespaces/default/configmaps?{seen}")
        watchers.append((watcher, watcher.getresponse()))
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seen"}}
    writer = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    code, _ = _ask(writer, "POST", f"{sandbox.prefix}/api/v1/namespaces/default/configmaps", json.dumps(thing).encode())
    assert code == 201
    for _, answer in watchers:
        assert json.loads(answer.readline())["object"]["metadata"]["name"] == "seen"
    for watcher, answer in watchers:
        answer.close()
        watcher.close()
    writer.close()
    assert _alive(sandbox)


def test_exec_and_port_forward_are_refused_at_once(sandbox: Sandbox, connection: HTTPConnection) -> None:
    for path, protocol in (("exec?command=ls", "websocket"), ("portforward?ports=80", "SPDY/3.1")):
        asked = f"{sandbox.prefix}/api/v1/namespaces/default/pods/web/{path}"
        code, status = _ask(connection, "POST", asked, Connection="Upgrade", Upgrade=protocol)
        assert (code, status["reason"]) == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [
        (b'{"apiVersion": "apps/v1", "kind": "Dep', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (_deployment(), "text/csv", 415),
        (b"[" * 1_000_000, "application/json", 400),
        (b" " * 10 * 1024 * 1024, "application/json", 413),
    ],
    ids=["truncated", "list", "no-utf8", "media-type", "deep", "long"],
)
def test_a_body_that_is_none_is_refused(
    sandbox: Sandbox, connection: HTTPConnection, body: bytes, media: str, code: int
) -> None:
    answered, status = _ask(connection, "POST", f"{sandbox.prefix}{DEPLOYMENTS}", body, Content_Type=media)
    assert (answered, status["kind"], status["code"]) == (code, "Status", code)
    assert _alive(sandbox)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00\x01\x02\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET %s?watch=true HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET %s?labelSelector=%%ff%%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET %s?" + b"a=1&" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_a_client_that_talks_nonsense_and_vanishes_leaves_nothing_behind(sandbox: Sandbox, said: bytes) -> None:
    path = f"{sandbox.prefix}{DEPLOYMENTS}".encode()
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE) as client:
        client.sendall(said.replace(b"%s", path).replace(b"%%", b"%"))
        # It goes without reading, with a reset.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert _alive(sandbox)
    assert "Traceback" not in sandbox.errors()


def test_requests_from_many_threads_are_answered_one_by_one(sandbox: Sandbox) -> None:
    codes: list[int] = []

    def create(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
        for part in range(10):
            body = _deployment(f"web-{number}-{part}")
            codes.append(_ask(connection, "POST", f"{sandbox.prefix}{DEPLOYMENTS}", body)[0])
        connection.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [201] * 160
