"""What is public: a changed address or nsx_id replaces a resource, and replacing a default route is an outage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.domain import WorkloadDomain, load_domains

REPOSITORY = Path(__file__).resolve().parents[2]
Json = dict[str, Any]

WLD01 = {
    "nsxt_policy_static_route.DefaultRoute": ("wld01-default-route", None),
    "nsxt_policy_nat_rule.Egress_supervisor": ("wld01-egress-supervisor", 100),
    "nsxt_policy_nat_rule.Egress_tkg": ("wld01-egress-tkg", 110),
}
PROD_WLD02 = {
    "nsxt_policy_static_route.DefaultRoute": ("prod-wld02-default-route", None),
    "nsxt_policy_static_route.DefaultRouteV6": ("prod-wld02-default-route-v6", None),
    "nsxt_policy_nat_rule.Egress_supervisor": ("prod-wld02-egress-supervisor", 100),
    "nsxt_policy_nat_rule.Egress_tkg": ("prod-wld02-egress-tkg", 110),
}


@pytest.mark.parametrize("stack, resources", [("wld01", WLD01), ("prod-wld02", PROD_WLD02)])
def test_addresses_ids_and_priorities_never_change(
    stack: str, resources: dict[str, tuple[str, int | None]], synth: Callable[..., Json]
) -> None:
    (domain,) = load_domains(REPOSITORY, [stack])
    made = synth(domain)
    assert resources == {
        f"{kind}.{name}": (body["nsx_id"], body.get("rule_priority"))
        for kind, bodies in made["resource"].items()
        for name, body in bodies.items()
    }


def test_what_is_read_has_stable_addresses_too(synth: Callable[..., Json]) -> None:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    assert {kind: list(bodies) for kind, bodies in synth(domain)["data"].items()} == {
        "nsxt_policy_tier0_gateway": ["Tier0"],
        "nsxt_policy_realization_info": [
            "default_route_realized",
            "egress_supervisor_realized",
            "egress_tkg_realized",
        ],
    }


def test_outputs_give_paths_and_ids(synth: Callable[..., Json]) -> None:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    outputs = {name: output["value"] for name, output in synth(domain)["output"].items()}
    assert outputs == {
        "gateway_path": "${data.nsxt_policy_tier0_gateway.Tier0.path}",
        "default_route_path": "${nsxt_policy_static_route.DefaultRoute.path}",
        "default_route_id": "wld01-default-route",
        "egress_supervisor_path": "${nsxt_policy_nat_rule.Egress_supervisor.path}",
        "egress_supervisor_id": "wld01-egress-supervisor",
        "egress_tkg_path": "${nsxt_policy_nat_rule.Egress_tkg.path}",
        "egress_tkg_id": "wld01-egress-tkg",
    }


def test_golden_rules_say_what_the_file_says(synth: Callable[..., Json]) -> None:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    made = synth(domain)
    gateway = "${data.nsxt_policy_tier0_gateway.Tier0.path}"
    rules = made["resource"]["nsxt_policy_nat_rule"]
    assert made["data"]["nsxt_policy_tier0_gateway"]["Tier0"]["id"] == "T0-wld01"
    assert [(r["source_networks"], r["translated_networks"]) for r in rules.values()] == [
        (["30.0.0.5"], ["10.27.51.145"]),
        (["30.0.0.16"], ["10.27.51.147"]),
    ]
    for rule in rules.values():
        assert rule["action"] == "REFLEXIVE"
        assert rule["gateway_path"] == gateway
        assert rule["depends_on"] == ["nsxt_policy_static_route.DefaultRoute"]
        assert rule["scope"] == [
            f"{gateway}/locale-services/default/interfaces/{uplink}" for uplink in ("edge01-uplink1", "edge02-uplink1")
        ]
    route = made["resource"]["nsxt_policy_static_route"]["DefaultRoute"]
    assert route["next_hop"] == [{"ip_address": "10.27.51.1", "admin_distance": 1}]
    assert route["lifecycle"] == {"prevent_destroy": True}


EXAMPLES = load_domains(REPOSITORY / "examples")


@pytest.mark.parametrize("domain", EXAMPLES, ids=lambda domain: domain.stack)
def test_every_example_becomes_a_stack(domain: WorkloadDomain, synth: Callable[..., Json]) -> None:
    made = synth(domain)
    assert len(made["resource"]["nsxt_policy_nat_rule"]) >= 1
    assert ("nsxt_policy_static_route" in made["resource"]) is not domain.default_route.external
