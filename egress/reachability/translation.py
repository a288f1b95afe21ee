"""NAT rules of one node, ready to be asked: the first rule that matches a packet, and what it makes of the packet.

A packet is (source, destination, source port, destination port, protocol), addresses as keys (`egress.reachability.tables`).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import NamedTuple, TypeAlias

from egress.domain import NatAction
from egress.domain.addresses import Network
from egress.reachability.tables import Prefix, PrefixTable, key, prefix
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


_Entries: TypeAlias = list[tuple[Prefix, _Rule]]


class Translator:
    """The rules of one node, by the address that selects them."""

    def __init__(self, rules: Iterable[NatRule], before: Translator | None = None) -> None:
        """`before`: an earlier one, whose work on rules that are the very same is taken over."""
        known = before._compiled if before else {}
        self._compiled: dict[int, tuple[NatRule, _Entries, _Entries]] = {}
        inbound: list[tuple[Prefix, _Rule]] = []
        outbound: list[tuple[Prefix, _Rule]] = []
        for rule in rules:
            entry = known.get(id(rule)) or _entries(rule)
            self._compiled[id(rule)] = entry
            inbound += entry[1]
            outbound += entry[2]
        self._inbound = PrefixTable(inbound, order=_rank)
        self._outbound = PrefixTable(outbound, order=_rank)

    def inbound(self, packet: Raw, interface: str) -> Rewritten:
        """Destination translation of a packet that arrived by `interface`: the packet after it and the rule's id, or None.

        NO_DNAT gives the packet unchanged.
        """
        for rule in self._inbound.matches(packet[1]):
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
        for rule in self._outbound.matches(packet[0]):
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


def _entries(rule: NatRule) -> tuple[NatRule, _Entries, _Entries]:
    """A rule (kept, so that its identity is) with its entries for either direction."""
    inbound = [(prefix(to), one) for to, one in _inbound(rule)] if rule.action in _INBOUND else []
    outbound = [(prefix(of), one) for of, one in _outbound(rule)] if rule.action in _OUTBOUND else []
    return rule, inbound, outbound


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
        offset=rule.action is not NatAction.SNAT and old.num_addresses == new.num_addresses,
        protocol=rule.protocol,
        port=rule.port,
        translated_port=rule.translated_port,
    )
