"""Questions in a person's words: `--from supervisor --to 198.51.100.10 --port 443`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from egress.answers.questions import DNS_PORT, REGISTRY_PORT, Purpose, Question, questions
from egress.domain import EgressError, WorkloadDomain
from egress.domain.addresses import Address
from egress.domain.fields import listed
from egress.policy.leaving import seen_outside
from egress.policy.owned import tier1s
from egress.reachability.below import Sender
from egress.reachability.flow import Flow, Protocol
from egress.reachability.surroundings import NO_WISHES, OUTSIDE, Wishes
from egress.reachability.view import View

_FROM = "outside, a mapping's name (supervisor, tkg), a Tier-1's id, an edge's or an address"
_TO = "registry, ingress or an address"
_LIKE_AN_ADDRESS = re.compile(r"[0-9A-Fa-f]*[.:]\S*")


@dataclass(frozen=True)
class Ask:
    """What was asked, not yet looked up. None: not said. With all None the domain's own questions are meant."""

    origin: str | None = None
    to: str | None = None
    port: int | None = None
    protocol: Protocol | None = None

    @property
    def usual(self) -> bool:
        """Nothing particular was asked."""
        return self.origin is None and self.to is None

    def wishes(self, domain: WorkloadDomain) -> Wishes:
        """What the surroundings of a domain must have so that this can be asked. Errors: EgressError for a bad address."""
        if self.usual:
            return NO_WISHES
        to = _address(self.to, _TO) if self.to not in (None, "registry", "ingress") else None
        hosts = [to] if to else []
        origin = _parsed(self.origin) if self.origin not in tier1s(domain) else None
        if origin:
            hosts.append(origin)
        inside = [*seen_outside(domain), *(network for tier1 in domain.tier1s.values() for network in tier1.networks)]
        if domain.ingress:
            inside.append(domain.ingress.range)
            if isinstance(to, IPv4Address) and to in domain.ingress.range:
                vip = (to, self.port or REGISTRY_PORT)
                return Wishes(vip, tuple(one for one in hosts if not any(one in net for net in inside)))
        return Wishes(hosts=tuple(one for one in hosts if not any(one in network for network in inside)))


def ask(view: View, asked: Ask) -> tuple[Question, ...]:
    """The questions that were asked, of one domain. Errors: EgressError for a name or address that means nothing there."""
    if asked.usual:
        return questions(view)
    to = _target(view, asked.to or "registry")
    port = asked.port if asked.port is not None else (DNS_PORT if to in view.domain.dns_addresses else REGISTRY_PORT)
    protocol = asked.protocol or (Protocol.UDP if port == DNS_PORT else Protocol.TCP)
    port = 0 if protocol is Protocol.ICMP else port
    origins: list[tuple[str, Sender | None]] = [(sender.pod, sender) for sender in view.around.senders]
    if asked.origin is not None:
        origins = _origins(view, asked.origin)
    return tuple(
        Question(f"{_called(pod, sender)} -> {to}", _purpose(view, to, port), Flow(pod, to, protocol, port), sender)
        for pod, sender in origins
    )


def _called(pod: str, sender: Sender | None) -> str:
    return f"{sender.title} pod" if sender else pod


def _purpose(view: View, to: Address, port: int) -> Purpose:
    if to in view.domain.dns_addresses:
        return Purpose.LOOKUP
    if view.around.ingress and to == view.around.ingress[0]:
        return Purpose.INGRESS
    return Purpose.PULL if port == REGISTRY_PORT and to == view.around.outside else Purpose.OTHER


def _target(view: View, text: str) -> Address:
    if text == "registry":
        return view.around.outside
    if text == "ingress":
        if view.around.ingress is None:
            raise EgressError(f"{view.domain.stack} has no ingress range: add ingress to its file")
        return view.around.ingress[0]
    return _address(text, _TO)


def _origins(view: View, text: str) -> list[tuple[str, Sender | None]]:
    """The nodes that a flow starts from, each with the sender if it is a pod. A mapping may translate several Tier-1s."""
    if text in ("outside", "registry"):
        return [(OUTSIDE, None)]
    senders = view.around.senders
    named = [sender for sender in senders if text in (*sender.names, sender.pod)]
    if named:
        return [(sender.pod, sender) for sender in named]
    edges = {
        node.edge: node.name for node in view.topology.nodes.values() if node.edge and node.gateway == view.tier0.id
    }
    if text in edges:
        return [(edges[text], None)]
    address = _parsed(text)
    if address is None:
        tier1s = {one.tier1 for one in senders}
        names = sorted((name for one in senders for name in one.names), key=lambda name: name in tier1s)
        known = dict.fromkeys(["outside", *names, *edges])
        what = "is no address, and nobody" if _LIKE_AN_ADDRESS.fullmatch(text) else "is nobody"
        raise EgressError(f"{text!r} {what} in {view.domain.stack}, allowed is {_FROM}; there are: {listed(known)}")
    node = view.topology.owner(address)
    for sender in senders:
        if address == sender.egress or (node is None and _behind(view, sender.tier1, address)):
            return [(sender.pod, sender)]
    if node is None:
        raise EgressError(
            f"{address} is nobody's address in {view.domain.stack}: give a pod, an egress address or an outside host"
        )
    return [(node.name, next((sender for sender in senders if sender.pod == node.name), None))]


def _behind(view: View, tier1: str, address: Address) -> bool:
    """Whether an address lies in a network behind a Tier-1 of the file."""
    there = view.domain.tier1s.get(tier1)
    return there is not None and any(address in network for network in there.networks)


_BROADCAST = ip_address("255.255.255.255")


def _address(text: str | None, allowed: str) -> Address:
    address = _parsed(text)
    if address is None:
        raise EgressError(f"{text!r} is no address, allowed is {allowed}")
    if address.is_unspecified or address.is_loopback or address.is_multicast or address == _BROADCAST:
        raise EgressError(f"{text!r} is the address of no host elsewhere, allowed is {allowed}")
    return address


def _parsed(text: str | None) -> Address | None:
    """The address that a text is. A zone would name an interface of this machine, which means nothing here."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id else address
