"""A manager as somebody left it who made things by hand, and the domain file of the same network."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from egress.adoption import Adoption, adoption
from egress.domain import WorkloadDomain
from egress.domain.editing import edited
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.policy import paths
from egress.policy.seed import seeded

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = (REPOSITORY / "domains" / "wld01.yaml").read_text()
STANDBY = GOLDEN.replace("ACTIVE_ACTIVE", "ACTIVE_STANDBY").replace(
    "  more: {}",
    "  more: {rest: {source: any, translated: 10.27.51.150, priority: 900}}\n"
    "  exceptions: {corporate: {destination: 10.0.0.0/8, priority: 50}}",
)
T0 = "/infra/tier-0s/T0-wld01"
UPLINKS = tuple(paths.interface(T0, "default", name) for name in ("edge01-uplink1", "edge02-uplink1"))
SERVICES = tuple(paths.interface(T0, "default", name) for name in ("edge01-services", "edge02-services"))


def domain_of(text: str) -> WorkloadDomain:
    return read(parse(text.encode(), "wld01.yaml"), "wld01")


@dataclass
class World:
    """What stands on the manager, and a domain file."""

    text: str = GOLDEN
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    def route(self, name: str, network: str = "0.0.0.0/0", **body: Any) -> str:
        """A static route as NSX shows it."""
        usual = {"display_name": name, "next_hops": [hop("10.27.51.1")], "enabled_on_secondary": False}
        return self._put(paths.static_route(T0, name), usual | {"network": network} | body)

    def rule(self, name: str, source: str | None, translated: str | None, section: str = "USER", **body: Any) -> str:
        """A NAT rule as NSX shows it."""
        usual: dict[str, Any] = {
            "display_name": name,
            "action": "REFLEXIVE" if "ACTIVE_ACTIVE" in self.text else "SNAT",
            "enabled": True,
            "logging": False,
            "firewall_match": "MATCH_INTERNAL_ADDRESS",
            "sequence_number": 0,
            "scope": list(UPLINKS),
        }
        given = {"source_network": source, "translated_network": translated}
        usual |= {key: value for key, value in given.items() if value is not None}
        return self._put(paths.nat_rule(T0, name, section), usual | body)

    def peer(self, name: str, address: str = "10.27.51.1", **body: Any) -> str:
        """A BFD peer as NSX shows it."""
        usual = {"display_name": name, "peer_address": address, "bfd_profile_path": paths.bfd_profile("default")}
        return self._put(paths.bfd_peer(T0, name), usual | {"enabled": True} | body)

    def by_hand(self) -> World:
        """A route and two rules that do what the golden file says, under other names."""
        self.route("core")
        self.rule("sup", "30.0.0.5", "10.27.51.145", sequence_number=7)
        self.rule("tkg", "30.0.0.16", "10.27.51.147", sequence_number=8)
        return self

    def _put(self, path: str, body: dict[str, Any]) -> str:
        envelope = {"id": paths.last(path), "path": path, "tags": [], "_revision": 3, "_protection": "NOT_PROTECTED"}
        self.objects[path] = envelope | body
        return path

    def below(self) -> dict[str, Any]:
        return seeded([domain_of(self.text)], T0) | copy.deepcopy(self.objects)

    def adoption(self, text: str | None = None) -> Adoption:
        said = text or self.text
        given: Any = parse(said.encode(), "wld01.yaml").plain()
        return adoption(domain_of(said), T0, self.below(), given, self.others)

    def adopted(self) -> tuple[str, Adoption]:
        """The file as it is to be, and what is matched with it then."""
        found = self.adoption()
        assert [one.why for one in found.refusals] == []
        text = edited(self.text, "wld01.yaml", found.edits)
        return text, self.adoption(text)

    def whys(self) -> dict[str, str]:
        """Why objects are refused, by where they stand in the file."""
        return {".".join(one.at): one.why for one in self.adoption().refusals}


def hop(address: str | None = None, distance: int = 1, *scope: str) -> dict[str, Any]:
    """A next hop."""
    found: dict[str, Any] = {"admin_distance": distance} | ({"ip_address": address} if address else {})
    return found | ({"scope": list(scope)} if scope else {})


def tags(**held: str) -> list[dict[str, str]]:
    return [{"scope": scope.replace("_", "-"), "tag": tag} for scope, tag in held.items()]


@pytest.fixture
def world() -> World:
    return World().by_hand()


@pytest.fixture
def standby() -> World:
    """The same gateway as active-standby: SNAT, a rule for any source, an exception."""
    made = World(STANDBY).by_hand()
    made.rule("all", None, "10.27.51.150", sequence_number=900)
    made.rule(
        "corp",
        None,
        None,
        action="NO_SNAT",
        destination_network="10.0.0.0/8",
        sequence_number=5,
        firewall_match="BYPASS",
    )
    return made


def written(found: Adoption) -> Mapping[str, Any]:
    return {".".join(map(str, edit.at)): edit.value for edit in found.edits}
