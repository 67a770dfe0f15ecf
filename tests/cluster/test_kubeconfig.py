"""kubectl's rules for finding a cluster, as tables."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from rollonce.cluster import kubeconfig
from rollonce.cluster.access import (
    Access,
    Anonymous,
    ClientCertificate,
    ExecPlugin,
    File,
    Inline,
    Interactive,
    Token,
    TokenFile,
)
from rollonce.errors import BadKubeconfig


def config(
    cluster: str = "server: https://a:6443", user: str = "token: t-a", context: str = "", name: str = "a"
) -> str:
    return f"""
current-context: {name}
clusters: [{{name: {name}, cluster: {{{cluster}}}}}]
users: [{{name: {name}, user: {{{user}}}}}]
contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}{context}}}}}]
"""


def load(
    tmp_path: Path,
    *texts: str,
    context: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Access:
    files = []
    for number, text in enumerate(texts):
        folder = tmp_path / f"{number}"
        folder.mkdir(exist_ok=True)
        (folder / "config").write_text(text)
        files.append(str(folder / "config"))
    return kubeconfig.load(
        {"KUBECONFIG": os.pathsep.join(files), **(environment or {})},
        kubeconfig=None,
        context=context,
        home=tmp_path / "home",
        service_account=tmp_path / "sa",
    )


def refusal(tmp_path: Path, *texts: str, context: str | None = None) -> BadKubeconfig:
    with pytest.raises(BadKubeconfig) as caught:
        load(tmp_path, *texts, context=context)
    return caught.value


def test_a_whole_entry_is_read(tmp_path: Path) -> None:
    access = load(tmp_path, config("server: 'https://a:6443/prefix/', tls-server-name: b", context=", namespace: n"))
    assert access.server == "https://a:6443/prefix"
    assert (access.namespace, access.tls_server_name, access.bearer) == ("n", "b", Token("t-a"))
    assert (access.context, access.origin) == ("a", str(tmp_path / "0" / "config"))


def test_the_option_wins_over_the_environment_and_that_over_home(tmp_path: Path, home: Path) -> None:
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_text(config(name="home"))
    given, listed = tmp_path / "given", tmp_path / "listed"
    given.write_text(config(name="given"))
    listed.write_text(config(name="listed"))

    def chosen(environment: dict[str, str], option: str | None) -> str:
        return kubeconfig.load(environment, kubeconfig=option, context=None, home=home).context

    assert chosen({"KUBECONFIG": str(listed)}, str(given)) == "given"
    assert chosen({"KUBECONFIG": str(listed)}, None) == "listed"
    assert chosen({"KUBECONFIG": ""}, None) == "home"


def test_the_first_file_wins_entry_by_entry(tmp_path: Path) -> None:
    """The second file's entry of the same name is left out whole, though its fields do not collide."""
    first = config("server: https://first", user="token: t")
    second = config("server: https://second, tls-server-name: x") + "preferences: {}"
    access = load(tmp_path, first, second)
    assert (access.server, access.tls_server_name) == ("https://first", "")


def test_files_complete_each_other(tmp_path: Path) -> None:
    one = "contexts: [{name: c, context: {cluster: k, user: u}}]"
    two = "clusters: [{name: k, cluster: {server: https://k, certificate-authority: ca.crt}}]\ncurrent-context: c"
    three = "users: [{name: u, user: {tokenFile: token}}]\ncurrent-context: other"
    access = load(tmp_path, one, two, three)
    assert access.ca == File(tmp_path / "1" / "ca.crt"), "relative to its own file"
    assert access.bearer == TokenFile(tmp_path / "2" / "token")


def test_missing_and_empty_files_of_a_list_are_skipped(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "there").write_text(config())
    listed = os.pathsep.join([str(tmp_path / "gone"), "", str(tmp_path / "empty"), str(tmp_path / "there")])
    assert kubeconfig.load({"KUBECONFIG": listed}, kubeconfig=None, context=None, home=home).context == "a"


def test_a_missing_file_that_was_named_is_an_error(home: Path) -> None:
    with pytest.raises(BadKubeconfig, match="/nowhere does not exist"):
        kubeconfig.load({}, kubeconfig="/nowhere", context=None, home=home)


def test_no_kubeconfig_at_all(home: Path) -> None:
    with pytest.raises(BadKubeconfig, match=r"no kubeconfig found: .*\.kube/config does not exist"):
        kubeconfig.load({}, kubeconfig=None, context=None, home=home, service_account=home)


POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def test_inside_a_pod_the_service_account_is_used(tmp_path: Path, home: Path) -> None:
    for name, text in (("token", "t"), ("ca.crt", "pem"), ("namespace", "agents\n")):
        (tmp_path / name).write_text(text)
    access = kubeconfig.load(POD, kubeconfig=None, context=None, home=home, service_account=tmp_path)
    assert (access.server, access.namespace) == ("https://10.0.0.1:443", "agents")
    assert (access.ca, access.bearer) == (File(tmp_path / "ca.crt"), TokenFile(tmp_path / "token"))
    six = {**POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}
    access = kubeconfig.load(six, kubeconfig=None, context=None, home=home, service_account=tmp_path)
    assert access.server == "https://[fd00::1]:443"


def test_a_kubeconfig_wins_over_the_pod(tmp_path: Path) -> None:
    (tmp_path / "sa").mkdir()
    (tmp_path / "sa" / "token").write_text("t")
    assert load(tmp_path, config(), environment=POD).server == "https://a:6443"


@pytest.mark.parametrize(
    ("user", "bearer"),
    [
        ("{}", Anonymous()),
        ("{token: t}", Token("t")),
        ("{token: 12345}", Token("12345")),
        ("{token: t, tokenFile: /f}", TokenFile(Path("/f"), fallback="t")),
        (
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a, 1],"
            " interactiveMode: Never, env: [{name: A, value: b}], installHint: get it}}",
            ExecPlugin(
                "BASE/bin/login",
                "client.authentication.k8s.io/v1",
                ("a", "1"),
                (("A", "b"),),
                Interactive.NEVER,
                "get it",
            ),
        ),
        (
            "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: login}}",
            ExecPlugin("login", "client.authentication.k8s.io/v1beta1"),
        ),
    ],
)
def test_users(tmp_path: Path, user: str, bearer: object) -> None:
    access = load(tmp_path, config(user=user[1:-1]))
    if isinstance(bearer, ExecPlugin) and bearer.command.startswith("BASE"):
        assert isinstance(access.bearer, ExecPlugin)
        assert access.bearer.command == str(tmp_path / "0" / "bin" / "login")
        assert access.bearer.args == bearer.args
        assert access.bearer.env == bearer.env
        assert access.bearer.interactive is bearer.interactive
        assert access.bearer.install_hint == bearer.install_hint
    else:
        assert access.bearer == bearer


def test_data_wins_over_files_and_a_certificate_goes_with_a_token(tmp_path: Path) -> None:
    data = base64.b64encode(b"pem").decode()
    user = f"token: t, client-certificate: c.crt, client-certificate-data: {data}, client-key: c.key"
    access = load(tmp_path, config(f"server: https://a, certificate-authority-data: {data}", user))
    assert access.ca == Inline(b"pem")
    assert access.certificate == ClientCertificate(Inline(b"pem"), File(tmp_path / "0" / "c.key"))
    assert access.bearer == Token("t")


def test_impersonation_becomes_headers(tmp_path: Path) -> None:
    access = load(tmp_path, config(user="token: t, as: jane, as-groups: [dev, ops], as-user-extra: {Scope: [x]}"))
    assert access.impersonation == (
        ("impersonate-user", "jane"),
        ("impersonate-group", "dev"),
        ("impersonate-group", "ops"),
        ("impersonate-extra-scope", "x"),
    )


def test_what_is_not_used_may_be_broken(tmp_path: Path) -> None:
    broken = """
current-context: a
clusters: [oops, {cluster: {server: 1}}, {name: b, cluster: [1]}, {name: a, cluster: {server: https://a}}]
users: [{name: b, user: {auth-provider: {name: gcp}}}, {name: a, user: {token: t}}]
contexts: [{name: z}, {name: a, context: {cluster: a, user: a}}]
"""
    assert load(tmp_path, broken).server == "https://a"


@pytest.mark.parametrize(
    ("text", "context", "fact", "hint"),
    [
        (config(), "b", "there is no context 'b'", "there are: a"),
        (config(name="production"), "prodction", "there is no context 'prodction'", "did you mean 'production'"),
        (config().replace("cluster: a,", "cluster: b,"), None, "line 5: context 'a' names cluster 'b'", "there are: a"),
        (config().replace("user: a}", "user: b}"), None, "line 5: context 'a' names user 'b'", "there are: a"),
        (config().replace("current-context: a", ""), None, "has no current-context", "one of: a"),
        ("a: [b", None, "line 2: did not find expected ',' or ']'", ""),
        ("ok: 1\n\tbad", None, "line 2", ""),
        ("- a", None, "line 1: not a kubeconfig", ""),
        ("clusters: {}\n" + config().replace("clusters:", "x:"), None, "line 1: the kubeconfig has no list", ""),
        (config("server: [1]"), None, "has no string as its server", ""),
        (config("server: ''"), None, "has no server", ""),
        (config("server: 'a:6443'"), None, "not of the form https://", ""),
        (config("server: 'https://u:pw@a'"), None, "has a user name in the URL", "credentials"),
        (config("server: https://a, insecure-skip-tls-verify: maybe"), None, "has neither true nor false", ""),
        (
            config("server: https://a, insecure-skip-tls-verify: true, certificate-authority: c"),
            None,
            "both insecure-skip-tls-verify and",
            "",
        ),
        (config("server: https://a, certificate-authority-data: '%%%a'"), None, "not base64", ""),
        (config(user="client-certificate: c"), None, "has no client-key", ""),
        (config(user="auth-provider: {name: oidc}"), None, "auth-provider", "exec plugin"),
        (config(user="username: u, password: pw"), None, "user name and password", "token"),
        (config(user="exec: {command: x, apiVersion: v9}"), None, "apiVersion 'v9'", ""),
        (config(user="as-groups: [a]"), None, "without as", ""),
        ("[" * 200, None, "nested deeper than 100", ""),
        ("a: &x {b: *x}", None, "no anchor before it", ""),
        ("a: \x01", None, "characters that YAML does not allow", ""),
    ],
)  # fmt: skip
def test_refusals_name_the_place_and_the_way_out(
    tmp_path: Path, text: str, context: str | None, fact: str, hint: str
) -> None:
    error = refusal(tmp_path, text, context=context)
    assert fact in error.fact
    assert hint in error.hint
    assert "pw" not in error.fact + error.hint


def test_malformed_yaml_never_shows_its_lines(tmp_path: Path) -> None:
    error = refusal(tmp_path, "users:\n- user: {token: s3cret\n")
    assert "s3cret" not in str(error)


def test_a_huge_or_deep_file_does_no_harm(tmp_path: Path) -> None:
    assert "nested deeper" in refusal(tmp_path, "[" * 80_000).fact
    assert "larger than 10 MB" in refusal(tmp_path, "#" * 10_000_001).fact


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    data = base64.b64encode(b"s3cret").decode()
    user = f"token: s3cret, client-certificate-data: {data}, client-key-data: {data}"
    access = load(tmp_path, config("server: https://a, proxy-url: 'http://u:s3cret@p'", user))
    assert "s3cret" not in repr(access)
