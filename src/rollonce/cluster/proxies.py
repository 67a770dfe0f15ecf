"""Which proxy a server is asked through: the kubeconfig's proxy-url, else the environment's.

The environment's rules are Go's, for kubectl runs beside us:
https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from rollonce.errors import BadKubeconfig


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; `url` is without user information, `login` is user:password or empty."""

    url: str
    login: str = field(default="", repr=False)


def choose(server: str, proxy_url: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy for a server's URL, None for a direct connection. Raises `BadKubeconfig`."""
    if proxy_url:
        return _proxy(proxy_url, "the kubeconfig's proxy-url")
    parts = urlsplit(server)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    name = f"{parts.scheme.upper()}_PROXY"
    configured = environment.get(name) or environment.get(name.lower(), "")
    if not configured or _loopback(host):
        return None
    if _excepted(host, port, environment.get("NO_PROXY") or environment.get("no_proxy", "")):
        return None
    return _proxy(configured if "://" in configured else f"http://{configured}", f"${name}")


def _proxy(url: str, source: str) -> Proxy:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise BadKubeconfig(f"{source} is not of the form http://host:port", act="choose a proxy")
    if parts.scheme not in ("http", "https"):
        raise BadKubeconfig(
            f"{source} names a proxy of scheme {parts.scheme}; only http and https are known",
            act="choose a proxy",
            hint="put an HTTP proxy before it, or reach the cluster directly",
        )
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    bracketed = f"[{host}]" if ":" in host else host
    return Proxy(f"{parts.scheme}://{bracketed}" + (f":{port}" if port else ""), login)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _excepted(host: str, port: int, exceptions: str) -> bool:
    return any(_matches(entry.strip().lower(), host.lower(), port) for entry in exceptions.split(",") if entry.strip())


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    entry, wanted_port = _split_port(entry)
    if wanted_port is not None and wanted_port != port:
        return False
    if (literal := _address(entry.strip("[]"))) is not None:
        return literal == address
    entry = entry.removeprefix("*")
    return host.endswith(entry) if entry.startswith(".") else host == entry or host.endswith(f".{entry}")


def _split_port(entry: str) -> tuple[str, int | None]:
    head, colon, tail = entry.rpartition(":")
    if colon and tail.isdigit() and (":" not in head or head.endswith("]")):
        return head, int(tail)
    return entry, None
