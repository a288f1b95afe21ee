"""Small decisions of the walk that planted faults showed to be untested."""

from __future__ import annotations

import pytest

from egress.domain import EgressError, WorkloadDomain
from egress.policy.tree import flatten
from egress.reachability import Flow, Protocol, Walker, read_world
from egress.reachability.view import view as view_of
from tests.reachability.conftest import House


def test_a_wrapper_of_an_unknown_kind_does_not_hide_those_after_it() -> None:
    infra = {
        "children": [
            {"resource_type": "ChildDomain", "Domain": {"id": "default"}},
            {"resource_type": "ChildTier1", "Tier1": {"id": "t1"}},
        ]
    }
    assert list(flatten(infra)) == ["/infra/tier-1s/t1"]


def test_an_icmp_flow_has_no_destination_port(golden: WorkloadDomain) -> None:
    view = view_of(golden)
    flow = Flow("pod/domain-c8", view.around.outside, Protocol.ICMP, 443)
    packet = Walker(view.topology).walk(flow).paths[0].forward[0].before
    assert (packet.source_port, packet.destination_port) == (40000, 0)


@pytest.mark.parametrize(("port", "fits"), [(1, True), (65535, True), (0, False), (65536, False)])
def test_a_port_of_a_load_balancer_is_one_that_exists(port: int, fits: bool) -> None:
    balancer = {"address": "30.0.1.10", "port": port, "member": "10.244.0.98", "member_port": 443}
    file = {"format": "egress-world", "version": 1, "world": {"segments": {}, "tier1": {"t": {"lb": [balancer]}}}}
    if fits:
        assert read_world(file).world.tier1["t"].lb[0].port == port
    else:
        with pytest.raises(EgressError, match="wrong at tier1"):
            read_world(file)


def test_a_pod_with_both_families_has_a_gateway_in_each(house: House) -> None:
    pod = house.world["tier1"]["domain-c8"]["pods"][0]
    pod["addresses"].append("2001:db8:10::98/64")
    routes = house.topology().nodes["pod-a"].routes
    assert [(str(route.to), str(route.hops[0].via), route.hops[0].interface) for route in routes] == [
        ("0.0.0.0/0", "10.244.0.97", "eth0"),
        ("::/0", "2001:db8:10::1", "eth1"),
    ]


def test_the_load_balancer_is_on_the_first_tier1_only(golden: WorkloadDomain) -> None:
    tier1 = view_of(golden).around.world.tier1
    assert [len(one.lb) for one in tier1.values()] == [2, 0]


def test_a_node_that_keeps_state_translates_a_new_packet_once(house: House) -> None:
    path = house.standby_rules().ask("pod-a", "198.51.100.10").paths[0]
    assert [hop.rules for hop in path.forward] == [(), ("egress 30.0.0.5",), (), ("supervisor",), (), ()]
    assert [hop.rules for hop in path.back] == [(), (), ("state",), (), ("state",), ()]
