from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pytest

from egress.domain import WorkloadDomain
from egress.domain.editing import edited
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.inventory.coverage import coverage
from egress.inventory.senders import EgressAddress, Holder
from egress.inventory.taken import taken
from egress.inventory.whose import Owner
from egress.policy.presence import Presence
from egress.proposal.names import Names
from egress.proposal.proposal import Proposal, propose

GATEWAY = "/infra/tier-0s/T0"
STANDBY = """\
version: 1
name: site
nsx: {host: nsx.example.com}
tier0: # both edges
  id: T0
  ha_mode: ACTIVE_STANDBY
  ha_vips: [{address: 10.1.0.4/24}]
  uplinks:
    - {id: up1, edge: edge01, address: 10.1.0.2/24}
    - {id: up2, edge: edge02, address: 10.1.0.3/24}
default_route: {next_hops: [{address: 10.1.0.253}, {address: 10.1.0.254}]}
egress:
  ranges: [10.2.0.0/24]
  supervisor: {source: 10.2.0.5, translated: 10.1.0.4} # the HA VIP
tier1s:
  domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}
"""
ACTIVE = (
    STANDBY.replace("ACTIVE_STANDBY", "ACTIVE_ACTIVE")
    .replace("  ha_vips: [{address: 10.1.0.4/24}]\n", "")
    .replace("translated: 10.1.0.4} # the HA VIP", "translated: 10.1.0.9}")
    .replace("  supervisor:", "  pool: [10.1.0.8/29]\n  supervisor:")
)


def load(text: str, stack: str = "site") -> WorkloadDomain:
    return read(parse(text.encode(), f"domains/{stack}.yaml"), stack)


def sender(
    name: str,
    network: str,
    behind: Sequence[str] = (),
    *,
    namespace: str = "",
    holder: Holder = Holder.TIER1,
    translated: bool = True,
) -> EgressAddress:
    """An egress address of a Tier-1 or VPC."""
    path = f"/infra/tier-1s/{name}/nat/USER/nat-rules/snat"
    nets = tuple(IPv4Network(one) for one in behind)
    return EgressAddress(IPv4Network(network), holder, name, Owner(namespace=namespace), path, translated, nets)


SUPERVISOR = sender("domain-c1", "10.2.0.5")


@dataclass(frozen=True)
class Proposed:
    """A proposal and the file that it makes."""

    proposal: Proposal
    text: str

    @property
    def domain(self) -> WorkloadDomain:
        return load(self.text)


@pytest.fixture(scope="session")
def proposed() -> Callable[..., Proposed]:
    """proposed(text, addresses): what is proposed for a file whose Tier-0 has these egress addresses and objects."""

    def make(
        text: str,
        addresses: Sequence[EgressAddress],
        objects: dict[str, Any] | None = None,
        neighbours: Sequence[WorkloadDomain] = (),
    ) -> Proposed:
        domain, there = load(text), objects or {}
        cover = coverage(domain, neighbours, addresses, complete=True)
        presence = Presence(domain, GATEWAY, there, None, "", frozenset())
        names = Names(domain, neighbours, GATEWAY, there)
        found = propose(presence, neighbours, cover, taken([domain, *neighbours], there, addresses), names)
        return Proposed(found, edited(text, "domains/site.yaml", found.edits))

    return make
