"""Rules about the order in which the NAT rules of a gateway are asked: the lowest priority number first, and the first match wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from typing import NamedTuple

from egress.checks.look import short, where
from egress.checks.matches import Matches
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, Outcomes, Severity, fleet_rule, rule
from egress.domain import WorkloadDomain
from egress.policy.identity import by_gateway
from egress.policy.owned import NatRule, NoSnatRule, OwnedRule, owned
from egress.vocabulary import ANYWHERE, Match

_ORDER = "NSX Policy API, PolicyNatRule.sequence_number (lowest first, first match wins)"


class _Placed(NamedTuple):
    """A rule and whose it is."""

    domain: WorkloadDomain
    rule: OwnedRule

    def at(self, key: str) -> str:
        return where(self.domain, (*self.rule.at, key))


def _on_gateways(domains: Sequence[WorkloadDomain]) -> Iterator[list[_Placed]]:
    for group in by_gateway(domains).values():
        yield [_Placed(one, made) for one in group for made in (*owned(one).rules, *owned(one).exceptions)]


def _told(match: Match) -> str:
    """A match in a sentence."""
    source = "any" if match.source == ANYWHERE else short(match.source)
    return source if match.destination == ANYWHERE else f"{source} towards {short(match.destination)}"


@fleet_rule(
    "source-twice",
    Severity.ERROR,
    "every source on a gateway has one rule",
    explanation="The first rule that matches wins, so the second of two rules for one source does nothing, and which is the first is a "
    "matter of priorities. Rules for one source may differ in their destination.",
    source=_ORDER,
)
def source_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for placed in _on_gateways(domains):
        seen: dict[tuple[IPv4Network, IPv4Network], _Placed] = {}
        for one in placed:
            match = one.rule.match
            first = seen.setdefault((match.source, match.destination), one)
            if first is not one:
                yield Broken(
                    (*one.rule.at, "source"),
                    f"source {_told(match)} has a rule already in {first.at('source')}",
                    "take one of the two out",
                    one.domain,
                )


@fleet_rule(
    "sources-overlap",
    Severity.ERROR,
    "sources on a gateway are apart, or the narrower is looked at first",
    explanation="A narrow source inside a wider one is an exception, and works as one only if its priority number is smaller. Otherwise its rule "
    "never acts.",
    source=_ORDER,
)
def sources_overlap(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for placed in _on_gateways(domains):
        index = Matches((one.rule.match, one) for one in placed)
        for narrow in placed:
            wide = index.hiding(narrow.rule.match) if isinstance(narrow.rule, NatRule) else None
            if wide:
                match, other = narrow.rule.match, wide.rule.match
                yield Broken(
                    (*narrow.rule.at, "source"),
                    f"source {_told(match)} is hidden by {_told(other)} in {wide.at('source')}, whose priority {other.priority} is not greater than {match.priority}",
                    "give the narrower rule a smaller priority number",
                    narrow.domain,
                )


@rule(
    "exception-after-mapping",
    Severity.ERROR,
    "an exception is looked at before the mappings it is an exception of",
    explanation="A mapping that matches first translates the packet, and the exception is not asked any more.",
    source=_ORDER,
)
def exception_late(domain: WorkloadDomain) -> Outcomes:
    by_source: Prefixes[NatRule] = Prefixes()
    by_destination: Prefixes[NatRule] = Prefixes()
    made = owned(domain)
    for one in sorted((*made.rules, *made.exceptions), key=lambda one: (one.priority, isinstance(one, NoSnatRule))):
        if isinstance(one, NatRule):
            limited = one.destination is not None
            (by_destination if limited else by_source).add(one.match.destination if limited else one.match.source, one)
            continue
        first = [by_source.overlapping(one.match.source), by_destination.overlapping(one.match.destination)]
        taking = [met.first for met in first if met and one.match.overtaken_by(met.first.match)]
        if taking:
            mapping = taking[0]
            yield Broken(
                (*one.at, "priority"),
                f"exception {one.key} has priority {one.priority}, and mapping {mapping.key}, which takes its packets, {mapping.priority}",
                "give the exception a smaller priority number than the mapping",
            )


@fleet_rule(
    "any-source-on-shared-tier0",
    Severity.WARNING,
    "a mapping of any source stands on a gateway of one domain",
    explanation="It translates whatever leaves and has no rule before it, that of the other domains on the gateway, too: a routed namespace, "
    "or an address that nobody has mapped yet, leaves with this domain's address.",
    source="NSX Policy API, PolicyNatRule.source_network (NULL is any)",
)
def any_on_shared(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for group in by_gateway(domains).values():
        for one in group if len(group) > 1 else ():
            for mapping in owned(one).rules:
                if mapping.source == ANYWHERE and mapping.destination is None:
                    other = next(two.stack for two in group if two is not one)
                    yield Broken(
                        (*mapping.at, "source"),
                        f"source any also translates what {other} sends on the same Tier-0",
                        "write the egress range as source, or say in suppress that this is meant",
                        one,
                    )


@fleet_rule(
    "priority-clash",
    Severity.WARNING,
    "every rule on a gateway has a priority of its own",
    explanation="Rules with equal priorities are evaluated in an undefined order. As long as their sources are apart it makes no "
    "difference; the day they are not, it does.",
    source='NSX Manager API, NatRule.rule_priority ("evaluation sequence is undefined")',
)
def priority_clash(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for placed in _on_gateways(domains):
        seen: dict[int, _Placed] = {}
        for one in placed:
            first = seen.setdefault(one.rule.priority, one)
            if first is not one:
                yield Broken(
                    (*one.rule.at, "priority"),
                    f"priority {one.rule.priority} is taken by {first.rule.identity.nsx_id} in {first.at('priority')}",
                    "give one of the two another priority",
                    one.domain,
                )
