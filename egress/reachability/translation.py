"""NAT rules of one node, ready to be asked: the first rule that matches a packet, and what it makes of the packet.

A packet is (source, destination, source port, destination port, protocol), addresses as keys (`egress.reachability.tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Network
from typing import NamedTuple, TypeAlias

from egress.domain import NatAction
from egress.domain.addresses import Network, host_bits
from egress.reachability.tables import Prefix, PrefixTable, Remembered, change, key, prefix
from egress.reachability.topology import NatRule

Raw: TypeAlias = tuple[int, int, int, int, str]
Rewritten: TypeAlias = tuple[Raw, str] | None

_INBOUND = (NatAction.DNAT, NatAction.NO_DNAT, NatAction.REFLEXIVE)
_OUTBOUND = (NatAction.SNAT, NatAction.NO_SNAT, NatAction.REFLEXIVE)
STATEFUL = (NatAction.SNAT, NatAction.DNAT)
_ANY = IPv4Network("0.0.0.0/0")


class _Rule(NamedTuple):
    """A rule with its match on the other address, and the arithmetic of its translation.

    `offset`: the new address has the place in its network that the old one had; else it is the new network's first.
    """

    rank: tuple[int, int, str]
    id: str
    action: NatAction
    scope: frozenset[str]
    others: tuple[Prefix, ...]
    old_base: int
    new_base: int
    offset: bool
    protocol: str | None
    port: int | None
    translated_port: int | None


class Translator:
    """The rules of one node, by the address that selects them."""

    def __init__(self, rules: tuple[NatRule, ...], before: Translator | None = None) -> None:
        """`before`: an earlier one; only rules that differ are looked at."""
        self.rules = rules
        known = before.rules if before else ()
        start, old, new = change(known, rules)
        gone, come = known[start:old], rules[start:new]
        self._inbound: PrefixTable[_Rule] = _table(before._inbound if before else None, _INBOUND, _inbound, gone, come)
        self._outbound: PrefixTable[_Rule] = _table(
            before._outbound if before else None, _OUTBOUND, _outbound, gone, come
        )
        self._to = Remembered(self._inbound.matches)
        self._from = Remembered(self._outbound.matches)

    def inbound(self, packet: Raw, interface: str) -> Rewritten:
        """Destination translation of a packet that arrived by `interface`: the packet after it and the rule's id, or None.

        NO_DNAT gives the packet unchanged.
        """
        for rule in self._to[packet[1]]:
            if interface in rule.scope and _fits(rule, packet, packet[0]):
                if rule.action is NatAction.NO_DNAT:
                    return packet, rule.id
                port = packet[3] if rule.translated_port is None else rule.translated_port
                new = rule.new_base + packet[1] - rule.old_base if rule.offset else rule.new_base
                return (packet[0], new, packet[2], port, packet[4]), rule.id
        return None

    def outbound(self, packet: Raw, interface: str) -> Rewritten:
        """Source translation of a packet that leaves by `interface`: the packet after it and the rule's id, or None.

        NO_SNAT gives the packet unchanged.
        """
        for rule in self._from[packet[0]]:
            if interface in rule.scope and _fits(rule, packet, packet[1]):
                if rule.action is NatAction.NO_SNAT:
                    return packet, rule.id
                new = rule.new_base + packet[0] - rule.old_base if rule.offset else rule.new_base
                return (new, packet[1], packet[2], packet[3], packet[4]), rule.id
        return None


def _fits(rule: _Rule, packet: Raw, other: int) -> bool:
    if rule.protocol is not None and (packet[4] != rule.protocol or packet[3] != rule.port):
        return False
    return not rule.others or any(other >> shift == rest for shift, rest in rule.others)


def _rank(rule: _Rule) -> tuple[int, int, str]:
    return rule.rank


def _table(
    before: PrefixTable[_Rule] | None,
    actions: Collection[NatAction],
    selecting: Callable[[NatRule], Iterable[tuple[Network, _Rule]]],
    gone: Iterable[NatRule],
    come: Iterable[NatRule],
) -> PrefixTable[_Rule]:
    """The rules of one direction by what selects them: an earlier table without some and with others."""
    left, added = (
        [(prefix(of), one) for rule in rules if rule.action in actions for of, one in selecting(rule)]
        for rules in (gone, come)
    )
    return (before.changed(left, added) if before else None) or PrefixTable(added, order=_rank)


def _inbound(rule: NatRule) -> Iterable[tuple[Network, _Rule]]:
    """The rule under each destination that selects it."""
    if rule.action is NatAction.REFLEXIVE:
        assert rule.translated is not None
        yield rule.translated, _compiled(rule, (), rule.translated, rule.sources[0])
        return
    for destination in rule.destinations or (_ANY,):
        yield destination, _compiled(rule, rule.sources, destination, rule.translated or destination)


def _outbound(rule: NatRule) -> Iterable[tuple[Network, _Rule]]:
    """The rule under each source that selects it."""
    others = () if rule.action is NatAction.REFLEXIVE else rule.destinations
    for source in rule.sources or (_ANY,):
        yield source, _compiled(rule, others, source, rule.translated or source)


def _compiled(rule: NatRule, others: tuple[Network, ...], old: Network, new: Network) -> _Rule:
    return _Rule(
        rank=rule.rank,
        id=rule.id,
        action=rule.action,
        scope=rule.scope,
        others=tuple(prefix(network) for network in others),
        old_base=key(old.network_address),
        new_base=key(new.network_address),
        offset=rule.action is not NatAction.SNAT and host_bits(old) == host_bits(new),
        protocol=rule.protocol,
        port=rule.port,
        translated_port=rule.translated_port,
    )
