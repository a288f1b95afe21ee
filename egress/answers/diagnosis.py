"""Joins a failure text with the packet walk: is it the network, and if so, what is missing in this domain?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from egress.answers.causes import Finding, find
from egress.answers.failure_texts import Cause, Failure
from egress.answers.questions import DNS_PORT, REGISTRY_PORT, Purpose, Question
from egress.domain.addresses import Address
from egress.reachability.below import Sender
from egress.reachability.flow import Flow, Protocol, Result
from egress.reachability.view import Files, Source, View
from egress.reachability.walk import Walker
from egress.vocabulary import SUPERVISOR

NETWORK = (Cause.CONNECT_TIMEOUT, Cause.LOOKUP_TIMEOUT, Cause.UNREACHABLE)
"""Causes that routes and NAT can be to blame for: nothing came back."""

MEANINGS = {
    Cause.CONNECT_TIMEOUT: "packets to the registry, or its answers, are lost: no way out, or no way back",
    Cause.LOOKUP_TIMEOUT: "the DNS server's answers are lost; 127.0.0.53 in such a text is the node's own stub, not the server",
    Cause.UNREACHABLE: "a router on the way says that it has no route",
    Cause.NO_SUCH_NAME: "the DNS server answered that it does not know the name: routes and NAT are fine, look at the image's name or at the zone",
    Cause.LOOKUP_REFUSED: "the DNS server was reached and did not help: look at the server, or at which server the nodes ask",
    Cause.REFUSED: "the registry's host answered that nobody listens there: routes and NAT are fine, look at address and port",
    Cause.RESET: "the connection was made and then cut: look at proxies and firewalls, routes and NAT are fine",
    Cause.HANDSHAKE_TIMEOUT: "the connection was made and large packets are lost: look at the MTU of the overlay before NAT",
    Cause.CERTIFICATE: "the registry answered with a certificate that the nodes do not trust: routes and NAT are fine, add its authority to the cluster",
    Cause.PLAIN_HTTP: "the registry answered in plain HTTP: routes and NAT are fine, look at the registry's configuration",
    Cause.UNAUTHORIZED: "the registry answered and wants a login: routes and NAT are fine, look at the pull secret",
    Cause.RATE_LIMIT: "the registry answered that there were too many pulls; all pods share the translated address, so they share its limit",
    Cause.NOT_FOUND: "the registry answered that it has no such image: routes and NAT are fine, look at name and tag",
    Cause.BAD_NAME: "the image's name is not valid, nothing was sent",
}

_NOTHING_IN_THE_FILE = (
    "the domain file has everything that this needs: it is not applied, or something else is changed; ask with --live"
)
_NOTHING = (
    "routes and NAT have everything that this needs: look at firewalls, at what hangs outside, and at the far side"
)


@dataclass(frozen=True)
class Diagnosis:
    """A failure, and for the network's share of causes what the walk says of each sender it may be about.

    `source`: what was walked, as in View. `notes`: what could not be walked, or was walked otherwise than the file says.
    """

    failure: Failure
    source: Source
    walked: tuple[tuple[Question, Finding], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def explained(self) -> bool:
        """The walk finds the same failure."""
        return any(finding.verdict.result is not Result.ALL for _, finding in self.walked)

    def sentences(self) -> list[str]:
        """What the failure means, then what the walk says about it."""
        said = [MEANINGS[self.failure.cause], *self.notes]
        for question, finding in self.walked:
            if finding.verdict.result is Result.ALL:
                continue
            for remedy in finding.remedies:
                said.append(f"{question.title}: {remedy.why}")
                said.append(f"to do: {remedy.fix}")
            if not finding.remedies:
                hop = finding.verdict.failing[0].last
                said.append(f"{question.title}: ends at {hop.node}, {hop.drop.value if hop.drop else ''}")
        if self.walked and not self.explained:
            said.append(_NOTHING_IN_THE_FILE if isinstance(self.source, Files) else _NOTHING)
        return list(dict.fromkeys(said))

    def as_json(self) -> dict[str, Any]:
        """The diagnosis as plain values."""
        return {
            "cause": self.failure.cause.value,
            "network": self.failure.cause in NETWORK,
            "host": self.failure.host,
            "address": self.failure.address,
            "port": self.failure.port,
            "server": self.failure.server,
            "text": self.failure.text,
            "says": self.sentences(),
            "missing": [remedy.as_json() for _, finding in self.walked for remedy in finding.remedies],
        }


def addresses(failures: Sequence[Failure]) -> tuple[Address, ...]:
    """The addresses that the failures name, as far as they are addresses: they must be hosts in the view."""
    named = [found for failure in failures for found in (_address(failure.address), _server(failure))]
    return tuple(found for found in named if found)


def diagnose(view: View, failure: Failure, sender: str | None = None) -> Diagnosis:
    """A failure joined with the walk. `sender`: mapping or Tier-1 that the pod belongs to, None: as the text tells."""
    if failure.cause not in NETWORK:
        return Diagnosis(failure, view.source)
    unwalked = _ipv6(failure)
    if unwalked:
        return Diagnosis(failure, view.source, notes=(unwalked,))
    walker = Walker(view.topology)
    asked = [question for one in _senders(view, failure, sender) for question in _questions(view, failure, one)]
    walked = tuple((question, find(view, question.flow, walker)) for question in asked)
    return Diagnosis(failure, view.source, walked, tuple(_notes(view, failure)))


def _ipv6(failure: Failure) -> str:
    """What to look at where the text is about IPv6, which is not walked; else nothing."""
    named = failure.server if failure.cause is Cause.LOOKUP_TIMEOUT else failure.address
    try:
        found = ip_address(named or "")
    except ValueError:
        return ""
    if found.version == 4 or found.is_loopback:
        return ""
    return f"{found} is an IPv6 address, and only IPv4 is walked: look at ::/0 on the Tier-0 (default_route.ipv6) and at the way back by hand"


def _notes(view: View, failure: Failure) -> Iterator[str]:
    """What the file does not tell of the DNS server that was asked."""
    if failure.cause is not Cause.LOOKUP_TIMEOUT:
        return
    server, known = _server(failure), [address for _, address in view.around.dns]
    if server and server not in known:
        yield f"the text says that {server} was asked, which is not in dns_servers of the file: it is walked to as a host outside"
    elif not known:
        yield "which DNS server was asked neither the text nor the file tells: add dns_servers to the file, and ask again"


def _senders(view: View, failure: Failure, wanted: str | None) -> list[Sender]:
    """Whose pods the text can be about: PodVMs are the Supervisor's, everything else is not."""
    senders = list(view.around.senders)
    if wanted is not None:
        return [one for one in senders if wanted in (one.key, one.tier1)]
    if failure.supervisor:
        return [one for one in senders if one.key == SUPERVISOR] or senders
    return [one for one in senders if one.key != SUPERVISOR] or senders


def _questions(view: View, failure: Failure, sender: Sender) -> list[Question]:
    title = f"{sender.title} pod"
    if failure.cause is Cause.LOOKUP_TIMEOUT:
        asked = _server(failure)
        servers = [asked] if asked else [address for _, address in view.around.dns if address.version == 4]
        return [
            Question(f"{title} -> dns {to}", Purpose.LOOKUP, Flow(sender.pod, to, Protocol.UDP, DNS_PORT), sender)
            for to in servers
        ]
    to = _address(failure.address) or view.around.outside
    flow = Flow(sender.pod, to, Protocol.TCP, failure.port or REGISTRY_PORT)
    return [Question(f"{title} -> {failure.host or to}", Purpose.PULL, flow, sender)]


def _server(failure: Failure) -> Address | None:
    """The DNS server that the text names. A loopback address is the node's own stub, which asks one that the text hides."""
    server = _address(failure.server)
    return None if server is None or server.is_loopback else server


def _address(text: str | None) -> Address | None:
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return found if found.version == 4 else None
