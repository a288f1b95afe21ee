"""The VPCs in a set of Policy objects that lead to a Tier-0, and what they send with. Typed once, here.

A VPC is attached to a connectivity profile, that names a transit gateway, that has attachments to gateway connections, and such a one names a
Tier-0 (vcf-nsx 9.1.1.0: VpcAttachment, VpcConnectivityProfile, TransitGatewayAttachment, GatewayConnection). A VPC of NSX 4 names its Tier-0
itself (Vpc.default_gateway_path). Its default SNAT is rules in its NAT section DEFAULT, all to one address (nsx-operator, GetDefaultSNATIP).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Any

from egress.domain import NatAction
from egress.inventory.blocks import networks_of_block
from egress.inventory.senders import EgressAddress, Holder, of_tier1s
from egress.inventory.whose import Owner, owner
from egress.policy.gateways import Reader, Rule
from egress.policy.paths import Collection, collection, last, nat_section
from egress.policy.sighting import Doubt, Unseen, hidden
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA

_DEFAULT = nat_section("", "DEFAULT")


@dataclass(frozen=True)
class Vpc:
    """A VPC. `name`: its id, with its project where two have the same. `rules`: those that translate sources, each translated network once.

    `inside`: its private networks. `blocks`: paths of the IP blocks that its profile takes External IPs, public subnets and default SNAT
    addresses from. `default_snat`: the profile says that it has one. `unread`: rules whose meaning is not known.
    """

    path: str
    name: str
    owner: Owner
    rules: tuple[Rule, ...] = ()
    inside: tuple[IPv4Network, ...] = ()
    blocks: tuple[str, ...] = ()
    default_snat: bool = False
    unread: tuple[str, ...] = ()


def egress_addresses(objects: PolicyObjects, gateway: str, unseen: Sequence[Unseen] = ()) -> tuple[EgressAddress, ...]:
    """Everything that reaches the Tier-0 whose path is `gateway` as a source: of Tier-1s, then of VPCs. unseen: as of `of_tier1s`."""
    return (*of_tier1s(objects, gateway, unseen), *of_vpcs(objects, gateway))


def of_vpcs(objects: PolicyObjects, gateway: str) -> tuple[EgressAddress, ...]:
    """What the VPCs that lead to a Tier-0 send with: what they translate to, then each External IP block once, for External IPs and public
    subnets. Of a block it is not known which of its addresses are used, so all of it counts."""
    found = vpcs(objects, gateway)
    return (*(one for vpc in found for one in _translated(vpc)), *_of_blocks(found, objects))


def vpcs(objects: PolicyObjects, gateway: str) -> tuple[Vpc, ...]:
    """The VPCs that lead to the Tier-0 whose path is `gateway`, by path."""
    paths = sorted(path for path in objects if _in(path, Collection.VPCS))
    ids = Counter(map(last, paths))
    connected = _transit_gateways(objects, gateway)
    return tuple(
        vpc
        for path in paths
        if (vpc := _vpc(path, objects, gateway, connected, alone=ids[last(path)] == 1)) is not None
    )


def not_shown(objects: PolicyObjects, gateway: str, unseen: Iterable[Unseen]) -> Iterator[Unseen]:
    """VPCs that should have a default SNAT address, and none was shown although their rules were."""
    told = tuple(unseen)
    for vpc in vpcs(objects, gateway):
        yield from (Unseen(f"a NAT rule of VPC {vpc.name}", why, doubt=Doubt.NONE) for why in vpc.unread)
        section = f"{vpc.path}{_DEFAULT}"
        rules = [rule for rule in vpc.rules if rule.path.startswith(f"{section}/")]
        if vpc.default_snat and not rules and not hidden(told, collection(section, Collection.NAT_RULES)):
            why = "its connectivity profile has default SNAT on, and the VPC has no rule of it"
            yield Unseen(f"default SNAT address of VPC {vpc.name}", why, doubt=Doubt.NONE)


def _transit_gateways(objects: PolicyObjects, gateway: str) -> frozenset[str]:
    """Paths of the transit gateways that are attached to a Tier-0."""
    connections = {
        path
        for path, body in children(objects, INFRA, Collection.GATEWAY_CONNECTIONS)
        if body.get("tier0_path") == gateway
    }
    return frozenset(
        path.rsplit("/", 2)[0]
        for path, body in objects.items()
        if _in(path, Collection.ATTACHMENTS) and body.get("connection_path") in connections
    )


def _vpc(path: str, objects: PolicyObjects, gateway: str, connected: frozenset[str], *, alone: bool) -> Vpc | None:
    """The VPC at a path, None for one that leads elsewhere."""
    body = objects[path]
    attached = [one.get("vpc_connectivity_profile") for _, one in children(objects, path, Collection.ATTACHMENTS)]
    profiles = [objects.get(str(one), {}) for one in attached]
    leading = [one for one in profiles if one.get("transit_gateway_path") in connected]
    if not leading and body.get("default_gateway_path") != gateway:
        return None
    reader = Reader(path)
    rules: dict[Any, Rule] = {}
    for rule in reader.rules(objects):
        if rule.action in (NatAction.SNAT, NatAction.REFLEXIVE) and isinstance(rule.translated, IPv4Network):
            rules.setdefault(rule.translated, rule)
    return Vpc(
        path=path,
        name=last(path) if alone else f"{last(path.rsplit('/', 2)[0])}/{last(path)}",
        owner=owner(body),
        rules=tuple(rules.values()),
        inside=tuple(_networks(body.get("private_ips"))),
        blocks=tuple(dict.fromkeys((*_blocks(leading), *_texts(body.get("external_ipv4_blocks"))))),
        default_snat=any(_default_snat(one) for one in leading),
        unread=tuple(reader.unread),
    )


def _translated(vpc: Vpc) -> Iterator[EgressAddress]:
    for rule in vpc.rules:
        assert isinstance(rule.translated, IPv4Network)
        sources = tuple(one for one in rule.sources if isinstance(one, IPv4Network))
        behind = sources or vpc.inside
        yield EgressAddress(rule.translated, Holder.VPC, vpc.name, vpc.owner, rule.path, behind=behind)


def _of_blocks(found: Sequence[Vpc], objects: PolicyObjects) -> Iterator[EgressAddress]:
    for path in dict.fromkeys(path for vpc in found for path in vpc.blocks):
        users = [vpc for vpc in found if path in vpc.blocks]
        whose = users[0].owner if len(users) == 1 else Owner()
        translated = {rule.translated for vpc in users for rule in vpc.rules}
        for network in networks_of_block(objects.get(path, {})):
            if isinstance(network, IPv4Network) and network not in translated:
                name = ", ".join(vpc.name for vpc in users)
                yield EgressAddress(network, Holder.VPC, name, whose, path, translated=False, behind=(network,))


def _service(profile: Json) -> Mapping[str, Any]:
    service = profile.get("service_gateway")
    return service if isinstance(service, dict) else {}


def _nat_config(profile: Json) -> Mapping[str, Any]:
    config = _service(profile).get("nat_config")
    return config if isinstance(config, dict) else {}


def _default_snat(profile: Json) -> bool:
    return bool(_nat_config(profile).get("enable_default_snat")) and _service(profile).get("enable") is not False


def _blocks(profiles: Iterable[Json]) -> Iterator[str]:
    for profile in profiles:
        yield from _texts(profile.get("external_ip_blocks"))
        yield from _texts([_nat_config(profile).get("auto_snat_ip_block")])


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _networks(value: Any) -> Iterator[IPv4Network]:
    for text in _texts(value):
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        if isinstance(network, IPv4Network):
            yield network


def _in(path: str, kind: Collection) -> bool:
    return path.split("/")[-2:-1] == [kind]
