"""Which NAT rules of a gateway can stand in a file together: NSX asks them in turn, and one that never acts is no rule for a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from egress.policy.paths import last
from egress.policy.tree import Json
from egress.scan.found import Gathered, Kind
from egress.vocabulary import Match, NatAction


@dataclass(frozen=True)
class Rule:
    """A rule that a file can hold: the path of its object, its values in the file, which packets it is for, and what it is applied to."""

    path: str
    body: Json
    values: dict[str, Any]
    match: Match
    translated: IPv4Network | None
    scope: frozenset[str]

    @property
    def exception(self) -> bool:
        """Whether it leaves packets as they are."""
        return self.translated is None


def acting(read: Iterable[Rule], gathered: Gathered) -> tuple[Rule, ...]:
    """The rules without those that another one, which is asked before, leaves nothing to do; these are foreign. read: in NSX's order."""
    before, kept = _Before(), []
    for rule in read:
        why = before.idle(rule)
        if why:
            gathered.leave(rule.path, Kind.RULE, why)
        else:
            before.add(rule)
            kept.append(rule)
    return tuple(kept)


class _Before:
    """The rules that were asked so far, by what they match and translate to: asking takes as long for many of them as for few."""

    def __init__(self) -> None:
        self._all: list[Rule] = []
        self._by_source: dict[IPv4Network, list[Rule]] = {}
        self._translated: dict[IPv4Network, Rule] = {}

    def add(self, rule: Rule) -> None:
        self._all.append(rule)
        self._by_source.setdefault(rule.match.source, []).append(rule)
        if rule.translated is not None:
            self._translated.setdefault(rule.translated, rule)

    def idle(self, rule: Rule) -> str:
        """Why a rule cannot stand in a file together with those before it, empty where it can."""
        for other in self._around(rule.match.source):
            same = rule.match.destination == other.match.destination and rule.match.source == other.match.source
            if same or (not rule.exception and rule.match.hidden_by(other.match)):
                return f"{last(other.path)} is asked before it and takes its packets: it never acts"
        for other in self._all if rule.exception else ():
            if not other.exception and rule.match.overtaken_by(other.match):
                return f"it is an exception, and mapping {last(other.path)} is asked before it"
        if rule.translated is not None and rule.body.get("action") == NatAction.REFLEXIVE:
            taken = self._taken(rule.translated)
            return f"it is REFLEXIVE and translates to addresses of {last(taken.path)}" if taken else ""
        return ""

    def _around(self, source: IPv4Network) -> Iterator[Rule]:
        """Rules whose source holds another one."""
        for wide in wider(source):
            yield from self._by_source.get(wide, ())

    def _taken(self, translated: IPv4Network) -> Rule | None:
        """A rule that translates to some of these addresses."""
        around = next((self._translated[wide] for wide in wider(translated) if wide in self._translated), None)
        if around is not None or translated.prefixlen == translated.max_prefixlen:
            return around
        return next((rule for inner, rule in self._translated.items() if inner.subnet_of(translated)), None)


def wider(network: IPv4Network) -> Iterator[IPv4Network]:
    """A network and all that hold it."""
    return (network.supernet(new_prefix=length) for length in range(network.prefixlen, -1, -1))
