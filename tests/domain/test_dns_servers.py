"""The key `dns_servers`: addresses, or entries that say where a server stands."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest

from egress.domain import Problem
from egress.domain.model import DnsServer
from egress.domain.reading import read
from egress.domain.yaml_tree import parse


def _read(golden: str, servers: str) -> tuple[DnsServer, ...]:
    text = golden.replace("dns_servers: [172.20.0.53]", f"dns_servers: {servers}")
    return read(parse(text.encode(), "d.yaml"), "d").dns_servers


def test_an_address_alone_is_a_server_that_stands_where_its_address_lies(golden: str) -> None:
    assert _read(golden, '[172.20.0.53, "2001:db8::53"]') == (
        DnsServer(address=IPv4Address("172.20.0.53")),
        DnsServer(address=IPv6Address("2001:db8::53")),
    )


@pytest.mark.parametrize("place", ["inside: domain-c8", "router: 172.20.0.9", "forwarder: true"])
def test_an_entry_says_where_it_stands(golden: str, place: str) -> None:
    (server,) = _read(golden, f"[{{address: 10.40.0.53, {place}}}]")
    assert str(server) == "10.40.0.53"
    assert [name for name in ("inside", "router", "forwarder") if getattr(server, name)] == [place.split(":")[0]]


@pytest.mark.parametrize(
    ("servers", "told"),
    [
        ("[300.0.0.1]", "dns_servers[0]: '300.0.0.1' is not an IPv4 address"),
        ("[17]", "dns_servers[0]: 17 is not text"),
        ("[[a]]", "dns_servers[0]: ('a',) is not a mapping"),
        ("[{inside: domain-c8}]", "dns_servers[0]: key 'address' is missing"),
        ("[{address: 10.40.0.53, inside: t9}]", "dns_servers[0].inside: no Tier-1 't9' in tier1s, allowed is domain-c8 or vnet-domain-c8"),
        ("[{address: 10.40.0.53, inside: domain-c8, forwarder: true}]", "dns_servers[0]: a DNS server stands in one place, give one of inside and forwarder"),
        ("[{address: 10.40.0.53, behind: a}]", "dns_servers[0].behind: unknown key 'behind'"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_what_is_allowed(
    golden: str, problems: Callable[[str | bytes], list[Problem]], servers: str, told: str
) -> None:
    found = problems(golden.replace("dns_servers: [172.20.0.53]", f"dns_servers: {servers}"))
    assert any(told in str(problem) for problem in found), found
