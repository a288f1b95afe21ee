"""Rules about what an HA mode allows: edges, service interfaces, stateful services."""

from __future__ import annotations

from egress.checks.look import mappings, nsx_version
from egress.checks.rule import Broken, CannotKnow, Outcomes, Severity, rule
from egress.domain import HaMode, NatAction, WorkloadDomain
from egress.domain.fields import listed
from egress.policy.owned import nat_scope

_NO_VERSION = "nsx.version is not in this file"
_STATEFUL = "VCF 9.0, Stateful services on gateways"
_AT = ("tier0", "stateful_active_active")


def _edges(domain: WorkloadDomain) -> list[str]:
    """Edges that carry uplinks, in the file's order."""
    return list(dict.fromkeys(uplink.edge for uplink in domain.tier0.uplinks))


def _number(edges: list[str]) -> str:
    return f"{len(edges)} edge{'' if len(edges) == 1 else 's'}"


@rule(
    "ha-vip-on-active-active",
    Severity.ERROR,
    "an HA VIP stands on an ACTIVE_STANDBY gateway only",
    explanation="The HA VIP moves to the active edge. Where all edges are active there is nowhere to move.",
    source="NSX Policy API, Tier0HaVipConfig (active-standby only)",
)
def vip_on_active_active(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.ha_mode is HaMode.ACTIVE_ACTIVE:
        for index, vip in enumerate(domain.tier0.ha_vips):
            yield Broken(
                ("tier0", "ha_vips", index),
                f"HA VIP {vip.address} on an ACTIVE_ACTIVE gateway",
                "take ha_vips out, or correct ha_mode",
            )


@rule(
    "service-interface-on-active-active",
    Severity.WARNING,
    "service interfaces stand on ACTIVE_STANDBY gateways",
    explanation="NSX offers external, service and loopback interfaces on an active-standby Tier-0, and only external and loopback ones on an "
    "active-active one. What hangs beside the way out, DNS servers say, is reached there by a second external VLAN on every edge that "
    "NAT leaves out (uplinks with nat: false).",
    source="VCF 9.0, Add a Tier-0 Gateway (not offered; that the API refuses it is not known)",
)
def service_on_active_active(domain: WorkloadDomain) -> Outcomes:
    stateless = domain.tier0.ha_mode is HaMode.ACTIVE_ACTIVE and not domain.tier0.stateful_active_active
    if stateless and domain.tier0.service_interfaces:  # with stateful services: stateful-service-interface
        names = listed([interface.id for interface in domain.tier0.service_interfaces])
        yield Broken(
            ("tier0", "service_interfaces"),
            f"service interface {names} on an ACTIVE_ACTIVE gateway, which NSX does not offer",
            "use an external interface on every edge (uplinks, nat: false), or say in suppress how yours was made",
        )


@rule(
    "standby-on-more-than-two-edges",
    Severity.WARNING,
    "an ACTIVE_STANDBY gateway has uplinks on two edges at most",
    explanation="One edge is active and one stands by. Uplinks on further edges carry nothing.",
    source="VCF 9.0, edge clusters: uplinks on exactly two edges in active-standby",
)
def standby_edges(domain: WorkloadDomain) -> Outcomes:
    edges = _edges(domain)
    if domain.tier0.ha_mode is HaMode.ACTIVE_STANDBY and len(edges) > 2:
        yield Broken(
            ("tier0", "uplinks"),
            f"{len(edges)} edges on ACTIVE_STANDBY: {listed(edges)}",
            "name the uplinks of the two edges that the gateway runs on",
        )


@rule(
    "too-many-edges",
    Severity.WARNING,
    "an ACTIVE_ACTIVE gateway has eight edges at most",
    explanation="NSX spreads over eight edges.",
    source="VCF 9.0, edge clusters: up to eight edges in active-active",
)
def too_many_edges(domain: WorkloadDomain) -> Outcomes:
    edges = _edges(domain)
    if domain.tier0.ha_mode is HaMode.ACTIVE_ACTIVE and len(edges) > 8:
        yield Broken(
            ("tier0", "uplinks"), f"{len(edges)} edges on ACTIVE_ACTIVE", "name the uplinks of eight edges at most"
        )


@rule(
    "ha-mode-change-blocked",
    Severity.NOTE,
    "the HA mode can be changed",
    explanation="NSX refuses to change the HA mode while REFLEXIVE rules are applied to interfaces, and while more than one edge has uplinks. Where a "
    "change to ACTIVE_STANDBY is ahead (VKS on VPCs needs it), the rules are applied to no interface first, and become SNAT after it.",
    source="NSX 4.1 Administration Guide and VCF 9.0, Changing the HA Mode of a Tier-0 Gateway",
)
def mode_change(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.nat_action is NatAction.REFLEXIVE and mappings(domain) and nat_scope(domain):
        yield Broken(
            ("tier0", "ha_mode"),
            "the REFLEXIVE rules are applied to interfaces: NSX refuses another HA mode while they are there",
            "good to know before such a change, which has steps of its own (the page on recovery, Another HA mode)",
        )


@rule(
    "snat-on-active-active",
    Severity.ERROR,
    "stateful services on ACTIVE_ACTIVE run on NSX 4.0 or later",
    explanation="SNAT keeps state on one edge; replies that enter by another edge find none. NSX supports SNAT on ACTIVE_STANDBY, "
    "and on ACTIVE_ACTIVE only with stateful services, which came with 4.0.",
    source='NSX Policy API, PolicyNatRule.action ("only supported ... in active-standby mode"); Tier0StatefulServicesConfig',
)
def snat_on_active_active(domain: WorkloadDomain) -> Outcomes:
    if not domain.tier0.stateful_active_active:
        return
    version = nsx_version(domain)
    if version is None:
        yield CannotKnow(f"{_NO_VERSION}: stateful services on ACTIVE_ACTIVE need 4.0")
    elif version < (4, 0):
        yield Broken(
            ("tier0", "stateful_active_active"),
            f"stateful ACTIVE_ACTIVE, so SNAT rules, on NSX {domain.nsx.version}",
            "take stateful_active_active out, so that rules become REFLEXIVE, or correct nsx.version",
        )


@rule(
    "stateful-active-active-unseen",
    Severity.WARNING,
    "stateful services on ACTIVE_ACTIVE are known from NSX, not only from this file",
    explanation="The provider neither shows nor keeps stateful_services. If they are off, NSX refuses the SNAT rules or drops replies "
    "that enter by another edge.",
    source="NSX Policy API 4.1, Tier0StatefulServicesConfig; provider schema 3.12 (no stateful_services)",
)
def stateful_unseen(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.stateful_active_active:
        yield Broken(
            ("tier0", "stateful_active_active"),
            "nothing but this file says that stateful services are on",
            "look at the Tier-0 in NSX (stateful_services.enabled, interface groups), then suppress this with the date",
        )


@rule(
    "stateful-service-interface",
    Severity.WARNING,
    "a gateway with stateful services on ACTIVE_ACTIVE has no service interface",
    explanation="Service interfaces are listed as unsupported where stateful services run on ACTIVE_ACTIVE.",
    source=_STATEFUL,
)
def stateful_service(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.stateful_active_active and domain.tier0.service_interfaces:
        names = listed([interface.id for interface in domain.tier0.service_interfaces])
        yield Broken(
            ("tier0", "service_interfaces"),
            f"service interface {names} beside stateful services on ACTIVE_ACTIVE, which do not support it",
            "use an external interface on every edge (uplinks, nat: false)",
        )


@rule(
    "stateful-odd-edges",
    Severity.WARNING,
    "stateful services on ACTIVE_ACTIVE run on an even number of edges",
    explanation="Edges keep each other's state in pairs.",
    source=_STATEFUL,
)
def stateful_edges(domain: WorkloadDomain) -> Outcomes:
    edges = _edges(domain)
    if domain.tier0.stateful_active_active and len(edges) % 2:
        yield Broken(
            ("tier0", "uplinks"),
            f"stateful services on {_number(edges)} ({listed(edges)}), an odd number",
            "name the uplinks of an even number of edges",
        )


@rule(
    "stateful-interface-groups",
    Severity.WARNING,
    "the uplinks of stateful services on ACTIVE_ACTIVE are in interface groups, each with one uplink of every edge",
    explanation="A flow that comes back by another edge is handed to the one that has its state, by the group. Provider and file know nothing "
    "of groups; edges with different numbers of uplinks cannot be grouped at all.",
    source=_STATEFUL,
)
def stateful_groups(domain: WorkloadDomain) -> Outcomes:
    if not domain.tier0.stateful_active_active:
        return
    counts: dict[str, int] = {}
    for uplink in domain.tier0.uplinks:
        counts[uplink.edge] = counts.get(uplink.edge, 0) + 1
    if len(set(counts.values())) > 1:
        shown = listed([f"{edge} {count}" for edge, count in counts.items()])
        what = f"the edges have different numbers of uplinks ({shown}), and an interface group has one of every edge"
    else:
        what = "an interface group has one uplink of every edge, and nothing but NSX knows whether there are groups"
    yield Broken(("tier0", "uplinks"), what, "look at the interface groups in NSX, then suppress this with the date")


@rule(
    "stateful-active-standby-tier1s",
    Severity.WARNING,
    "no ACTIVE_STANDBY Tier-1 shares the edge cluster of stateful services on ACTIVE_ACTIVE",
    explanation="vSphere (NCP) makes its Tier-1s ACTIVE_STANDBY, on the edge cluster of the Tier-0. Whether a Supervisor runs behind such a "
    "gateway at all is doubtful.",
    source=_STATEFUL,
)
def stateful_tier1s(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.stateful_active_active:
        yield Broken(
            _AT,
            "the Tier-1s of a Supervisor are ACTIVE_STANDBY, and such may not share the edge cluster of this gateway",
            "ask VMware before you build on it, or use ACTIVE_STANDBY for the Tier-0",
        )
