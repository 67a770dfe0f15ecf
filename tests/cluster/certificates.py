"""Certificates of a test's own authority, made by the openssl command."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")


@dataclass(frozen=True)
class Authority:
    """A directory with a CA in it: ca.crt and ca.key."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def issue(self, name: str, names: str = "") -> tuple[Path, Path]:
        """A certificate and its key; `names` is a subjectAltName, as in `DNS:a,IP:127.0.0.1`."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        request = self.folder / f"{name}.csr"
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key),
                 "-out", str(request), "-subj", f"/CN={name}")  # fmt: skip
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey", str(self.folder / "ca.key"),
                 "-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(certificate))  # fmt: skip
        return certificate, key

    def server(self, names: str, *, asks: bool = False) -> ssl.SSLContext:
        """What a server with such a certificate speaks; `asks` demands a client certificate of this CA."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("server", names))
        if asks:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def found(folder: Path) -> Authority:
    """A new authority. Its CA lacks a key usage, as those of many EKS clusters do: strict X.509 refuses it."""
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.crt"), "-subj", "/CN=test authority",
             "-addext", "basicConstraints=CA:TRUE")  # fmt: skip
    return Authority(folder)


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)
