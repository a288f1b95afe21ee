"""What a lab is given before a stack is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.seed import left_out, seed
from egress.policy.tree import flatten
from nsx_lab import Lab

HOST = "nsx-wld01.example.com"
SERVICES = "/infra/tier-0s/T0-wld01/locale-services/default"


def _tier0s(domains: Sequence[WorkloadDomain]) -> dict[str, Any]:
    children = seed(domains)["infra"]["children"]
    return {child["Tier0"]["id"]: child["Tier0"] for child in children if "Tier0" in child}


def test_a_tier0_that_two_domains_share_appears_once(repository: Path) -> None:
    assert sorted(_tier0s(load_domains(repository / "examples"))) == ["T0-parent", "T0-shared", "T0-vrf-blue"]


def test_the_parent_of_a_vrf_comes_before_it(repository: Path) -> None:
    tier0s = _tier0s(load_domains(repository / "examples"))
    names = list(tier0s)
    assert names.index("T0-parent") < names.index("T0-vrf-blue")
    assert tier0s["T0-vrf-blue"]["vrf_config"] == {"tier0_path": "/infra/tier-0s/T0-parent"}


def test_an_ha_vip_names_the_uplinks_of_its_subnet(repository: Path) -> None:
    (services,) = _tier0s(load_domains(repository))["T0-wld02"]["children"]
    (vip,) = services["LocaleServices"]["ha_vip_configs"]
    assert vip["vip_subnets"] == [{"ip_addresses": ["10.28.60.4"], "prefix_len": 24}]
    assert [path.rsplit("/", 1)[1] for path in vip["external_interface_paths"]] == ["edge01-uplink1", "edge02-uplink1"]


def test_domains_on_one_tier0_bring_their_interfaces_together_however_its_manager_is_written(
    domain_of: Callable[..., WorkloadDomain],
) -> None:
    other = domain_of(
        "wld09",
        (HOST, "NSX-wld01.example.com:443"),
        (
            "id: edge01-services, edge: edge01, address: 172.20.0.1/24",
            "id: backup, edge: edge01, address: 172.21.0.1/24",
        ),
        (
            "id: edge02-uplink1, edge: edge02, address: 10.27.51.147/24",
            "id: u3, edge: edge03, address: 10.27.51.148/24",
        ),
        ("id: T0-wld01", "display_name: T0-wld01"),
    )
    objects = flatten(seed([domain_of("wld01"), other])["infra"])
    start = f"{SERVICES}/interfaces/"
    names = [path.removeprefix(start) for path in objects if path.startswith(start)]
    assert names == ["edge01-uplink1", "edge02-uplink1", "edge01-services", "edge02-services", "u3", "backup"]
    assert [path for path in objects if path.count("/") == 3 and "tier-0s" in path] == ["/infra/tier-0s/T0-wld01"]


def test_where_two_files_contradict_each_other_the_first_one_counts(domain_of: Callable[..., WorkloadDomain]) -> None:
    other = domain_of("wld09", ("address: 172.20.0.1/24", "address: 172.20.0.9/24"))
    objects = flatten(seed([domain_of("wld01"), other])["infra"])
    assert objects[f"{SERVICES}/interfaces/edge01-services"]["subnets"] == [
        {"ip_addresses": ["172.20.0.1"], "prefix_len": 24}
    ]


def test_two_locale_services_of_one_tier0_hold_what_their_files_say(domain_of: Callable[..., WorkloadDomain]) -> None:
    other = domain_of("wld09", ("id: T0-wld01", "id: T0-wld01\n  locale_service: second"))
    objects = flatten(seed([domain_of("wld01"), other])["infra"])
    assert f"{SERVICES}/interfaces/edge01-services" in objects
    assert "/infra/tier-0s/T0-wld01/locale-services/second/interfaces/edge01-services" in objects


def test_tier0s_of_one_id_on_two_managers_do_not_become_one_in_a_lab(domain_of: Callable[..., WorkloadDomain]) -> None:
    other = domain_of("wld09", (HOST, "nsx-wld09.example.com"))
    with pytest.raises(
        EgressError, match=r"wld01 and wld09 each have a Tier-0 'T0-wld01', on nsx-wld01\.example\.com and"
    ):
        seed([domain_of("wld01"), other])


def test_of_two_tier1s_of_one_id_the_first_one_is_seeded_and_the_other_told(
    domain_of: Callable[..., WorkloadDomain],
) -> None:
    other = domain_of("wld09", ("id: T0-wld01", "id: T0-wld09"))
    both = [domain_of("wld01"), other]
    assert flatten(seed(both)["infra"])["/infra/tier-1s/domain-c8"]["tier0_path"] == "/infra/tier-0s/T0-wld01"
    assert left_out(both) == (
        "Tier-1 domain-c8 of wld09 is left out: it is behind T0-wld01 already, and one lab has one of that id",
        "Tier-1 vnet-domain-c8 of wld09 is left out: it is behind T0-wld01 already, and one lab has one of that id",
    )
    assert left_out(both[:1]) == ()


def test_each_pair_of_uplinks_has_its_own_vip(domain_of: Callable[..., WorkloadDomain]) -> None:
    second = "- {id: edge02-uplink1, edge: edge02, address: 10.27.51.147/24}"
    more = "\n    ".join(
        [second, "- {id: a2, edge: edge01, address: 10.27.52.2/24}", "- {id: b2, edge: edge02, address: 10.27.52.3/24}"]
    )
    domain = domain_of(
        "wld01",
        ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY\n  ha_vips: [{address: 10.27.51.4/24}, {address: 10.27.52.4/24, uplinks: [a2, b2]}]"),
        (second, more),
    )  # fmt: skip
    (services,) = _tier0s([domain])["T0-wld01"]["children"]
    vips = services["LocaleServices"]["ha_vip_configs"]
    assert [vip["vip_subnets"][0]["ip_addresses"] for vip in vips] == [["10.27.51.4"], ["10.27.52.4"]]
    names = [[path.rsplit("/", 1)[1] for path in vip["external_interface_paths"]] for vip in vips]
    assert names == [["edge01-uplink1", "edge02-uplink1"], ["a2", "b2"]]


def test_a_tier1_has_a_service_router_and_the_snat_rules_that_vsphere_makes(
    domain_of: Callable[..., WorkloadDomain],
) -> None:
    routed = "tier1s:\n  ns-routed: {networks: [10.246.0.0/24], nat: false}\n  unknown: {networks: [10.247.0.0/24]}\n  bare: {egress: 30.0.0.9}\n  #"
    two = "domain-c8: {networks: [10.244.0.96/28, 10.244.1.0/28], egress: 30.0.0.5}"
    domain = domain_of(
        "wld01", ("tier1s: #", routed), ("domain-c8: {networks: [10.244.0.96/28], egress: 30.0.0.5}", two)
    )
    objects = flatten(seed([domain])["infra"])
    said = ("action", "source_network", "translated_network")
    rules = {
        path.removeprefix("/infra/tier-1s/"): [body.get(key) for key in said]
        for path, body in objects.items()
        if "/nat-rules/" in path
    }
    assert rules == {
        "bare/nat/USER/nat-rules/bare-snat-0": ["SNAT", None, "30.0.0.9"],
        "domain-c8/nat/USER/nat-rules/domain-c8-snat-0": ["SNAT", "10.244.0.96/28", "30.0.0.5"],
        "domain-c8/nat/USER/nat-rules/domain-c8-snat-1": ["SNAT", "10.244.1.0/28", "30.0.0.5"],
        "vnet-domain-c8/nat/USER/nat-rules/vnet-domain-c8-snat-0": ["SNAT", "192.168.128.0/24", "30.0.0.16"],
    }
    tags = objects["/infra/tier-1s/bare/nat/USER/nat-rules/bare-snat-0"]["tags"]
    assert tags == [{"scope": "ncp/cluster", "tag": "wld01"}]
    assert not any(path.startswith("/infra/tier-1s/unknown/") for path in objects), "the world file says how it acts"
    cluster = objects["/infra/tier-1s/ns-routed/locale-services/default"]["edge_cluster_path"]
    assert cluster == objects["/infra/tier-0s/T0-wld01/locale-services/default"]["edge_cluster_path"]


def test_a_lab_realizes_the_tier1s_and_shows_their_rules(repository: Path) -> None:
    with Lab(seed=seed(load_domains(repository, ["wld01"]))) as lab:
        objects = lab.control.objects("/infra/tier-1s/vnet-domain-c8")
        (rule,) = [body for path, body in objects.items() if "/nat-rules/" in path]
        assert (rule["source_network"], rule["translated_network"]) == ("192.168.128.0/24", "30.0.0.16")
