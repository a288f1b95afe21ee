"""What is assumed around a domain (docs/reachability.md, "What is assumed")."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from egress.answers.causes import find
from egress.answers.questions import Purpose, questions
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability import Result, Walker
from egress.reachability.surroundings import UPSTREAM, Wishes, surroundings
from egress.reachability.view import View
from egress.reachability.view import view as view_of


def addresses(view: View, node: str) -> list[str]:
    return [str(one) for face in view.topology.nodes[node].interfaces for one in face.addresses]


def results(view: View) -> Any:
    walker = Walker(view.topology)
    return {question.title: walker.walk(question.flow).result for question in questions(view)}


def test_the_upstream_gateway_is_every_next_hop(standby: WorkloadDomain) -> None:
    held = addresses(view_of(standby), UPSTREAM)
    for hop in standby.default_route.next_hops:
        assert f"{hop.address}/24" in held
    assert standby.default_route.ipv6
    assert f"{standby.default_route.ipv6.next_hops[0].address}/64" in held


def test_an_uplink_network_without_a_next_hop_has_the_gateway_on_its_first_free_address(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace("address: 10.27.51.147/24", "address: 10.27.52.1/24")
    assert "10.27.52.2/24" in addresses(view_of(domain_of(text)), UPSTREAM)


def test_a_next_hop_that_is_the_gateways_own_address_is_not_the_upstream_gateways(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("address: 10.27.51.1}", "address: 10.27.51.147}")))
    assert "10.27.51.147/24" not in addresses(view, UPSTREAM)
    assert results(view)["TKG pod -> registry"] is not Result.ALL


def test_a_dns_server_beside_an_interface_outside_of_nat_has_the_last_free_address_as_its_gateway(
    golden: WorkloadDomain,
) -> None:
    view = view_of(golden)
    assert "172.20.0.254/24" in addresses(view, UPSTREAM)
    assert [str(route.hops[0].via) for route in view.topology.nodes["dns 172.20.0.53"].routes] == ["172.20.0.254"]


def test_two_dns_servers_on_one_network_outside_of_nat_share_its_gateway(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace("[172.20.0.53]", "[172.20.0.53, 172.20.0.254]")
    view = view_of(domain_of(text))
    assert [str(view.topology.nodes[name].routes[0].hops[0].via) for name, _ in view.around.dns] == ["172.20.0.253"] * 2


def test_a_dns_server_on_the_uplink_network_sees_translated_addresses(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("[172.20.0.53]", "[10.27.51.53]")))
    assert set(results(view).values()) == {Result.ALL}
    assert [str(route.hops[0].via) for route in view.topology.nodes["dns 10.27.51.53"].routes] == ["10.27.51.1"]


def test_a_dns_server_elsewhere_is_behind_the_upstream_gateway(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("[172.20.0.53]", "[192.168.7.53]")))
    assert set(results(view).values()) == {Result.ALL}
    assert "192.168.7.1/24" in addresses(view, UPSTREAM)


def test_a_dns_server_whose_surroundings_are_taken_gets_a_smaller_network(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(
        domain_of(
            golden_text.replace("[172.20.0.53]", "[10.27.52.53]").replace(
                "  domain-c8: {", "  other: {networks: [10.27.52.128/25]}\n  domain-c8: {", 1
            )
        )
    )
    assert addresses(view, "dns 10.27.52.53") == ["10.27.52.53/30"]


def test_an_ipv6_dns_server_is_in_the_world_and_not_asked(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("[172.20.0.53]", '["2001:db8:7::53"]')))
    assert addresses(view, "dns 2001:db8:7::53") == ["2001:db8:7::53/64"]
    assert Purpose.LOOKUP not in {question.purpose for question in questions(view)}


def test_the_registry_moves_to_another_documentation_network_if_the_domain_uses_the_first(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace("range: 30.0.1.0/24", "range: 198.51.100.0/24")
    assert str(view_of(domain_of(text)).around.outside) == "203.0.113.10"


def test_the_ingress_range_is_reached_by_both_edges_on_active_active(golden: WorkloadDomain) -> None:
    router = surroundings(golden).world.routers[0]
    assert [(str(route.to), [str(one) for one in route.via]) for route in router.routes] == [
        ("30.0.1.0/24", ["10.27.51.145", "10.27.51.147"])
    ]


def test_on_active_standby_without_a_vip_it_is_reached_by_the_first_edge(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    domain = domain_of(golden_text.replace("ACTIVE_ACTIVE", "ACTIVE_STANDBY"))
    assert [str(one) for one in surroundings(domain).world.routers[0].routes[0].via] == ["10.27.51.145"]


def test_a_declared_upstream_route_counts(golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> None:
    text = "\n".join(line for line in golden_text.splitlines() if not line.startswith("  tkg:"))
    text = (
        "\n".join(line for line in text.splitlines() if "domain-c8: {" not in line).replace("tier1s:", "tier1s: {}")
        + "\n"
    )
    declared = "return_routes: [{host: upstream, to: 30.0.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    without_rule = (
        text.replace("  supervisor:", "  more:\n    other:")
        .replace("translated: 10.27.51.145}", "translated: 10.27.51.145, priority: 7}")
        .replace("  more: {} # name -> {source, translated, priority}\n", "")
    )
    view = view_of(domain_of(without_rule + declared))
    bare = view.changed({path: body for path, body in view.objects.items() if "/nat-rules/" not in path})
    assert results(bare)["other pod -> registry"] is Result.ALL
    assert find(bare, questions(bare)[0].flow).verdict.seen == (ip_address("30.0.0.5"),)


def test_a_mapping_without_a_tier1_gets_one_with_spare_pods(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(
        domain_of(golden_text.replace("  vnet-domain-c8: {networks: [192.168.128.0/24], egress: 30.0.0.16}\n", ""))
    )
    titles = [question.title for question in questions(view)]
    assert "TKG pod -> registry" in titles
    assert view.around.senders[1].tier1 == "tier1 of tkg"
    assert addresses(view, "pod/tier1 of tkg") == ["198.18.1.2/24"]


def test_a_further_mapping_whose_tier1_is_not_known_is_asked_of_one_that_stands_for_it(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    more = "more: {build: {source: 30.0.0.40, translated: 10.27.51.140, priority: 200}}"
    view = view_of(domain_of(golden_text.replace("more: {}", more)))
    assert [sender.pod for sender in view.around.senders] == [
        "pod/domain-c8",
        "pod/vnet-domain-c8",
        "pod/tier1 of build",
    ]
    found = find(view, next(q.flow for q in questions(view) if q.title == "build pod -> registry"))
    assert (found.verdict.result, found.verdict.seen) == (Result.ALL, (ip_address("10.27.51.140"),))


def test_a_mapping_of_a_network_is_stood_for_by_its_first_host(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace(
        "source: 30.0.0.16, translated: 10.27.51.147", "source: 30.0.0.32/28, translated: 10.27.51.64/28"
    ).replace("egress: 30.0.0.16}", "egress: 30.0.0.32/28}")
    view = view_of(domain_of(text))
    assert str(view.around.senders[1].egress) == "30.0.0.33"
    assert find(view, questions(view)[1].flow).verdict.seen == (ip_address("10.27.51.65"),)


@pytest.mark.parametrize("network", ["10.244.0.96/30", "10.244.0.96/31", "10.244.0.96/32"])
def test_a_pod_network_too_small_for_an_example_is_replaced(
    golden_text: str, domain_of: Callable[..., WorkloadDomain], network: str
) -> None:
    view = view_of(domain_of(golden_text.replace("10.244.0.96/28", network)))
    assert addresses(view, "pod/domain-c8") == ["198.18.0.2/24"]


def test_wished_hosts_exist_once_and_not_for_addresses_that_somebody_has(golden: WorkloadDomain) -> None:
    hosts = tuple(ip_address(one) for one in ("192.0.2.9", "192.0.2.9", "10.27.51.145", "10.27.51.1", "172.20.0.53"))
    names = [host.name for host in surroundings(golden, Wishes(hosts=hosts)).world.hosts]
    assert names == ["registry", "dns 172.20.0.53", "host 192.0.2.9"]


def test_the_first_route_of_a_shared_gateway_is_guessed_from_the_first_uplink(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace(
        "default_route:\n  next_hops: [{address: 10.27.51.1}]", "default_route: {external: true}"
    )
    view = view_of(domain_of(text.replace("address: 10.27.51.147/24", "address: 10.27.52.147/24")))
    assert view.notes[0] == "the default route is somebody else's: taken as 0.0.0.0/0 via 10.27.51.1"


def test_a_host_or_pod_owns_an_address_before_a_gateway_does(golden: WorkloadDomain) -> None:
    topology = view_of(golden).topology
    owners = [topology.owner(ip_address(one)) for one in ("172.20.0.53", "10.27.51.1", "192.0.2.1")]
    assert [one and one.name for one in owners] == ["dns 172.20.0.53", UPSTREAM, None]
    assert [face.name for face in topology.nodes["registry"].interfaces] == ["eth0"]
    assert topology.nodes["T0-wld01/edge01"].interface("transit").segment == "transit:T0-wld01"
    with pytest.raises(KeyError):
        topology.nodes["registry"].interface("eth9")


def test_a_missing_ipv6_default_route_is_told_as_ipv6(standby: WorkloadDomain) -> None:
    view = view_of(standby, wishes=Wishes(hosts=(ip_address("2001:db8:99::5"),)))
    objects = {path: body for path, body in view.objects.items() if not path.endswith("default-route-v6")}
    world = view.around.world
    assert world.hosts[-1].name == "host 2001:db8:99::5"
    bare = view.changed(objects)
    edge = bare.topology.nodes["T0-wld02/edge01"]
    assert not any(route.to.version == 6 and route.to.prefixlen == 0 for route in edge.routes)
    assert any(
        route.to.version == 6 and route.to.prefixlen == 0 for route in view.topology.nodes["T0-wld02/edge01"].routes
    )


def test_remedies_and_hops_are_plain_values_in_json(golden: WorkloadDomain) -> None:
    view = view_of(golden)
    question = next(q for q in questions(view) if q.purpose is Purpose.LOOKUP)
    finding = find(view, question.flow)
    assert finding.remedies[0].as_json() == {
        "missing": Missing.RETURN_ROUTE.value,
        "at": "dns 172.20.0.53",
        "name": "30.0.0.0/24 via 172.20.0.1, 172.20.0.2",
        "why": finding.remedies[0].why,
        "fix": "add on dns 172.20.0.53: 30.0.0.0/24 via 172.20.0.1, 172.20.0.2",
    }
    path = finding.verdict.paths[0].as_json()
    assert (path["delivered"], path["returned"], path["seen"]) == (True, False, "30.0.0.5")
    assert path["back"][-1] == {
        "node": "upstream gateway",
        "in": "uplinks1",
        "out": None,
        "before": "172.20.0.53 -> 30.0.0.5",
        "after": "172.20.0.53 -> 30.0.0.5",
        "rules": [],
        "route": None,
        "via": None,
        "drop": "no route",
    }
