"""What pools and blocks hand out: addresses of IP pools, subnets of IP blocks."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range

from nsx_lab.manager.nsx.rules.addresses import Address, Network
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object, Transaction

claim(
    "an allocation of an address outside of the pool's ranges is accepted, and realized as ERROR",
    Evidence.ACCEPTANCE,
    "TestAccDataSourceNsxtPolicyRealizationInfo_errorState",
    "test_allocation.py::test_address_outside_of_the_ranges_is_realized_as_error",
)
claim(
    "an allocation without an address gets the first free one of its pool; an exhausted pool, and an address that another has: accepted, realized as ERROR",
    Evidence.ASSUMPTION,
    "no source; taken over from the address outside of the ranges",
    "test_allocation.py::test_exhausted_pool_is_realized_as_error",
)
claim(
    "a block subnet gets the first free CIDR of its size in the block; its first address is the gateway's unless told otherwise",
    Evidence.DOC,
    "vcf-nsx IpAddressPoolBlockSubnet (size, auto_assign_gateway, cidr, gateway_address)",
    "test_allocation.py::test_subnets_of_a_block",
)


claim(
    "profile 9.1: GET /infra/ip-blocks/usage tells of each block how many addresses it has and how many are used: by subnets of pools, public subnets and NAT rules of VPCs",
    Evidence.SPEC,
    "vcf-nsx IpAddressBlockUsage (counts are texts); what counts as used is an assumption, and older profiles answer 404",
    "test_vpcs.py::test_usage_of_ip_blocks",
)


def block_usage(tx: Transaction) -> list[Object]:
    """IpAddressBlockUsage of every block."""
    return [_usage(tx, block) for block in tx.of_type("IpAddressBlock")]


def _usage(tx: Transaction, block: Object) -> Object:
    whole = [ip_network(cidr, strict=False) for cidr in [block.get("cidr"), *(block.get("cidrs") or [])] if cidr]
    whole += [network for part in block.get("ranges") or [] for network in summarize_address_range(*_range(part))]
    named = [str(one.get("cidr")) for one in tx.linked("IpAddressPoolBlockSubnet", "ip_block_path", block["path"])]
    named += [cidr for one in tx.of_type("VpcSubnet") for cidr in one.get("ip_addresses") or []]
    named += [str(one.get("translated_network")) for one in tx.of_type("PolicyVpcNatRule")]
    used = {ip_network(text, strict=False) for text in named if text != "None"}
    inside = [one for one in used if any(one.version == net.version and _within(one, net) for net in whole)]
    total, taken = (sum(net.num_addresses for net in found) for found in (whole, inside))
    return {
        "intent_path": block["path"],
        "display_name": block["display_name"],
        "overall_ips_count": str(total),
        "used_ips_count": str(taken),
        "available_ips_count": str(total - taken),
    }


def _within(inner: Network, outer: Network) -> bool:
    return int(outer.network_address) <= int(inner.network_address) <= int(outer.broadcast_address)


def enrich(tx: Transaction, obj: Object, before: Object | None) -> Object:
    """The object with what the manager gives to it. An object keeps what it has."""
    try:
        if obj["resource_type"] == "IpAddressAllocation" and not obj.get("allocation_ip"):
            kept = (before or {}).get("allocation_ip")
            given = kept or next((str(ip) for ip in _free_addresses(tx, obj["parent_path"])), None)
            return {**obj, "allocation_ip": given} if given else obj
        if obj["resource_type"] == "IpAddressPoolBlockSubnet":
            if before is not None and before.get("cidr") and before.get("size") == obj.get("size"):
                return {**obj, **{key: before[key] for key in _SUBNET_FIELDS if key in before}}
            found = _free_block(tx, obj)
            return {**obj, **_subnet_fields(obj, found)} if found is not None else obj
    except ValueError:  # addresses that are none, in the same transaction: its commit is refused, see check
        return obj
    return obj


def check(obj: Object, gateway: Gateway) -> Iterator[Finding]:
    """An allocation that gets nothing, and addresses that are none."""
    yield from check_networks(obj, gateway)
    if obj["resource_type"] == "IpAddressAllocation":
        yield from _check_allocation(gateway.tx, obj)
    if obj["resource_type"] == "IpAddressPoolBlockSubnet" and not obj.get("cidr"):
        yield Finding(
            errors.CODE_POOL,
            f"IP block {obj.get('ip_block_path')} has no free subnet of size {obj.get('size')}.",
            When.REALIZE,
        )


def _check_allocation(tx: Transaction, obj: Object) -> Iterator[Finding]:
    pool, wanted = obj["parent_path"], obj.get("allocation_ip")
    if not wanted:
        yield Finding(errors.CODE_POOL, f"IP pool {pool} has no free address.", When.REALIZE)
        return
    try:
        ip = ip_address(wanted)
    except ValueError as error:
        yield Finding(errors.CODE_POOL, f"{obj['path']}: {error}.", When.REFUSE)
        return
    if not any(_holds(subnet, ip) for subnet in tx.children(pool)):
        yield Finding(errors.CODE_POOL, f"{ip} is in no range of IP pool {pool}.", When.REALIZE)
    others = [one for one in tx.children(pool, "IpAddressAllocation") if one["path"] != obj["path"]]
    taken = next((one["path"] for one in others if one.get("allocation_ip") == wanted), None)
    if taken is not None:
        yield Finding(errors.CODE_POOL, f"{ip} is allocated to {taken} already.", When.REALIZE)


def _holds(subnet: Object, ip: Address) -> bool:
    """Whether a subnet of a pool may hand the address out. Addresses that are none hold nothing: their own subnet is refused."""
    try:
        if subnet["resource_type"] == "IpAddressPoolStaticSubnet":
            ends = [_range(part) for part in subnet.get("allocation_ranges") or []]
            return any(first.version == ip.version and int(first) <= int(ip) <= int(last) for first, last in ends)
        if subnet["resource_type"] == "IpAddressPoolBlockSubnet" and subnet.get("cidr"):
            network = ip_network(subnet["cidr"])
            return network.version == ip.version and ip in network
    except ValueError:
        return False
    return False


_SUBNET_FIELDS = ("cidr", "network_address", "broadcast_address", "gateway_address", "start_ip")


def _subnet_fields(obj: Object, network: Network) -> Object:
    fields = {
        "cidr": str(network),
        "network_address": str(network.network_address),
        "broadcast_address": str(network.broadcast_address),
        "start_ip": str(network.network_address),
    }
    if obj.get("auto_assign_gateway", True) and network.num_addresses > 2:
        fields["gateway_address"] = str(network.network_address + 1)
    return fields


def _free_addresses(tx: Transaction, pool: str) -> Iterator[Address]:
    taken = {allocation.get("allocation_ip") for allocation in tx.children(pool, "IpAddressAllocation")}
    for subnet in tx.children(pool):
        taken |= {subnet.get("gateway_ip"), subnet.get("gateway_address")}
        for address in _addresses(subnet):
            if str(address) not in taken:
                yield address


def _addresses(subnet: Object) -> Iterator[Address]:
    if subnet["resource_type"] == "IpAddressPoolStaticSubnet":
        for part in subnet.get("allocation_ranges") or []:
            first, last = _range(part)
            yield from (first + step for step in range(int(last) - int(first) + 1))
    elif subnet["resource_type"] == "IpAddressPoolBlockSubnet" and subnet.get("cidr"):
        yield from ip_network(subnet["cidr"]).hosts()


def _range(part: Object) -> tuple[Address, Address]:
    """Both ends; ValueError when they are not two addresses of one family."""
    first, last = ip_address(str(part.get("start"))), ip_address(str(part.get("end")))
    if first.version != last.version or int(first) > int(last):
        raise ValueError(f"{first} to {last} is no range")
    return first, last


def check_networks(obj: Object, gateway: Gateway) -> Iterator[Finding]:
    """A block or a subnet of a pool whose addresses are none."""
    try:
        if obj.get("cidr"):
            ip_network(obj["cidr"])
        for part in obj.get("allocation_ranges") or []:
            _range(part)
    except ValueError as error:
        yield Finding(errors.CODE_POOL, f"{obj['path']}: {error}.", When.REFUSE)


def _free_block(tx: Transaction, subnet: Object) -> Network | None:
    block = tx.get(str(subnet.get("ip_block_path")))
    if block is None or not block.get("cidr") or int(subnet.get("size") or 0) < 1:
        return None
    whole = ip_network(block["cidr"])
    length = whole.max_prefixlen - (int(subnet["size"]) - 1).bit_length()
    if length < whole.prefixlen:
        return None
    siblings = tx.linked("IpAddressPoolBlockSubnet", "ip_block_path", block["path"])
    taken = sorted(
        (int(used.network_address), int(used.broadcast_address))
        for used in (
            ip_network(other["cidr"]) for other in siblings if other.get("cidr") and other["path"] != subnet["path"]
        )
    )
    step, start = 1 << (whole.max_prefixlen - length), int(whole.network_address)
    for first, last in taken:
        if start + step <= first:
            break
        start = max(start, -(-(last + 1) // step) * step)
    if start + step - 1 > int(whole.broadcast_address):
        return None
    return IPv4Network((start, length)) if whole.version == 4 else IPv6Network((start, length))
