"""The typed model of the egress and ingress ranges, of the mappings that translate egress addresses, and of the Tier-1s behind them."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from egress.domain.base import FirewallMatchField, Frozen, Named, Part, Priority
from egress.domain.fields import AppliedTo, Ipv4AddressOrNet, Ipv4Net, Ipv4Source, MappingName, Name, wrong
from egress.domain.moved import Moved, MovedKeys, flow
from egress.vocabulary import ANYWHERE, SUPERVISOR, TKG, FirewallMatch

_TIER1_RELATIONS: dict[str, Any] = {
    "if": {"required": ["nat"], "properties": {"nat": {"const": False}}},
    "then": {"properties": {"egress": {"type": "null"}, "egress_range": {"type": "null"}}},
}
"""What the validator of Tier1 says, for the JSON Schema."""


def _tier1_of_a_mapping(value: Any, beside: Mapping[str, Any]) -> str:
    return f"at the top of the file, tier1s: {flow({_text(value): {'egress': beside['source']}})}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


class EgressMapping(Named):
    """An egress address, or a network of them, and what it is translated to. Whose address it is, `tier1s` says."""

    moved: ClassVar[MovedKeys] = {
        "tier1": Moved("tier1s", "at the top of the file, tier1s: {TIER1-ID: {egress: ADDRESS}}", _tier1_of_a_mapping)
    }

    source: Ipv4Source = Field(
        description="egress address or network before translation, of an egress range or a routed Tier-1; any (SNAT only): everything that leaves"
    )
    destination: Ipv4AddressOrNet | None = Field(
        None, description="address or network that it is limited to (SNAT only); left out: any"
    )
    translated: Ipv4AddressOrNet = Field(
        description="address or network after translation; REFLEXIVE needs the same size"
    )
    priority: Priority | None = Field(None, description="0 to 2147481599; the lowest number is looked at first")
    firewall_match: FirewallMatchField = Field(
        FirewallMatch.MATCH_INTERNAL_ADDRESS,
        description="which address the gateway firewall sees: MATCH_INTERNAL_ADDRESS, MATCH_EXTERNAL_ADDRESS or BYPASS",
    )


class FurtherMapping(EgressMapping):
    """A mapping below `more`: its priority is required, so that adding one never moves another."""

    priority: Priority = Field(description="0 to 2147481599; the lowest number is looked at first")


class EgressException(Named):
    """Packets that keep their address although a mapping is for them: a NO_SNAT rule. Where the rules are SNAT only. NSX lets them past
    the gateway firewall ("for NO_SNAT ... it must be BYPASS", NSX Policy API, PolicyNatRule.firewall_match)."""

    destination: Ipv4Source = Field(description="address or network that is reached with addresses as they are, or any")
    source: Ipv4Source = Field(ANYWHERE, description="address or network that it is limited to; left out: any")
    priority: Priority = Field(description="0 to 2147481599; smaller than that of the mappings it is an exception of")


class Egress(Part):
    """Egress ranges and their translations. `applied_to`: scope of the rules: uplinks, interface ids, or everywhere.

    `routed`: networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses. `pool`: what
    `egress propose` takes translated addresses from; no object is made of it.
    """

    moved: ClassVar[MovedKeys] = {
        "range": Moved("ranges", "ranges: [NETWORK]", lambda value, _: f"ranges: [{flow(_text(value))}]")
    }

    ranges: Annotated[tuple[Ipv4Net, ...], Field(min_length=1)] = Field(
        (),
        description="the egress networks of the Supervisor, as vSphere knows them; may be left out only beside a mapping of any source",
    )
    routed: tuple[Ipv4Net, ...] = Field(
        (),
        description="networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses",
    )
    pool: tuple[Ipv4AddressOrNet, ...] = Field(
        (),
        description="addresses and networks that are set aside for translated addresses: egress propose takes the next free one; nothing is made of it",
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

    exceptions: Annotated[Mapping[Name, EgressException], *Frozen] = Field(
        default_factory=dict,
        validate_default=True,
        description="name: destinations that are reached without translation (NO_SNAT; SNAT only); the name ends its NSX id",
    )

    @model_validator(mode="after")
    def _ranges_or_any(self) -> Self:
        everything = any(one.source == ANYWHERE and one.destination is None for one in self.mappings.values())
        if not self.ranges and not everything:
            raise wrong(
                "ranges is missing, allowed are one or more networks; it may be left out only beside a mapping of source any"
            )
        return self

    @property
    def mappings(self) -> dict[str, EgressMapping]:
        """Every mapping by its key: supervisor, tkg, then those below `more` in the file's order."""
        named = {SUPERVISOR: self.supervisor, TKG: self.tkg, **self.more}
        return {key: mapping for key, mapping in named.items() if mapping}


class Tier1(Part):
    """What hangs below the Tier-0: the networks behind a Tier-1, and the address that it sends with.

    `nat`: false for a routed namespace, which leaves with its own addresses. `egress_range`: a namespace's own egress network.
    """

    model_config = ConfigDict(json_schema_extra=_TIER1_RELATIONS)

    networks: tuple[Ipv4Net, ...] = Field((), description="networks of the pods and nodes behind it")
    egress: Ipv4AddressOrNet | None = Field(
        None, description="address or network that it translates to, as its NAT rules in NSX say; left out: not known"
    )
    nat: bool = Field(True, description="false: a routed namespace, its networks leave with their own addresses")
    egress_range: Ipv4Net | None = Field(
        None, description="an egress network of its own, where the namespace overrides that of the Supervisor"
    )

    @model_validator(mode="after")
    def _translates_or_not(self) -> Self:
        if not self.nat and (self.egress is not None or self.egress_range is not None):
            raise wrong("nat: false says that it leaves with its own addresses, take egress and egress_range out")
        return self


class Ingress(Part):
    """The range that load balancers answer on. Not translated: the default route alone makes it reachable."""

    range: Ipv4Net = Field(description="the ingress range, as vSphere knows it")
