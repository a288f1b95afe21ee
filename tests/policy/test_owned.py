"""What a stack makes, typed and as Policy JSON; and what a plan says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import EgressError, WorkloadDomain
from egress.policy import paths
from egress.policy.owned import outside_nat, owned
from egress.policy.planned import BFD_PEER, ROUTE, RULE, import_id, planned, resource_path
from egress.policy.tree import children

T0 = "/infra/tier-0s/T0-wld01"


def test_the_golden_domain_owns_a_route_and_two_rules(golden: WorkloadDomain) -> None:
    made = owned(golden)
    assert [str(route.network) for route in made.routes] == ["0.0.0.0/0"]
    assert [rule.key for rule in made.rules] == ["supervisor", "tkg"]
    assert list(made.objects(T0)) == [
        f"{T0}/static-routes/wld01-default-route",
        f"{T0}/nat/USER",
        f"{T0}/nat/USER/nat-rules/wld01-egress-supervisor",
        f"{T0}/nat/USER/nat-rules/wld01-egress-tkg",
    ]


def test_bfd_peers_stand_below_the_routes_and_are_none_of_them(domain_of: Callable[..., WorkloadDomain]) -> None:
    hops = "next_hops: [{address: 10.27.51.1}]"
    objects = owned(domain_of("wld01", (hops, f"{hops}\n  bfd: {{profile: fast, sources: [edge01-uplink1]}}"))).objects(
        T0
    )
    assert objects[f"{T0}/static-routes/bfd-peers/wld01-bfd-10-27-51-1"] == {
        "resource_type": "StaticRouteBfdPeer",
        "id": "wld01-bfd-10-27-51-1",
        "display_name": "wld01-bfd-10-27-51-1",
        "tags": [{"scope": "managed-by", "tag": "tier0-egress"}, {"scope": "stack", "tag": "wld01"}],
        "peer_address": "10.27.51.1",
        "bfd_profile_path": "/infra/bfd-profiles/fast",
        "source_addresses": ["10.27.51.145"],
        "enabled": True,
    }
    routes = [path for path, _ in children(objects, T0, paths.Collection.STATIC_ROUTES)]
    assert routes == [f"{T0}/static-routes/wld01-default-route"]


def test_bfd_is_sent_from_the_uplinks_of_each_peers_subnet(domain_of: Callable[..., WorkloadDomain]) -> None:
    hops = "next_hops: [{address: 10.27.51.1}]"
    changed = "next_hops: [{address: 10.27.51.1}, {address: 10.27.52.1}, {address: 10.99.0.1}]\n  bfd: {}"
    made = owned(domain_of("wld01", (hops, changed), ("address: 10.27.51.147/24", "address: 10.27.52.147/24")))
    assert [list(map(str, peer.sources)) for peer in made.bfd_peers] == [["10.27.51.145"], ["10.27.52.147"], []]
    named = changed.replace("bfd: {}", "bfd: {sources: [edge01-uplink1]}")
    made = owned(domain_of("wld01", (hops, named), ("address: 10.27.51.147/24", "address: 10.27.52.147/24")))
    assert [list(map(str, peer.sources)) for peer in made.bfd_peers] == [["10.27.51.145"]] * 3


def test_an_uplink_with_nat_false_is_outside_of_the_scope_uplinks(domain_of: Callable[..., WorkloadDomain]) -> None:
    made = domain_of("wld01", ("address: 10.27.51.147/24}", "address: 10.27.51.147/24, nat: false}"))
    assert [rule.scope for rule in owned(made).rules] == [("edge01-uplink1",)] * 2
    assert outside_nat(made) == {"edge02-uplink1", "edge01-services", "edge02-services"}
    everywhere = domain_of("wld01", ("applied_to: uplinks", "applied_to: everywhere"))
    assert outside_nat(everywhere) == frozenset()


STANDBY = (
    ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY"),
    ("tkg: {source: 30.0.0.16, translated", "tkg: {source: any, destination: 10.9.0.0/16, priority: 900, translated"),
    (
        "more: {}",
        "exceptions: {corporate: {destination: 10.0.0.0/8, priority: 50}, one: {source: 30.0.0.7, destination: any, priority: 60}}",
    ),
)


def test_an_exception_is_a_no_snat_rule_and_what_is_any_is_left_out(domain_of: Callable[..., WorkloadDomain]) -> None:
    made = owned(domain_of("wld01", *STANDBY))
    objects = made.objects(T0)
    rules = {path.rsplit("/", 1)[1]: body for path, body in objects.items() if "/nat-rules/" in path}
    said = (
        "action",
        "source_network",
        "destination_network",
        "translated_network",
        "firewall_match",
        "sequence_number",
    )
    assert {name: [body.get(key) for key in said] for name, body in rules.items()} == {
        "wld01-egress-supervisor": ["SNAT", "30.0.0.5", None, "10.27.51.145", "MATCH_INTERNAL_ADDRESS", 100],
        "wld01-egress-tkg": ["SNAT", None, "10.9.0.0/16", "10.27.51.147", "MATCH_INTERNAL_ADDRESS", 900],
        "wld01-no-snat-corporate": ["NO_SNAT", None, "10.0.0.0/8", None, "BYPASS", 50],
        "wld01-no-snat-one": ["NO_SNAT", "30.0.0.7", None, None, "BYPASS", 60],
    }
    assert {"wld01-no-snat-corporate", "wld01-no-snat-one"} <= made.ids
    assert [one.at for one in made.exceptions] == [
        ("egress", "exceptions", "corporate"),
        ("egress", "exceptions", "one"),
    ]


def test_further_routes_stand_beside_the_default_route(domain_of: Callable[..., WorkloadDomain]) -> None:
    routes = "routes: {corporate: {network: 10.0.0.5, next_hops: [{address: 172.20.0.9, admin_distance: 7, interface: edge02-services}]}, none: {network: 10.9.0.0/16, discard: true, nsx_id: null-9}}"
    made = owned(domain_of("wld01", ("dns_servers:", f"{routes}\ndns_servers:")))
    objects = made.objects(T0)
    assert [path.rsplit("/", 1)[1] for path in objects if "/static-routes/" in path] == [
        "wld01-default-route",
        "wld01-route-corporate",
        "null-9",
    ]
    assert objects[f"{T0}/static-routes/wld01-route-corporate"]["network"] == "10.0.0.5/32"
    assert objects[f"{T0}/static-routes/wld01-route-corporate"]["next_hops"] == [
        {
            "ip_address": "172.20.0.9",
            "admin_distance": 7,
            "scope": [f"{T0}/locale-services/default/interfaces/edge02-services"],
        }
    ]
    assert objects[f"{T0}/static-routes/null-9"]["next_hops"] == [{"admin_distance": 1}]
    assert [route.at for route in made.further] == [("routes", "corporate"), ("routes", "none")]
    assert made.default_routes == made.routes[:1]


def test_an_exception_has_another_id_than_a_mapping_of_its_name(domain_of: Callable[..., WorkloadDomain]) -> None:
    more = "more: {a: {source: 30.0.0.9, translated: 10.27.51.9, priority: 9}}\n  exceptions: {a: {destination: 10.0.0.0/8, priority: 1}}"
    made = owned(domain_of("wld01", ("more: {}", more)))
    assert len(made.ids) == 5


def test_a_domain_whose_route_is_somebody_elses_owns_none(domain_of: Callable[..., WorkloadDomain]) -> None:
    made = owned(domain_of("wld01", ("next_hops: [{address: 10.27.51.1}]", "external: true")))
    assert (made.route, made.route_v6, made.routes, made.bfd_peers) == (None, None, (), ())


@pytest.mark.parametrize(
    ("kind", "values", "path"),
    [
        (ROUTE, {"nsx_id": "r"}, f"{T0}/static-routes/r"),
        (BFD_PEER, {"nsx_id": "p"}, f"{T0}/static-routes/bfd-peers/p"),
        (RULE, {"nsx_id": "n", "type": "USER"}, f"{T0}/nat/USER/nat-rules/n"),
        (RULE, {"nsx_id": "n", "type": "DEFAULT"}, f"{T0}/nat/DEFAULT/nat-rules/n"),
    ],
)
def test_a_resource_stands_for_the_object_at_its_path(kind: Any, values: Any, path: Any) -> None:
    assert resource_path(kind, T0, values) == path


def _plan(gateway: str) -> dict[str, Any]:
    values = {
        "nsx_id": "r",
        "gateway_path": gateway,
        "network": "0.0.0.0/0",
        "next_hop": [{"ip_address": "10.27.51.1"}],
    }
    resources = [{"mode": "managed", "type": ROUTE, "values": values}]
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}


def test_the_gateway_of_a_domain_that_knows_a_display_name_only_is_the_plans(
    domain_of: Callable[..., WorkloadDomain],
) -> None:
    by_name = domain_of("wld01", ("id: T0-wld01", "display_name: the first"))
    after = planned(by_name, _plan("/infra/tier-0s/3f2a"))
    assert after.gateway == "/infra/tier-0s/3f2a"
    assert list(after.objects) == ["/infra/tier-0s/3f2a/static-routes/r"]


def test_a_plan_for_another_gateway_is_refused(golden: WorkloadDomain) -> None:
    with pytest.raises(
        EgressError, match="the plan is for /infra/tier-0s/T0-other, and wld01 has /infra/tier-0s/T0-wld01"
    ):
        planned(golden, _plan("/infra/tier-0s/T0-other"))


@pytest.mark.parametrize(
    ("kind", "path", "wanted"),
    [
        (ROUTE, f"{T0}/static-routes/r", f"{T0}/static-routes/r"),
        (RULE, f"{T0}/nat/DEFAULT/nat-rules/n", f"{T0}/nat/DEFAULT/nat-rules/n"),
        (BFD_PEER, f"{T0}/static-routes/bfd-peers/p", "T0-wld01/p"),
    ],
)
def test_an_object_is_imported_by_its_path_and_a_bfd_peer_by_the_one_form_that_its_importer_takes(
    kind: str, path: str, wanted: str
) -> None:
    assert import_id(kind, path) == wanted
