"""What a lab is given before a stack is applied."""

from __future__ import annotations

from egress.domain import load_domains
from egress.domain.seed import seed


def _tier0s(repository, folder="."):
    children = seed(load_domains(repository / folder))["infra"]["children"]
    return {child["Tier0"]["id"]: child["Tier0"] for child in children if "Tier0" in child}


def test_a_tier0_that_two_domains_share_appears_once(repository):
    assert sorted(_tier0s(repository, "examples")) == ["T0-parent", "T0-shared", "T0-vrf-blue"]


def test_the_parent_of_a_vrf_comes_before_it(repository):
    tier0s = _tier0s(repository, "examples")
    names = list(tier0s)
    assert names.index("T0-parent") < names.index("T0-vrf-blue")
    assert tier0s["T0-vrf-blue"]["vrf_config"] == {"tier0_path": "/infra/tier-0s/T0-parent"}


def test_an_ha_vip_names_the_uplinks_of_its_subnet(repository):
    (services,) = _tier0s(repository)["T0-wld02"]["children"]
    (vip,) = services["LocaleServices"]["ha_vip_configs"]
    assert vip["vip_subnets"] == [{"ip_addresses": ["10.28.60.4"], "prefix_len": 24}]
    assert [path.rsplit("/", 1)[1] for path in vip["external_interface_paths"]] == ["edge01-uplink1", "edge02-uplink1"]
