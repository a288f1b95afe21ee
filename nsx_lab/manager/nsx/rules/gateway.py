"""A gateway as the rules see it: what stands at and below a Tier-0 or Tier-1, in one transaction's view."""

from __future__ import annotations

from functools import cached_property

from nsx_lab.manager.nsx.rules.addresses import Address, Network, interface_addresses, segment_networks
from nsx_lab.manager.nsx.rules.overlaps import Networks
from nsx_lab.manager.store.kinds import NAT_SECTIONS
from nsx_lab.manager.store.store import Object, Transaction

TIER0S = "/infra/tier-0s/"


class Gateway:
    """Read-only view of a gateway and what belongs to it, each looked up once: good for as long as the transaction is not written to.

    `stored`: networks of all segments of the lab, if somebody has them at hand; a question for a few then costs no look at all.
    """

    def __init__(self, tx: Transaction, path: str, stored: Networks | None = None) -> None:
        self.tx = tx
        self.path = path
        self._stored = stored if not tx.writes("Segment") else None

    @staticmethod
    def path_of(obj: Object) -> str:
        """The path of the gateway that an object below it belongs to."""
        return "/".join(obj["path"].split("/")[:4])

    @cached_property
    def object(self) -> Object:
        return self.tx.get(self.path) or {}

    @property
    def is_tier0(self) -> bool:
        return self.path.startswith(TIER0S)

    @cached_property
    def ha_mode(self) -> str:
        """A VRF gateway has the mode of the gateway it is part of (NSX admin guide, VRF gateways)."""
        path, gateway, seen = self.path, self.object, {self.path}
        while (parent := (gateway.get("vrf_config") or {}).get("tier0_path")) and parent not in seen:
            seen.add(parent)
            path, gateway = parent, self.tx.get(parent) or {}
        return str(gateway.get("ha_mode") or ("ACTIVE_ACTIVE" if path.startswith(TIER0S) else "ACTIVE_STANDBY"))

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

    @property
    def _interface_type(self) -> str:
        return "Tier0Interface" if self.is_tier0 else "Tier1Interface"

    @cached_property
    def interfaces(self) -> list[Object]:
        """Interfaces of all locale services."""
        kind = self._interface_type
        return [found for service in self.locale_services for found in self.tx.children(service["path"], kind)]

    def interface(self, path: str) -> Object | None:
        """The one of `interfaces` that has this path."""
        found = self.tx.get(path)
        mine = found is not None and found["resource_type"] == self._interface_type
        return found if mine and path.startswith(f"{self.path}/") else None

    @cached_property
    def bfd_peers(self) -> dict[str, list[Object]]:
        """BFD peers by the address of the peer."""
        found: dict[str, list[Object]] = {}
        for peer in self.tx.children(self.path, "StaticRouteBfdPeer"):
            found.setdefault(peer["peer_address"], []).append(peer)
        return found

    def vrfs(self) -> list[Object]:
        """VRF gateways that are part of this Tier-0."""
        named = self.tx.naming("Tier0", self.path)
        return [one for one in named if (one.get("vrf_config") or {}).get("tier0_path") == self.path]

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

    @cached_property
    def _networks(self) -> Networks:
        found = Networks()
        for network, segment in self.segments:
            found.add(network, segment["path"])
        return found

    def overlapping(self, network: Network) -> list[tuple[Network, Object]]:
        """Those of `segments` that overlap a network."""
        if self._stored is not None:
            near = {path for path in self._stored.overlapping(network) if self._is_connected(path)}
        else:
            near = set(self._networks.overlapping(network))
        return [
            (taken, segment)
            for taken, segment in (self.segments if near else ())
            if segment["path"] in near and network.version == taken.version and network.overlaps(taken)
        ]

    def _is_connected(self, path: str) -> bool:
        """Whether a segment is one of `segments`."""
        segment = self.tx.get(path) or {}
        above = segment.get("parent_path")
        owner = segment.get("connectivity_path") if above == "/infra" else above
        tier1 = self.tx.get(owner) if owner else None
        return owner == self.path or (tier1 is not None and tier1.get("tier0_path") == self.path)

    def _of(self, owner: str) -> list[Object]:
        """Segments of one gateway: those that stand below it, and those below /infra that name it."""
        named = self.tx.linked("Segment", "connectivity_path", owner)
        return self.tx.children(owner, "Segment") + [found for found in named if found["parent_path"] == "/infra"]
