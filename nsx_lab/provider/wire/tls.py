"""TLS: what the provider block trusts, Go's words for what it refuses, and the mark by which a lab is known.

The mark is looked for right after the handshake and before the first byte of a request: no credential, not even a session
request, leaves for a server that is not a lab, whether or not its certificate is verified otherwise.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from nsx_lab.mark import MARK
from nsx_lab.provider.wire.errors import NotALabError, ProviderError

# OpenSSL verify codes that Go's crypto/x509 sums up as an unknown authority
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
_NOT_VALID_NOW = {9, 10}


@dataclass(frozen=True)
class Trust:
    """What the provider block says about certificates: PEM text, empty where not given."""

    verify: bool = True
    ca: str = ""
    certificate: str = ""
    key: str = ""


class HandshakeError(OSError):
    """A handshake that failed, in Go's words."""


def context(trust: Trust) -> ssl.SSLContext:
    """The client side of every connection. Raises ProviderError for a client certificate that cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # names are checked by `check_names`, to speak as Go does
    if not trust.verify:
        made.verify_mode = ssl.CERT_NONE
    elif trust.ca:
        with contextlib.suppress(ssl.SSLError):  # Go makes an empty pool of what is no PEM, and then trusts nobody
            made.load_verify_locations(cadata=trust.ca)
    else:
        made.load_default_certs()
    if trust.certificate:
        _load_client(made, trust)
    return made


def _load_client(made: ssl.SSLContext, trust: Trust) -> None:
    """OpenSSL's Python binding reads client certificates from files only: a private folder, gone at once."""
    for what, text in (("certificate", trust.certificate), ("key", trust.key)):
        if "-----BEGIN" not in text:
            raise ProviderError(f"tls: failed to find any PEM data in {what} input")
    with tempfile.TemporaryDirectory(prefix="nsx-lab-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_text(f"{trust.certificate}\n{trust.key}\n", encoding="utf-8")
        try:
            made.load_cert_chain(path)
        except (ssl.SSLError, ValueError) as error:
            raise ProviderError(f"Failed to load client cert/key pair: {error}") from error


def handshake(raw: socket.socket, made: ssl.SSLContext, host: str, address: str) -> ssl.SSLSocket:
    """Turn a connected socket into a TLS one that leads to a lab.

    Raises HandshakeError if TLS fails, NotALabError if the peer does not carry the mark.
    """
    try:
        wrapped = made.wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise HandshakeError(_verification(error)) from error
    except ssl.SSLEOFError as error:
        raise HandshakeError("EOF") from error
    except ssl.SSLError as error:
        raise HandshakeError(failure(error)) from error
    try:
        certificate = _peer(wrapped)
        if made.verify_mode is ssl.CERT_REQUIRED:
            check_names(certificate, host)
        check_mark(certificate, address)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def _peer(wrapped: ssl.SSLSocket) -> x509.Certificate:
    der = wrapped.getpeercert(binary_form=True)
    if der is None:
        raise HandshakeError("tls: server sent no certificate")
    return x509.load_der_x509_certificate(der)


def _names(certificate: x509.Certificate) -> tuple[list[str], list[str]]:
    """DNS names and addresses among the subject alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return [], []
    return names.get_values_for_type(x509.DNSName), [str(a) for a in names.get_values_for_type(x509.IPAddress)]


def check_mark(certificate: x509.Certificate, address: str) -> None:
    """Raise NotALabError unless the certificate carries the mark."""
    if MARK in _names(certificate)[0]:
        return
    raise NotALabError(
        f"this is the lab's stand-in for vmware/nsxt and {address} is not a lab: its certificate lacks the name {MARK}, so "
        "nothing was sent to it; to work with a real NSX Manager take the real provider: run `terraform providers mirror "
        "DIR` where the registry can be reached, and put DIR in the place of the stand-in's mirror"
    )


def check_names(certificate: x509.Certificate, host: str) -> None:
    """Raise HandshakeError in Go's words unless the certificate is for this host."""
    names, addresses = _names(certificate)
    told = "tls: failed to verify certificate: x509: "
    try:
        wanted = str(ipaddress.ip_address(host))
    except ValueError:
        if any(_matches(name, host) for name in names):
            return
        if not names:
            raise HandshakeError(f"{told}certificate is not valid for any names, but wanted to match {host}") from None
        raise HandshakeError(f"{told}certificate is valid for {', '.join(names)}, not {host}") from None
    if wanted in addresses:
        return
    if not addresses:
        raise HandshakeError(f"{told}cannot validate certificate for {host} because it doesn't contain any IP SANs")
    raise HandshakeError(f"{told}certificate is valid for {', '.join(addresses)}, not {host}")


def _matches(pattern: str, host: str) -> bool:
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def _verification(error: ssl.SSLCertVerificationError) -> str:
    told = "tls: failed to verify certificate: x509: "
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return told + "certificate signed by unknown authority"
    if error.verify_code in _NOT_VALID_NOW:
        return told + "certificate has expired or is not yet valid"
    return told + error.verify_message


def failure(error: ssl.SSLError) -> str:
    reason = (error.reason or "").lower()
    if "wrong_version_number" in reason or "http_request" in reason or "record_layer" in reason:
        return "tls: first record does not look like a TLS handshake"
    for prefix in ("sslv3_alert_", "tlsv1_alert_", "tlsv13_alert_"):
        if reason.startswith(prefix):
            return f"remote error: tls: {reason.removeprefix(prefix).replace('_', ' ')}"
    return f"tls: {reason.replace('_', ' ')}"
