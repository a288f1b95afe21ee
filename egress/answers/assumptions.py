"""What is taken for granted around a domain, in sentences that a reader without the documentation understands.

docs/reachability.md, "What is assumed", begins its paragraphs with the same sentences (`tests/answers/test_assumptions.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from egress.reachability.view import AfterPlan, Files, Live, View

UPSTREAM = "Behind the uplinks is one upstream gateway: it has the addresses of the next hops and does not check the reverse path."
INGRESS_KNOWN = "The upstream gateway knows a route to the ingress range, and none to the egress range."
EGRESS_UNKNOWN = "The upstream gateway knows no route to the egress range."
OUTSIDE = "Outside is a registry at an example address."
DNS = "A DNS server in the network of a service interface or an uplink hangs there, any other behind the upstream gateway, which is its default gateway."
TIER1S = "Each Tier-1 translates its pods to its egress address; a routed one translates nothing."
BALANCER = "The load balancer answers on the first address of the ingress range, port 443."
FILES = "What the domain files say is on the manager: routes, rules, interfaces."
PLAN = "The Tier-0's interfaces are as the domain file says: a plan does not hold them."
LIVE = "Tier-0, Tier-1s, their NAT, load balancers and what is realized were read from the manager; everything outside of it is not known to it."
NOT_LOOKED_AT = "Firewalls, MTU and exhausted ports are not looked at."


def assumptions(view: View) -> Iterator[str]:
    """The sentences that hold for this view, those of every view first; then what this domain in particular leaves open."""
    domain = view.domain
    yield UPSTREAM
    yield INGRESS_KNOWN if domain.ingress else EGRESS_UNKNOWN
    yield f"{OUTSIDE.removesuffix('.')}, {view.around.outside}."
    if domain.dns_servers:
        yield DNS
    if not isinstance(view.source, Live):
        yield TIER1S
    if domain.ingress and not view.around.servers:
        yield BALANCER
    if isinstance(view.source, Files):
        yield FILES
    elif isinstance(view.source, AfterPlan):
        yield PLAN
    elif isinstance(view.source, Live):
        yield LIVE
    yield NOT_LOOKED_AT
    unseen = [f"not seen: {one}" for one in view.unseen]
    for note in (*view.differs, *view.watched, *unseen, *view.notes):
        yield f"{note[:1].upper()}{note[1:]}."


def unasked(view: View) -> Iterator[str]:
    """What the domain file has and no question of `egress explain` is about, with the reason."""
    route = view.domain.default_route.ipv6
    if route is not None:
        hops = ", ".join(str(hop.address) for hop in route.next_hops)
        yield f"the IPv6 default route (::/0 via {hops}) is not walked: pods, mappings and DNS servers are asked about by IPv4 only"
    for server in view.domain.dns_servers:
        if server.address.version == 6:
            yield f"DNS server {server} is not walked to: lookups are asked about by IPv4 only"
