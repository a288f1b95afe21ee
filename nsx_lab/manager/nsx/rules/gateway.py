"""A gateway as the rules see it: what stands at and below a Tier-0 or Tier-1, in one transaction's view."""

from __future__ import annotations

from functools import cached_property

from nsx_lab.manager.nsx.rules.addresses import Address, Network, interface_addresses, segment_networks
from nsx_lab.manager.store.kinds import NAT_SECTIONS
from nsx_lab.manager.store.store import Object, Transaction


class Gateway:
    """Read-only view of a gateway and what belongs to it, each looked up once: good for as long as the transaction is not written to."""

    def __init__(self, tx: Transaction, path: str) -> None:
        self.tx = tx
        self.path = path

    @staticmethod
    def path_of(obj: Object) -> str:
        """The path of the gateway that an object below it belongs to."""
        return "/".join(obj["path"].split("/")[:4])

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

    @cached_property
    def tier1s(self) -> list[Object]:
        """Tier-1 gateways connected to this Tier-0."""
        return self.tx.linked("Tier1", "tier0_path", self.path)

    def nat_rules(self) -> list[Object]:
        """Rules of all sections, in the order in which they are looked at: section, then sequence number."""
        found = []
        for name in NAT_SECTIONS:
            rules = self.tx.children(f"{self.path}/nat/{name}", "PolicyNatRule")
            found += sorted(rules, key=lambda rule: int(rule.get("sequence_number", 0)))
        return found

    def virtual_servers(self) -> list[Object]:
        """Virtual servers of the load balancers that are connected to this gateway."""
        services = self.tx.linked("LBService", "connectivity_path", self.path)
        return [
            one for service in services for one in self.tx.linked("LBVirtualServer", "lb_service_path", service["path"])
        ]

    @cached_property
    def addresses(self) -> list[tuple[Address, Network, Object]]:
        """Address, network and interface of everything the gateway itself answers to."""
        return [
            (ip, network, interface) for interface in self.interfaces for ip, network in interface_addresses(interface)
        ]

    @cached_property
    def segments(self) -> list[tuple[Network, Object]]:
        """Networks of the segments connected to this gateway or to a Tier-1 below it."""
        owners = [self.path, *(tier1["path"] for tier1 in self.tier1s)]
        return [
            (network, segment)
            for owner in owners
            for segment in self._of(owner)
            for network in segment_networks(segment)
        ]

    def _of(self, owner: str) -> list[Object]:
        """Segments of one gateway: those that stand below it, and those below /infra that name it."""
        named = self.tx.linked("Segment", "connectivity_path", owner)
        return self.tx.children(owner, "Segment") + [found for found in named if found["parent_path"] == "/infra"]
