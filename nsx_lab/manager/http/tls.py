"""The lab's own certificate authority, and the certificate by which a lab is known."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme

from nsx_lab.mark import MARK


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate and its key, PEM."""

    certificate: str
    key: str


class Authority:
    """A throw-away CA: one per lab, kept in memory."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="nsx-lab")

    @property
    def pem(self) -> str:
        """The CA certificate."""
        return self._ca.cert_pem.bytes().decode()

    def client_certificate(self, user: str) -> ClientCertificate:
        """A certificate by which `user` may come in. ValueError for a name that no certificate can hold."""
        try:
            leaf = self._ca.issue_cert(f"{user}@{MARK}", common_name=user)
        except ValueError as error:
            raise ValueError(f"no certificate can name the user {user!r}: {error}") from error
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        return ClientCertificate(chain.decode(), leaf.private_key_pem.bytes().decode())

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS for a server at `host`. A client certificate is asked for, and may be left out."""
        names = list(dict.fromkeys([host, "127.0.0.1", "::1", "localhost", MARK]))
        leaf = self._ca.issue_cert(*[name for name in names if not _unspecified(name)])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        self._ca.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def client_context(self) -> ssl.SSLContext:
        """TLS for a client that trusts this lab and nobody else."""
        return ssl.create_default_context(cadata=self.pem)


def _unspecified(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False


def temporary_ca_file(pem: str) -> Path:
    """A private file with the CA certificate; the caller removes it."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(pem)
    return Path(file.name)


def fingerprint(host: str, ca_pem: str) -> str:
    """SHA-256 of the certificate that a running lab at host:port shows, as browsers print it. OSError if it is not of that CA."""
    name, _, port = host.rpartition(":")
    name = name.strip("[]")
    context = ssl.create_default_context(cadata=ca_pem)
    with socket.create_connection((name, int(port)), 10) as raw, context.wrap_socket(raw, server_hostname=name) as tls:
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").digest().hex(":").upper()
