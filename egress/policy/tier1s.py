"""The Tier-1s in a set of Policy objects: where they hang, whether they have a service router, their NAT rules. Typed once, here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import Any

from egress.domain.addresses import Network
from egress.policy.gateways import Reader, Rule
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA

ADVERTISED_NAT, ADVERTISED_LB, ADVERTISED_CONNECTED = "TIER1_NAT", "TIER1_LB_VIP", "TIER1_CONNECTED"
"""What a Tier-1 tells its Tier-0 (NSX Policy API, Tier1.route_advertisement_types)."""
_OF_ITSELF = "TIER1_IPSEC_LOCAL_ENDPOINT"
"""All that NSX puts into the list where nobody wrote it (captured: docs/fidelity.md, a Tier-1's defaults)."""


@dataclass(frozen=True)
class Tier1:
    """A Tier-1 gateway and the path of the Tier-0 that it hangs on, None for one that hangs on nothing.

    clusters: the edge clusters of its service routers; empty means that it has none, and NAT does nothing. rules: its NAT rules.
    advertises: what it tells the Tier-0, None where it does not say. segments: networks connected to it. notes, unread: as of Tier0.
    """

    id: str
    path: str
    tier0: str | None
    clusters: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    advertises: frozenset[str] | None = None
    segments: tuple[Network, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def acting(self) -> tuple[Rule, ...]:
        """The rules that act: none without a service router."""
        return self.rules if self.clusters else ()

    def tells(self, kind: str) -> bool:
        """Whether the Tier-0 learns of networks of a kind. One that does not say is taken for one of NCP's, which tell all."""
        return self.advertises is None or kind in self.advertises


def tier1s(objects: PolicyObjects) -> tuple[Tier1, ...]:
    """Every Tier-1 in the objects, by id, without what stands below it: what it translates is then for a World to say."""
    found = children(objects, INFRA, Collection.TIER1S)
    return tuple(sorted((Tier1(last(path), path, _text(body.get("tier0_path"))) for path, body in found), key=_id))


def whole_tier1s(objects: PolicyObjects, tier0: str | None = None) -> tuple[Tier1, ...]:
    """The same with everything that stands below them. tier0: only those that hang on the Tier-0 with that path; left out, all."""
    found = [one for one in tier1s(objects) if tier0 is None or one.tier0 == tier0]
    below = _by_gateway(objects)
    return tuple(_whole(one, objects[one.path], below.get(one.path, {})) for one in found)


def _by_gateway(objects: PolicyObjects) -> dict[str, dict[str, Json]]:
    """Objects below Tier-1s, and the segments connected to them, by the Tier-1's path."""
    found: dict[str, dict[str, Json]] = {}
    for path, body in objects.items():
        gateway = "/".join(path.split("/")[:4])
        connected = body.get("connectivity_path")
        if path.startswith(f"{INFRA}/{Collection.TIER1S}/") and path != gateway:
            found.setdefault(gateway, {})[path] = body
        elif path.startswith(f"{INFRA}/{Collection.SEGMENTS}/") and isinstance(connected, str):
            found.setdefault(connected, {})[path] = body
    return found


def _whole(tier1: Tier1, body: Json, below: PolicyObjects) -> Tier1:
    reader = Reader(tier1.path)
    services = [one for _, one in children(below, tier1.path, Collection.LOCALE_SERVICES)]
    return replace(
        tier1,
        clusters=tuple(last(one) for services in services if (one := _text(services.get("edge_cluster_path")))),
        rules=reader.rules(below),
        advertises=_advertised(body.get("route_advertisement_types")),
        segments=tuple(dict.fromkeys(_segments(below))),
        notes=tuple(reader.notes),
        unread=tuple(reader.unread),
    )


def _advertised(value: Any) -> frozenset[str] | None:
    """What a Tier-1 was told to tell. None where nobody told it anything: NCP and vSphere always do (assumption)."""
    told = frozenset(map(str, value)) - {_OF_ITSELF} if isinstance(value, list) else frozenset()
    return told or None


def _segments(below: PolicyObjects) -> Iterator[Network]:
    """Networks of the segments among the objects. One that cannot be read is none that an example is taken from."""
    for path, body in below.items():
        subnets = body.get("subnets")
        if path.split("/")[-2] == Collection.SEGMENTS and isinstance(subnets, list):
            for subnet in subnets:
                try:
                    yield ip_interface(subnet["gateway_address"]).network
                except (ValueError, TypeError, KeyError):
                    continue


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _id(gateway: Tier1) -> str:
    return gateway.id
