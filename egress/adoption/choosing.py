"""Which object on the manager is the one that the file means: by what it does to packets, whatever it is called.

A rule is for a source and a destination; a route for a network. Those that do exactly what the file says are exact, others for the same
packets are near: they are a real difference, and the file or the manager has to change first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from egress.adoption.objects import Own, Standing, Theirs, networks, single_network
from egress.domain.addresses import Network
from egress.domain.fields import listed, quoted
from egress.policy.owned import BfdPeer, NatRule, NoSnatRule, Route
from egress.policy.paths import last
from egress.vocabulary import ANYWHERE, NatAction

_TRANSLATING = (NatAction.SNAT, NatAction.REFLEXIVE)


@dataclass(frozen=True)
class Choice:
    """The object that is meant, None where there is none. `why`: why nothing can be chosen, then `among` is what it is about. `notes`:
    what stands beside it."""

    theirs: Theirs | None = None
    why: str = ""
    among: tuple[Theirs, ...] = ()
    notes: tuple[str, ...] = ()


def choose(own: Own, standing: Standing) -> Choice:
    """The object on the manager that an object of the file means."""
    split: list[Theirs] = []
    if isinstance(own.made, BfdPeer):
        return _peer(own, own.made, standing)
    if isinstance(own.made, Route):
        exact, near = _routes(own.made, standing)
    else:
        exact, near, split = _rules(own.made, standing)
    named = standing.by_path.get(own.path)
    if named and any(one is named for one in exact):
        return Choice(named, notes=_beside([*exact, *near], named))
    acting = [one for one in exact if one.enabled] or exact
    if len(acting) > 1:
        wanted = f"take all but one away in NSX, or write the id of the one that is meant: {'.'.join(own.at)}.nsx_id"
        return Choice(why=f"{len(acting)} objects do the same ({_told(acting)}): {wanted}", among=tuple(acting))
    if acting:
        return Choice(acting[0], notes=_beside([*exact, *near], acting[0]))
    if named is not None:
        return Choice(why=_other(own, named), among=(named,))
    if near:
        return Choice(why="; ".join(_other(own, one) for one in near), among=tuple(near))
    if split:
        return Choice(why="; ".join(map(_steps, split)), among=tuple(split))
    return Choice()


def _routes(route: Route, standing: Standing) -> tuple[list[Theirs], list[Theirs]]:
    """Routes for the network: with exactly its next hops in any order, and others."""
    wanted = sorted(str(hop.address) for hop in route.next_hops) or [""]
    same = standing.routes(route.network)
    exact = [one for one in same if sorted(map(_plain, one.hops)) == wanted]
    return exact, [one for one in same if one not in exact]


def _plain(address: str) -> str:
    """An address as the file would write it."""
    found = networks(address) if address else ()
    return str(found[0].network_address) if found and found[0].num_addresses == 1 else address


def _rules(rule: NatRule | NoSnatRule, standing: Standing) -> tuple[list[Theirs], list[Theirs], list[Theirs]]:
    """Rules for the same packets: that do the same, that do something else, and those that do it for others in one go."""
    source, destination = single_network(rule.source), single_network(rule.destination)
    wanted = single_network(rule.translated) if isinstance(rule, NatRule) else ()
    kind = _TRANSLATING if isinstance(rule, NatRule) else (NatAction.NO_SNAT,)
    action = rule.action if isinstance(rule, NatRule) else NatAction.NO_SNAT
    same = [one for one in standing.rules(source, destination) if one.action in kind]
    exact = [one for one in same if one.action == action and one.translated == wanted and not one.body.get("service")]
    split = [one for one in standing.lists if one.action in kind and _splits(one, source, destination)]
    return exact, [one for one in same if one not in exact and one.enabled], split


def _splits(one: Theirs, source: tuple[Network, ...], destination: tuple[Network, ...]) -> bool:
    """Whether a rule names the packets among others, in a list or a range."""
    in_source = one.names_several("source_network") and _among(source, one.sources)
    in_destination = one.names_several("destination_network") and _among(destination, one.destinations)
    return (in_source and one.destinations in (destination, None)) or (in_destination and one.sources == source)


def _among(wanted: tuple[Network, ...], given: tuple[Network, ...] | None) -> bool:
    return bool(wanted and given) and any(
        isinstance(one, IPv4Network) and isinstance(wanted[0], IPv4Network) and wanted[0].subnet_of(one)
        for one in given or ()
    )


def _peer(own: Own, peer: BfdPeer, standing: Standing) -> Choice:
    """A BFD peer has the id that the stack gives it, which no file can change."""
    named = standing.by_path.get(own.path)
    strange = [one for one in standing.peers(peer.peer) if one is not named]
    if strange:
        what = "NSX takes one BFD peer for each address, and a stack's has an id of its own that no file can change"
        steps = (
            f"delete {strange[0]} in NSX Manager (until the next apply a dead {peer.peer} is not noticed), then adopt and apply; "
            "or take default_route.bfd out of the file"
        )
        return Choice(why=f"{_told(strange)}: {what}: {steps}", among=tuple(strange))
    return Choice(named)


def _beside(alike: Sequence[Theirs], chosen: Theirs) -> tuple[str, ...]:
    return tuple(f"{one} stands beside it: {one.does}" for one in alike if one is not chosen)


def _told(found: Sequence[Theirs]) -> str:
    return listed([f"{one}: {one.does}" for one in found], "; ")


def _other(own: Own, one: Theirs) -> str:
    """How an object for the same packets, or of the same id, does something else."""
    return f"{one} does something else ({one.does}): {_remedy(own, one)}"


def _remedy(own: Own, one: Theirs) -> str:
    at = ".".join(own.at)
    if one.path == own.path and not _same_packets(own, one):
        return f"it has the id that the file gives: write another {at}.nsx_id"
    if isinstance(own.made, Route):
        return f"change {at}.next_hops or the route in NSX first, so that both say the same"
    if one.body.get("service"):
        return "it is for a service only, which a stack's rules are not: take it away in NSX, or leave the mapping out of the file"
    if isinstance(own.made, NatRule) and one.action != own.made.action:
        return f"the file's ha_mode makes {own.made.action} rules: change tier0.ha_mode if it is wrong, else the rule in NSX first"
    given = one.body.get("translated_network")
    return (
        f"write {at}.translated: {given}, or change the rule in NSX first" if given else "change the rule in NSX first"
    )


def _same_packets(own: Own, one: Theirs) -> bool:
    if isinstance(own.made, Route):
        return networks(one.body.get("network")) in ((own.made.network,), () if own.made.network == ANYWHERE else None)
    if isinstance(own.made, BfdPeer):
        return True
    return one.sources == single_network(own.made.source) and one.destinations == single_network(own.made.destination)


def _steps(one: Theirs) -> str:
    """A rule for several networks at once: how its packets get rules of their own."""
    before = (
        f"with priorities below {one.priority}"
        if one.priority > 0
        else "with any priorities, after you gave this rule a greater number than theirs in NSX"
    )
    return (
        f"{one} is for several networks at once ({one.does}), and to split it changes what becomes of packets: write a mapping or "
        f"exception for each of its networks, {before}; egress apply; egress explain --live says whether they work; "
        f"then delete {quoted(last(one.path))} in NSX Manager"
    )
