"""An egress address and the address it leaves with: the value object, and the one place where it becomes a NAT rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constructs import Construct

from egress.vocabulary import ANYWHERE, MAX_PRIORITY, NOT_ON_REFLEXIVE, FirewallMatch, NatAction
from tier0_egress.cdk import (
    ITerraformDependable,
    PolicyNatRule,
    PolicyNatRuleTag,
    Postcondition,
    TerraformProvider,
    TerraformResourceLifecycle,
)

from .ids import own_id
from .ip import Ipv4Value, ipv4, ipv4_or_any, network_of
from .values import RefusedValueError, choice, labels, refuse_unknown_list, unresolved, whole_number

# Terraform works a message out even when its condition holds, so it must stand a list that is null.
_DESTINATION_SET = (
    "the rule is limited to destination ${jsonencode(self.destination_networks)}, which was set outside of Terraform: "
    "take the destination away in NSX, or replace the rule (-replace)"
)


@dataclass(frozen=True, kw_only=True)
class EgressMapping:
    """What one NAT rule says. IPv4 only: NSX has no NAT66."""

    source: Ipv4Value
    """Egress address (or network) that the packets come with; "any" where the rules are SNAT: everything that leaves."""

    translated: Ipv4Value
    """Address (or network) that they leave with."""

    nsx_id: str
    """Id of the rule in NSX. Always given: after a lost state the rule is then refused as existing, not doubled, and its import
    id is known."""

    priority: int | None = None
    """0 to 2147481599, lower ones are looked at first. Default: 100 for the Supervisor, 110 for TKG; further mappings state
    theirs, so that adding one never moves another."""

    destination: Ipv4Value | None = None
    """Address (or network) that the rule is limited to, where the rules are SNAT. Default: any."""

    firewall_match: FirewallMatch = FirewallMatch.MATCH_INTERNAL_ADDRESS
    """What the gateway firewall sees. Default: MATCH_INTERNAL_ADDRESS, which is what NSX does when nothing is said. It is always
    written, because the provider's own default is BYPASS: traffic past the firewall."""

    display_name: str | None = None
    """1 to 255 characters. Default: the nsx_id."""

    description: str = ""
    """At most 1,024 characters. Default: none."""

    tags: Mapping[str, str] | None = None
    """Tag scope -> tag. Default: none."""

    def __post_init__(self) -> None:
        own_id(self.nsx_id)
        object.__setattr__(self, "source", ipv4_or_any(self.source, "source"))
        object.__setattr__(self, "destination", destination_of(self.destination))
        object.__setattr__(self, "translated", ipv4(self.translated, "translated"))
        refuse_unknown_list(self.firewall_match, "firewall_match", f"allowed is {' or '.join(FirewallMatch)}")
        if not unresolved(self.firewall_match):
            object.__setattr__(self, "firewall_match", choice(FirewallMatch, self.firewall_match, "firewall_match"))
        if self.priority is not None:
            whole_number(self.priority, "priority", 0, MAX_PRIORITY)
        object.__setattr__(self, "tags", labels(self.display_name, self.description, self.tags))
        if not unresolved(self.source) and network_of(self.source) == network_of(self.translated):
            raise RefusedValueError(
                f"translated: {str(self.translated)!r} is the source itself, allowed is another address"
            )

    def check(self, action: NatAction) -> None:
        """Refuses a mapping that does not go with the action."""
        if action is NatAction.REFLEXIVE:
            refuse_on_reflexive("source", "any", self.source == ANYWHERE)
            refuse_on_reflexive("destination", str(self.destination), self.destination is not None)
        source, translated = network_of(self.source), network_of(self.translated)
        if action is NatAction.REFLEXIVE and source and translated and source.prefixlen != translated.prefixlen:
            # APIDOC, PolicyNatRule.action.
            reason = '"the number of original networks should be exactly the same as that of translated networks"'
            sizes = (
                f"{self.source} has {source.num_addresses} addresses, {self.translated} has {translated.num_addresses}"
            )
            raise RefusedValueError(f"translated: {sizes}; REFLEXIVE allows equal sizes only, as NSX says {reason}")


def nat_rule(
    scope: Construct,
    key: str,
    mapping: EgressMapping,
    *,
    action: NatAction,
    priority: int,
    gateway_path: str,
    applied_to: Sequence[str],
    depends_on: Sequence[ITerraformDependable],
    provider: TerraformProvider | None,
) -> PolicyNatRule:
    """Makes the rule below `scope`, with everything said that NSX or the provider would otherwise fill in.

    A source or destination that is any is left out: NSX takes that for any, and an empty destination once broke its UI (vmware/nsxt
    issue 758).
    """
    return PolicyNatRule(
        scope,
        key,
        gateway_path=gateway_path,
        nsx_id=mapping.nsx_id,
        display_name=mapping.display_name or mapping.nsx_id,
        description=mapping.description or None,
        type="USER",
        action=action,
        source_networks=networks(mapping.source),
        destination_networks=networks(mapping.destination),
        translated_networks=[str(mapping.translated)],
        rule_priority=priority,
        firewall_match=mapping.firewall_match,
        scope=list(applied_to),
        enabled=True,
        logging=False,
        tag=[PolicyNatRuleTag(scope=name, tag=tag) for name, tag in (mapping.tags or {}).items()] or None,
        lifecycle=_tolerate_any_destination() if action is NatAction.SNAT and mapping.destination is None else None,
        depends_on=list(depends_on) or None,
        provider=provider,
    )


def destination_of(value: object) -> Ipv4Value | None:
    """A destination; None for any."""
    parsed = None if value is None else ipv4_or_any(value, "destination")
    return None if parsed == ANYWHERE else parsed


def networks(value: Ipv4Value | None) -> list[str] | None:
    """For the provider: one address or network, None for any."""
    return None if value is None or value == ANYWHERE else [str(value)]


def refuse_on_reflexive(prop: str, given: str, there: bool) -> None:
    """Refuses what stateless NAT does not take."""
    if there:
        raise RefusedValueError(
            f"{prop}: {given!r} is for SNAT rules, these are REFLEXIVE: {NOT_ON_REFLEXIVE[prop]}: leave it out"
        )


def _tolerate_any_destination() -> TerraformResourceLifecycle:
    """NSX may answer 0.0.0.0/0 where an SNAT rule has no destination, which is a difference for ever (vmware/nsxt issue 1152,
    seen on a project's Tier-1; the remedy is the reporter's). So the destination is not compared. A real one, which would go
    unseen then, fails the plan instead.

    A later change of such a rule sends the 0.0.0.0/0 back, and NSX refuses it if a segment overlaps it (500105, same issue;
    that it does so on an update is inferred): the rule is to be replaced then.
    """
    anything = (
        '${self.destination_networks == null ? true : alltrue([for n in self.destination_networks : n == "0.0.0.0/0"])}'
    )
    return TerraformResourceLifecycle(
        ignore_changes=["destination_networks"],
        postcondition=[Postcondition(condition=anything, error_message=_DESTINATION_SET)],
    )
