"""Rules about the pool that translated addresses are taken from."""

from __future__ import annotations

from egress.checks.look import networks_beside, short, subnets, uplink_networks
from egress.checks.rule import Broken, Outcomes, Severity, rule
from egress.domain import WorkloadDomain
from egress.domain.addresses import as_network
from egress.domain.fields import listed


@rule(
    "pool-outside-uplinks",
    Severity.ERROR,
    "the pool lies in the uplinks' subnets of the way out, or is routed to the Tier-0",
    explanation="egress propose takes translated addresses from egress.pool, and replies come to them: in an uplink's subnet the gateway "
    "answers ARP for them, anywhere else somebody has to route them to the Tier-0 (egress.routed). On a VLAN that NAT rules leave out it "
    "does neither.",
    source="as translated-outside-uplinks and translated-on-service-segment",
)
def pool_outside(domain: WorkloadDomain) -> Outcomes:
    beside = set(networks_beside(domain))
    way_out = [network for network in uplink_networks(domain) if network not in beside]
    reachable = subnets([*way_out, *domain.egress.routed])
    for index, entry in enumerate(domain.egress.pool):
        if not reachable.holding(entry):
            yield Broken(
                ("egress", "pool", index),
                f"pool {short(as_network(entry))} is outside the uplinks' subnets of the way out ({listed(way_out)}) and not in egress.routed",
                "set addresses of an uplink's subnet aside, or have the network routed to the Tier-0 and add it to egress.routed",
            )
