"""The key `routes`: further static routes of the Tier-0."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from egress.domain import Problem
from egress.domain.reading import read
from egress.domain.yaml_tree import parse


def with_routes(golden: str, routes: str) -> str:
    return f"{golden}\nroutes: {routes}\n"


@pytest.mark.parametrize(
    ("network", "to"),
    [("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.5", "10.0.0.5/32"), ('"2001:db8::/32"', "2001:db8::/32")],
)
def test_a_route_leads_to_a_network_or_a_host(golden: str, network: str, to: str) -> None:
    hop = '"2001:db8:51::7"' if ":" in network else "10.27.51.7"
    text = with_routes(golden, f"{{corporate: {{network: {network}, next_hops: [{{address: {hop}}}]}}}}")
    domain = read(parse(text.encode(), "d"), "d")
    assert domain.routes["corporate"].to == ip_network(to)


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ("{network: 0.0.0.0/0, next_hops: [{address: 10.27.51.7}]}", "routes.a: 0.0.0.0/0 is the default route, which has keys of its own"),
        ('{network: "::/0", discard: true}', "routes.a: ::/0 is the default route"),
        ("{network: 10.0.0.0/8}", "routes.a: next_hops is missing, allowed are one or more {address: ...}, or discard: true"),
        ("{network: 10.0.0.0/8, discard: true, next_hops: [{address: 10.27.51.7}]}", "routes.a: discard: true says that packets are dropped"),
        ('{network: "2001:db8::/32", next_hops: [{address: 10.27.51.7}]}', "routes.a: next hop 10.27.51.7 is of another family than 2001:db8::/32, allowed is IPv6"),
        ("{network: 10.0.0.1/8, discard: true}", "routes.a.network: '10.0.0.1/8' has host bits set, did you mean 10.0.0.0/8?"),
        ('{network: "2001:db8::1/32", discard: true}', "routes.a.network: '2001:db8::1/32' has host bits set, did you mean 2001:db8::/32?"),
        ('{network: ":::/32", discard: true}', "routes.a.network: ':::/32' is not an IPv6 network"),
        ("{network: 10.0.0.0/8, next_hops: [{address: 10.27.51.7, interface: up9}]}", "routes.a.next_hops[0].interface: no interface 'up9' in tier0"),
        ("{network: 10.0.0.0/8, via: 10.27.51.7}", "routes.a.via: unknown key 'via'"),
    ],
)  # fmt: skip
def test_a_wrong_route_is_told_what_is_allowed(
    golden: str, problems: Callable[[str | bytes], list[Problem]], route: str, told: str
) -> None:
    found = problems(with_routes(golden, f"{{a: {route}}}"))
    assert any(told in str(problem) for problem in found), found


def test_a_next_hop_may_leave_by_a_service_interface(
    golden: str, problems: Callable[[str | bytes], list[Problem]]
) -> None:
    by_service = "{a: {network: 10.0.0.0/8, next_hops: [{address: 172.21.0.9, interface: services}]}}"
    services = "  service_interfaces: [{id: services, address: 172.21.0.1/24}]\ndefault_route:\n"
    assert problems(with_routes(golden.replace("default_route:\n", services), by_service)) == []
