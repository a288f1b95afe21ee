"""The key `return_routes`: routes that exist outside NSX."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from egress.domain import DomainFileError
from egress.domain.reading import read
from egress.domain.yaml_tree import parse


def _read(golden: str, on: Any) -> Any:
    text = f"{golden}\nreturn_routes: [{{host: {on}, to: 30.0.0.0/24, via: [172.20.0.1]}}]\n"
    return read(parse(text.encode(), "x.yaml"), "wld01")


def test_a_return_route_on_a_dns_server_is_typed(golden: str) -> None:
    (route,) = _read(golden, "172.20.0.53").return_routes
    assert (route.host, route.to, route.via) == (
        IPv4Address("172.20.0.53"),
        IPv4Network("30.0.0.0/24"),
        (IPv4Address("172.20.0.1"),),
    )


def test_a_return_route_on_the_upstream_router_says_upstream(golden: str) -> None:
    assert _read(golden, "upstream").return_routes[0].host == "upstream"


@pytest.mark.parametrize("on", ["dns1", "5", "{a: 1}"])
def test_a_return_route_elsewhere_is_refused_with_what_is_allowed(golden: str, on: str) -> None:
    with pytest.raises(DomainFileError, match="allowed is upstream or the address of a DNS server"):
        _read(golden, on)
