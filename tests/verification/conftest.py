from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from egress.domain import WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.inventory.workings import Workings
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.policy.sighting import Forwarded, Sighting
from egress.policy.tree import flatten
from egress.verification.verify import Verification, verify

Json = dict[str, Any]
T0 = "/infra/tier-0s/T0"
TEXT = """
version: 1
name: wld07
nsx: {host: nsx.example.com}
tier0:
  id: T0
  ha_mode: ACTIVE_ACTIVE
  uplinks:
    - {id: u1, edge: en1, address: 10.20.30.11/24}
    - {id: u2, edge: en2, address: 10.20.30.12/24}
default_route:
  next_hops: [{address: 10.20.30.1}]
egress:
  ranges: [10.60.0.0/24]
  supervisor: {source: 10.60.0.5, translated: 10.20.30.40}
tier1s:
  t1: {networks: [10.244.0.0/24], egress: 10.60.0.5}
"""


@pytest.fixture
def domain_of() -> Callable[..., WorkloadDomain]:
    """domain_of(("a", "b"), stack="x"): the domain above with texts replaced."""

    def build(*changes: tuple[str, str], stack: str = "wld07") -> WorkloadDomain:
        text = TEXT
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return read(parse(text.encode(), f"{stack}.yaml"), stack)

    return build


def applied(domain: WorkloadDomain) -> Sighting:
    """What a manager has once a domain is applied."""
    gateway = GatewayKey.of(domain).path
    objects = {**flatten(seed([domain])["infra"]), **owned(domain).objects(gateway)}
    edges = dict.fromkeys(uplink.edge for uplink in domain.tier0.uplinks)
    ways = {
        Forwarded(str(route.network), str(hop.address))
        for route in owned(domain).routes
        for hop in route.next_hops
        if hop.admin_distance == min(one.admin_distance for one in route.next_hops)
    }
    ways |= {Forwarded("0.0.0.0/0", "somebody's")} if domain.default_route.external else set()
    ways |= {Forwarded(str(route.network), "None") for route in owned(domain).routes if not route.next_hops}
    return Sighting(gateway, objects, tables=dict.fromkeys(edges, frozenset(ways)))


def changed(seen: Sighting, path: str, **values: Any) -> Sighting:
    """A sighting with one object changed; a value of None takes the key away."""
    body = {name: value for name, value in {**seen.objects[path], **values}.items() if value is not None}
    return replace(seen, objects={**seen.objects, path: body})


def without(seen: Sighting, path: str) -> Sighting:
    """A sighting without an object."""
    return replace(seen, objects={one: body for one, body in seen.objects.items() if one != path})


def held(
    domain: WorkloadDomain, seen: Sighting, *neighbours: WorkloadDomain, workings: Workings | None = None
) -> Verification:
    """The verification of what was seen."""
    return verify(domain, (domain, *neighbours), "a manager", seen, workings or Workings(alarms=()))


def ids(done: Verification) -> set[str]:
    """Ids of what needs somebody, without what comes of it for packets."""
    return {one.id for one in done.findings if one.matters and not one.id.startswith(("flow-", "outage-"))}
