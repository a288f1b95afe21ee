"""Which of many networks overlap one."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from hypothesis import given
from hypothesis import strategies as st

from nsx_lab.manager.nsx.rules.overlaps import Networks

Network = IPv4Network | IPv6Network
FOUR = st.builds(lambda first, length: IPv4Network((first << 24, length), strict=False), st.integers(0, 255), st.integers(0, 12))  # fmt: skip
SIX = st.builds(lambda first, length: IPv6Network((first, length), strict=False), st.integers(0, 15), st.sampled_from([0, 120, 124, 126, 128]))  # fmt: skip
ONES = st.one_of(FOUR, SIX)


@given(st.lists(st.tuples(ONES, st.sampled_from("abc"), st.booleans()), max_size=20), ONES)
def test_overlapping_networks_are_those_that_a_look_at_all_finds(
    steps: list[tuple[Network, str, bool]], asked: Network
) -> None:
    networks, everything = Networks(), dict[tuple[Network, str], None]()
    for network, name, gone in steps:
        if gone:
            networks.drop(network, name)
            everything.pop((network, name), None)
        else:
            networks.add(network, name)
            everything[network, name] = None
    found = {name for network, name in everything if network.version == asked.version and network.overlaps(asked)}
    assert set(networks.overlapping(asked)) == found


def test_a_small_ipv6_network_is_not_taken_for_an_ipv4_one() -> None:
    networks = Networks()
    networks.add(ip_network("0.0.0.0/8"), "four")
    networks.add(ip_network("::/8"), "six")
    assert list(networks.overlapping(ip_network("::1/128"))) == ["six"]
