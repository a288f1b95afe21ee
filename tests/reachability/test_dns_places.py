"""Where a DNS server stands, and what it sees of a lookup."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from egress.answers.causes import find
from egress.answers.questions import Purpose, questions
from egress.answers.remedy import Missing
from egress.answers.returns import missing_routes
from egress.domain import WorkloadDomain
from egress.reachability import Result, Verdict
from egress.reachability.view import View
from egress.reachability.view import view as view_of

Made = Callable[[str], View]


@pytest.fixture
def made(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> Made:
    """made(servers): the golden domain with a routed Tier-1 and these DNS servers, as a flow list of YAML."""
    text = golden_text.replace("tier1s: #", "tier1s:\n  mgmt: {networks: [172.30.11.0/24], nat: false}\n  #")
    return lambda servers: view_of(domain_of(text.replace("dns_servers: [172.20.0.53]", f"dns_servers: {servers}")))


def lookup(view: View, who: str = "TKG") -> Verdict:
    (asked,) = [one for one in questions(view) if one.purpose is Purpose.LOOKUP and one.title.startswith(who)]
    return find(view, asked.flow).verdict


def test_a_server_on_an_nsx_segment_sees_the_egress_address_itself(made: Made) -> None:
    verdict = lookup(made("[{address: 172.30.11.50, inside: mgmt}]"))
    assert (verdict.result, [str(one) for one in verdict.seen]) == (Result.ALL, ["30.0.0.16"])
    assert [str(hop.kind) for hop in verdict.paths[0].forward] == ["pod", "tier1", "tier0-dr", "tier1", "pod"]


def test_a_server_on_a_segment_that_the_file_does_not_give_is_reached_too(made: Made) -> None:
    verdict = lookup(made("[{address: 172.31.0.9, inside: mgmt}]"))
    assert (verdict.result, [str(one) for one in verdict.seen]) == (Result.ALL, ["30.0.0.16"])


def test_a_server_behind_a_router_beside_a_service_interface_is_reached_by_it(made: Made) -> None:
    view = made("[{address: 10.40.0.53, router: 172.20.0.9}]")
    verdict = lookup(view)
    assert [hop.node for hop in verdict.paths[0].forward][-2:] == ["router 172.20.0.9", "dns 10.40.0.53"]
    assert [str(one) for one in verdict.seen] == ["10.27.51.147"]
    assert verdict.result is Result.ALL


def test_two_servers_behind_one_router_share_it(made: Made) -> None:
    view = made("[{address: 10.40.0.53, router: 172.20.0.9}, {address: 10.40.0.54, router: 172.20.0.9}, {address: 10.41.0.53, router: 172.20.0.9}]")  # fmt: skip
    (router,) = [node for node in view.topology.nodes.values() if node.name == "router 172.20.0.9"]
    assert [face.name for face in router.interfaces] == ["outer", "inner0", "inner1"]
    asked = [one for one in questions(view) if one.title.startswith("TKG pod -> dns")]
    assert [find(view, one.flow).verdict.result for one in asked] == [Result.ALL] * 3


def test_a_server_with_the_address_of_its_gateway_is_told_and_not_asked(made: Made) -> None:
    view = made("[{address: 172.30.11.1, inside: mgmt}]")
    assert any(
        "DNS server 172.30.11.1 has the address that the walk gives to Tier-1 mgmt" in note for note in view.notes
    )
    assert Purpose.LOOKUP not in {one.purpose for one in questions(view)}


@pytest.mark.parametrize("router", ["10.27.51.9", "10.77.0.9"])
def test_a_router_stands_beside_an_uplink_or_upstream(made: Made, router: str) -> None:
    assert lookup(made(f"[{{address: 10.40.0.53, router: {router}}}]")).result is Result.ALL


def test_the_gateways_own_forwarder_is_told_and_not_asked(made: Made) -> None:
    view = made("[{address: 10.27.51.53, forwarder: true}]")
    assert "DNS server 10.27.51.53 is the gateway's own forwarder: what it answers is not asked" in view.notes
    assert Purpose.LOOKUP not in {one.purpose for one in questions(view)}


@pytest.fixture
def beside(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> Callable[[str], View]:
    """The golden domain whose DNS server stands on a second external VLAN that NAT leaves out."""
    return lambda mode: view_of(domain_of(golden_text.replace("ACTIVE_ACTIVE", mode)))


@pytest.mark.parametrize(
    ("mode", "via"), [("ACTIVE_ACTIVE", "172.20.0.1, 172.20.0.2"), ("ACTIVE_STANDBY", "172.20.0.1")]
)
def test_a_server_on_a_vlan_outside_of_nat_lacks_a_return_route_by_that_vlan(
    beside: Callable[[str], View], mode: str, via: str
) -> None:
    view = beside(mode)
    finding = find(view, next(one.flow for one in questions(view) if one.purpose is Purpose.LOOKUP))
    assert [str(one) for one in finding.verdict.seen] == ["30.0.0.5"]
    assert [(one.missing, one.at, one.name) for one in finding.remedies] == [
        (Missing.RETURN_ROUTE, "dns 172.20.0.53", f"30.0.0.0/24 via {via}")
    ]
    assert finding.complete
    (route,) = missing_routes(view)
    assert (route.on, ", ".join(map(str, route.via))) == ("dns 172.20.0.53", via)


def test_ingress_comes_by_the_uplinks_of_the_way_out_alone(beside: Callable[[str], View]) -> None:
    view = beside("ACTIVE_ACTIVE")
    assert [str(one) for one in view.around.world.routers[0].routes[0].via] == ["10.27.51.145", "10.27.51.147"]
    (ingress,) = [one for one in questions(view) if one.purpose is Purpose.INGRESS]
    assert find(view, ingress.flow).verdict.result is Result.ALL
