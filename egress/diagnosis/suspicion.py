"""A Suspicion: what is to be asked of the packet walk when a pull failed so, and what is to be said beside the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from egress.answers.asking import Ask
from egress.answers.questions import DNS_PORT, REGISTRY_PORT, Purpose, Question
from egress.diagnosis.failure import Cause, Failure, Stage
from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.reachability.below import Sender
from egress.reachability.flow import Flow, Protocol
from egress.reachability.surroundings import Wishes
from egress.reachability.view import View
from egress.vocabulary import SUPERVISOR

_LOOKUPS = (Cause.LOOKUP_TIMEOUT, Cause.LOOKUP_FAILED, Cause.UNREACHABLE)
"""Of the stage RESOLVE: nothing came back."""
_CONNECTIONS = (Cause.CONNECT_TIMEOUT, Cause.ANSWER_TIMEOUT, Cause.UNREACHABLE)
NETWORK = frozenset((*_LOOKUPS, *_CONNECTIONS))
"""Causes that routes and NAT can be to blame for."""
_SERVICES = tuple(
    IPv4Network(network)
    for network in ("10.96.0.0/12", "100.64.0.0/13", "10.43.0.0/16", "10.152.183.0/24", "172.30.0.0/16")
)
"""Where clusters have their Services unless they are told otherwise: kubeadm, Cluster API and the Supervisor (10.96), Tanzu Kubernetes Grid
(100.64), k3s and RKE2, MicroK8s, OpenShift. The domain file does not say: an assumption."""
_SUPERVISOR_SERVICES = IPv4Network("10.96.0.0/16")
_DNS_NUMBER = 10
"""kubeadm and its like give the cluster's DNS the tenth address of the Services' network."""


_UNLISTED = (
    "is not in dns_servers of the file; if it is the DNS service of a cluster, what counts is the server that it asks "
    "(kubectl -n kube-system get configmap coredns)"
)

_NODE_ITSELF = (
    "is the node itself: the name was resolved to it (a DNS server that blocks the name, /etc/hosts), or a proxy or mirror is expected on the node; "
    "nothing went to the Tier-0"
)
_NOBODYS = "is the address of no host: look at what the name leads to"
_BROADCAST = IPv4Address("255.255.255.255")
_CLUSTERS_OWN = "is a name of the cluster's own, which its DNS service answers itself: the Tier-0 has no part in that, look at CoreDNS"
_OWN_NAMES = (".svc", ".cluster.local")


class ServerPlace(Enum):
    """Where the DNS server of a text is."""

    UNSAID = "unsaid"
    STUB = "stub"
    CLUSTER = "cluster"
    LISTED = "listed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Suspicion:
    """`questions` for the walk; `before`: those that are asked if the walk finds nothing wrong with them, since the text does not tell its stage.
    `notes`: what is not walked, or walked otherwise than the file says."""

    questions: tuple[Question, ...] = ()
    before: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()


def wishes(failures: Sequence[Failure], domain: WorkloadDomain) -> Wishes:
    """What must be around a domain so that the failures can be walked: the addresses that they name, each on its port."""
    vip: tuple[IPv4Address, int] | None = None
    hosts: list[Address] = []
    for failure in failures:
        for address, port in ((failure.address, failure.port), (failure.server, DNS_PORT)):
            if address is None or address.version == 6 or _of_the_node(address) or _of_nobody(address):
                continue
            one = Ask(None, str(address), port).wishes(domain)
            vip = vip or one.vip
            hosts += one.hosts
    return Wishes(vip, tuple(dict.fromkeys(hosts)))


def suspicion(view: View, failure: Failure, wanted: str | None = None) -> Suspicion:
    """What a failure makes one ask. wanted: the mapping or Tier-1 whose pod it is, None: as the text tells."""
    senders = _senders(view, failure, wanted)
    if failure.stage is Stage.RESOLVE:
        return _of_a_lookup(view, failure, senders)
    if failure.address is not None and _of_the_node(failure.address):
        return Suspicion(notes=(f"{failure.address} {_NODE_ITSELF}",))
    if failure.address is not None and _of_nobody(failure.address):
        return Suspicion(notes=(f"{failure.address} {_NOBODYS}",))
    if failure.cause in _CONNECTIONS:
        return _of_a_connection(view, failure, senders)
    return Suspicion()


def server_place(view: View, failure: Failure) -> ServerPlace:
    """Where the DNS server that a text names is. What the file lists is no Service, whatever its number."""
    server = failure.server
    if server is None:
        return ServerPlace.UNSAID
    if server in [address for _, address in view.around.dns]:
        return ServerPlace.LISTED
    if _of_the_node(server):
        return ServerPlace.STUB
    if isinstance(server, IPv4Address) and (_is_cluster_dns(server) or _sender_at(view, server)):
        return ServerPlace.CLUSTER
    return ServerPlace.ELSEWHERE


def _is_cluster_dns(address: IPv4Address) -> bool:
    numbered = int(address) % 256 == _DNS_NUMBER and any(address in network for network in _SERVICES)
    return numbered or address in _SUPERVISOR_SERVICES


def _of_the_node(address: Address) -> bool:
    return address.is_loopback or address.is_unspecified


def _of_nobody(address: Address) -> bool:
    return address.is_multicast or address == _BROADCAST


def _of_a_lookup(view: View, failure: Failure, senders: Sequence[Sender]) -> Suspicion:
    place = server_place(view, failure)
    hidden = place in (ServerPlace.STUB, ServerPlace.CLUSTER)
    if failure.cause not in _LOOKUPS and not (failure.cause is Cause.LOOKUP_REFUSED and hidden):
        return Suspicion(notes=(f"{failure.server} {_UNLISTED}",) if place is ServerPlace.ELSEWHERE else ())
    if place is ServerPlace.CLUSTER and (failure.host or "").endswith(_OWN_NAMES):
        return Suspicion(notes=(f"{failure.host} {_CLUSTERS_OWN}",))
    server = failure.server
    if server is not None and _of_nobody(server):
        return Suspicion(notes=(f"{server} {_NOBODYS}",))
    if server is not None and server.version == 6 and not hidden:
        return Suspicion(notes=(_ipv6(server),))
    notes = []
    if place is ServerPlace.CLUSTER:
        notes.append(
            f"{server} is the DNS service inside the cluster, or one of its pods: it asks on for names outside, so the DNS servers of the file are walked to"
        )
    elif place is ServerPlace.ELSEWHERE:
        notes.append(
            f"the text says that {server} was asked, and walked to it is as to a host outside: {server} {_UNLISTED}"
        )
    if not view.around.dns and place is not ServerPlace.ELSEWHERE:
        notes.append(
            "which DNS server was asked neither the text nor the file tells: add dns_servers to the file, and ask again"
        )
    asked = [server] if server is not None and place in (ServerPlace.LISTED, ServerPlace.ELSEWHERE) else None
    return Suspicion(_lookups(view, senders, asked, failure.server_port), notes=(*notes, *_about(view, senders)))


def _lookups(
    view: View, senders: Sequence[Sender], servers: Sequence[Address] | None = None, port: int | None = None
) -> tuple[Question, ...]:
    """Each sender to each of the servers. None: those of the file."""
    asked = [address for _, address in view.around.dns] if servers is None else servers
    protocol = Protocol.UDP if port in (None, DNS_PORT) else Protocol.TCP
    return tuple(
        Question(
            f"{_pod(sender)} -> dns {to}", Purpose.LOOKUP, Flow(sender.pod, to, protocol, port or DNS_PORT), sender
        )
        for sender in senders
        for to in asked
        if to.version == 4
    )


def _of_a_connection(view: View, failure: Failure, senders: Sequence[Sender]) -> Suspicion:
    address = failure.address
    if address is not None and address.version == 6:
        return Suspicion(notes=(_ipv6(address),))
    inside = next((one for one in view.around.senders if address and _behind(view, one, address)), None)
    if inside is not None:
        return Suspicion(
            notes=(
                f"{address} is behind Tier-1 {inside.tier1}, inside NSX: neither the default route nor the Tier-0's NAT has a part in that, look at the pod "
                "or node that has this address, and at firewalls",
            )
        )
    to, port = address or view.around.outside, failure.port or REGISTRY_PORT
    far = failure.host or str(to)
    if failure.proxy is not None:
        far = f"proxy {failure.proxy or to}"
    elif port != REGISTRY_PORT:
        far = f"{far}:{port}"
    flows = [(sender, Flow(sender.pod, to, Protocol.TCP, port)) for sender in senders]
    asked = tuple(Question(f"{_pod(sender)} -> {far}", Purpose.PULL, flow, sender) for sender, flow in flows)
    before = _lookups(view, senders) if failure.stage is None and address is None else ()
    return Suspicion(asked, before, tuple(_about(view, senders)))


def _about(view: View, senders: Sequence[Sender]) -> list[str]:
    """What was assumed of the senders in particular: an egress address that the file does not give is an example."""
    return [note for note in view.around.notes if any(f"Tier-1 {one.tier1}" in note for one in senders)]


def _ipv6(address: Address) -> str:
    return f"{address} is an IPv6 address, and only IPv4 is walked: look at ::/0 on the Tier-0 (default_route.ipv6) and at the way back by hand"


def _senders(view: View, failure: Failure, wanted: str | None) -> list[Sender]:
    """Whose pods the text can be about: those with its source address; PodVMs are the Supervisor's, everything else is not."""
    senders = list(view.around.senders)
    if wanted is not None:
        return [one for one in senders if wanted in one.names]
    own = _sender_at(view, failure.source) if failure.source else None
    if own is not None:
        return [own]
    if failure.supervisor:
        return [one for one in senders if SUPERVISOR in one.names] or senders
    return [one for one in senders if SUPERVISOR not in one.names] or senders


def _sender_at(view: View, address: Address) -> Sender | None:
    """The sender in whose network an address is, or whose egress address it is."""
    return next((one for one in view.around.senders if address == one.egress or _behind(view, one, address)), None)


def _behind(view: View, sender: Sender, address: Address) -> bool:
    """Whether an address is in the network of a sender's pods."""
    own = [one.network for face in view.topology.nodes[sender.pod].interfaces for one in face.addresses]
    return any(address in network for network in own)


def _pod(sender: Sender) -> str:
    return f"{sender.title} pod"
