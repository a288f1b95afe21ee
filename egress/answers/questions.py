"""The questions that a domain has: does an image pull work, does the ingress answer, does a DNS lookup work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from egress.reachability.below import Sender
from egress.reachability.flow import Flow, Protocol
from egress.reachability.surroundings import DNS_PORT as DNS_PORT
from egress.reachability.surroundings import OUTSIDE
from egress.reachability.view import View

REGISTRY_PORT = 443


class Purpose(StrEnum):
    """What a flow is for; it decides which symptom people see when it fails."""

    PULL = "image pull"
    LOOKUP = "dns lookup"
    INGRESS = "ingress"
    OTHER = "flow"


@dataclass(frozen=True)
class Question:
    """A flow with a title. `sender`: the Tier-1 traffic that it stands for, None for a flow from outside."""

    title: str
    purpose: Purpose
    flow: Flow
    sender: Sender | None = None


def questions(view: View) -> tuple[Question, ...]:
    """The questions of a domain: each sender to the outside, the outside to the ingress, each sender to each DNS server."""
    around = view.around
    asked = [
        Question(f"{sender.title} pod -> registry", Purpose.PULL, Flow(sender.pod, around.outside), sender)
        for sender in around.senders
    ]
    for server in around.servers:
        title = f"outside -> {server.name} {server.address}:{server.port}"
        asked.append(Question(title, Purpose.INGRESS, Flow(OUTSIDE, server.address, Protocol.TCP, server.port)))
    if around.ingress and around.senders and not around.servers:
        flow = Flow(OUTSIDE, around.ingress[0], Protocol.TCP, around.ingress[1])
        asked.append(Question("outside -> ingress", Purpose.INGRESS, flow))
    for sender in around.senders:
        for _, address in around.dns:
            if address.version == 4:
                flow = Flow(sender.pod, address, Protocol.UDP, DNS_PORT)
                title = f"{sender.title} pod -> dns {address}"
                asked.append(Question(title, Purpose.LOOKUP, flow, sender))
    return tuple(asked)
