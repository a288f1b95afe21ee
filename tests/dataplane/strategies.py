"""Generated worlds: two edges, two upstream routers, four hosts, two Tier-1s with a pod each; everything else varies.

`document(pick)` builds a world file from one source of choices, so that hypothesis (which shrinks) and a seeded generator (which is fast)
make the same worlds. The cables vary little from world to world: namespaces can then be reused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Any, TypeVar

from hypothesis import strategies as st

Json = dict[str, Any]
T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]

TIER0 = "/infra/tier-0s/T0"
INTERFACES = f"{TIER0}/locale-services/default/interfaces/"
UPLINKS = {
    "edge01-up1": ("edge01", "10.27.51.145", "2001:db8:51::145"),
    "edge02-up1": ("edge02", "10.27.51.147", "2001:db8:51::147"),
    "edge01-up2": ("edge01", "10.27.52.145", "2001:db8:52::145"),
    "edge02-up2": ("edge02", "10.27.52.147", "2001:db8:52::147"),
}
LAYOUTS = [
    *[["edge01-up1", "edge02-up1"]] * 4,
    *[["edge01-up1", "edge02-up2"]] * 2,
    ["edge01-up1", "edge01-up2", "edge02-up1", "edge02-up2"],
]
SINGLE_SOURCES = [
    "30.0.0.5",
    "30.0.0.5",
    "30.0.0.5",
    "30.0.0.16",
    "30.0.0.16",
    "10.244.0.98",
    "172.20.0.53",
    "172.20.0.53",
]
SINGLE_TRANSLATED = ["10.27.51.145", "10.27.51.147", "10.27.51.200", "10.27.52.200", "203.0.113.7"]
WIDE_SOURCES = ["30.0.0.0/28", "30.0.0.0/28", "30.0.0.16/28", "10.244.0.96/28"]
WIDE_TRANSLATED = ["10.27.51.208/28", "10.27.52.208/28", "203.0.113.16/28"]
DNAT_DESTINATIONS = ["10.27.51.201", "203.0.113.8", "203.0.113.8", "10.27.51.145", "10.27.52.201"]
DNAT_TRANSLATED = ["30.0.1.10", "30.0.1.10", "10.244.0.98", "30.0.0.5", "172.20.0.53", "198.51.100.20"]
COMMON_V4 = ["198.51.100.10", "198.51.100.20", "172.20.0.53", "10.27.51.50", "30.0.1.10", "203.0.113.8", "203.0.113.7"]
RARE_V4 = [
    *("10.244.0.98", "192.168.128.10", "30.0.0.5", "30.0.0.16", "30.0.1.77", "30.0.2.9", "192.0.2.9", "10.27.51.99"),
    *("10.27.51.145", "10.27.51.147", "10.27.51.200", "10.27.51.201", "10.27.51.213", "10.27.52.200", "10.27.52.201"),
    *("203.0.113.21", "10.27.51.140", "172.20.0.1", "30.0.0.7"),
]
DESTINATIONS_V6 = [
    "2001:db8:100::10",
    "2001:db8:20::53",
    "2001:db8:244::98",
    "2001:db8:51::50",
    "2001:db8:51::145",
    "2001:db8:9::9",
]
PORTS = [("tcp", 443), ("tcp", 443), ("tcp", 5000), ("udp", 53), ("udp", 9999), ("icmp", 0)]
ORIGINS = ["pod-c8", "pod-c8", "pod-tkg", "client", "registry", "dns", "near"]


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """World files, with flows."""
    return document(lambda options: draw(st.sampled_from(options)))


def seeded(seed: int, flows: int = 24) -> Json:
    """The world file of a number: always the same."""
    generator = random.Random(seed)  # noqa: S311 - not a secret
    return document(generator.choice, flows)


def document(pick: Pick, flows: int = 24) -> Json:
    """A world file."""
    layout = pick(LAYOUTS)
    standby = pick([False, False, True])
    service_edge = pick(["", "", "edge01", "edge02", None])
    gateway = _tier0(pick, layout, standby, service_edge)
    tier1s = [
        {"resource_type": "ChildTier1", "Tier1": {"resource_type": "Tier1", "id": name, "tier0_path": above}}
        for name, above in (("domain-c8", TIER0), ("vnet-c8", pick([TIER0, TIER0, TIER0, TIER0, ""])))
    ]
    return {
        "format": "egress-world",
        "version": 1,
        "infra": {"resource_type": "Infra", "children": [{"resource_type": "ChildTier0", "Tier0": gateway}, *tier1s]},
        "world": _world(pick, layout, standby),
        "flows": [_flow(pick, _offered(gateway)) for _ in range(flows)],
    }


def some(pick: Pick, options: Sequence[T], most: int) -> list[T]:
    """Up to `most` of the options, in their order."""
    wanted = {pick(range(len(options))) for _ in range(pick(range(1, most + 1)))}
    return [option for index, option in enumerate(options) if index in wanted]


def _offered(gateway: Json) -> list[str]:
    """Addresses at which the Tier-0's rules await packets from outside."""
    sections = [child["PolicyNat"] for child in gateway["children"] if "PolicyNat" in child]
    rules = [child["PolicyNatRule"] for section in sections for child in section["children"]]
    keys = {"DNAT": "destination_network", "NO_DNAT": "destination_network", "REFLEXIVE": "translated_network"}
    networks = [ip_network(rule[keys[rule["action"]]]) for rule in rules if rule["action"] in keys]
    return [str(network[min(5, network.num_addresses - 1)]) for network in networks]


def _flow(pick: Pick, offered: list[str]) -> Json:
    protocol, port = pick(PORTS)
    if offered and pick(range(3)) == 0:
        to, origins = pick(offered), ["client", "client", "registry", "near", "pod-tkg"]
    else:
        to, origins = pick(pick([DESTINATIONS_V6, *[COMMON_V4] * 5, RARE_V4])), ORIGINS
    origin = pick([one for one in origins if to not in _own(one)])
    return {"from": origin, "to": to, "protocol": protocol, "port": port}


def _own(origin: str) -> set[str]:
    return {
        "pod-c8": {"10.244.0.98", "2001:db8:244::98"},
        "pod-tkg": {"192.168.128.10"},
        "client": {"198.51.100.20"},
        "registry": {"198.51.100.10", "2001:db8:100::10"},
        "dns": {"172.20.0.53", "2001:db8:20::53"},
        "near": {"10.27.51.50", "2001:db8:51::50"},
    }[origin]


def _tier0(pick: Pick, layout: list[str], standby: bool, service_edge: str | None) -> Json:
    interfaces = [_uplink(pick, name) for name in layout]
    if service_edge is not None:
        interfaces.append(_service(pick, service_edge))
    services: Json = {"id": "default", "children": interfaces}
    if standby and layout == LAYOUTS[0]:
        paths = [INTERFACES + name for name in layout]
        vip = {"ip_addresses": ["10.27.51.140"], "prefix_len": 24}
        services["ha_vip_configs"] = [{"enabled": True, "external_interface_paths": paths, "vip_subnets": [vip]}]
    return {
        "resource_type": "Tier0",
        "id": "T0",
        "ha_mode": "ACTIVE_STANDBY" if standby else "ACTIVE_ACTIVE",
        "children": [
            {"resource_type": "ChildLocaleServices", "LocaleServices": services},
            *_static_routes(pick, layout),
            *_sections(pick, layout, service_edge),
        ],
    }


def _uplink(pick: Pick, name: str) -> Json:
    edge, four, six = UPLINKS[name]
    body = {
        "id": name,
        "type": "EXTERNAL",
        "urpf_mode": pick(["STRICT", "STRICT", "NONE"]),
        "edge_path": f"/infra/sites/default/edge-nodes/{edge}",
        "subnets": [{"ip_addresses": [four], "prefix_len": 24}, {"ip_addresses": [six], "prefix_len": 64}],
    }
    return {"resource_type": "ChildTier0Interface", "Tier0Interface": body}


def _service(pick: Pick, edge: str) -> Json:
    body: Json = {
        "id": "services",
        "type": "SERVICE",
        "urpf_mode": pick(["STRICT", "NONE"]),
        "subnets": [
            {"ip_addresses": ["172.20.0.1"], "prefix_len": 24},
            {"ip_addresses": ["2001:db8:20::1"], "prefix_len": 64},
        ],
    }
    if edge:
        body["edge_path"] = f"/infra/sites/default/edge-nodes/{edge}"
    return {"resource_type": "ChildTier0Interface", "Tier0Interface": body}


def _static_routes(pick: Pick, layout: list[str]) -> list[Json]:
    routes = []
    four = ["10.27.51.1", "10.27.51.2", "10.27.52.1", "10.27.51.99"]
    six = ["2001:db8:51::1", "2001:db8:51::2", "2001:db8:52::1"]
    if pick(range(10)):
        usual = [{"ip_address": "10.27.51.1"}, {"ip_address": "10.27.52.1"}]
        routes.append(_static("default", "0.0.0.0/0", pick([usual, usual, _hops(pick, four, layout)])))
    if pick(range(4)):
        routes.append(_static("default-v6", "::/0", _hops(pick, six, layout)))
    if pick(range(4)) == 0:
        routes.append(
            _static("more", pick(["198.51.100.0/28", "198.51.100.10/32", "30.0.0.16/32"]), _hops(pick, four, layout))
        )
    return routes


def _hops(pick: Pick, addresses: list[str], layout: list[str]) -> list[Json]:
    hops = []
    for address in some(pick, addresses, 3):
        hop: Json = {"ip_address": address, "admin_distance": pick([1, 1, 1, 5])}
        if pick(range(6)) == 0:
            hop["scope"] = [INTERFACES + pick(layout)]
        hops.append(hop)
    return hops


def _static(name: str, network: str, hops: list[Json]) -> Json:
    body = {"resource_type": "StaticRoutes", "id": name, "network": network, "next_hops": hops}
    return {"resource_type": "ChildStaticRoutes", "StaticRoutes": body}


def _sections(pick: Pick, layout: list[str], service_edge: str | None) -> list[Json]:
    actions = pick([["REFLEXIVE", "REFLEXIVE", "NO_SNAT", "NO_DNAT"], ["SNAT", "SNAT", "DNAT", "NO_SNAT", "NO_DNAT"]])
    interfaces = [*layout, *(["services"] if service_edge is not None else [])]
    sections: dict[str, list[Json]] = {}
    for number in range(pick([0, 2, 3, 4, 5, 6])):
        action = pick(actions)
        rule = _rule(pick, f"{action.lower()}-{number}", action) | {"scope": _scope(pick, layout, interfaces)}
        section = sections.setdefault(pick(["USER", "USER", "USER", "INTERNAL", "DEFAULT"]), [])
        section.append({"resource_type": "ChildPolicyNatRule", "PolicyNatRule": rule})
    return [
        {"resource_type": "ChildPolicyNat", "PolicyNat": {"id": name, "nat_type": name, "children": rules}}
        for name, rules in sections.items()
    ]


def _scope(pick: Pick, layout: list[str], interfaces: list[str]) -> list[str]:
    return [INTERFACES + name for name in pick([layout, layout, [], [pick(interfaces)]])]


def _rule(pick: Pick, name: str, action: str) -> Json:
    body: Json = {
        "id": name,
        "resource_type": "PolicyNatRule",
        "action": action,
        "sequence_number": pick([100, 110, 120, 130]),
        "enabled": pick([True] * 9 + [False]),
        "source_network": "",
        "destination_network": "",
        "translated_network": "",
    }
    if action == "REFLEXIVE":
        wide = pick([False, False, True])
        body["source_network"] = pick(WIDE_SOURCES if wide else SINGLE_SOURCES)
        body["translated_network"] = pick(WIDE_TRANSLATED if wide else SINGLE_TRANSLATED)
    elif action == "SNAT":
        body["source_network"] = pick([*SINGLE_SOURCES, "30.0.0.0/24", "30.0.0.5,10.244.0.96/28"])
        body["destination_network"] = pick(["", "", "", "198.51.100.0/24"])
        body["translated_network"] = pick(SINGLE_TRANSLATED)
    elif action == "DNAT":
        body["source_network"] = pick(["", "", "198.51.100.20"])
        body["destination_network"] = pick(DNAT_DESTINATIONS)
        body["translated_network"] = pick(DNAT_TRANSLATED)
    elif action == "NO_SNAT":
        body["source_network"] = pick(["30.0.0.5", "30.0.0.0/24", "30.0.0.0/24,10.244.0.96/28"])
        body["destination_network"] = pick(["172.20.0.0/24", "198.51.100.10", ""])
    else:
        body["source_network"] = pick(["", "198.51.100.20", "198.51.100.0/24"])
        body["destination_network"] = pick([*DNAT_DESTINATIONS, *SINGLE_TRANSLATED, "203.0.113.0/24"])
    return body


def _world(pick: Pick, layout: list[str], standby: bool) -> Json:
    edges_up1 = [UPLINKS[name] for name in layout if name.endswith("up1")]
    return {
        "segments": {
            "up1": ["10.27.51.0/24", "2001:db8:51::/64"],
            "up2": ["10.27.52.0/24", "2001:db8:52::/64"],
            "outside": ["198.51.100.0/24", "2001:db8:100::/64"],
            "services": ["172.20.0.0/24", "2001:db8:20::/64"],
        },
        "hosts": _hosts(pick),
        "routers": [_router(pick, 1, edges_up1), _router(pick, 2, edges_up1)],
        "tier1": {"domain-c8": _domain(pick), "vnet-c8": _vnet(pick)},
        "down": pick([[]] * 8 + [["edge01"], ["edge02"], ["edge01", "edge02"]]),
        "active": {"T0": pick(["edge01", "edge02"])} if standby and pick([True, False]) else {},
    }


def _hosts(pick: Pick) -> list[Json]:
    back = [{"to": "30.0.0.0/24", "via": ["172.20.0.1"]}, {"to": "10.244.0.0/16", "via": ["172.20.0.1"]}]
    both = [
        {"to": "30.0.1.0/24", "via": ["198.51.100.1", "198.51.100.2"]},
        {"to": "203.0.113.0/24", "via": ["198.51.100.2"]},
    ]
    return [
        {
            "name": "registry",
            "addresses": ["198.51.100.10/24", "2001:db8:100::10/64"],
            "gateway": [
                pick(["198.51.100.1", "198.51.100.1", "198.51.100.2"]),
                pick(["2001:db8:100::1", "2001:db8:100::2"]),
            ],
        },
        {
            "name": "client",
            "addresses": ["198.51.100.20/24"],
            "gateway": ["198.51.100.1"],
            "routes": pick([[], [], both]),
        },
        {
            "name": "dns",
            "addresses": ["172.20.0.53/24", "2001:db8:20::53/64"],
            "gateway": [
                pick(["172.20.0.254", "172.20.0.254", "172.20.0.1"]),
                pick(["2001:db8:20::254", "2001:db8:20::1"]),
            ],
            "routes": pick([[], back, back[:1]]),
        },
        {
            "name": "near",
            "addresses": ["10.27.51.50/24", "2001:db8:51::50/64"],
            "gateway": pick([["10.27.51.1", "2001:db8:51::1"], ["10.27.51.147", "2001:db8:51::147"], ["10.27.51.1"]]),
        },
    ]


def _router(pick: Pick, number: int, edges_up1: list[tuple[str, str, str]]) -> Json:
    uplink = [f"10.27.51.{number}/24", f"2001:db8:51::{number}/64"]
    interfaces = [
        {"name": "up1", "addresses": uplink, "urpf": pick(["NONE"] * 5 + ["STRICT"])},
        {
            "name": "outside",
            "addresses": [f"198.51.100.{number}/24", f"2001:db8:100::{number}/64"],
            "urpf": pick(["NONE"] * 5 + ["STRICT"]),
        },
    ]
    if number == 1:
        interfaces.append({"name": "services", "addresses": ["172.20.0.254/24", "2001:db8:20::254/64"]})
    else:
        interfaces.append({"name": "up2", "addresses": ["10.27.52.1/24", "2001:db8:52::1/64"]})
    four = [address for _, address, _ in edges_up1] or ["10.27.51.145"]
    six = [address for _, _, address in edges_up1] or ["2001:db8:51::145"]
    routes: list[dict[str, Any]] = []
    for to in (
        "30.0.1.0/24",
        "30.0.1.0/24",
        "30.0.0.0/24",
        "30.0.2.0/24",
        "203.0.113.0/24",
        "10.244.0.0/16",
        "172.20.0.0/24",
    ):
        if pick([True, True, True, False]) and to not in [route["to"] for route in routes]:
            routes.append({"to": to, "via": _via(pick, four)})
    for to in ("2001:db8:244::/64", "2001:db8:20::/64"):
        if pick([True, True, True, False]):
            routes.append({"to": to, "via": _via(pick, six)})
    if pick(range(3)) == 0:
        routes.append({"to": "0.0.0.0/0", "via": [f"198.51.100.{3 - number}"]})
        routes.append({"to": "::/0", "via": [f"2001:db8:100::{3 - number}"]})
    return {"name": f"gw{number}", "interfaces": interfaces, "routes": routes}


def _via(pick: Pick, addresses: list[str]) -> list[str]:
    """One of them, and now and then all: each such place doubles the paths."""
    return addresses if pick(range(12)) == 0 else [pick(addresses)]


def _domain(pick: Pick) -> Json:
    balancers = [
        {"address": "30.0.1.10", "protocol": "tcp", "port": 443, "member": "10.244.0.98", "member_port": 8443},
        {"address": "30.0.1.10", "protocol": "udp", "port": 53, "member": "10.244.0.98", "member_port": 53},
    ]
    return {
        "pods": [{"name": "pod-c8", "addresses": ["10.244.0.98/28", "2001:db8:244::98/64"]}],
        "snat": pick([[{"source": "10.244.0.96/28", "translated": "30.0.0.5"}]] * 4 + [[]]),
        "lb": pick([balancers, balancers, balancers[:1]]),
        "advertise": pick([[], ["30.0.1.0/24"], ["30.0.1.0/24", "10.244.0.96/28"]]),
    }


def _vnet(pick: Pick) -> Json:
    return {
        "pods": [{"name": "pod-tkg", "addresses": ["192.168.128.10/24"]}],
        "snat": pick([[{"source": "192.168.128.0/24", "translated": "30.0.0.16"}]] * 4 + [[]]),
        "advertise": pick([[], ["192.168.128.0/24"]]),
    }
