"""Fields of Policy objects: the networks that a NAT rule names in one text."""

from __future__ import annotations

import pytest

from egress.policy.fields import network_parts, networks_of


@pytest.mark.parametrize("nothing", [None, "", "ANY", " any ", ",, ANY"])
def test_any_has_no_parts(nothing: object) -> None:
    assert list(network_parts(nothing)) == []


def test_networks_addresses_and_ranges_stand_with_commas_between() -> None:
    parts = list(network_parts("10.0.0.1, 10.0.1.7/24,10.0.2.1 - 10.0.2.3 "))
    assert parts == ["10.0.0.1", "10.0.1.7/24", "10.0.2.1 - 10.0.2.3"]
    meant = [str(network) for part in parts for network in networks_of(part)]
    assert meant == ["10.0.0.1/32", "10.0.1.0/24", "10.0.2.1/32", "10.0.2.2/31"]


@pytest.mark.parametrize(
    "part", ["nobody", "10.0.0.300", "10.0.0.9-10.0.0.1", "10.0.0.1-2001:db8::1", "-", "10.0.0.1-"]
)
def test_what_is_no_network_is_a_value_error(part: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are Python's
        networks_of(part)
