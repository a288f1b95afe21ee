"""Networks laid together, and whether two overlap, against a look at each address."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.domain.addresses import Coverage, overlap, single, with_length

SMALL = st.builds(
    lambda bits, length: IPv4Network((bits, length), strict=False), st.integers(0, 63), st.integers(26, 32)
)
"""Networks of the first 64 addresses, many of which meet."""


@given(laid=st.lists(SMALL, max_size=8), asked=SMALL)
def test_a_coverage_knows_how_much_of_a_network_it_holds(laid: list[IPv4Network], asked: IPv4Network) -> None:
    held = {address for network in laid for address in network} & set(asked)
    covered = Coverage(laid)
    assert covered.count(asked) == len(held)
    assert covered.holds(asked) == (len(held) == asked.num_addresses)


@given(one=SMALL, other=SMALL)
def test_networks_overlap_where_they_share_an_address(one: IPv4Network, other: IPv4Network) -> None:
    assert overlap(one, other) == bool(set(one) & set(other))


def test_networks_of_two_families_do_not_overlap() -> None:
    assert not overlap(IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
    assert overlap(IPv6Network("2001:db8::/32"), IPv6Network("2001:db8:1::/64"))


@pytest.mark.parametrize("text", ["10.27.51.1", "255.255.255.255", "::", "2001:db8::1", "fe80::1%eth0"])
def test_networks_and_interfaces_of_an_address_are_what_python_makes_of_it(text: str) -> None:
    address = ip_address(text)
    network, interface = (IPv4Network, IPv4Interface) if address.version == 4 else (IPv6Network, IPv6Interface)
    own = single(address)
    made = with_length(address, own)
    assert repr(own) == repr(network(address))
    python = interface((address, own.prefixlen))
    assert (repr(made), repr(made.ip), repr(made.network)) == (repr(python), repr(python.ip), repr(python.network))
