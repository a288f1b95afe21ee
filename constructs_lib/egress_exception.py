"""Packets that keep their address although a mapping is for them: the value object, and the one place where it becomes a NAT rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constructs import Construct

from egress.vocabulary import MAX_PRIORITY, FirewallMatch, NatAction
from tier0_egress.cdk import ITerraformDependable, PolicyNatRule, PolicyNatRuleTag, TerraformProvider

from .egress_mapping import networks
from .ids import own_id
from .ip import ANY, Ipv4Value, ipv4_or_any
from .values import labels, whole_number


@dataclass(frozen=True, kw_only=True)
class EgressException:
    """What one NO_SNAT rule says. IPv4 only. Where the rules are SNAT.

    Its packets pass by the gateway firewall: "for NO_SNAT ... it must be BYPASS or leave it unassigned" (APIDOC,
    PolicyNatRule.firewall_match), and the provider writes BYPASS where nothing is said.
    """

    destination: Ipv4Value
    """Address (or network) that is reached with addresses as they are; "any" for all that the source reaches."""

    nsx_id: str
    """Id of the rule in NSX. Always given, as that of a mapping."""

    priority: int
    """0 to 2147481599, lower ones are looked at first: smaller than that of the mappings it is an exception of."""

    source: Ipv4Value = ANY
    """Address (or network) that it is limited to. Default: any."""

    display_name: str | None = None
    """1 to 255 characters. Default: the nsx_id."""

    description: str = ""
    """At most 1,024 characters. Default: none."""

    tags: Mapping[str, str] | None = None
    """Tag scope -> tag. Default: none."""

    def __post_init__(self) -> None:
        own_id(self.nsx_id)
        object.__setattr__(self, "source", ipv4_or_any(self.source, "source"))
        object.__setattr__(self, "destination", ipv4_or_any(self.destination, "destination"))
        whole_number(self.priority, "priority", 0, MAX_PRIORITY)
        object.__setattr__(self, "tags", labels(self.display_name, self.description, self.tags))


def no_snat_rule(
    scope: Construct,
    key: str,
    exception: EgressException,
    *,
    gateway_path: str,
    applied_to: Sequence[str],
    depends_on: Sequence[ITerraformDependable],
    provider: TerraformProvider | None,
) -> PolicyNatRule:
    """Makes the rule below `scope`."""
    return PolicyNatRule(
        scope,
        key,
        gateway_path=gateway_path,
        nsx_id=exception.nsx_id,
        display_name=exception.display_name or exception.nsx_id,
        description=exception.description or None,
        type="USER",
        action=NatAction.NO_SNAT,
        source_networks=networks(exception.source),
        destination_networks=networks(exception.destination),
        rule_priority=exception.priority,
        firewall_match=FirewallMatch.BYPASS,
        scope=list(applied_to),
        enabled=True,
        logging=False,
        tag=[PolicyNatRuleTag(scope=name, tag=tag) for name, tag in (exception.tags or {}).items()] or None,
        depends_on=list(depends_on) or None,
        provider=provider,
    )
