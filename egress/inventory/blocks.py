"""IP blocks and pools: how full they are, and which egress range of a domain one of them backs. Numbers of the manager come first.

Where it tells none, the total is counted from CIDRs and ranges, and taken is what was seen to be handed out (NSX Policy API,
IpAddressBlock, IpAddressPool.pool_usage; names: vcf-nsx 9.1.1.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address, ip_network, summarize_address_range
from typing import Any

from egress.domain import WorkloadDomain
from egress.domain.addresses import Network
from egress.inventory.survey import Usage
from egress.policy.paths import ORG, Collection, collection, last
from egress.policy.sighting import Unseen, hidden
from egress.policy.tree import Json, PolicyObjects, children

_CUTTERS = (Collection.IP_POOLS, Collection.IP_SUBNETS)


@dataclass(frozen=True)
class Backing:
    """An IP block or pool whose addresses overlap an egress range of a domain. `networks`: all that it hands out."""

    path: str
    name: str
    range: IPv4Network
    networks: tuple[IPv4Network, ...]


def usages(objects: PolicyObjects, unseen: Sequence[Unseen] = (), told: Iterable[Json] = ()) -> dict[str, Usage]:
    """How full every IP block and pool among the objects is, by path.

    unseen: what could not be read; nothing is counted from it. told: what NSX 9 says of blocks (vcf-nsx, IpAddressBlockUsage).
    """
    found = {}
    seen = _Seen(objects, unseen)
    said = {str(one.get("intent_path")): one for one in told}
    for path, body in objects.items():
        if _in(path, Collection.IP_BLOCKS):
            found[path] = _of_block(body, said.get(path, {}), seen.taken(path))
        elif _in(path, Collection.IP_POOLS):
            found[path] = _of_pool(path, body, objects, unseen)
    return found


def backings(domain: WorkloadDomain, objects: PolicyObjects) -> tuple[Backing, ...]:
    """The blocks and pools that an egress range of a domain is cut from, or that are cut from it, in the order of the ranges."""
    held = {path: _networks_of(path, body, objects) for path, body in objects.items() if _is_store(path)}
    return tuple(
        Backing(path, str(objects[path].get("display_name") or last(path)), egress, networks)
        for egress in domain.egress_ranges
        for path, networks in held.items()
        if any(one.overlaps(egress) for one in networks)
    )


def networks_of_block(body: Json) -> tuple[Network, ...]:
    """What an IP block holds: its CIDRs and its ranges. One that cannot be read is left out."""
    return tuple(_of_cidrs([body.get("cidr"), *_list(body.get("cidrs"))], body.get("ranges")))


def _networks_of(path: str, body: Json, objects: PolicyObjects) -> tuple[IPv4Network, ...]:
    whole = networks_of_block(body) if _in(path, Collection.IP_BLOCKS) else tuple(_of_subnets(path, objects))
    return tuple(one for one in whole if isinstance(one, IPv4Network))


def _of_block(body: Json, said: Json, seen: int | None) -> Usage:
    """used_size counts addresses ("total number of IPs ... used up", vcf-nsx); so does total_size (assumption). What is excluded lies inside."""
    total = _first(said.get("overall_ips_count"), body.get("total_size"))
    taken = _first(said.get("used_ips_count"), body.get("used_size"))
    counted = _size(networks_of_block(body))
    if counted is not None:
        counted -= _size(_of_cidrs([], body.get("excluded_ips"))) or 0
    return Usage(counted if total is None else total, seen if taken is None else taken)


def _of_pool(path: str, body: Json, objects: PolicyObjects, unseen: Sequence[Unseen]) -> Usage:
    told = body.get("pool_usage")
    said: Mapping[str, Any] = told if isinstance(told, dict) else {}
    total, available = _count(said.get("total_ips")), _count(said.get("available_ips"))
    if total is not None and available is not None:
        return Usage(total, total - available)
    known = not hidden(unseen, collection(path, Collection.IP_ALLOCATIONS))
    seen = sum(1 for _ in children(objects, path, Collection.IP_ALLOCATIONS)) if known else None
    return Usage(_size(_of_subnets(path, objects)), seen)


def _of_subnets(pool: str, objects: PolicyObjects) -> Iterator[Network]:
    """What the subnets of a pool hand out: the ranges of a static one, the CIDR of one from a block."""
    for _, body in children(objects, pool, Collection.IP_SUBNETS):
        ranges = body.get("allocation_ranges")
        yield from _of_cidrs([] if ranges else [body.get("cidr")], ranges)


class _Seen:
    """Addresses of blocks that were seen to be taken. Projects and VPCs take some that nothing which is read here tells."""

    def __init__(self, objects: PolicyObjects, unseen: Sequence[Unseen]) -> None:
        self._cut: dict[str, int] = {}
        self._shared: set[str] = set()
        self._whole = not any(one.path.endswith(f"/{kind}") for one in unseen for kind in _CUTTERS)
        for path, body in objects.items():
            block = body.get("ip_block_path")
            if _in(path, Collection.IP_SUBNETS) and isinstance(block, str):
                size = _count(body.get("size")) or _size(_of_cidrs([body.get("cidr")], None)) or 0
                self._cut[block] = self._cut.get(block, 0) + size
            elif path.startswith(f"{ORG}/"):
                self._shared |= set(_texts(body))

    def taken(self, block: str) -> int | None:
        """None: not known."""
        return self._cut.get(block, 0) if self._whole and block not in self._shared else None


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _of_cidrs(cidrs: Iterable[Any], ranges: Any) -> Iterator[Network]:
    for cidr in dict.fromkeys(one for one in cidrs if isinstance(one, str)):
        try:
            yield ip_network(cidr, strict=False)
        except ValueError:
            continue
    for one in _list(ranges):
        try:
            yield from summarize_address_range(ip_address(one["start"]), ip_address(one["end"]))
        except (ValueError, TypeError, KeyError):
            continue


def _size(networks: Iterable[Network]) -> int | None:
    """Addresses in all; None of nothing, which says nothing."""
    return sum(one.num_addresses for one in set(networks)) or None


def _count(value: Any) -> int | None:
    """A number that the API gives as one or as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 40 else None


def _first(*values: Any) -> int | None:
    """The first of some values that is a number."""
    return next((one for one in map(_count, values) if one is not None), None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _in(path: str, kind: Collection) -> bool:
    return path.split("/")[-2:-1] == [kind]


def _is_store(path: str) -> bool:
    return _in(path, Collection.IP_BLOCKS) or _in(path, Collection.IP_POOLS)
