"""Rules about what happens when a router or an edge fails: spare next hops, BFD, protection of the route."""

from __future__ import annotations

from egress.checks.look import hops_by_prefix, mappings, owned_elsewhere, short, subnets, uplinks_by_prefix
from egress.checks.rule import Broken, Outcomes, Path, Severity, rule
from egress.domain import HaMode, NatAction, WorkloadDomain
from egress.domain.addresses import as_network
from egress.policy.owned import beside_the_way_out, owned

_HOPS: Path = ("default_route", "next_hops")


@rule(
    "single-next-hop",
    Severity.WARNING,
    "the default route has more than one next hop",
    explanation="With one next hop the loss of one router is the loss of all egress, ingress and DNS. Where the routers share a "
    "virtual address (VRRP, HSRP), one next hop is right: say shared: true beside it.",
    source="design advice: VMware Validated Design, two next hops per Tier-0",
)
def single(domain: WorkloadDomain) -> Outcomes:
    if domain.default_route.external:
        yield owned_elsewhere()
    hops = domain.default_route.next_hops
    if len(hops) == 1 and not hops[0].shared:
        yield Broken(
            (*_HOPS, 0, "address"),
            f"{hops[0].address} is the only next hop",
            "add the second router, or shared: true where several routers share the address (VRRP, HSRP)",
        )


@rule(
    "floating-route-without-bfd",
    Severity.WARNING,
    "a next hop in reserve comes with BFD",
    explanation="Static routes do not see a dead router. A next hop with a greater distance is used when the better one is gone "
    "from the table, and without BFD it is gone only when the uplink itself goes down.",
    source="NSX administration guide 4.2, static routes and BFD",
)
def floating(domain: WorkloadDomain) -> Outcomes:
    route = domain.default_route
    distances = {hop.admin_distance for hop in route.next_hops}
    if len(distances) > 1 and not (route.bfd and route.bfd.enabled):
        shown = " and ".join(map(str, sorted(distances)))
        yield Broken(
            _HOPS,
            f"distances {shown} keep next hops in reserve, and no BFD notices that the first is dead",
            "add default_route.bfd if the routers speak it, or give all next hops the same distance",
        )


@rule(
    "reserve-uplink-meets-urpf",
    Severity.WARNING,
    "next hops in reserve lie in the networks of those in use",
    explanation="While the better next hop is there the default route does not lead out by the reserve network. What arrives by that network "
    "has no best route back through it, and strict uRPF, the default of uplinks, drops it: ingress by that VLAN, and answers to translated "
    "addresses there.",
    source="packet walk and kernel twin of this project: fails with STRICT; NSX Policy API, Tier0Interface.urpf_mode",
)
def reserve(domain: WorkloadDomain) -> Outcomes:
    hops = domain.default_route.next_hops
    best = min((hop.admin_distance for hop in hops), default=0)
    networks = uplinks_by_prefix(domain)
    in_use = {met.first for hop in hops if hop.admin_distance == best and (met := networks.holding(hop.address))}
    for index, hop in enumerate(hops):
        met = networks.holding(hop.address)
        if hop.admin_distance > best and met and in_use and met.first not in in_use:
            yield Broken(
                (*_HOPS, index, "admin_distance"),
                f"{hop.address} is in reserve: what arrives by {met.first} meanwhile is dropped by strict uRPF",
                "give the next hops of both networks one distance, or set urpf_mode NONE on the uplinks of that network in NSX and say so in suppress",
            )


@rule(
    "uplink-without-next-hop",
    Severity.WARNING,
    "every uplink of the way out has a next hop in its subnet",
    explanation="An edge whose uplinks have no next hop of their own has no way out itself: its traffic takes the long way over "
    "another edge or is dropped, and replies meet strict uRPF. An uplink that NAT rules leave out (a second external VLAN, for DNS say) needs none where its edge has another way out.",
    source="assumption (field reports: half of the flows die)",
)
def uplink_without(domain: WorkloadDomain) -> Outcomes:
    if domain.default_route.external:
        yield owned_elsewhere()
        return
    hops = hops_by_prefix(domain)
    beside = beside_the_way_out(domain)
    with_one = {one.edge for one in domain.tier0.uplinks if hops.within(one.address.network)}
    for index, uplink in enumerate(domain.tier0.uplinks):
        exempt = uplink.id in beside and uplink.edge in with_one
        if not exempt and not hops.within(uplink.address.network):
            yield Broken(
                ("tier0", "uplinks", index, "address"),
                f"no next hop lies in {uplink.address.network}, the subnet of {uplink.id}",
                "add the router of that subnet to next_hops",
            )


@rule(
    "active-active-without-bfd",
    Severity.WARNING,
    "static routing on ACTIVE_ACTIVE is watched by BFD",
    explanation="On ACTIVE_ACTIVE every edge forwards. With static routes only, an edge that lost its upstream stays up and keeps "
    "attracting its share of the traffic. BFD to routers that speak it is the remedy; routers that do not turn it into an outage "
    "(rule bfd-can-stop-the-gateway).",
    source="VCF 9.0, Configure BFD (with static routes alone the service router stays up); VMware Validated Design 6.2: active-active needs BGP for failover",
)
def active_active_without_bfd(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.ha_mode is not HaMode.ACTIVE_ACTIVE:
        return
    if domain.default_route.external:
        yield owned_elsewhere()
    elif not (domain.default_route.bfd and domain.default_route.bfd.enabled):
        yield Broken(
            ("default_route",),
            "ACTIVE_ACTIVE with static routes and no BFD: an edge without upstream is not noticed",
            "add default_route.bfd if the routers speak it, or say in suppress why this is accepted",
        )


@rule(
    "bfd-can-stop-the-gateway",
    Severity.NOTE,
    "BFD stands only towards routers that speak it",
    explanation="Where BFD is the only watcher, the service router goes down when all its BFD sessions are down: a router that "
    "does not answer takes the whole gateway out of service, static routes and ingress included. A VRF gateway fails over only with its "
    "parent: there the route alone goes.",
    source="NSX administration guide 4.2, Tier-0 failover conditions; VCF 9.0, VRF gateways; field report: a single session stopped all routing",
)
def bfd_hazard(domain: WorkloadDomain) -> Outcomes:
    bfd = domain.default_route.bfd
    if bfd and bfd.enabled and not domain.tier0.vrf_of:
        peers = ", ".join(str(peer.peer) for peer in owned(domain).bfd_peers)
        yield Broken(
            ("default_route", "bfd"),
            f"if BFD to {peers} is down, the service router is down",
            "make sure that these routers answer BFD before you apply; enabled: false switches it off",
        )


@rule(
    "bfd-has-one-peer",
    Severity.WARNING,
    "BFD watches more than one router",
    explanation="One session that is down, for whatever reason, is all sessions down: NSX withdraws the default route (alarm "
    "static_routing_removed), and the service router goes down.",
    source="Broadcom KB 369184 and 433438; NSX administration guide 4.2, Tier-0 failover conditions",
)
def bfd_alone(domain: WorkloadDomain) -> Outcomes:
    peers = [peer.peer for peer in owned(domain).bfd_peers if peer.enabled]
    if len(peers) == 1:
        yield Broken(
            ("default_route", "bfd"),
            f"BFD has one peer, {peers[0]}: if that session is down, so is the way out",
            "add the second router to next_hops, or say in suppress why this is accepted",
        )


@rule(
    "bfd-source-outside-peer-subnet",
    Severity.WARNING,
    "BFD is sent from an uplink that shares a subnet with the peer",
    explanation="A session of one hop runs between neighbours. A source in another subnet than its peer never comes up.",
    source="RFC 5881; NSX Policy API, StaticRouteBfdPeer.source_addresses",
)
def bfd_source_outside(domain: WorkloadDomain) -> Outcomes:
    subnets = {uplink.address.ip: uplink.address.network for uplink in domain.tier0.uplinks}
    for peer in owned(domain).bfd_peers:
        strange = [source for source in peer.sources if peer.peer not in subnets[source]]
        if strange:
            shown = ", ".join(map(str, strange))
            yield Broken(
                ("default_route", "bfd"),
                f"BFD to {peer.peer} would be sent from {shown}, in another subnet",
                "name in bfd.sources only uplinks of the next hops' subnet",
            )


@rule(
    "bfd-source-is-translated",
    Severity.ERROR,
    "a REFLEXIVE rule leaves the source addresses of BFD alone",
    explanation="A REFLEXIVE rule works inwards too: whatever arrives for its translated address is sent to the egress address. "
    "If that is an uplink's own address, the router's BFD packets go to a pod network, the session dies, and with it the gateway.",
    source="NSX administration guide, reflexive NAT; inferred for BFD, not run on a live NSX",
)
def bfd_translated(domain: WorkloadDomain) -> Outcomes:
    captured = {source for peer in owned(domain).bfd_peers if peer.enabled for source in peer.sources}
    if not captured:
        return
    sources = subnets(as_network(source) for source in sorted(captured))
    for mapping in mappings(domain):
        hit = sources.within(mapping.translated)
        if mapping.rule.action is NatAction.REFLEXIVE and hit:
            yield Broken(
                (*mapping.at, "translated"),
                f"the REFLEXIVE rule for {mapping.entry.source} captures {short(hit.first)}, which BFD is sent from",
                "translate to a free address of the uplink subnet, or name other uplinks in bfd.sources",
            )


@rule(
    "default-route-unprotected",
    Severity.WARNING,
    "the default route is protected",
    explanation="Replacing or destroying a default route is an outage of the whole domain. Taking the protection away is a step "
    "of its own, meant to be undone.",
    source="Terraform, lifecycle prevent_destroy; house rule",
)
def unprotected(domain: WorkloadDomain) -> Outcomes:
    if not domain.default_route.protect and not domain.default_route.external:
        yield Broken(
            ("default_route", "protect"),
            "protect is false: a plan may destroy the default route",
            "take protect: false out as soon as the route has gone or moved",
        )
