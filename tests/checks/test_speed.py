"""What the rules do for speed changes nothing that can be seen."""

from __future__ import annotations

import gc
from ipaddress import IPv4Address, IPv4Network

import pytest

from egress.checks import look
from egress.domain.collector import paused


def test_mappings_are_made_once_for_each_domain_and_forgotten_with_it(domain):
    first, second = domain("one"), domain("one", {"egress": {"supervisor": {"translated": "10.1.0.99"}}})
    assert look.mappings(first) is look.mappings(first)
    assert look.mappings(second)[0].translated != look.mappings(first)[0].translated
    known = len(look._known)
    del second
    gc.collect()
    assert len(look._known) == known - 1


def test_the_collector_runs_again_after_a_pause_and_after_an_error_in_it():
    assert gc.isenabled()
    with paused():
        assert not gc.isenabled()
        with paused():
            pass
        assert not gc.isenabled(), "the outermost pause ends it"
    assert gc.isenabled()
    with pytest.raises(KeyError), paused():
        raise KeyError
    assert gc.isenabled()


@pytest.mark.parametrize("address, inside", [("10.1.0.0", True), ("10.1.0.255", True), ("10.1.1.0", False)])
def test_an_address_lies_within_a_network_as_its_own_network_does(address, inside):
    networks = [IPv4Network("192.0.2.0/24"), IPv4Network("10.1.0.0/24")]
    assert look.within(IPv4Address(address), networks) is inside
    assert look.within(IPv4Network(address), networks) is inside
