"""What a domain file lacks, as the smallest edits of it: a mapping for an egress address that is new, another source for one that moved.

Nothing is removed, ever: what is gone is told. Where no edit can be right without somebody's decision, it is told what to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Any

from pydantic import TypeAdapter, ValidationError

from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage as Networks
from egress.domain.addresses import as_network
from egress.domain.editing import Edit
from egress.domain.fields import PolicyId, listed
from egress.inventory.coverage import Coverage, Moved, Way, mapping_name
from egress.inventory.senders import EgressAddress, Holder, short
from egress.inventory.taken import Taken
from egress.policy.leaving import seen_outside
from egress.policy.presence import Presence
from egress.proposal.hindrances import hindered, is_within, kept_as_it_is, route_for, wants_a_route
from egress.proposal.names import Names
from egress.proposal.pool import Exhausted, next_free

__all__ = ["Change", "Kind", "Proposal", "propose"]

_POLICY_ID: TypeAdapter[str] = TypeAdapter(PolicyId)


class Kind(StrEnum):
    """What a change does."""

    NEW = "new"
    MOVED = "moved"


@dataclass(frozen=True)
class Change:
    """One egress address that gets its mapping. key: of the mapping. source, translated: as the file has them. why: sentences. asks: what a
    person has to confirm before it is merged."""

    kind: Kind
    key: str
    source: str
    translated: str
    edits: tuple[Edit, ...]
    why: tuple[str, ...]
    asks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What is proposed for a domain.

    undecided: egress addresses that find no way back and that no edit here is right for, each with what to write. stale: mappings that
    translate nothing that is there. already: what is covered without a change by a mapping of more than that address.
    """

    stack: str
    changes: tuple[Change, ...] = ()
    undecided: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    already: tuple[str, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Every edit, in order."""
        return tuple(edit for change in self.changes for edit in change.edits)

    @property
    def matters(self) -> bool:
        """Whether there is something that a person has to do."""
        return bool(self.changes or self.undecided)


@dataclass
class _Draft:
    """A proposal in the making. present: egress addresses by Tier-1. told: Tier-1s whose entry is written already. behind: networks in them."""

    there: Presence
    taken: Taken
    names: Names
    present: dict[str, set[IPv4Network]]
    changes: list[Change] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    given: list[IPv4Network] = field(default_factory=list)
    told: dict[str, IPv4Network] = field(default_factory=dict)
    behind: list[IPv4Network] = field(default_factory=list)

    @property
    def domain(self) -> WorkloadDomain:
        """The domain that it is for."""
        return self.there.domain


def propose(
    there: Presence, neighbours: Sequence[WorkloadDomain], cover: Coverage, taken: Taken, names: Names
) -> Proposal:
    """The proposal for a domain whose egress addresses were seen, all of them. The same input gives the same proposal, in the order of the
    addresses; a domain to which it was applied gives an empty one. there: its Tier-0 on the manager. neighbours: the other domains on it."""
    domain = there.domain
    present: dict[str, set[IPv4Network]] = {}
    for one in (*(covered.address for covered in cover.covered), *cover.uncovered):
        present.setdefault(one.name, set()).add(one.network)
    draft = _Draft(there, taken, names, present)
    moved = {one.now: one for one in cover.moved}
    routed: list[EgressAddress] = []
    idle = list(cover.stale)
    for address in sorted(cover.uncovered, key=lambda one: (one not in moved, _order(one))):
        kept = kept_as_it_is((domain, *neighbours), address)
        if kept:
            draft.undecided.append(kept)
        elif (at := _covering(draft, address.network)) is not None:
            _along(draft, address, at)
            idle += [moved[address].rule] if address in moved else []
        elif address in moved:
            _moved(draft, moved[address])
        elif wants_a_route(address):
            routed.append(address)
        else:
            _new(draft, address)
    draft.undecided += [route_for(domain, one) for one in routed if not any(is_within(one, wider) for wider in routed)]
    return Proposal(
        domain.stack,
        tuple(draft.changes),
        tuple(draft.undecided),
        tuple(
            f"mapping {rule.key} translates {short(as_network(rule.source))}, which nothing sends with any more: take it out if that stays so"
            for rule in idle
        ),
        tuple(_already(cover, [domain.stack])),
    )


def _order(address: EgressAddress) -> tuple[IPv4Network, str, str, str]:
    return address.network, address.holder, address.name, address.path


def _new(draft: _Draft, address: EgressAddress) -> None:
    """Adds a mapping for an address, or what stands in the way of one."""
    domain = draft.domain
    free = next_free(domain, draft.taken, draft.given, address.network.num_addresses)
    if isinstance(free, Exhausted):
        draft.undecided.append(f"{address} has no mapping: {free.what}")
        return
    below, notes = _tier1(draft, address)
    if not below and not Networks(seen_outside(domain)).holds(address.network):
        draft.undecided.append(
            f"{address} has no mapping and lies in no egress range: add its range to egress.ranges, then ask again"
        )
        return
    priority = draft.names.priority
    if priority is None:
        draft.undecided.append(
            f"{address} has no mapping, and no priority is left that NSX takes: write one with a smaller priority by hand"
        )
        return
    obstacle = hindered(draft.there, address.network, priority)
    if obstacle:
        draft.undecided.append(f"{address} has no mapping in the file: {obstacle}")
        return
    key = draft.names.take(mapping_name(address), priority)
    draft.given.append(free.network)
    _learn(draft, address, below)
    source, translated = short(address.network), short(free.network)
    entry = {"source": source, "translated": translated, "priority": priority}
    why = (
        f"{address} leaves the Tier-0 un-translated: no mapping is for it, so no answer finds back",
        f"translated to {translated}: {free.why}",
        *notes,
    )
    edits = (Edit(("egress", "more", key), entry), *below)
    draft.changes.append(Change(Kind.NEW, key, source, translated, edits, why, (free.asks,) if free.asks else ()))


def _moved(draft: _Draft, moved: Moved) -> None:
    """Gives the mapping of an address that is not there any more the one that is. Its id, priority and translated address stay."""
    rule, now = moved.rule, moved.now
    obstacle = hindered(draft.there, now.network, rule.priority)
    if obstacle:
        draft.undecided.append(f"mapping {rule.key} is for {now} now: {obstacle}")
        return
    before = short(as_network(rule.source))
    below, notes = _tier1(draft, now)
    _learn(draft, now, below)
    by_name = now.name not in draft.domain.tier1s
    asks = (f"that {now} is what mapping {rule.key} was made for: they have the name in common, and {before} is gone",)
    left = [
        f"tier1s.{name} still says {before}: take it out when that Tier-1 is gone for good"
        for name, tier1 in draft.domain.tier1s.items()
        if name != now.name and tier1.egress is not None and as_network(tier1.egress) == as_network(rule.source)
    ]
    kept = f"moved: {now} sent with {before} before; mapping {rule.key} keeps its id, priority and translated address"
    source, translated = short(now.network), short(as_network(rule.translated))
    edits = (Edit((*rule.at, "source"), source), *below)
    draft.changes.append(
        Change(Kind.MOVED, rule.key, source, translated, edits, (kept, *notes, *left), asks if by_name else ())
    )


def _covering(draft: _Draft, network: IPv4Network) -> int | None:
    """Which of the changes so far makes a mapping that is for a network, too."""
    return next((at for at, one in enumerate(draft.changes) if network.subnet_of(IPv4Network(one.source))), None)


def _along(draft: _Draft, address: EgressAddress, at: int) -> None:
    """A sender with an address that has its mapping by now: the file learns of its Tier-1."""
    below, notes = _tier1(draft, address)
    _learn(draft, address, below)
    change = draft.changes[at]
    why = (*change.why, f"{address} sends with it, too", *notes)
    draft.changes[at] = replace(change, edits=(*change.edits, *below), why=why)


def _tier1(draft: _Draft, address: EgressAddress) -> tuple[list[Edit], list[str]]:
    """What the file learns of the Tier-1 that sends with an address, and what it cannot be told."""
    name, value = address.name, short(address.network)
    known = draft.domain.tier1s.get(name)
    if address.holder is not Holder.TIER1:
        return [], []
    if name in draft.told:
        return [], [f"tier1s.{name} has room for one egress address, and has {short(draft.told[name])}"]
    if known is not None and not known.nat:
        return [], [f"tier1s.{name} says nat: false, and its NAT rules translate: correct it"]
    if known is not None and known.egress is not None and as_network(known.egress) in draft.present.get(name, ()):
        same = as_network(known.egress) == address.network
        return [], [] if same else [
            f"tier1s.{name} has room for one egress address, and {known.egress} is still in use"
        ]
    if known is not None:
        return [Edit(("tier1s", name, "egress"), value)], []
    try:
        _POLICY_ID.validate_python(name)
    except ValidationError:
        return [], [f"its Tier-1 is not written down: {name!r} can be no id in a domain file"]
    networks = [one for one in address.behind if _apart(draft, one)]
    entry: dict[str, Any] = {"networks": [str(one) for one in networks]} if networks else {}
    notes = []
    if len(networks) < len(address.behind):
        left_out = [str(one) for one in address.behind if one not in networks]
        notes = [f"{listed(left_out)} behind it stands in another range of the file, and is left out of tier1s.{name}"]
    return [Edit(("tier1s", name), entry | {"egress": value})], notes


def _learn(draft: _Draft, address: EgressAddress, below: Sequence[Edit]) -> None:
    """Remembers what was written of a Tier-1."""
    for edit in below:
        draft.told[address.name] = address.network
        networks = edit.value.get("networks", ()) if isinstance(edit.value, dict) else ()
        draft.behind += map(IPv4Network, networks)


def _apart(draft: _Draft, network: IPv4Network) -> bool:
    """Whether a network behind a Tier-1 may stand in the file: ranges that overlap are an error there."""
    domain = draft.domain
    held = [*domain.egress_ranges, *draft.behind, *(one for tier1 in domain.tier1s.values() for one in tier1.networks)]
    held += [domain.ingress.range] if domain.ingress else []
    held += [uplink.address.network for uplink in domain.tier0.uplinks]
    held += [service.address.network for service in domain.tier0.service_interfaces]
    return not any(network.overlaps(one) for one in held)


def _already(cover: Coverage, stacks: Sequence[str]) -> Iterator[str]:
    """What mappings of more than one address cover, a sentence for each."""
    found: dict[tuple[str, str], list[EgressAddress]] = {}
    for one in cover.covered:
        if one.way is Way.MAPPING:
            found.setdefault((one.stack, one.by), []).append(one.address)
    for (stack, key), addresses in found.items():
        if len({one.network for one in addresses}) > 1:
            whose = "" if stack in stacks else f" of {stack}"
            yield f"mapping {key}{whose} covers {len(addresses)} egress addresses: nothing is to be added for them"
