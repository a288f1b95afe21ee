"""The stand-in talks to labs only, and tells nobody else anything."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsx_lab.mark import MARK
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.wire.errors import NotALabError, ProviderError
from tests.nsx_lab.provider.engines import NAMES, Engine, find
from tests.nsx_lab.provider.policy import PolicyServer, provider_config


class Listener:
    """A TLS server that is no lab: it counts handshakes and keeps every byte of application data."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.handshakes = 0
        self.received = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(raw, server_side=True) as wrapped:
                    self.handshakes += 1
                    while data := wrapped.recv(4096):
                        self.received += data
            except OSError:
                continue

    def end(self) -> None:
        if self._socket.fileno() != -1:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        self._thread.join(5)


@pytest.fixture
def listener(pki: Path) -> Iterator[Listener]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "other.pem", pki / "other.key")
    server = Listener(context)
    yield server
    server.end()


@pytest.mark.parametrize("trust", ["unverified", "verified"])
@pytest.mark.parametrize("session", [True, False])
def test_a_server_without_the_mark_receives_not_one_byte(
    listener: Listener, pki: Path, trust: str, session: bool, clean_environment: None
) -> None:
    provider = Provider()
    verified = {"allow_unverified_ssl": False, "ca_file": str(pki / "ca.pem")} if trust == "verified" else {}
    config = provider_config(provider, listener.port, session_auth=session, **verified)
    with pytest.raises(NotALabError) as caught:
        provider.configure(config)
    listener.end()
    assert listener.handshakes == 1
    assert listener.received == b""
    assert f"127.0.0.1:{listener.port} is not a lab" in str(caught.value)
    assert MARK in str(caught.value)
    assert "terraform providers mirror" in str(caught.value)
    assert "p w" not in str(caught.value)


def test_a_redirect_to_a_server_without_the_mark_is_not_followed(
    listener: Listener, policy_server: PolicyServer, clean_environment: None
) -> None:
    there = {"Location": f"https://127.0.0.1:{listener.port}/api/v1/node/version"}
    policy_server.block("GET", "node/version", {"status": 307, "response_headers": there})
    provider = Provider()
    with pytest.raises(NotALabError):
        provider.configure(provider_config(provider, policy_server.port))
    listener.end()
    assert (listener.handshakes, listener.received) == (1, b"")


def test_a_redirect_to_plain_http_is_not_followed(policy_server: PolicyServer, clean_environment: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.setblocking(False)
        there = {"Location": f"http://127.0.0.1:{plain.getsockname()[1]}/"}
        policy_server.block("GET", "node/version", {"status": 307, "response_headers": there})
        provider = Provider()
        with pytest.raises(NotALabError, match="it is not https"):
            provider.configure(provider_config(provider, policy_server.port))
        with pytest.raises(BlockingIOError):
            plain.accept()


def test_a_lab_that_is_verified_is_talked_to(policy_server: PolicyServer, pki: Path, clean_environment: None) -> None:
    provider = Provider()
    provider.configure(
        provider_config(provider, policy_server.port, allow_unverified_ssl=False, ca=(pki / "ca.pem").read_text())
    )
    assert policy_server.sent("/api") == [("POST", "/api/session/create"), ("GET", "/api/v1/node/version")]


def test_a_lab_of_an_unknown_authority_is_refused_in_the_providers_words(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    provider = Provider()
    with pytest.raises(ProviderError, match="x509: certificate signed by unknown authority"):
        provider.configure(provider_config(provider, policy_server.port, allow_unverified_ssl=False, max_retries=0))
    assert policy_server.seen == []


def test_a_certificate_for_another_host_is_refused(
    policy_server: PolicyServer, pki: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda address, *a: real(("127.0.0.1", address[1]), *a))
    provider = Provider()
    config = provider_config(
        provider,
        policy_server.port,
        host=f"nsx.example.org:{policy_server.port}",
        allow_unverified_ssl=False,
        ca_file=str(pki / "ca.pem"),
        max_retries=0,
    )
    with pytest.raises(ProviderError, match=f"certificate is valid for localhost, {MARK}, not nsx.example.org"):
        provider.configure(config)
    assert policy_server.seen == []


@pytest.mark.e2e
@pytest.mark.parametrize("name", NAMES)
def test_the_engine_says_that_it_is_no_lab(name: str, listener: Listener, tmp_path: Path, mirror_folder: Path) -> None:
    path = find(name)
    if path is None:
        pytest.skip(f"no engine {name!r} here")
    (tmp_path / "main.tf").write_text(
        'terraform {\n  required_providers {\n    nsxt = {\n      source = "vmware/nsxt"\n    }\n  }\n}\n'
        f'provider "nsxt" {{\n  host = "127.0.0.1:{listener.port}"\n  username = "admin"\n  password = "hidden"\n'
        '  allow_unverified_ssl = true\n}\ndata "nsxt_manager_info" "m" {}\n'
    )
    engine = Engine(path, tmp_path, mirror_folder)
    assert engine.run(tmp_path, "init", "-input=false").returncode == 0
    done = engine.run(tmp_path, "plan", "-no-color", "-input=false")
    listener.end()
    assert done.returncode == 1
    assert "is not a lab" in done.stderr
    assert "hidden" not in done.stdout + done.stderr
    assert listener.received == b""
