"""Worlds for the packet walk: the golden one as a value that tests change, and a builder for one gateway with its rules."""

from __future__ import annotations

import copy
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from egress.domain import WorkloadDomain, load_domains
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.policy.seed import seed
from egress.reachability import Flow, Protocol, Topology, Verdict, Walker, assemble, read_world

REPOSITORY = Path(__file__).resolve().parents[2]
T0 = "/infra/tier-0s/T0-wld01"
UPLINKS = [f"{T0}/locale-services/default/interfaces/edge0{number}-uplink1" for number in (1, 2)]


@pytest.fixture(scope="session")
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture(scope="session")
def standby() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["prod-wld02"])[0]


@pytest.fixture
def golden_text() -> str:
    return (REPOSITORY / "domains/wld01.yaml").read_text()


@pytest.fixture
def domain_of() -> Callable[..., WorkloadDomain]:
    """A domain from text, of a stack."""
    return lambda text, stack="wld01": read(parse(text.encode(), f"{stack}.yaml"), stack)


class House:
    """The golden domain as a world file whose parts tests change before they ask."""

    def __init__(self, domain: WorkloadDomain) -> None:
        self.infra: dict[str, Any] = copy.deepcopy(seed([domain])["infra"])
        self.tier0: dict[str, Any] = self.infra["children"][0]["Tier0"]
        self.world: dict[str, Any] = {
            "segments": {"uplinks": ["10.27.51.0/24"], "services": ["172.20.0.0/24"], "outside": ["198.51.100.0/24"]},
            "hosts": [
                {"name": "registry", "addresses": ["198.51.100.10/24"], "gateway": ["198.51.100.1"]},
                {"name": "dns", "addresses": ["172.20.0.53/24"], "gateway": ["172.20.0.254"], "routes": []},
            ],
            "routers": [
                {
                    "name": "gateway",
                    "interfaces": [
                        {"name": "up", "addresses": ["10.27.51.1/24"]},
                        {"name": "out", "addresses": ["198.51.100.1/24"]},
                        {"name": "services", "addresses": ["172.20.0.254/24"]},
                    ],
                    "routes": [{"to": "30.0.1.0/24", "via": ["10.27.51.145", "10.27.51.147"]}],
                }
            ],
            "tier1": {
                "domain-c8": {
                    "pods": [{"name": "pod-a", "addresses": ["10.244.0.98/28"]}],
                    "snat": [{"source": "10.244.0.96/28", "translated": "30.0.0.5"}],
                    "lb": [{"address": "30.0.1.10", "port": 443, "member": "10.244.0.98", "member_port": 8443}],
                },
                "vnet-domain-c8": {
                    "pods": [{"name": "pod-b", "addresses": ["192.168.128.2/24"]}],
                    "snat": [{"source": "192.168.128.0/24", "translated": "30.0.0.16"}],
                },
            },
            "down": [],
        }

    def interfaces(self) -> list[dict[str, Any]]:
        services = self.tier0["children"][0]["LocaleServices"]
        return [child["Tier0Interface"] for child in services["children"]]

    def routed(self, *via: str, network: str = "0.0.0.0/0", distance: int = 1) -> House:
        """A static route on the Tier-0."""
        name = f"route{len(self.tier0['children'])}"
        hops = [{"ip_address": one, "admin_distance": distance} for one in via]
        body = {"id": name, "network": network, "next_hops": hops}
        self.tier0["children"].append({"resource_type": "ChildStaticRoutes", "StaticRoutes": body})
        return self

    def rule(self, name: str, action: str, section: str = "USER", **values: Any) -> House:
        """A NAT rule on the Tier-0, applied to both uplinks unless told otherwise."""
        body = {"id": name, "action": action, "sequence_number": 100, "scope": UPLINKS, **values}
        wrapped = {"resource_type": "ChildPolicyNatRule", "PolicyNatRule": body}
        nat = {"id": section, "nat_type": section, "children": [wrapped]}
        self.tier0["children"].append({"resource_type": "ChildPolicyNat", "PolicyNat": nat})
        return self

    def golden_rules(self) -> House:
        """The default route and both REFLEXIVE rules of the golden domain."""
        self.routed("10.27.51.1")
        self.rule("supervisor", "REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145")
        return self.rule("tkg", "REFLEXIVE", source_network="30.0.0.16", translated_network="10.27.51.147")

    def standby_rules(self, translated: str = "10.27.51.10") -> House:
        """The default route and both SNAT rules on ACTIVE_STANDBY."""
        self.tier0["ha_mode"] = "ACTIVE_STANDBY"
        self.routed("10.27.51.1")
        self.rule("supervisor", "SNAT", source_network="30.0.0.5", translated_network=translated)
        return self.rule("tkg", "SNAT", source_network="30.0.0.16", translated_network=translated)

    def host(self, name: str) -> dict[str, Any]:
        return next(host for host in self.world["hosts"] if host["name"] == name)

    def topology(self) -> Topology:
        file = read_world({"format": "egress-world", "version": 1, "infra": self.infra, "world": self.world})
        return assemble(file.objects, file.world)

    def ask(self, origin: str, to: str, protocol: str = "tcp", port: int = 443) -> Verdict:
        """The verdict of one flow, after which nothing is remembered."""
        return Walker(self.topology()).walk(Flow(origin, ip_address(to), Protocol(protocol), port))


@pytest.fixture
def house(golden: WorkloadDomain) -> House:
    return House(golden)
