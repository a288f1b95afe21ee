"""What a failure takes away, and what the walk says then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from egress.answers.what_if import Loss, what_if
from egress.domain import EgressError, WorkloadDomain
from egress.reachability import Result
from egress.reachability.outage import named, single_outages, without
from egress.reachability.view import View
from egress.reachability.view import view as view_of

DomainOf = Callable[..., WorkloadDomain]
TWO_VLANS = """\
version: 1
name: two
nsx: {host: nsx.example.com}
tier0:
  id: T0
  ha_mode: ACTIVE_ACTIVE
  uplinks:
    - {id: e1-a, edge: e1, address: 10.1.0.2/24}
    - {id: e1-b, edge: e1, address: 10.1.1.2/24}
    - {id: e2-a, edge: e2, address: 10.1.0.3/24}
    - {id: e2-b, edge: e2, address: 10.1.1.3/24}
default_route: {next_hops: [{address: 10.1.0.253}, {address: 10.1.1.253}]BFD}
egress: {ranges: [10.2.0.0/24], supervisor: {source: 10.2.0.5, translated: 10.8.0.5}, routed: [10.8.0.0/24]}
tier1s: {domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}}
"""
WATCHED = ", bfd: {profile: default}"


def two_vlans(domain_of: DomainOf, bfd: str = "") -> View:
    """Two edges on two VLANs with a router on each."""
    return view_of(domain_of(TWO_VLANS.replace("BFD", bfd)))


def losses(view: View) -> dict[str, Loss]:
    return {str(loss.outage): loss for loss in what_if(view)}


def test_every_edge_uplink_router_and_vlan_can_fail_by_itself(domain_of: DomainOf) -> None:
    assert [str(one) for one in single_outages(two_vlans(domain_of))] == [
        *("edge e1", "edge e2"),
        *("uplink e1-a", "uplink e1-b", "uplink e2-a", "uplink e2-b"),
        *("router 10.1.0.253", "router 10.1.1.253"),
        *("VLAN 10.1.0.0/24", "VLAN 10.1.1.0/24"),
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("e1", "edge e1"),
        ("e2-b", "uplink e2-b"),
        ("10.1.0.253", "router 10.1.0.253"),
        ("10.1.1.0/24", "VLAN 10.1.1.0/24"),
        ("10.1.1.77/24", "VLAN 10.1.1.0/24"),
    ],
)
def test_what_fails_is_named_by_id_address_or_network(domain_of: DomainOf, text: str, meant: str) -> None:
    assert str(named(two_vlans(domain_of), text)) == meant


@pytest.mark.parametrize("text", ["e9", "10.1.0.2", "10.9.0.0/24", "", "10.1.0.300"])
def test_what_is_nothing_that_can_fail_is_refused_with_what_can(domain_of: DomainOf, text: str) -> None:
    with pytest.raises(EgressError) as refused:
        named(two_vlans(domain_of), text)
    assert f"two has no edge, uplink, router or VLAN {text!r}, there are: edge e1, " in str(refused.value).replace(
        "wld01", "two"
    )


def test_a_router_that_nobody_watches_takes_half_of_the_paths_along(domain_of: DomainOf) -> None:
    found = losses(two_vlans(domain_of))
    assert found["router 10.1.0.253"].of(Result.SOME) == ("Supervisor pod -> registry",)
    assert not found["router 10.1.0.253"].harmless
    assert not found["VLAN 10.1.1.0/24"].harmless


def test_a_router_that_bfd_watches_is_no_next_hop_while_it_is_gone(domain_of: DomainOf) -> None:
    view = without(two_vlans(domain_of, WATCHED), named(two_vlans(domain_of), "10.1.0.253"))
    (route,) = view.tier0.routes
    assert [str(hop.address) for hop in route.next_hops] == ["10.1.1.253"]
    found = losses(two_vlans(domain_of, WATCHED))
    assert [found[name].harmless for name in ("router 10.1.0.253", "VLAN 10.1.1.0/24")] == [True, True]


def test_an_uplink_that_is_down_has_no_address_and_its_edge_goes_by_the_other(domain_of: DomainOf) -> None:
    view = two_vlans(domain_of)
    after = without(view, named(view, "e1-a"))
    assert [face.name for face in after.topology.nodes["T0/e1"].interfaces] == ["e1-b", "transit"]
    ways = [
        [str(hop.via) for hop in route.hops]
        for route in after.topology.nodes["T0/e1"].routes
        if str(route.to) == "0.0.0.0/0"
    ]
    assert ways == [["10.1.1.253"]]


def test_an_edge_whose_last_uplink_is_down_is_down(golden: WorkloadDomain, standby: WorkloadDomain) -> None:
    view = view_of(standby)
    after = without(view, named(view, "edge01-uplink1"))
    assert "T0-wld02/edge01" not in after.topology.nodes
    assert after.topology.nodes["T0-wld02/edge02"].forwards
    view = view_of(golden)
    assert "T0-wld01/edge01" in without(view, named(view, "edge01-uplink1")).topology.nodes, "it has another VLAN"


def test_on_a_vlan_that_is_gone_the_edges_stay_and_nobody_else(golden: WorkloadDomain) -> None:
    view = view_of(golden)
    after = without(view, named(view, "172.20.0.0/24"))
    assert after.topology.nodes["dns 172.20.0.53"].interfaces == ()
    names = [face.name for face in after.topology.nodes["T0-wld01/edge01"].interfaces]
    assert "edge01-services" in names


def test_several_things_can_fail_at_once(standby: WorkloadDomain) -> None:
    view = view_of(standby)
    for name in ("edge01", "edge02"):
        view = without(view, named(view, name))
    assert view.lost == ("edge01", "edge02")
    assert all(set(dict(loss.results).values()) == {Result.NONE} for loss in what_if(view))


def test_active_standby_with_a_vip_loses_nothing_with_an_edge_or_an_uplink(standby: WorkloadDomain) -> None:
    found = what_if(view_of(standby))
    kinds = {
        loss.outage.kind.value: [one.harmless for one in found if one.outage.kind is loss.outage.kind] for loss in found
    }
    assert all(kinds["edge"])
    assert all(kinds["uplink"])
    assert not all(kinds["router"])


def test_the_matrix_is_said_in_words(golden: WorkloadDomain) -> None:
    loss = losses(view_of(golden))["edge edge02"]
    assert loss.in_words() == (
        "without edge edge02: 1 of 5 flows work; sometimes: outside -> ingress; fails: TKG pod -> registry, "
        "Supervisor pod -> dns 172.20.0.53, TKG pod -> dns 172.20.0.53"
    )
    assert loss.as_json()["without"] == {"kind": "edge", "name": "edge02"}
    assert loss.as_json()["results"]["TKG pod -> registry"] == "none"
