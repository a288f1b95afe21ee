"""What a failure means, in a sentence."""

from __future__ import annotations

from egress.diagnosis.failure import Cause, Failure, Stage
from egress.diagnosis.suspicion import ServerPlace

_FINE = "routes and NAT are fine"
_NOT_THE_WALKS = f"{_FINE} as far as that"
MEANINGS = {
    Cause.BAD_NAME: "the image's name is not valid, nothing was sent",
    Cause.FORBIDDEN: "the cluster does not let this image be pulled, nothing was sent: look at its pull policy, and at admission and signature policies",
    Cause.LOOKUP_TIMEOUT: "the DNS server did not answer: the question or the answer is lost",
    Cause.LOOKUP_FAILED: "the name was not resolved; the text does not say whether a DNS server answered",
    Cause.NO_SUCH_NAME: f"the DNS server answered that it does not know the name: {_FINE}, look at the {{what}} or at the zone",
    Cause.LOOKUP_REFUSED: f"the DNS server was reached and did not help: {_FINE}, look at the server and at whom it asks",
    Cause.NO_DNS_SERVER: f"the DNS server's host answered that nobody listens there: {_FINE}, look at the server, or at which server the nodes ask",
    Cause.RESOLVER_FAILED: "the node's own resolver failed, nothing was sent: look at the node (/etc/resolv.conf, its firewall), not at routes and NAT",
    Cause.CONNECT_TIMEOUT: "packets to {far}, or its answers, are lost: no way out, or no way back",
    Cause.UNREACHABLE: "a router on the way, or the node itself, says that it has no route{to}",
    Cause.REFUSED: f"{{host}} answered that nobody listens there: {_FINE}, look at address and port",
    Cause.NODE_FAILED: "the node's own system did not let the connection be made, nothing was sent: look at the node (firewall, policies, open files), not at routes and NAT",
    Cause.PROXY_REFUSED: f"the proxy answered and does not let this through: {_FINE} as far as the proxy, look at its rules, its login, and its own way out",
    Cause.RESET: f"the connection{{to}} was made and then cut: look at proxies and firewalls, {_FINE}",
    Cause.STALLED: f"the connection{{to}} was made, and then nothing came any more: look at the MTU of the overlay, at firewalls and at the far side; {_NOT_THE_WALKS}",
    Cause.ANSWER_TIMEOUT: "the answer of {far} did not come in time; the wording is that of a connection that was made: a slow registry, a proxy or the MTU, and if packets are lost the walk says where",
    Cause.HANDSHAKE_TIMEOUT: "the connection{to} was made and large packets are lost: look at the MTU of the overlay before NAT",
    Cause.TLS_REFUSED: f"{{far}} and the node do not agree on TLS: {_FINE}, look at versions, ciphers, client certificates, and at firewalls that look into TLS",
    Cause.CERTIFICATE: f"{{far}} answered with a certificate that the nodes do not trust: {_FINE}, add its authority to the cluster",
    Cause.PLAIN_HTTP: f"{{far}} answered in plain HTTP: {_FINE}, look at its configuration",
    Cause.HTTPS_WANTED: f"{{far}} wants HTTPS and was asked in plain HTTP: {_FINE}, take it off the list of insecure registries",
    Cause.UNAUTHORIZED: f"the registry answered and wants a login, or denies this one: {_FINE}, look at the pull secret",
    Cause.RATE_LIMIT: "the registry answered that there were too many pulls; all pods share the translated address, so they share its limit",
    Cause.NOT_FOUND: f"the registry answered that it has no such image, or none for this platform: {_FINE}, look at name and tag",
    Cause.SERVER_FAILED: f"the registry, or a proxy before it, answered that it has a fault of its own: {_FINE}, look at its log",
    Cause.NOT_STORED: f"the image came and the node could not store it: {_FINE}, look at the node's disk",
}
_STUB_ASKED = "; {server} in such a text is the node's own stub, not the server"
_OF_THE_NODE = "the node asks itself ({server}) and nobody listens there, nothing was sent: it has no DNS server in /etc/resolv.conf, or its resolver is down"
_OF_THE_CLUSTER = f"the DNS service inside the cluster has nobody behind it: {_FINE}, look at CoreDNS's pods"
_PLAIN_PROXY = f"{{far}} answered in plain HTTP: {_FINE}, write its address with http:// into HTTPS_PROXY of the runtime, also if it carries HTTPS"
_ASKED_ON = "{server} answered that it got no answer itself: whom it asks was not reached, or failed"


def meaning(failure: Failure, place: ServerPlace = ServerPlace.UNSAID) -> str:
    """What a failure means. place: where the DNS server that it names is."""
    proxy = failure.proxy is not None
    far = f"the proxy {failure.proxy}".rstrip() if proxy else "the registry"
    said = _in_particular(failure, place) or MEANINGS[failure.cause]
    resolving = failure.stage is Stage.RESOLVE
    return said.format(
        far=far,
        host=far if proxy else "the registry's host",
        what="proxy's name (HTTPS_PROXY of the runtime)" if proxy else "image's name",
        to=" to the DNS server" if resolving else f" to {far}" if proxy else "",
        server=failure.server,
    ) + (f"; {_asked_nobody(failure)}" if proxy and _asked_nobody(failure) else "")


def _in_particular(failure: Failure, place: ServerPlace) -> str:
    """Where it matters which server it was, or that it was a proxy."""
    cause = failure.cause
    if place is ServerPlace.STUB:
        if cause is Cause.LOOKUP_TIMEOUT:
            return MEANINGS[cause] + _STUB_ASKED
        if cause is Cause.NO_DNS_SERVER:
            return _OF_THE_NODE
    if cause is Cause.NO_DNS_SERVER and place is ServerPlace.CLUSTER:
        return _OF_THE_CLUSTER
    if cause is Cause.LOOKUP_REFUSED and place in (ServerPlace.STUB, ServerPlace.CLUSTER):
        return _ASKED_ON
    if cause is Cause.PLAIN_HTTP and failure.proxy is not None:
        return _PLAIN_PROXY
    return ""


def _asked_nobody(failure: Failure) -> str:
    if failure.stage is Stage.RESOLVE:
        return "it is the proxy's name that was looked up, the registry was never asked"
    return "the registry was never asked" if failure.cause is not Cause.PROXY_REFUSED else ""
