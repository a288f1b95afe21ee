"""Managers that misbehave, as real servers on loopback: TLS with a certificate of choice, and bytes as a script says."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Script = Callable[[ssl.SSLSocket], None]
HOLD = threading.Event()
"""Never set: what waits for it waits until its connection is closed."""


class Authority:
    """A certificate authority, and certificates of every kind from it."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.pem = self._ca.cert_pem.bytes().decode()

    def issued(self, name: str = "localhost", *, days: tuple[int, int] = (-1, 1)) -> ssl.SSLContext:
        """A server's context with a certificate for `name`, valid from and until so many days from now."""
        now = datetime.datetime.now(datetime.UTC)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf = self._ca.issue_cert(
            name, not_before=now + datetime.timedelta(days[0]), not_after=now + datetime.timedelta(days[1])
        )
        leaf.configure_cert(made)
        return made


def self_signed(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate that nobody but itself signed, as an NSX Manager has after installation."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "self.pem"
    pem = made.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, pem.decode()


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None) -> Iterator[str]:
    """A server that runs `script` on every connection; yields localhost:port. tls: None for a port without TLS."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_ones.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
            open_ones.append(wrapped)
            script(wrapped)  # type: ignore[arg-type]
            wrapped.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"localhost:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for one in open_ones:
            with suppress(OSError):
                one.close()


def answering(*parts: bytes, wait: float = 0) -> Script:
    """Reads a request and sends these bytes, with a pause before each."""

    def script(connection: ssl.SSLSocket) -> None:
        while True:
            if b"\r\n\r\n" not in connection.recv(65536):
                return
            for part in parts:
                HOLD.wait(wait)
                connection.sendall(part)
            if b"Connection: close" in parts[0]:
                return

    return script


def silent(connection: ssl.SSLSocket) -> None:
    """Accepts and never answers."""
    HOLD.wait(30)


def dripping(connection: ssl.SSLSocket) -> None:
    """A header that never ends, a byte at a time: every single read of the client ends in time."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b"x")
        HOLD.wait(0.05)


def ok(body: bytes, *headers: bytes) -> bytes:
    """A complete answer."""
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])
