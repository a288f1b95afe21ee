"""Certificates, a mirror, an initialised working folder: made once for each test process."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from nsx_lab.mark import MARK
from nsx_lab.provider.plugin.mirror import write_mirror
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.wire.transport import Transport
from tests.nsx_lab.provider.policy import PolicyServer, provider_config


@pytest.fixture(autouse=True)
def _connections_end_with_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A provider's process takes its connections along; in here they are closed."""
    made: list[Transport] = []
    begin = Transport.__init__

    def remembered(self: Transport, context: ssl.SSLContext) -> None:
        begin(self, context)
        made.append(self)

    monkeypatch.setattr(Transport, "__init__", remembered)
    yield
    for transport in made:
        transport.close()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.pem, server.pem + server.key (a lab's: it carries the mark), client.pem + client.key, other.pem + other.key (no lab's)."""
    folder = tmp_path_factory.mktemp("pki")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    made = {
        "server": authority.issue_cert("127.0.0.1", "localhost", MARK),
        "other": authority.issue_cert("127.0.0.1", "localhost"),
        "client": authority.issue_cert("client@example.org"),
    }
    for name, certificate in made.items():
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
        (folder / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    return folder


@pytest.fixture(scope="session")
def lab_context(pki: Path) -> ssl.SSLContext:
    """The server side of a lab."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.pem", pki / "server.key")
    return context


@pytest.fixture(scope="session")
def mirror_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror with the stand-in."""
    return write_mirror(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def policy_server(lab_context: ssl.SSLContext) -> Iterator[PolicyServer]:
    """A lab with a few policy objects."""
    server = PolicyServer(lab_context)
    server.policy.put("/infra/tier-0s/T0", {"resource_type": "Tier0", "display_name": "T0"})
    yield server
    server.end()


@pytest.fixture
def provider(policy_server: PolicyServer, clean_environment: None) -> Provider:
    """A provider that is connected to `policy_server`, without pauses between retries."""
    made = Provider()
    made.configure(provider_config(made, policy_server.port))
    return made


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No NSXT_ variable of the developer's."""
    for name in list(os.environ):
        if name.startswith("NSXT_"):
            monkeypatch.delenv(name)
