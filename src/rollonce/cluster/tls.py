"""The TLS side of an access: whom we trust and what we show."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from rollonce.cluster.access import ClientCertificate, File, Inline, Pem
from rollonce.errors import TlsFailed

_ACT = "set up TLS"


def context(ca: Pem | None, *, insecure: bool, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """An SSL context as kubectl would have it. Raises `TlsFailed`."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.hostname_checks_common_name = False
    # The CA of many EKS clusters lacks what RFC 5280 asks of a CA; Go does not mind.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # As in Go, whatever the kubeconfig names is an anchor of trust, be it an intermediate.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif ca is None:
        made.load_default_certs()
    else:
        _trust(made, ca)
    if certificate is not None:
        _show(made, certificate)
    return made


def _trust(made: ssl.SSLContext, ca: Pem) -> None:
    try:
        data = ca.data if isinstance(ca, Inline) else Path(ca.path).read_bytes()
        # Comments around the blocks may be in any language; ssl wants ASCII.
        made.load_verify_locations(cadata=data.decode("ascii", "ignore"))
    except OSError as error:
        # ssl.SSLError is an OSError too, and its strerror says nothing of use.
        fact = "holds no certificate" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
        raise TlsFailed(f"{_name(ca, 'certificate-authority')} {fact}", act=_ACT) from None
    except ValueError:
        raise TlsFailed(f"{_name(ca, 'certificate-authority')} holds no certificate", act=_ACT) from None


def _show(made: ssl.SSLContext, pair: ClientCertificate) -> None:
    try:
        with _as_file(pair.certificate) as chain, _as_file(pair.key) as key:
            made.load_cert_chain(chain, key, password=_no_password)
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower() or "not readable as PEM"
        fact = f"{_name(pair.certificate, 'client-certificate')} and its key cannot be used: {reason}"
        raise TlsFailed(fact, act=_ACT) from None
    except OSError as error:
        fact = f"the client certificate or its key cannot be read: {error.strerror}: {error.filename}"
        raise TlsFailed(fact, act=_ACT) from None


def _no_password() -> str:
    # Without it OpenSSL would ask at the terminal.
    raise TlsFailed("the client key is encrypted", act=_ACT, hint="use a key without a passphrase, as for kubectl")


def _name(pem: Pem, field: str) -> str:
    return str(pem.path) if isinstance(pem, File) else f"{field}-data in the kubeconfig"


@contextlib.contextmanager
def _as_file(pem: Pem) -> Iterator[str]:
    """A path that ssl can load from: it takes no bytes. The file is ours alone and gone at once."""
    if isinstance(pem, File):
        yield str(pem.path)
        return
    import tempfile

    handle, path = tempfile.mkstemp(prefix="rollonce-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(pem.data)
        yield path
    finally:
        Path(path).unlink()
