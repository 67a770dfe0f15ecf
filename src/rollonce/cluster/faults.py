"""What a failed exchange means: nothing was sent, TLS was refused, or nobody knows."""

from __future__ import annotations

import ssl
import threading

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from rollonce.errors import AccessError, ConnectionLost, TlsFailed, Unreachable


class Progress(threading.local):
    """Whether this thread's request has begun to leave; set by the connection, asked when one fails."""

    sent: bool = False


def explain(error: Exception, where: str, *, sent: bool) -> AccessError:
    """An error of ours for one of urllib3, http.client, ssl or the system."""
    root = _root(error)
    if isinstance(error, NameResolutionError):
        return Unreachable(f"the name of {where} cannot be resolved", hint="check the server's name, DNS and VPN")
    if isinstance(error, ProxyError) and isinstance(root, ssl.SSLError):
        return TlsFailed(f"no TLS with the proxy before {where}: {_tls_words(root)}")
    if isinstance(error, (NewConnectionError, ConnectTimeoutError, ProxyError)):
        way = "through its proxy " if isinstance(error, ProxyError) else ""
        return Unreachable(f"no connection {way}to {where}: {_words(root)}", hint="check address, VPN and firewall")
    if isinstance(root, ssl.SSLError) and (not sent or _about_certificates(root)):
        return _tls(root, where)
    if isinstance(error, SSLError) and not sent and not isinstance(root, ssl.SSLError):
        return TlsFailed(f"no TLS with {where}: {_words(root)}")
    if not sent:
        return Unreachable(f"no connection to {where}: {_words(root)}", hint="check address, VPN and firewall")
    if isinstance(error, (ReadTimeoutError, TimeoutError)):
        return ConnectionLost(f"{where} did not answer in time")
    if isinstance(error, DecodeError):
        return ConnectionLost(f"the answer of {where} is damaged: it cannot be decompressed")
    return ConnectionLost(f"the connection to {where} broke before the whole answer was there: {_words(root)}")


def _root(error: BaseException) -> BaseException:
    """The innermost exception: urllib3 wraps them in arguments as well as in causes."""
    for _ in range(10):
        inner = next((part for part in reversed(error.args) if isinstance(part, BaseException)), None)
        inner = inner or error.__cause__
        if inner is None:
            return error
        error = inner
    return error


def _words(root: BaseException) -> str:
    if isinstance(root, OSError) and root.strerror:
        return root.strerror.lower()
    if isinstance(root, OSError) and root.args and str(root.args[0]).startswith("Tunnel connection failed"):
        return str(root.args[0])[:120].lower()
    if isinstance(root, (ConnectTimeoutError, TimeoutError)):
        return "timed out"
    names = {"RemoteDisconnected": "closed by the server", "IncompleteRead": "cut off"}
    return names.get(type(root).__name__, type(root).__name__)


def _about_certificates(root: ssl.SSLError) -> bool:
    # With TLS 1.3 a server rejects our certificate only after our first request has left, unexecuted.
    reason = root.reason or ""
    return "ALERT" in reason and any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))


def _tls_words(root: ssl.SSLError) -> str:
    if isinstance(root, ssl.SSLCertVerificationError):
        return root.verify_message or "its certificate was not accepted"
    return (root.reason or "handshake failed").replace("_", " ").lower()


def _tls(root: ssl.SSLError, where: str) -> AccessError:
    if isinstance(root, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
        return Unreachable(f"no connection to {where}: it closed during the TLS handshake")
    words = _tls_words(root)
    if isinstance(root, ssl.SSLCertVerificationError):
        hint = "check certificate-authority in the kubeconfig"
        if "mismatch" in words.lower():
            hint = "set tls-server-name in the kubeconfig to a name that the certificate has"
        return TlsFailed(f"the certificate of {where} is not accepted: {words}", hint=hint)
    if _about_certificates(root):
        return TlsFailed(f"{where} does not accept our certificate: {words}", hint="renew the client certificate")
    hint = "is it plain HTTP? then write http:// in the kubeconfig" if "wrong version" in words else ""
    return TlsFailed(f"no TLS with {where}: {words}", hint=hint)
