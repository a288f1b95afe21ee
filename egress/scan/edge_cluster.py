"""A first domain file from the specification that an edge cluster was made with, before there is an NSX Manager to be asked.

Field names: VCF API reference, data structures EdgeClusterCreationSpec, NsxTEdgeNodeSpec, NsxTEdgeUplinkNetwork, BgpPeerSpec; of VCF 4.3.1,
4.5 and 5.0 (managementVlanId, vmManagementNetworkName) and of 5.1, 5.2.1 and the SDDC Manager API of VCF 9 (vmManagementPortgroupVlan,
vmManagementPortgroupName, edgeTepIpAddressPool, newIpAddressPoolSpecs). STATIC as tier0RoutingType makes a Tier-0 without any route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import Any

from egress.domain import EgressError
from egress.domain.fields import listed, quoted
from egress.scan.bodies import mappings
from egress.scan.found import MARK, Gathered, Question
from egress.scan.lines import Row, heading, pair, remark, rendered
from egress.scan.names import slug
from egress.scan.sections import TRIAL_HOPS, TRIAL_RANGES, TRIAL_UPLINKS, listed_at_end, unknown
from egress.scan.trial import settled
from egress.vocabulary import HaMode

_USED = frozenset(
    {"edgeClusterName", "tier0Name", "tier0ServicesHighAvailability", "tier0RoutingType", "edgeNodeSpecs"}
)
_ELSEWHERE = frozenset(
    {
        "asn", "edgeAdminPassword", "edgeAuditPassword", "edgeRootPassword", "edgeClusterProfileSpec", "edgeClusterProfileType",
        "edgeClusterType", "edgeFormFactor", "internalTransitSubnets", "mtu", "newIpAddressPoolSpecs", "skipTepRoutabilityCheck",
        "tier1Name", "tier1Unhosted", "transitSubnets",
    }
)  # fmt: skip
"""What a specification says, and a domain file is not about."""
_NODE_USED = frozenset({"edgeNodeName", "uplinkNetwork"})
_NODE_ELSEWHERE = frozenset(
    {
        "clusterId", "edgeTep1IP", "edgeTep2IP", "edgeTepGateway", "edgeTepIpAddressPool", "edgeTepVlan", "firstNsxVdsUplink",
        "interRackCluster", "managementGateway", "managementIP", "managementVlanId", "secondNsxVdsUplink", "vmManagementNetworkName",
        "vmManagementPortgroupName", "vmManagementPortgroupVlan",
    }
)  # fmt: skip
_UPLINK = frozenset({"uplinkInterfaceIP", "uplinkVlan", "peerIP", "bgpPeers", "asnPeer", "bgpPeerPassword"})
_KIND = "the JSON specification of an edge cluster (VCF API, EdgeClusterCreationSpec)"


@dataclass(frozen=True)
class Filled:
    """A first file. `name`: of the domain. `ignored`: what of the specification was not understood."""

    name: str
    text: str
    questions: tuple[Question, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class _Uplink:
    """An uplink of a node. at: where it stands in the specification."""

    at: str
    edge: str
    address: str
    vlan: Any


@dataclass(frozen=True)
class _Made:
    rows: tuple[Row, ...]
    gathered: Gathered
    ignored: tuple[str, ...]


def filled(spec: Any, shown: str, schema: str | None = None) -> Filled:
    """A file from a specification. shown: what its file is called. schema: the JSON Schema's address, for editors.

    Errors: EgressError for something that is no specification of an edge cluster.
    """
    if not isinstance(spec, dict) or "edgeClusterName" not in spec:
        missing = "edgeClusterName is not in it" if isinstance(spec, dict) else "it is no JSON object"
        raise EgressError(f"{shown} is not {_KIND}: {missing}")
    if not isinstance(spec.get("edgeNodeSpecs"), list) or not mappings(spec["edgeNodeSpecs"]):
        raise EgressError(f"{shown} is not {_KIND}: it has no edgeNodeSpecs, a list with the edge nodes")
    if spec.get("edgeClusterType", "NSX-T") != "NSX-T":
        raise EgressError(
            f"{shown} is of an edge cluster of the type {quoted(spec['edgeClusterType'])}, allowed is 'NSX-T'"
        )
    name = slug(str(spec["edgeClusterName"]))
    made, _, left = settled(lambda refused: _made(spec, name, schema, refused), lambda one: one.rows, name)
    told = (*made.ignored, *(f"{one.key}: {one.what}" for one in left))
    rows = (*made.rows, *listed_at_end("in the specification, and not understood:", told))
    return Filled(name, rendered(rows), tuple(made.gathered.questions), told)


def _made(spec: Mapping[str, Any], name: str, schema: str | None, refused: Mapping[str, str]) -> _Made:
    gathered = Gathered(refused)
    ignored = [*_strange(spec), *(f"{mark}: {why}" for mark, why in refused.items())]
    uplinks = [one for one in _uplinks(spec, ignored) if one.at not in refused]
    rows = (
        *([remark(f"yaml-language-server: $schema={schema}")] if schema else []),
        pair(0, "version", 1),
        pair(0, "name", name, f"edgeClusterName {spec['edgeClusterName']}"),
        heading(0, "nsx"),
        *unknown(2, "host", gathered.ask("nsx.host", "which NSX Manager is it on? no specification says it"), "nsx.example.com"),
        *_tier0(spec, uplinks, refused, gathered),
        *_default_route(spec, gathered),
        heading(0, "egress"),
        *unknown(2, "ranges", gathered.ask("egress.ranges", "which are the egress ranges? the Supervisor's workload network has them"), TRIAL_RANGES),
    )  # fmt: skip
    return _Made(rows, gathered, tuple(dict.fromkeys(ignored)))


def _tier0(
    spec: Mapping[str, Any], uplinks: Sequence[_Uplink], refused: Mapping[str, str], gathered: Gathered
) -> Iterator[Row]:
    yield heading(0, "tier0")
    name = spec.get("tier0Name")
    if isinstance(name, str) and name and "tier0Name" not in refused:
        yield pair(2, "display_name", name, "tier0Name", "tier0Name")
    else:
        yield from unknown(
            2, "id", gathered.ask("tier0.id", "which Tier-0 is it? the specification has no tier0Name"), "T0"
        )
    mode = spec.get("tier0ServicesHighAvailability")
    if mode in list(HaMode):
        yield pair(2, "ha_mode", mode, "tier0ServicesHighAvailability")
    else:
        what = "is it ACTIVE_ACTIVE or ACTIVE_STANDBY? the specification does not say"
        yield from unknown(2, "ha_mode", gathered.ask("tier0.ha_mode", what), str(HaMode.ACTIVE_STANDBY))
    if not uplinks:
        what = "which uplinks has it? the specification has none that could be read"
        yield from unknown(2, "uplinks", gathered.ask("tier0.uplinks", what), TRIAL_UPLINKS)
        return
    question = gathered.ask(
        "tier0.uplinks[].id", "which ids have these interfaces in NSX? egress scan reads them once the Tier-0 is there"
    )
    yield remark(f"{MARK}: {question.what}", 2)
    yield heading(2, "uplinks")
    for number, one in enumerate(uplinks):
        yield pair(4, "id", [f"{MARK}: which id has it?"], "", one.at, instead=f"uplink-{number}", dash=True)
        yield pair(6, "edge", one.edge, one.at.rpartition(".")[0] + ".edgeNodeName", one.at)
        yield pair(6, "address", one.address, f"{one.at}.uplinkInterfaceIP, VLAN {one.vlan}", one.at)


def _default_route(spec: Mapping[str, Any], gathered: Gathered) -> Iterator[Row]:
    """The router is nowhere in a specification; of BGP peers it may be one."""
    peers = [
        peer
        for node in mappings(spec["edgeNodeSpecs"])
        for uplink in mappings(node.get("uplinkNetwork"))
        for peer in _peers(uplink)
    ]
    shown = listed(list(dict.fromkeys(peers)))
    kind = spec.get("tier0RoutingType")
    why = f"it names the BGP peers {shown}" if shown else "no specification says it"
    if kind == "EBGP":
        why = f"the Tier-0 was made for BGP (tier0RoutingType EBGP), not for static routes; {why}"
    yield heading(0, "default_route", f"tier0RoutingType {kind}" if kind else "")
    question = gathered.ask("default_route.next_hops", f"which router is the way out? {why}")
    yield from unknown(2, "next_hops", question, TRIAL_HOPS)


def _peers(uplink: Mapping[str, Any]) -> Iterator[str]:
    for given in (uplink.get("peerIP"), *(one.get("ip") for one in mappings(uplink.get("bgpPeers")))):
        if isinstance(given, str) and given:
            yield quoted(given.partition("/")[0]).strip("'")


def _uplinks(spec: Mapping[str, Any], ignored: list[str]) -> Iterator[_Uplink]:
    for number, node in enumerate(spec["edgeNodeSpecs"]):
        at = f"edgeNodeSpecs[{number}]"
        if not isinstance(node, dict):
            ignored.append(f"{at}: {quoted(node)} is no object")
            continue
        given = node.get("uplinkNetwork", [])
        for index, uplink in enumerate(given if isinstance(given, list) else [given]):
            here = f"{at}.uplinkNetwork[{index}]"
            address = uplink.get("uplinkInterfaceIP") if isinstance(uplink, dict) else None
            if _is_interface(address) and isinstance(node.get("edgeNodeName"), str):
                yield _Uplink(here, node["edgeNodeName"], str(address), uplink.get("uplinkVlan", "not said"))
            else:
                ignored.append(
                    f"{here}: uplinkInterfaceIP {quoted(address)} on the node {quoted(node.get('edgeNodeName'))} is none that could be read"
                )


def _is_interface(given: Any) -> bool:
    try:
        return isinstance(given, str) and "/" in given and bool(IPv4Interface(given))
    except ValueError:
        return False


def _strange(spec: Mapping[str, Any]) -> Iterator[str]:
    """Keys that no version of the specification has. Values are not repeated: they may be secret."""
    yield from (quoted(name) for name in spec if name not in _USED | _ELSEWHERE)
    for number, node in enumerate(mappings(spec["edgeNodeSpecs"])):
        at = f"edgeNodeSpecs[{number}]"
        yield from (f"{at}: {quoted(name)}" for name in node if name not in _NODE_USED | _NODE_ELSEWHERE)
        for index, uplink in enumerate(mappings(node.get("uplinkNetwork"))):
            yield from (f"{at}.uplinkNetwork[{index}]: {quoted(name)}" for name in uplink if name not in _UPLINK)
