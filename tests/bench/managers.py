"""Seeds of a manager with many gateways, for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/edges"
ON_EACH_TIER0 = 20
Json = dict[str, Any]


def wrapped(kind: str, **body: Any) -> Json:
    """A child of a hierarchical tree."""
    return {"resource_type": f"Child{kind}", kind: body}


def manager(tier0s: int, tier1s: int, rules: int) -> Json:
    """A seed with so many gateways; a few rules stand on each Tier-0, the others on the Tier-1s."""
    share = max(0, rules - tier0s * ON_EACH_TIER0) // tier1s
    children = [*(_tier0(number) for number in range(tier0s))]
    for number in range(tier1s):
        children += _tier1(number, number % tier0s, number // tier0s, share)
    return {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}


def _tier0(number: int) -> Json:
    uplinks = [
        wrapped(
            "Tier0Interface",
            id=f"uplink{edge}",
            type="EXTERNAL",
            edge_path=f"{CLUSTER}/edge-nodes/en{edge}",
            subnets=[{"ip_addresses": [f"10.1.{number}.{edge}"], "prefix_len": 24}],
        )
        for edge in (2, 3)
    ]
    route = wrapped("StaticRoutes", id="out", network="0.0.0.0/0", next_hops=[{"ip_address": f"10.1.{number}.1"}])
    services = wrapped("LocaleServices", id="default", edge_cluster_path=CLUSTER, children=uplinks)
    held = [
        _rule(f"r{place}", f"30.{number}.255.{place}", f"10.1.{number}.{place + 10}") for place in range(ON_EACH_TIER0)
    ]
    nat = wrapped("PolicyNat", id="USER", children=held)
    return wrapped("Tier0", id=f"t0-{number}", ha_mode="ACTIVE_STANDBY", children=[services, route, nat])


def _tier1(number: int, tier0: int, place: int, share: int) -> Iterator[Json]:
    path = f"/infra/tier-1s/t1-{number}"
    tags = [{"scope": "ncp/cluster", "tag": f"c{tier0}"}, {"scope": "ncp/project", "tag": f"ns-{number}"}]
    inside = f"10.{number // 250 + 100}.{number % 250}"
    held = [_rule(f"t1-{number}-{one}", f"{inside}.{one * 16}/28", f"30.{tier0}.{place}.{one}") for one in range(share)]
    below = [
        wrapped("LocaleServices", id="default", edge_cluster_path=CLUSTER),
        wrapped("PolicyNat", id="USER", children=held),
    ]
    yield wrapped("Tier1", id=f"t1-{number}", tier0_path=f"/infra/tier-0s/t0-{tier0}", tags=tags, children=below)
    yield wrapped(
        "Segment", id=f"s-{number}", connectivity_path=path, subnets=[{"gateway_address": f"{inside}.1/24"}], tags=tags
    )


def _rule(name: str, source: str, translated: str) -> Json:
    return wrapped("PolicyNatRule", id=name, action="SNAT", source_network=source, translated_network=translated)
