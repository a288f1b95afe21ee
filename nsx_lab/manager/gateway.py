"""A gateway as the rules see it: what stands at and below a Tier-0 or Tier-1, in one transaction's view."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from nsx_lab.manager.addresses import Address, Network, interface_addresses, segment_networks
from nsx_lab.manager.kinds import NAT_SECTIONS
from nsx_lab.manager.store import Object, Transaction


class Gateway:
    """Read-only view of a gateway and what belongs to it."""

    def __init__(self, tx: Transaction, path: str) -> None:
        self.tx = tx
        self.path = path

    @classmethod
    def of(cls, tx: Transaction, obj: Object) -> Gateway:
        """The gateway that an object below it belongs to."""
        return cls(tx, "/".join(obj["path"].split("/")[:4]))

    @cached_property
    def object(self) -> Object:
        return self.tx.get(self.path) or {}

    @property
    def is_tier0(self) -> bool:
        return self.path.startswith("/infra/tier-0s/")

    @cached_property
    def ha_mode(self) -> str:
        """A VRF gateway has the mode of the gateway it is part of (NSX admin guide, VRF gateways)."""
        parent = (self.object.get("vrf_config") or {}).get("tier0_path")
        if parent:
            return Gateway(self.tx, parent).ha_mode
        return str(self.object.get("ha_mode") or ("ACTIVE_ACTIVE" if self.is_tier0 else "ACTIVE_STANDBY"))

    @property
    def stateful(self) -> bool:
        """Stateful services on active-active (NSX 4.0 and later; Tier0.stateful_services)."""
        return bool((self.object.get("stateful_services") or {}).get("enabled"))

    @cached_property
    def locale_services(self) -> list[Object]:
        return self.tx.children(self.path, "LocaleServices")

    @property
    def has_edge_cluster(self) -> bool:
        return any(service.get("edge_cluster_path") for service in self.locale_services)

    @cached_property
    def interfaces(self) -> list[Object]:
        """Interfaces of all locale services."""
        kind = "Tier0Interface" if self.is_tier0 else "Tier1Interface"
        return [found for service in self.locale_services for found in self.tx.children(service["path"], kind)]

    def static_routes(self) -> list[Object]:
        return self.tx.children(self.path, "StaticRoutes")

    def tier1s(self) -> list[Object]:
        """Tier-1 gateways connected to this Tier-0."""
        return [tier1 for tier1 in self.tx.of_type("Tier1") if tier1.get("tier0_path") == self.path]

    def nat_rules(self) -> list[Object]:
        """Rules of all sections, in the order in which they are looked at: section, then sequence number."""
        found = []
        for name in NAT_SECTIONS:
            rules = self.tx.children(f"{self.path}/nat/{name}", "PolicyNatRule")
            found += sorted(rules, key=lambda rule: int(rule.get("sequence_number", 0)))
        return found

    def addresses(self) -> Iterator[tuple[Address, Network, Object]]:
        """Address, network and interface of everything the gateway itself answers to."""
        for interface in self.interfaces:
            for ip, network in interface_addresses(interface):
                yield ip, network, interface

    def segments(self) -> Iterator[tuple[Network, Object]]:
        """Networks of the segments connected to this gateway or to a Tier-1 below it."""
        for segment in self.tx.of_type("Segment"):
            if self._reaches(segment):
                for network in segment_networks(segment):
                    yield network, segment

    def _reaches(self, segment: Object) -> bool:
        parent = segment["parent_path"]
        owner = parent if parent != "/infra" else segment.get("connectivity_path")
        if owner == self.path:
            return True
        tier1 = self.tx.get(owner) if owner else None
        return tier1 is not None and tier1.get("tier0_path") == self.path
