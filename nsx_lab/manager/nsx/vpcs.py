"""What NSX does for a VPC by itself: the rules of its default SNAT."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address, ip_network

from nsx_lab.manager.nsx import defaults
from nsx_lab.manager.store.kinds import Place
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object, Transaction

claim(
    "a VPC that is attached to a profile with enable_default_snat gets SNAT rules in its NAT section DEFAULT, one for each private CIDR, all to the same address",
    Evidence.DOC,
    "nsx-operator, pkg/nsx/services/vpc (GetDefaultSNATIP reads the first rule of section DEFAULT and says why any will do); vcf-nsx VpcNatConfig.enable_default_snat",
    "test_vpcs.py::test_default_snat_of_a_vpc",
)
claim(
    "the address of a default SNAT is preferred_default_snat_ip, else the first free one of auto_snat_ip_block, else of the first external IP block",
    Evidence.DOC,
    "vcf-nsx VpcAttachment.preferred_default_snat_ip, VpcNatConfig.auto_snat_ip_block, VpcConnectivityProfile.external_ip_blocks; that the first is taken, and the ids of the rules, are assumptions",
    "test_vpcs.py::test_default_snat_takes_the_address_that_is_asked_for",
)
not_modelled(
    "VPCs: what follows from a later change of a profile or a private CIDR, subnets and ports as networks, External IPs, routes of transit gateways, their own NAT, state and usage",
    "the objects are kept as they are written; 501 for the rest",
)


def add_default_snat(tx: Transaction, place: Place, now: int) -> None:
    """The rules of the default SNAT of a VPC that has just been attached."""
    attachment = tx.get(place.path) or {}
    profile = tx.get(str(attachment.get("vpc_connectivity_profile"))) or {}
    service: Object = profile.get("service_gateway") or {}
    config: Object = service.get("nat_config") or {}
    if (
        place.kind.resource_type != "VpcAttachment"
        or service.get("enable") is False
        or not config.get("enable_default_snat")
    ):
        return
    blocks = [config.get("auto_snat_ip_block"), *(profile.get("external_ip_blocks") or [])]
    address = attachment.get("preferred_default_snat_ip") or next(_free(tx, blocks), None)
    vpc = tx.get(place.parent) or {}
    for number, source in enumerate(vpc.get("private_ips") or [] if address else []):
        rule = {"action": "SNAT", "source_network": source, "translated_network": str(address), "enabled": True}
        defaults.add(tx, f"{place.parent}/nat/DEFAULT/nat-rules/default-snat-{number}", rule, now)


def _free(tx: Transaction, blocks: list[str | None]) -> Iterator[IPv4Address]:
    """Addresses of the first block that is named which no rule of a VPC translates to."""
    block = tx.get(str(next((path for path in blocks if path), None))) or {}
    taken = {rule.get("translated_network") for rule in tx.of_type("PolicyVpcNatRule")}
    for cidr in [*([block["cidr"]] if block.get("cidr") else []), *(block.get("cidrs") or [])]:
        network = ip_network(cidr, strict=False)
        for host in network.hosts():
            if str(host) not in taken and host.version == 4:
                yield IPv4Address(int(host))
    for part in block.get("ranges") or []:
        first, last = ip_address(part["start"]), ip_address(part["end"])
        for number in range(int(first), int(last) + 1):
            if str(IPv4Address(number)) not in taken:
                yield IPv4Address(number)
