"""What went wrong on the way: nothing sent, TLS, or nobody knows."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rollonce.cluster import authorized, tls
from rollonce.cluster.access import Access, ClientCertificate, File, Inline, Token, TokenFile
from rollonce.cluster.https import HttpsWire
from rollonce.cluster.proxies import Proxy, choose
from rollonce.errors import AccessError, BadKubeconfig, ConnectionLost, TlsFailed, Unreachable, UnreadableAnswer
from rollonce.wire import Request, Wire
from tests.cluster.certificates import Authority, needs_openssl
from tests.cluster.conftest import FakeClock
from tests.cluster.server import Exchange, Server, Step, says

GET = Request("GET", "/x", (("a", "b c"), ("d", "e/f")), (("accept", "application/json"),))
PATCH = Request("PATCH", "/x", headers=(("authorization", "Bearer s3cret"),), body=b"[]")
Serve = Callable[..., Server]


def fails(wire: Wire, request: Request = PATCH, timeout: float = 5.0) -> AccessError:
    with pytest.raises(AccessError) as caught:
        wire.send(request, timeout=timeout)
    assert "s3cret" not in repr(caught.value.__dict__)
    assert caught.value.__cause__ is None
    return caught.value


def test_a_request_arrives_as_it_is(serve: Serve) -> None:
    server = serve(says(200, {"ok": 1}, "X-Thing: y"))
    response = HttpsWire(server.url + "/prefix/").send(GET, timeout=5)
    seen = server.seen[0]
    assert (seen.method, seen.target) == ("GET", "/prefix/x?a=b%20c&d=e%2Ff")
    assert (seen.headers["accept"], seen.headers["accept-encoding"]) == ("application/json", "gzip")
    assert (response.status, response.body, response.header("x-thing")) == (200, b'{"ok": 1}', "y")


def test_connections_are_kept_and_replaced_when_the_server_closed_them(serve: Serve) -> None:
    def last(exchange: Exchange) -> None:
        exchange.json(200, {})
        exchange.hang_up()

    server = serve(says(200, {}), last, says(200, {}))
    wire = HttpsWire(server.url)
    wire.send(PATCH, timeout=5)
    wire.send(PATCH, timeout=5)
    server_closed = threading.Event()
    while any(connection.fileno() >= 0 for connection in list(server._open)):
        server_closed.wait(0.01)
    wire.send(PATCH, timeout=5)
    assert [exchange.connection for exchange in server.seen] == [1, 1, 2]


def test_a_compressed_answer_is_read(serve: Serve) -> None:
    body = json.dumps({"a": "b" * 1_000_000}).encode()
    server = serve(lambda exchange: exchange.answer(200, gzip.compress(body), "Content-Encoding: gzip"))
    assert HttpsWire(server.url).send(GET, timeout=5).body == body


def _half_a_body(exchange: Exchange) -> None:
    exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    exchange.hang_up()


def _half_a_chunk(exchange: Exchange) -> None:
    exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{")
    exchange.hang_up()


def _bad_chunk(exchange: Exchange) -> None:
    exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{")
    exchange.hang_up()


def _bad_gzip(exchange: Exchange) -> None:
    exchange.answer(200, b"not gzip", "Content-Encoding: gzip")


def _garbage(exchange: Exchange) -> None:
    exchange.raw(b"SSH-2.0-OpenSSH\r\n\r\n")
    exchange.hang_up()


@pytest.mark.parametrize(
    "step",
    [Exchange.hang_up, Exchange.cut, _half_a_body, _half_a_chunk, _bad_chunk, _bad_gzip, _garbage],
    ids=lambda step: step.__name__.strip("_"),
)
def test_no_whole_answer_is_a_lost_connection_and_nothing_is_sent_again(serve: Serve, step: Step) -> None:
    server = serve(step)
    assert isinstance(fails(HttpsWire(server.url)), ConnectionLost)
    assert len(server.seen) == 1


def test_a_server_that_does_not_answer_in_time(serve: Serve) -> None:
    error = fails(HttpsWire(serve(Exchange.wait).url), timeout=0.2)
    assert isinstance(error, ConnectionLost)
    assert "did not answer in time" in error.fact


def test_an_answer_that_is_too_large(serve: Serve) -> None:
    bomb = gzip.compress(b" " * 65_000_000)
    server = serve(lambda exchange: exchange.answer(200, bomb, "Content-Encoding: gzip"))
    assert isinstance(fails(HttpsWire(server.url)), UnreadableAnswer)


def test_no_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = fails(HttpsWire(f"http://127.0.0.1:{port}"))
    assert isinstance(error, Unreachable)
    assert f"127.0.0.1:{port}: connection refused" in error.fact
    assert isinstance(fails(HttpsWire("http://nowhere.invalid")), Unreachable)


def secure(server: Server, authority: Authority, **options: object) -> HttpsWire:
    named = {"insecure": False, "certificate": None, **options}
    server_name = str(named.pop("tls_server_name", ""))
    context = tls.context(File(authority.ca), **named)  # type: ignore[arg-type]
    return HttpsWire(server.url, tls=context, tls_server_name=server_name)


@needs_openssl
def test_tls_with_the_authority_of_the_kubeconfig(serve: Serve, authority: Authority) -> None:
    server = serve(says(200, {}), tls=authority.server("IP:127.0.0.1"))
    assert secure(server, authority).send(GET, timeout=5).status == 200
    data = Inline("# für später\n".encode() + authority.ca.read_bytes())
    inline = tls.context(data, insecure=False, certificate=None)
    assert HttpsWire(server.url, tls=inline).send(GET, timeout=5).status == 200
    unknown = tls.context(None, insecure=False, certificate=None)
    error = fails(HttpsWire(server.url, tls=unknown))
    assert isinstance(error, TlsFailed)
    assert "certificate-authority" in error.hint
    nobody = tls.context(None, insecure=True, certificate=None)
    assert HttpsWire(server.url, tls=nobody).send(GET, timeout=5).status == 200


@needs_openssl
def test_tls_server_name_is_what_is_checked(serve: Serve, authority: Authority) -> None:
    server = serve(says(200, {}), tls=authority.server("DNS:api.example"))
    error = fails(secure(server, authority))
    assert isinstance(error, TlsFailed)
    assert "tls-server-name" in error.hint
    assert secure(server, authority, tls_server_name="api.example").send(GET, timeout=5).status == 200


@needs_openssl
def test_a_client_certificate_is_shown(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    server = serve(says(200, {}), tls=authority.server("IP:127.0.0.1", asks=True))
    certificate, key = authority.issue("jane")
    inline = ClientCertificate(Inline(certificate.read_bytes()), Inline(key.read_bytes()))
    for pair in (ClientCertificate(File(certificate), File(key)), inline):
        assert secure(server, authority, certificate=pair).send(GET, timeout=5).status == 200
    error = fails(secure(server, authority))
    assert isinstance(error, TlsFailed)
    assert "does not accept our certificate" in error.fact


@needs_openssl
def test_inline_keys_leave_nothing_behind(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    certificate, key = authority.issue("jane")
    tls.context(
        None,
        insecure=True,
        certificate=ClientCertificate(Inline(certificate.read_bytes()), Inline(key.read_bytes())),
    )
    with pytest.raises(TlsFailed, match="client-certificate-data in the kubeconfig and its key cannot be used"):
        tls.context(None, insecure=True, certificate=ClientCertificate(Inline(b"x"), Inline(b"y")))
    assert list(tmp_path.iterdir()) == []


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    gone = File(tmp_path / "gone")
    with pytest.raises(TlsFailed, match=r"gone cannot be read: No such file"):
        tls.context(gone, insecure=False, certificate=None)
    with pytest.raises(TlsFailed, match=r"No such file"):
        tls.context(None, insecure=True, certificate=ClientCertificate(gone, gone))
    with pytest.raises(TlsFailed, match="certificate-authority-data in the kubeconfig holds no certificate"):
        tls.context(Inline(b"nothing"), insecure=False, certificate=None)


def test_a_server_without_tls_is_recognised(serve: Serve) -> None:
    server = serve(says(200, {}))
    context = tls.context(None, insecure=True, certificate=None)
    error = fails(HttpsWire(f"https://127.0.0.1:{server.port}", tls=context))
    assert isinstance(error, TlsFailed)
    assert "plain HTTP" in error.hint


def test_a_connection_that_ends_in_the_handshake_was_never_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        context = tls.context(None, insecure=True, certificate=None)
        error = fails(HttpsWire(f"https://127.0.0.1:{listener.getsockname()[1]}", tls=context))
        thread.join(5)
    assert isinstance(error, Unreachable)


@needs_openssl
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_stream_is_closed_by_another_thread(serve: Serve, authority: Authority, scheme: str) -> None:
    def hold(exchange: Exchange) -> None:
        exchange.chunked(b"one", end=False)
        exchange.wait()

    server = serve(hold, tls=authority.server("IP:127.0.0.1") if scheme == "https" else None)
    wire = secure(server, authority) if scheme == "https" else HttpsWire(server.url)
    stream = wire.stream(GET, timeout=5)
    assert stream.read() == b"one"
    rest: list[bytes | None] = []
    reader = threading.Thread(target=lambda: rest.append(stream.read()))
    reader.start()
    threading.Timer(0.05, stream.close).start()
    reader.join(5)
    assert not reader.is_alive()
    assert rest == [b""]
    assert stream.read() == b""


def test_a_stream_that_breaks(serve: Serve) -> None:
    server = serve(_half_a_chunk, lambda exchange: exchange.chunked(b"a", b"b"))
    stream = HttpsWire(server.url).stream(GET, timeout=5)
    assert stream.read() == b"{"
    with pytest.raises(ConnectionLost):
        stream.read()
    stream.close()
    whole = HttpsWire(server.url).stream(GET, timeout=5)
    assert [whole.read(), whole.read(), whole.read()] == [b"a", b"b", b""]
    assert server.seen[1].headers["accept-encoding"] == "identity"


def test_credentials_are_renewed_once_after_a_401_even_for_a_patch(
    serve: Serve, clock: FakeClock, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    def reject(exchange: Exchange) -> None:
        token.write_text("new")
        exchange.json(401, {})

    server = serve(reject, says(200, {}), says(401, {}))
    access = Access(
        server.url, bearer=TokenFile(token), impersonation=(("impersonate-group", "a"), ("impersonate-group", "b"))
    )
    wire = authorized.open_wire(access, clock=clock, connections=1, environment={})
    request = Request("PATCH", "/x", body=b"[]")
    assert wire.send(request, timeout=5).status == 200
    assert [exchange.headers["authorization"] for exchange in server.seen] == ["Bearer old", "Bearer new"]
    assert server.seen[1].headers["impersonate-group"] == "a|b", "as two headers: a group may hold a comma"
    assert wire.send(request, timeout=5).status == 401
    assert wire.stream(request, timeout=5).status == 401
    assert len(server.seen) == 4, "the file held nothing newer, so nothing was sent again"


@pytest.mark.parametrize(
    ("server", "proxy_url", "environment", "proxy"),
    [
        ("https://a", "", {}, None),
        ("https://a", "", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a", "", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://a", "", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://a", "", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("https://127.0.0.1:1", "", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://localhost", "", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://[::1]", "", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://127.0.0.1:1", "http://q:2", {}, "http://q:2"),
        ("https://a", "http://u:s3cret@q:2", {"NO_PROXY": "*"}, "http://q:2"),
    ],
)
def test_which_proxy(server: str, proxy_url: str, environment: dict[str, str], proxy: str | None) -> None:
    chosen = choose(server, proxy_url, environment)
    assert (chosen and chosen.url) == proxy
    assert "s3cret" not in repr(chosen)


@pytest.mark.parametrize(
    ("exceptions", "excepted"),
    [
        ("*", True),
        ("b.a.example", True),
        ("a.example", True),
        (".a.example", True),
        ("*.a.example", True),
        (".b.a.example", False),
        ("ple", False),
        ("x, A.EXAMPLE ", True),
        ("a.example:6443", True),
        ("a.example:443", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy_for_names(exceptions: str, excepted: bool) -> None:
    environment = {"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}
    assert (choose("https://b.a.example:6443", "", environment) is None) is excepted


@pytest.mark.parametrize(
    ("exceptions", "excepted"),
    [("10.0.0.0/8", True), ("10.1.2.3", True), ("11.0.0.0/8", False), ("10.0.0.0/99", False), ("fd00::/8", False)],
)
def test_no_proxy_for_addresses(exceptions: str, excepted: bool) -> None:
    environment = {"HTTPS_PROXY": "http://p", "NO_PROXY": exceptions}
    assert (choose("https://10.1.2.3", "", environment) is None) is excepted


def test_a_proxy_that_cannot_be_used() -> None:
    with pytest.raises(BadKubeconfig, match="scheme socks5"):
        choose("https://a", "socks5://u:s3cret@p", {})
    with pytest.raises(BadKubeconfig, match="not of the form"):
        choose("https://a", "http://p:x", {})


@needs_openssl
def test_through_a_proxy(serve: Serve, authority: Authority) -> None:
    """The proxy sees where to, and its own login; the request is for the server alone."""
    server = serve(says(200, {"ok": 1}), tls=authority.server("IP:127.0.0.1"))
    context = tls.context(File(authority.ca), insecure=False, certificate=None)

    def tunnel(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\n\r\n")
        _pipe(exchange._socket, server.port)
        exchange.hang_up()

    proxy = serve(tunnel)
    wire = HttpsWire(server.url, tls=context, proxy=Proxy(proxy.url, "u:s3cret"))
    assert wire.send(PATCH, timeout=5).body == b'{"ok": 1}'
    assert (proxy.seen[0].method, proxy.seen[0].target) == ("CONNECT", f"127.0.0.1:{server.port}")
    assert "proxy-authorization" in proxy.seen[0].headers
    assert "proxy-authorization" not in server.seen[0].headers


def test_a_proxy_that_refuses(serve: Serve) -> None:
    """Nothing was sent: the caller may try again, whatever the verb."""
    context = tls.context(None, insecure=True, certificate=None)
    proxy = serve(lambda exchange: exchange.answer(407, b""))
    error = fails(HttpsWire("https://a.example", tls=context, proxy=Proxy(proxy.url)))
    assert isinstance(error, Unreachable)
    assert "407" in error.fact
    gone = Proxy("http://127.0.0.1:1", "u:s3cret")
    assert isinstance(fails(HttpsWire("https://a.example", tls=context, proxy=gone)), Unreachable)


def _pipe(client: socket.socket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as upstream:

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := upstream.recv(65536):
                    client.sendall(data)

        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        while data := client.recv(65536):
            upstream.sendall(data)
        with contextlib.suppress(OSError):
            upstream.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_token_that_could_split_the_header_is_refused(serve: Serve, clock: FakeClock) -> None:
    server = serve(says(200, {}))
    access = Access(server.url, bearer=Token("s3cret\r\nX: y"))
    with pytest.raises(AccessError) as caught:
        authorized.open_wire(access, clock=clock, connections=1, environment=os.environ)
    assert "s3cret" not in str(caught.value)
    assert server.seen == []
