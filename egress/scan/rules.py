"""The NAT rules of a Tier-0 as entries of a domain file: mappings that translate egress addresses, and exceptions of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from egress.domain.fields import listed, quoted
from egress.inventory.survey import Survey
from egress.policy.paths import Collection, Section, last, nat_section
from egress.policy.tree import Json, children
from egress.scan.bodies import CannotHoldError, identity, network, number, refuse_strange, text, texts
from egress.scan.found import Gathered, Kind
from egress.scan.gateway import Seen
from egress.scan.rule_order import Rule, acting
from egress.vocabulary import ANYWHERE, FirewallMatch, Match, NatAction

_RULE = frozenset(
    [
        "action",
        "destination_network",
        "enabled",
        "firewall_match",
        "logging",
        "policy_based_vpn_mode",
        "scope",
        "sequence_number",
        "service",
        "source_network",
        "translated_network",
        "translated_ports",
    ]
)
"""What is looked at of a rule, here or because a file holds it (NSX Policy API, PolicyNatRule)."""


@dataclass(frozen=True)
class Rules:
    """The rules of a file, in the order in which NSX asks them. scope: paths of the interfaces that all of them are applied to, empty means
    everywhere; None where there is no rule. action: of the mappings, None where neither the gateway nor a rule says it."""

    held: tuple[Rule, ...] = ()
    scope: frozenset[str] | None = None
    action: NatAction | None = None

    @property
    def mappings(self) -> tuple[Rule, ...]:
        """Those that translate."""
        return tuple(one for one in self.held if not one.exception)

    @property
    def exceptions(self) -> tuple[Rule, ...]:
        """Those that leave packets as they are."""
        return tuple(one for one in self.held if one.exception)


def rules(survey: Survey, seen: Seen, gathered: Gathered) -> Rules:
    """The NAT rules below a Tier-0. One that the file cannot hold is foreign."""
    given = [(path, body) for path, body in _all(survey, seen.path)]
    action = seen.action or _action(body for _, body in given)
    read: list[Rule] = []
    for path, body in given:
        try:
            rule = _rule(path, body, seen, action)
        except CannotHoldError as error:
            gathered.leave(path, Kind.RULE, str(error))
        else:
            if not gathered.refuses(path, path, Kind.RULE):
                read.append(rule)
    scope = _scope(read)
    held = acting(_of_one_scope(read, scope, gathered), gathered)
    return Rules(held, scope if held else None, action)


def _all(survey: Survey, gateway: str) -> Iterator[tuple[str, Json]]:
    """Every NAT rule of a gateway, in the order in which NSX asks them: by section, then by sequence number."""
    for section in Section:
        found = list(children(survey.objects, nat_section(gateway, section), Collection.NAT_RULES))
        yield from sorted(found, key=lambda one: (_order(one[1]), one[0]))


def _order(body: Json) -> int:
    value = body.get("sequence_number")
    return value if isinstance(value, int) else 0


def _action(bodies: Iterator[Json]) -> NatAction | None:
    """What the rules themselves are where the gateway does not say its HA mode."""
    counted = Counter(str(body.get("action")) for body in bodies if body.get("action") in ("SNAT", "REFLEXIVE"))
    return NatAction(counted.most_common(1)[0][0]) if counted else None


def _rule(path: str, body: Json, seen: Seen, action: NatAction | None) -> Rule:
    """Errors: CannotHoldError."""
    _refuse_kind(path, body, action)
    refuse_strange(body, _RULE)
    what = NatAction(body["action"])
    source = _network(body, "source_network")
    destination = _network(body, "destination_network")
    _refuse_own_network(source, seen)
    translated = None if what is NatAction.NO_SNAT else _translated(body, what, source, destination)
    values: dict[str, Any] = {"source": text(body, "source_network") or "any"}
    if destination is not None:
        values["destination"] = text(body, "destination_network")
    if translated is None:
        values = {"destination": values.get("destination", "any")} | ({"source": values["source"]} if source else {})
    else:
        values["translated"] = text(body, "translated_network")
    values["priority"] = number(body, "sequence_number", 0)
    values |= _firewall(body, what)
    match = Match(source or ANYWHERE, destination or ANYWHERE, values["priority"])
    return Rule(path, body, values | identity(path, body), match, translated, _applied(body, seen))


def _refuse_kind(path: str, body: Json, action: NatAction | None) -> None:
    """Errors: CannotHoldError for a rule of a kind that no file has."""
    section, given = last(path.rsplit("/", 2)[0]), body.get("action")
    held = {action, NatAction.NO_SNAT} if action is NatAction.SNAT else {action}
    if section != Section.USER:
        raise CannotHoldError(f"it stands in the section {section}, and a file's rules stand in {Section.USER}")
    if body.get("enabled", True) is not True:
        raise CannotHoldError("it is disabled, and a file's rules are enabled")
    if given in (NatAction.DNAT, NatAction.NO_DNAT):
        raise CannotHoldError(f"it is {given}, for packets from outside, and a file is about egress")
    if str(given) not in held:
        raise CannotHoldError(
            f"its action is {quoted(given)}, and a file's rules on this gateway are {listed(sorted(map(str, held)))}"
        )
    if body.get("service"):
        raise CannotHoldError(f"it is for the service {quoted(body['service'])} only, and a mapping is for all of them")
    if body.get("translated_ports"):
        raise CannotHoldError("it translates ports, and a mapping does not")
    if body.get("logging"):
        raise CannotHoldError("it writes a log, and a file's rules do not")
    if body.get("policy_based_vpn_mode") not in (None, "", "BYPASS"):
        raise CannotHoldError(
            f"its policy_based_vpn_mode is {quoted(body['policy_based_vpn_mode'])}, for which a file has no key"
        )


def _network(body: Json, name: str) -> IPv4Network | None:
    """The one IPv4 network of an attribute, None for any. Errors: CannotHoldError."""
    given = text(body, name)
    if not given:
        return None
    found = network(given, name)
    if not isinstance(found, IPv4Network):
        raise CannotHoldError(f"its {name} {given} is IPv6, and egress is IPv4")
    if found == ANYWHERE:
        raise CannotHoldError(f"its {name} is written {given}, and a file's any leaves it out")
    return found


def _translated(
    body: Json, action: NatAction, source: IPv4Network | None, destination: IPv4Network | None
) -> IPv4Network:
    """Errors: CannotHoldError."""
    found = _network(body, "translated_network")
    if found is None:
        raise CannotHoldError("it has no translated_network")
    if action is NatAction.REFLEXIVE:
        if source is None or destination is not None:
            raise CannotHoldError("it is REFLEXIVE, which needs a source_network and takes no destination_network")
        if source.num_addresses != found.num_addresses:
            raise CannotHoldError(f"it is REFLEXIVE and maps {source} to {found}: the sizes differ")
    return found


def _refuse_own_network(source: IPv4Network | None, seen: Seen) -> None:
    """Errors: CannotHoldError for a source that is no egress address: one of a segment that the gateway touches."""
    touched = [one for one in seen.service_networks if source and source.overlaps(one)]
    touched += [one for one in seen.uplink_networks if source and source.overlaps(one) and not source.subnet_of(one)]
    if touched:
        raise CannotHoldError(
            f"its source {source} overlaps {touched[0]}, which the gateway touches: no egress address"
        )


def _firewall(body: Json, action: NatAction) -> dict[str, str]:
    """The firewall match, where it is not what a file means without the key. Errors: CannotHoldError."""
    given = body.get("firewall_match") or FirewallMatch.MATCH_INTERNAL_ADDRESS
    if action is NatAction.NO_SNAT:
        if given != FirewallMatch.BYPASS:
            raise CannotHoldError(
                f"its firewall_match is {quoted(given)}, and that of an exception is {FirewallMatch.BYPASS}"
            )
        return {}
    return {} if given == FirewallMatch.MATCH_INTERNAL_ADDRESS else {"firewall_match": str(given)}


def _applied(body: Json, seen: Seen) -> frozenset[str]:
    """Paths of the interfaces that a rule is applied to. Errors: CannotHoldError for one that is none of the file's."""
    given = frozenset(texts(body.get("scope")))
    strange = sorted(given - set(seen.interfaces))
    if strange:
        raise CannotHoldError(f"it is applied to {listed(strange)}, no interface of this file")
    return given


def _scope(read: Sequence[Rule]) -> frozenset[str]:
    """What most rules are applied to: a file says it once for all. Among equals, what the first rule is."""
    counted = Counter(one.scope for one in read)
    return counted.most_common(1)[0][0] if counted else frozenset()


def _of_one_scope(read: Sequence[Rule], scope: frozenset[str], gathered: Gathered) -> Iterator[Rule]:
    for rule in read:
        if rule.scope == scope:
            yield rule
        else:
            own, others = (listed(sorted(map(last, one))) or "every interface" for one in (rule.scope, scope))
            gathered.leave(
                rule.path,
                Kind.RULE,
                f"it is applied to {own}, the other rules to {others}, and a file says it once for all",
            )
