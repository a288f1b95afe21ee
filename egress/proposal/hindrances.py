"""Why no mapping is proposed for an egress address: another rule decides about it, or a route back is the cure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import Network
from egress.domain.moved import flow
from egress.inventory.senders import EgressAddress, Holder
from egress.policy.owned import owned
from egress.policy.paths import Section, last
from egress.policy.presence import Presence

__all__ = ["hindered", "is_within", "kept_as_it_is", "route_for", "wants_a_route"]


def hindered(there: Presence, source: IPv4Network, priority: int) -> str:
    """Why a further rule would not act, or would change what acts now: a rule on the Tier-0 that this domain's file does not give. Empty where
    none is."""
    for one in there.foreign(source):
        if one.stack == there.domain.made_as:
            return f"rule {last(one.path)} on the manager is this stack's, and not in its file any more: apply first, then ask again"
        whose = f"of stack {one.stack}" if one.stack else "which no stack of this tool made"
        what = f"rule {last(one.path)} on the manager, {whose} (section {one.section}, priority {one.priority})"
        whole = not one.limited and (not one.sources or any(_in(source, wide) for wide in one.sources))
        if whole and one.action != NatAction.NO_SNAT:
            if one.sources == (source,):
                return (
                    f"{what}, translates it already: egress adopt {there.domain.stack} takes it over, or take it away"
                )
            return f"{what}, translates it already, with others: a mapping would take it from there; take it out of that rule, then ask again"
        if (one.section.place, one.priority) <= (Section.USER.place, priority):
            return f"{what}, takes some of its packets before a rule of priority {priority} would: narrow or move that rule"
    return ""


def _in(network: IPv4Network, wide: Network) -> bool:
    return isinstance(wide, IPv4Network) and network.subnet_of(wide)


def kept_as_it_is(everyone: Sequence[WorkloadDomain], address: EgressAddress) -> str:
    """Why no further mapping helps an address: an exception keeps it un-translated wherever it goes. Empty where none does."""
    for domain in everyone:
        for one in owned(domain).exceptions:
            if one.destination is None and one.match.source.overlaps(address.network):
                return f"{address} is kept un-translated by exception {one.key} of {domain.stack}: narrow that, or have the address routed here"
    return ""


def wants_a_route(address: EgressAddress) -> bool:
    """Whether a route back is the cure, and no mapping."""
    return address.holder is Holder.VPC or not address.translated


def is_within(one: EgressAddress, wider: EgressAddress) -> bool:
    """Whether a route for another is one for this, too: the default SNAT address of a VPC is of its External IP block."""
    return one.network != wider.network and one.network.subnet_of(wider.network)


def route_for(domain: WorkloadDomain, address: EgressAddress) -> str:
    """What leaves with its own addresses, or with External IPs, is cured by a route back: External IPs and public subnets of the same block
    are reached from outside, which source NAT takes away (VCF 9.0 design guide, VPC with a centralized transit gateway)."""
    vips = [str(one.address.ip) for one in domain.tier0.ha_vips]
    via = vips or [str(one.address.ip) for one in domain.tier0.uplinks if one.nat]
    route = flow([{"host": "upstream", "to": str(address.network), "via": via}])
    how = (
        "is an address of a VPC's External IP block, which others are to reach"
        if address.holder is Holder.VPC
        else "leaves with its own addresses"
    )
    return (
        f"{address} {how}, and no answer finds back: have it routed to this Tier-0 and write return_routes: {route}; a mapping would let "
        "it out and nobody in"
    )
