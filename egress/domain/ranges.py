"""The typed model of the egress and ingress ranges, and of the mappings that translate egress addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from egress.domain.base import FirewallMatchField, Frozen, Named, Part, Priority
from egress.domain.fields import AppliedTo, Ipv4AddressOrNet, Ipv4Net, MappingName, PolicyId
from egress.vocabulary import SUPERVISOR, TKG, FirewallMatch


class EgressMapping(Named):
    """An egress address and the address it is translated to. `tier1`: id of the Tier-1 whose traffic it is."""

    source: Ipv4AddressOrNet = Field(
        description="egress address or network before translation, inside the egress range"
    )
    translated: Ipv4AddressOrNet = Field(
        description="address or network after translation; REFLEXIVE needs the same size"
    )
    tier1: PolicyId | None = Field(None, description="id of the Tier-1 whose traffic it is")
    priority: Priority | None = Field(None, description="0 to 2147481599; the lowest number is looked at first")
    firewall_match: FirewallMatchField = Field(
        FirewallMatch.MATCH_INTERNAL_ADDRESS,
        description="which address the gateway firewall sees: MATCH_INTERNAL_ADDRESS, MATCH_EXTERNAL_ADDRESS or BYPASS",
    )


class FurtherMapping(EgressMapping):
    """A mapping below `more`: its priority is required, so that adding one never moves another."""

    priority: Priority = Field(description="0 to 2147481599; the lowest number is looked at first")


class Egress(Part):
    """Egress range and its translations. `applied_to`: scope of the rules: uplinks, interface ids, or everywhere.

    `routed`: networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses.
    """

    range: Ipv4Net = Field(description="the egress range of the Supervisor, as vSphere knows it")
    routed: tuple[Ipv4Net, ...] = Field(
        (),
        description="networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses",
    )
    applied_to: AppliedTo = Field(
        "uplinks", description="scope of the NAT rules: uplinks, everywhere, or a list of interface ids"
    )
    supervisor: EgressMapping | None = Field(
        None, description="mapping of the Supervisor's egress address; priority 100 unless it says otherwise"
    )
    tkg: EgressMapping | None = Field(
        None, description="mapping of the TKG cluster's egress address; priority 110 unless it says otherwise"
    )
    more: Annotated[Mapping[MappingName, FurtherMapping], *Frozen] = Field(
        default_factory=dict, validate_default=True, description="name: further mapping; the name ends its NSX id"
    )

    @property
    def mappings(self) -> dict[str, EgressMapping]:
        """Every mapping by its key: supervisor, tkg, then those below `more` in the file's order."""
        named = {SUPERVISOR: self.supervisor, TKG: self.tkg, **self.more}
        return {key: mapping for key, mapping in named.items() if mapping}


class Ingress(Part):
    """The range that load balancers answer on. Not translated: the default route alone makes it reachable."""

    range: Ipv4Net = Field(description="the ingress range, as vSphere knows it")
