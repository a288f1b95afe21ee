"""The egress ranges of a file: the IP blocks and pools that hold what sends and what rules translate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from egress.domain.fields import listed
from egress.inventory.senders import EgressAddress, short
from egress.scan.below import Below, Store
from egress.scan.found import Gathered
from egress.scan.gateway import Seen
from egress.scan.rule_order import wider
from egress.scan.rules import Rules
from egress.vocabulary import ANYWHERE

KEY = "egress.ranges"


@dataclass(frozen=True)
class Range:
    """A network of `egress.ranges`. store: the IP block or pool that it is; None for one that none was seen for: it is what is in use."""

    network: IPv4Network
    store: Store | None = None


@dataclass(frozen=True)
class Around:
    """What a range must stay apart from, and what it may be inside of."""

    apart: tuple[IPv4Network, ...]
    uplinks: tuple[IPv4Network, ...]

    def fits(self, network: IPv4Network) -> bool:
        """Whether a network could be an egress range."""
        beside = not any(network.overlaps(one) for one in self.apart)
        return beside and all(network.subnet_of(one) for one in self.uplinks if network.overlaps(one))


def around(seen: Seen, below: Sequence[Below], rules: Rules) -> Around:
    """What is around a Tier-0 that no egress range overlaps."""
    behind = [network for one in below for network in one.networks]
    translated = [one.translated for one in rules.mappings if one.translated is not None]
    return Around((*behind, *translated, *seen.service_networks), seen.uplink_networks)


def ranges(
    senders: Sequence[EgressAddress],
    below: Sequence[Below],
    rules: Rules,
    stores: Sequence[Store],
    limits: Around,
    gathered: Gathered,
) -> tuple[Range, ...]:
    """The egress ranges: for each address that is in use the narrowest block that holds it, else the address itself, with a question."""
    routed = {network for one in below for network in one.routed}
    found: dict[IPv4Network, Store | None] = {}
    for network in sorted(set(_needed(senders, rules)), key=lambda one: (one.prefixlen, one)):
        if any(wide in found or wide in routed for wide in wider(network)):
            continue
        store = next((one for one in stores if network.subnet_of(one.network) and limits.fits(one.network)), None)
        found.setdefault(store.network if store else network, store)
    whole = [one for one in found if not any(wide in found for wide in wider(one) if wide != one)]
    alone = [short(one) for one in sorted(whole) if found[one] is None]
    if alone:
        them = "it" if len(alone) == 1 else "them"
        what = f"which egress range is {listed(alone)} of? no IP block or pool that was seen holds {them}"
        gathered.ask(KEY, what)
    return tuple(Range(one, found[one]) for one in sorted(whole))


def _needed(senders: Sequence[EgressAddress], rules: Rules) -> Iterator[IPv4Network]:
    yield from (one.network for one in senders if one.translated)
    yield from (one.match.source for one in rules.mappings if one.match.source != ANYWHERE)
