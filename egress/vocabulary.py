"""Words and numbers of NSX that the domain model and the constructs both need. Imports nothing but the standard library.

Each constraint names its source: "NSX Policy API" is the API reference of NSX 4.1.0 and later.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import NamedTuple

INFRA = "/infra"
"""Root of a local manager's default space (NSX Policy API)."""

MAX_PRIORITY = 2147481599
"""Largest sequence_number of the NAT section USER (NSX Policy API, PolicyNatRule.sequence_number)."""

SUPERVISOR, TKG = "supervisor", "tkg"
"""Keys of the two mappings that have names of their own. A domain has either, both or neither: mappings are a set."""

TITLES: Mapping[str, str] = MappingProxyType({SUPERVISOR: "Supervisor", TKG: "TKG"})
"""What people call the two. Any other mapping is called by its key."""

DEFAULT_PRIORITIES: Mapping[str, int] = MappingProxyType({SUPERVISOR: 100, TKG: 110})
"""Priorities where none is given. Public, as nsx_ids are: other tools and people sort their own rules around them."""

ANYWHERE = IPv4Network("0.0.0.0/0")
"""Any source or destination. A rule says it by leaving the field out ("NULL value for this field represents ANY network", NSX Policy
API, PolicyNatRule.source_network)."""

MAX_DISPLAY_NAME, MAX_DESCRIPTION, MAX_TAG_SCOPE, MAX_TAG = 255, 1024, 128, 256
"""Lengths (provider schema: display_name; NSX Policy API: ManagedResource.description, Tag.scope, Tag.tag)."""

RESERVED_IDS = frozenset({"bfd-peers"})
"""Ids that the API uses itself: the BFD peers of static routes live below static-routes/bfd-peers, right where a route of
that id would be (NSX Policy API, /infra/tier-0s/{id}/static-routes/bfd-peers)."""


class HaMode(StrEnum):
    """How the edges of a Tier-0 share the work (NSX Policy API, Tier0.ha_mode)."""

    ACTIVE_ACTIVE = "ACTIVE_ACTIVE"
    ACTIVE_STANDBY = "ACTIVE_STANDBY"


class NatAction(StrEnum):
    """NAT actions (NSX Policy API, PolicyNatRule.action, without NAT64). Egress needs the first two, the walk knows them all.

    REFLEXIVE is stateless and works in both directions; SNAT is stateful and needs one active edge, or stateful services.
    """

    REFLEXIVE = "REFLEXIVE"
    SNAT = "SNAT"
    DNAT = "DNAT"
    NO_SNAT = "NO_SNAT"
    NO_DNAT = "NO_DNAT"


class FirewallMatch(StrEnum):
    """Which address the gateway firewall sees (NSX Policy API, PolicyNatRule.firewall_match)."""

    MATCH_INTERNAL_ADDRESS = "MATCH_INTERNAL_ADDRESS"
    MATCH_EXTERNAL_ADDRESS = "MATCH_EXTERNAL_ADDRESS"
    BYPASS = "BYPASS"


_GUIDE = "NSX 3.2 administration guide, Configure NAT on a Gateway"
NOT_ON_REFLEXIVE: Mapping[str, str] = MappingProxyType(
    {
        "source": f'REFLEXIVE maps one network to another and needs it: for such rules the source is "a required field" ({_GUIDE})',
        "destination": f'of REFLEXIVE rules "this field is not applicable" ({_GUIDE}; vmware/nsxt issue 758)',
        "exceptions": f'NO_SNAT is none of the actions of an ACTIVE_ACTIVE Tier-0: "the available action is Reflexive" ({_GUIDE})',
    }
)
"""What stateless NAT does not take, and why."""


def nat_action(ha_mode: HaMode, *, stateful_active_active: bool) -> NatAction:
    """REFLEXIVE on ACTIVE_ACTIVE ("SNAT and DNAT are only supported in active-standby mode", NSX Policy API,
    PolicyNatRule.action), SNAT on ACTIVE_STANDBY and where stateful services run on ACTIVE_ACTIVE (NSX 4.0 and later)."""
    stateless = ha_mode is HaMode.ACTIVE_ACTIVE and not stateful_active_active
    return NatAction.REFLEXIVE if stateless else NatAction.SNAT


class Match(NamedTuple):
    """Which packets a NAT rule is for, and when it is asked: the lowest priority number first, and the first match wins (NSX Policy API,
    PolicyNatRule.sequence_number); among equal ones the order is undefined."""

    source: IPv4Network
    destination: IPv4Network
    priority: int

    def hidden_by(self, other: Match) -> bool:
        """Whether a rule for this never acts, as one for more is asked first."""
        inside = self.source.subnet_of(other.source) and self.destination.subnet_of(other.destination)
        more = (self.source, self.destination) != (other.source, other.destination)
        return inside and more and self.priority >= other.priority

    def overtaken_by(self, other: Match) -> bool:
        """Whether a rule for this comes too late for some of its packets, as one that is asked first takes them."""
        meets = self.source.overlaps(other.source) and self.destination.overlaps(other.destination)
        return meets and self.priority >= other.priority
