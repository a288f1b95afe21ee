"""What hangs below a Tier-0, as a domain file describes it: Tier-1s with networks and egress addresses, and the ranges these are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from egress.domain import NatAction
from egress.domain.fields import listed
from egress.inventory.blocks import networks_of_block
from egress.inventory.senders import short
from egress.inventory.survey import Survey
from egress.inventory.whose import Owner, owner
from egress.policy.paths import Collection, Section, collection, last, nat_section
from egress.policy.tier1s import ADVERTISED_CONNECTED, Tier1, whole_tier1s
from egress.policy.tier1s import tier1s as read_tier1s
from egress.policy.virtual_servers import VirtualServer, virtual_servers
from egress.scan.found import Gathered, Kind
from egress.scan.gaps import why

_TRANSLATING = (NatAction.SNAT, NatAction.REFLEXIVE)


@dataclass(frozen=True)
class Below:
    """A Tier-1: the path of its object, its values in the file, whose it is. note: where its egress address is from."""

    path: str
    values: dict[str, Any]
    whose: Owner
    note: str = ""

    @property
    def name(self) -> str:
        """Its id."""
        return last(self.path)

    @property
    def key(self) -> str:
        """Where its egress address goes in the file."""
        return f"tier1s.{self.name}.egress"

    @property
    def routed(self) -> tuple[IPv4Network, ...]:
        """Networks that leave with their own addresses."""
        return () if self.values.get("nat", True) else self.networks

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """Networks behind it."""
        return tuple(map(IPv4Network, self.values.get("networks", ())))


def tier1s(survey: Survey, gateway: str, gathered: Gathered) -> tuple[Below, ...]:
    """The Tier-1s that hang on a Tier-0. Of one whose NAT rules were not seen, the egress address is a question."""
    found = []
    for tier1 in whole_tier1s(survey.objects, gateway):
        if not gathered.refuses(tier1.path, tier1.path, Kind.TIER1):
            found.append(_tier1(survey, tier1, gathered))
    return tuple(found)


def _tier1(survey: Survey, tier1: Tier1, gathered: Gathered) -> Below:
    body = survey.objects[tier1.path]
    acting = [one for one in tier1.acting if one.action in _TRANSLATING and isinstance(one.translated, IPv4Network)]
    whose = owner(body, *(survey.objects.get(one.path, {}) for one in acting))
    sources = [one for rule in acting for one in rule.sources if isinstance(one, IPv4Network)]
    networks = [one for one in tier1.segments if isinstance(one, IPv4Network)] or sources
    values: dict[str, Any] = {"networks": [str(one) for one in dict.fromkeys(networks)]} if networks else {}
    translated = list(dict.fromkeys(one.translated for one in acting if isinstance(one.translated, IPv4Network)))
    unseen = _unseen(survey, tier1)
    key = f"tier1s.{tier1.id}.egress"
    if unseen:
        gathered.ask(key, f"which address does Tier-1 {tier1.id} translate to? its NAT rules were not seen: {unseen}")
    elif len(translated) > 1:
        shown = listed([short(one) for one in translated])
        gathered.ask(key, f"Tier-1 {tier1.id} translates to {shown}, and a file names one: which one is it?")
    elif translated:
        return Below(tier1.path, values | {"egress": short(translated[0])}, whose, acting[0].path)
    else:
        return _untranslated(tier1, values, whose)
    return Below(tier1.path, values, whose)


def _untranslated(tier1: Tier1, values: dict[str, Any], whose: Owner) -> Below:
    """A Tier-1 without a rule that translates: what it tells the Tier-0 leaves as it is."""
    note = "no NAT rule that acts"
    if tier1.tells(ADVERTISED_CONNECTED) or not values:
        return Below(tier1.path, values | {"nat": False}, whose, note)
    return Below(
        tier1.path, {"nat": False}, whose, f"{note}, and its networks {listed(values['networks'])} are not advertised"
    )


def _unseen(survey: Survey, tier1: Tier1) -> str:
    """Why NAT rules of a Tier-1 may be there that were not seen, empty where all were."""
    rules = [collection(nat_section(tier1.path, section), Collection.NAT_RULES) for section in Section]
    found = why(survey.unseen, collection(tier1.path, Collection.LOCALE_SERVICES), *rules)
    return found or next((one.why for one in survey.unseen if one.about == tier1.id and not one.path), "")


@dataclass(frozen=True)
class Store:
    """An IP block, or a subnet of a pool: a network that addresses are handed out of. `usage`: how full it is, in words, where that is
    known."""

    network: IPv4Network
    path: str
    usage: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.usage})" if self.usage else self.path


def stores(survey: Survey) -> tuple[Store, ...]:
    """The IP blocks and the subnets of pools that were seen, the narrowest network first."""
    found = []
    for path, body in survey.objects.items():
        kind = path.split("/")[-2:-1]
        if kind in ([Collection.IP_BLOCKS], [Collection.IP_SUBNETS]):
            usage = _full(survey, path if kind == [Collection.IP_BLOCKS] else path.rsplit("/", 2)[0])
            networks = networks_of_block(body)
            found += [Store(one, path, usage) for one in networks if isinstance(one, IPv4Network)]
    return tuple(sorted(found, key=lambda one: (-one.network.prefixlen, one.network, one.path)))


def _full(survey: Survey, path: str) -> str:
    usage = survey.usage.get(path)
    if usage is None or usage.total is None or usage.taken is None:
        return ""
    return f"{usage.taken} of {usage.total} addresses taken"


@dataclass(frozen=True)
class Ingress:
    """The addresses that load balancers answer on: `range` where it is known, `shown`: some of them in words."""

    range: Store | None
    shown: str


def answering(survey: Survey, gateway: str) -> tuple[VirtualServer, ...]:
    """The virtual servers of load balancers below a Tier-0."""
    below = {one.id for one in read_tier1s(survey.objects) if one.tier0 == gateway}
    return tuple(one for one in virtual_servers(survey.objects) if one.tier1 in below)


def ingress(
    survey: Survey, gateway: str, egress: Sequence[IPv4Network], taken: Sequence[IPv4Network]
) -> Ingress | None:
    """What load balancers below a Tier-0 answer on, None where none was seen. egress: ranges that are none; taken: neither are these."""
    servers = answering(survey, gateway)
    if not servers:
        return None
    addresses = list(dict.fromkeys(one.address for one in servers))
    shown = listed([f"{one.address}:{one.port}" for one in servers])
    holding = [one for one in stores(survey) if all(address in one.network for address in addresses)]
    apart = [one for one in holding if not any(one.network.overlaps(other) for other in (*egress, *taken))]
    return Ingress(apart[0] if apart else None, shown)
