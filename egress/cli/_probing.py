"""What this machine gets an answer from: API endpoints by a TLS hello, DNS servers by one query. Asked only where somebody says so.

An answer says that the way from here and back works; no answer says little: firewalls may let others in and not this machine.
"""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy.sighting import Sighting
from egress.policy.virtual_servers import API_PORTS, virtual_servers
from egress.verification.finding import Finding, found
from egress.verification.verify import Verification

PATIENCE = 3.0
"""Seconds that an answer may take."""
_SERVERS = 10
"""Endpoints that are asked; more of one Supervisor tell nothing new."""
_AT_ONCE = 8
_QUESTION = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x00" + b"\x00\x02\x00\x01"
"""A DNS query for the name servers of the root, with recursion (RFC 1035, 4.1): every server has an answer, if only a refusal."""


class Kind(StrEnum):
    """How something is asked."""

    TLS = "TLS"
    DNS = "DNS"


@dataclass(frozen=True)
class Target:
    """Something to ask. name: of a virtual server, or empty."""

    kind: Kind
    address: Address
    port: int
    name: str = ""

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{self.name or ('DNS server' if self.kind is Kind.DNS else 'endpoint')} {host}:{self.port}"


@dataclass(frozen=True)
class Reply:
    """What came of asking. words: in a few."""

    answered: bool
    words: str


def targets(domain: WorkloadDomain, seen: Sighting) -> tuple[Target, ...]:
    """The API endpoints that were seen on load balancers below the Tier-0, then the DNS servers of the file."""
    servers = [one for one in virtual_servers(seen.objects) if one.port in API_PORTS][:_SERVERS]
    asked = [Target(Kind.TLS, one.address, one.port, one.name) for one in servers]
    return (*asked, *(Target(Kind.DNS, address, 53) for address in domain.dns_addresses))


def probed(done: Verification, domain: WorkloadDomain, seen: Sighting, *, in_a_lab: bool) -> Verification:
    """A verification with what this machine was answered. in_a_lab: addresses are nobody's, or a stranger's, outside of the lab: only this
    machine's own are asked."""
    wanted = targets(domain, seen)
    asked = [one for one in wanted if one.address.is_loopback or not in_a_lab]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="probe") as pool:
        replies = dict(zip(asked, pool.map(ask, asked), strict=True))
    return done.with_further(list(_findings(domain, replies)), list(_lines(wanted, replies)))


def _lines(wanted: tuple[Target, ...], replies: dict[Target, Reply]) -> Iterator[str]:
    if not wanted:
        yield "from this machine nothing was asked: no endpoint on 6443 or 443 was seen, and the file has no DNS server"
    for one in wanted:
        if one in replies:
            yield f"as seen from this machine: {one} {replies[one].words}"
        else:
            yield f"not asked from this machine: {one} is an address of the lab"


def _findings(domain: WorkloadDomain, replies: dict[Target, Reply]) -> Iterator[Finding]:
    for one, reply in replies.items():
        if not reply.answered:
            yield found(
                "probe-no-answer",
                domain,
                ("dns_servers",) if one.kind is Kind.DNS else ("ingress",),
                str(one),
                f"as seen from this machine, it {reply.words}",
                "",
                "ask from a machine that is to reach it; egress explain --live walks the way there and back",
            )


def ask(target: Target, patience: float = PATIENCE) -> Reply:
    """Asks, and says what came. Nothing is sent after the hello or the one query."""
    try:
        return _hello(target, patience) if target.kind is Kind.TLS else _query(target, patience)
    except OSError as error:
        return Reply(False, f"does not answer ({error.strerror or 'no answer within the time'})")


def _hello(target: Target, patience: float) -> Reply:
    host = str(target.address)
    with socket.create_connection((host, target.port), patience) as connection:
        try:
            with ssl.create_default_context().wrap_socket(connection, server_hostname=host) as tls:
                return Reply(True, f"answers {tls.version()}")
        except ssl.SSLCertVerificationError:
            return Reply(True, "answers TLS, with a certificate that this machine does not trust")
        except (ssl.SSLError, ConnectionError):
            return Reply(False, "takes the connection and does not speak TLS")


def _query(target: Target, patience: float) -> Reply:
    family = socket.AF_INET6 if target.address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.settimeout(patience)
        asked.connect((str(target.address), target.port))
        for _ in range(2):  # a datagram may be lost
            identifier = secrets.token_bytes(2)
            asked.send(identifier + _QUESTION)
            try:
                answer = asked.recv(4096)
            except TimeoutError:
                continue
            if len(answer) >= 12 and answer[:2] == identifier and answer[2] & 0x80:
                return Reply(True, "answers a DNS query")
            return Reply(False, "answers with something that is no DNS answer")
    return Reply(False, "does not answer a DNS query")
