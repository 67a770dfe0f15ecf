"""Credentials that change: token files and exec plugins, with real scripts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from rollonce.cluster import execplugin, login
from rollonce.cluster.access import Access, Bearer, ClientCertificate, ExecPlugin, Inline, Interactive, TokenFile
from rollonce.cluster.login import Login
from rollonce.errors import LoginFailed
from tests.cluster.conftest import FakeClock

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


def script(tmp_path: Path, body: str) -> str:
    """A plugin in Python; it counts its runs in the file `runs`."""
    path = tmp_path / "login"
    count = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')"
    path.write_text(f"#!{sys.executable} -S\nimport json, os, sys\n{count}\n{body}\n")
    path.chmod(0o755)
    return str(path)


def credential(version: str = V1, **status: str) -> str:
    return f"print({json.dumps({'apiVersion': version, 'kind': 'ExecCredential', 'status': status})!r})"


def runs(tmp_path: Path) -> int:
    return len((tmp_path / "runs").read_text())


def plugin(command: str, version: str = V1, **options: object) -> ExecPlugin:
    return ExecPlugin(command, version, interactive=Interactive.NEVER, **options)  # type: ignore[arg-type]


def begun(bearer: Bearer, clock: FakeClock) -> Login:
    access = Access("https://a", bearer=bearer)
    return login.begin(access, clock=clock, environment=os.environ, wall=lambda: NOON + clock.time - 100)


@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_a_plugin_gives_a_token(tmp_path: Path, clock: FakeClock, version: str) -> None:
    source = begun(plugin(script(tmp_path, credential(version, token="t1")), version), clock)
    assert source.current().authorization == "Bearer t1"
    assert source.current().authorization == "Bearer t1"
    assert runs(tmp_path) == 1


def test_a_plugin_is_told_what_it_serves(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    body = f"json.dump([sys.argv[1:], dict(os.environ)], open({str(seen)!r}, 'w'))\n" + credential(token="t")
    described = plugin(
        script(tmp_path, body), args=("a", "b"), env=(("HOW", "so"),), cluster_info=b'{"server":"https://a"}'
    )
    execplugin.run(described, {"PATH": os.environ["PATH"], "HOW": "not"})
    arguments, environment = json.loads(seen.read_text())
    assert arguments == ["a", "b"]
    assert environment["HOW"] == "so"
    assert json.loads(environment["KUBERNETES_EXEC_INFO"]) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://a"}},
    }


def test_a_plugin_gives_a_certificate(tmp_path: Path, clock: FakeClock) -> None:
    pair = credential(clientCertificateData="cert", clientKeyData="key")
    badge = begun(plugin(script(tmp_path, pair)), clock).current()
    assert badge.authorization == ""
    assert badge.certificate == ClientCertificate(Inline(b"cert"), Inline(b"key"))


def test_it_runs_again_shortly_before_the_expiry(tmp_path: Path, clock: FakeClock) -> None:
    body = credential(token="t", expirationTimestamp="2026-01-01T12:10:00Z")
    source = begun(plugin(script(tmp_path, body)), clock)
    for moment, expected in ((0, 1), (569, 1), (571, 2)):
        clock.time = 100.0 + moment
        source.current()
        assert runs(tmp_path) == expected, moment


def test_it_runs_again_once_after_a_rejection(tmp_path: Path, clock: FakeClock) -> None:
    body = f"n = len(open({str(tmp_path / 'runs')!r}).read())\n"
    body += f"print(json.dumps({{'apiVersion': '{V1}', 'kind': 'ExecCredential', 'status': {{'token': f't{{n}}'}}}}))"
    source = begun(plugin(script(tmp_path, body)), clock)
    first = source.current()
    second = source.renew(first)
    assert second is not None
    assert second.authorization == "Bearer t2"
    assert source.renew(first) == second, "another thread whose older badge was rejected takes the new one"
    assert source.renew(second) is None, "what helped nobody is not run again by each thread"
    assert runs(tmp_path) == 2


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ("print('{')", "printed no ExecCredential (2 bytes"),
        ("print('{\"token\": \"s3cret\"}')", "printed no ExecCredential"),
        (credential(V1BETA1, token="s3cret"), "answered in another version than"),
        (credential(), "neither a token nor a certificate"),
        (credential(clientCertificateData="c"), "a certificate without its key"),
        (credential(token="s3cret\\nX: y".replace("\\n", "\n")), "characters that no token has"),
        ("print('s3cret'); sys.stderr.write('1\\n2\\n3\\n4\\n5\\nno\\x1b session\\n'); sys.exit(3)",
         "ended with exit code 3: 2 | 3 | 4 | 5 | no session"),
        ("sys.stderr.write('got eyJs3cret.s3cret.s3cret\\n-----BEGIN PRIVATE KEY-----\\ns3cret\\n'); sys.exit(1)",
         "ended with exit code 1: got [hidden] | [hidden]"),
    ],
)  # fmt: skip
def test_a_failing_plugin_is_explained_without_secrets(tmp_path: Path, clock: FakeClock, body: str, fact: str) -> None:
    with pytest.raises(LoginFailed) as caught:
        begun(plugin(script(tmp_path, body)), clock).current()
    assert fact in caught.value.fact
    assert "s3cret" not in caught.value.fact
    assert caught.value.__cause__ is None


def test_a_missing_plugin_shows_its_install_hint(tmp_path: Path) -> None:
    with pytest.raises(LoginFailed, match="is not installed") as caught:
        execplugin.run(plugin(str(tmp_path / "gone"), install_hint="brew install it"), {})
    assert caught.value.hint == "brew install it"


def test_a_plugin_that_must_ask_needs_a_terminal() -> None:
    asking = ExecPlugin("true", V1, interactive=Interactive.ALWAYS)
    with pytest.raises(LoginFailed, match="there is no terminal"):
        execplugin.run(asking, {})


def test_a_token_file_is_read_again_after_a_minute_and_after_a_rejection(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "token"
    path.write_text("t1\n")
    source = begun(TokenFile(path), clock)
    first = source.current()
    path.write_text("t2")
    assert source.current() == first
    clock.time += 61
    second = source.current()
    assert second.authorization == "Bearer t2"
    assert source.renew(second) is None
    path.write_text("t3")
    third = source.renew(second)
    assert third is not None
    assert third.authorization == "Bearer t3"
    path.unlink()
    clock.time += 61
    assert source.current() == third, "gone for the moment of its rotation"


def test_a_token_file_that_cannot_be_read(tmp_path: Path, clock: FakeClock) -> None:
    gone = tmp_path / "token"
    assert begun(TokenFile(gone, fallback="t"), clock).current().authorization == "Bearer t"
    with pytest.raises(LoginFailed, match="No such file"):
        begun(TokenFile(gone), clock).current()
    gone.touch()
    with pytest.raises(LoginFailed, match="it is empty"):
        begun(TokenFile(gone), clock).current()
