"""A node as command lines: what `ip -batch`, `nft -f` and the files below /proc/sys get to read. Pure.

Pinning: where several ways are equally good, a test wants each in turn. The main table keeps all of them, because uRPF asks it; what is
forwarded looks at a table of its own first, in which each prefix has one next hop. It is told apart by its mark (a rule on the arriving
interface will not do: Linux looks up the source of a forwarded packet as if it had arrived where it is about to leave).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nsx_lab.dataplane.planning.plan import Kind, Node, Plan, Port, Route
from nsx_lab.dataplane.planning.rulesets import FORWARDED, MARK, several_v6

PROTOCOL = 66
"""Routing protocol number of the routes made here, so that an update leaves alone what a person adds with `ip route add`."""
PINNED = 100
"""Routing table with one next hop per prefix."""
LAST = 4000
"""Metric of the route that drops what has no other: a silent drop, as users see it; `unreachable` would answer with an error."""

Pins = Mapping[str, int]


@dataclass(frozen=True)
class Recipe:
    """`ports`: name, segment, addresses. `proxies`: port and address that it answers ARP for, and forwards. `routes`, `policies`: lines without the command, by family. `listens`: it runs the servers."""

    name: str
    kind: str
    ports: tuple[tuple[str, str, tuple[str, ...]], ...]
    proxies: tuple[tuple[str, str], ...]
    routes: dict[str, tuple[str, ...]]
    policies: dict[str, tuple[str, ...]]
    sysctls: dict[str, str]
    nft: str
    tracks: bool
    listens: bool

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Recipe:
        ports = tuple((name, segment, tuple(addresses)) for name, segment, addresses in body["ports"])
        families = {
            key: {family: tuple(lines) for family, lines in body[key].items()} for key in ("routes", "policies")
        }
        proxies = tuple((port, address) for port, address in body["proxies"])
        return cls(**{**body, "ports": ports, "proxies": proxies, **families})


def recipes(plan: Plan, pins: Pins | None = None) -> list[Recipe]:
    """A recipe for each node. `pins`: index of the chosen option by `Choice.key`; what is not named stays open."""
    return [_recipe(node, plan, pins or {}) for node in plan.nodes]


def _recipe(node: Node, plan: Plan, pins: Pins) -> Recipe:
    chosen = {
        choice.subject: pins[choice.key]
        for choice in plan.choices
        if choice.kind == "route" and choice.where == node.name and choice.key in pins
    }
    host = node.kind in (Kind.HOST, Kind.POD)
    routes: dict[str, tuple[str, ...]] = {}
    policies: dict[str, tuple[str, ...]] = {}
    for family in (4, 6):
        mine = [route for route in node.routes if route.to.version == family]
        lines = [_line(route, chosen if host else {}) for route in mine]
        if not host:
            default = "0.0.0.0/0" if family == 4 else "::/0"
            lines.append(f"blackhole {default} proto {PROTOCOL} metric {LAST}")
        rules: list[str] = []
        if not host and any(str(route.to) in chosen for route in mine):
            lines += _table(node.ports, mine, family, PINNED, chosen)
            rules.append(f"pref 50 fwmark {FORWARDED} lookup {PINNED}")
        if family == 6 and several_v6(node.routes):
            for number, port in enumerate(node.ports):
                if port.strict:
                    lines += _table(node.ports, mine, 6, MARK + number, {}, prefer=port.name)
                    rules.append(f"pref 60 fwmark {MARK + number} lookup {MARK + number}")
        routes[str(family)], policies[str(family)] = tuple(lines), tuple(rules)
    return Recipe(
        name=node.name,
        kind=node.kind.value,
        ports=tuple((port.name, port.segment, _addresses(port)) for port in node.ports),
        proxies=tuple(
            (port.name, str(address)) for port in node.ports for one in port.relayed for address in one.addresses
        ),
        routes=routes,
        policies=policies,
        sysctls=_sysctls(node),
        nft=node.rules + _quiet(node, plan, pins),
        tracks=node.tracks,
        listens=host,
    )


def _addresses(port: Port) -> tuple[str, ...]:
    return (*map(str, port.addresses), *(f"{one}/32" for proxied in port.proxied for one in proxied.addresses))


def _line(route: Route, chosen: Mapping[str, int], table: int | None = None, prefer: str = "") -> str:
    tail = f"proto {PROTOCOL}" + (f" table {table}" if table else "")
    hops = list(route.hops)
    if str(route.to) in chosen:
        hops = [hops[chosen[str(route.to)]]]
    if table and not chosen and hops:
        hops = [next((hop for hop in hops if hop.port == prefer), hops[0])]
    if not hops:
        return f"blackhole {route.to} {tail}"
    if len(hops) == 1:
        return f"{route.to} {tail} via {hops[0].via} dev {hops[0].port}"
    return f"{route.to} {tail} " + " ".join(f"nexthop via {hop.via} dev {hop.port}" for hop in hops)


def _table(
    ports: Sequence[Port], routes: Sequence[Route], family: int, table: int, chosen: Mapping[str, int], prefer: str = ""
) -> list[str]:
    """A full copy of the routes, connected ones too: a rule that finds a shorter prefix in it would hide a longer one in main."""
    connected = {
        network: port.name for port in reversed(ports) for network in port.networks if network.version == family
    }
    lines = [f"{network} proto {PROTOCOL} table {table} dev {name}" for network, name in connected.items()]
    return lines + [_line(route, chosen, table, prefer) for route in routes]


def _sysctls(node: Node) -> dict[str, str]:
    forward = "1" if node.forwards else "0"
    values = {"net/ipv4/ip_forward": forward, "net/ipv6/conf/all/forwarding": forward}
    for port in node.ports:
        # rp_filter is the maximum of `all` and the interface: `all` is 0 (kernel docs, ip-sysctl)
        values[f"net/ipv4/conf/{port.name}/rp_filter"] = "1" if port.strict else "0"
        if port.relayed:
            values[f"net/ipv4/neigh/{port.name}/proxy_delay"] = "0"  # else up to 0.8 s, by chance
    return values


def _quiet(node: Node, plan: Plan, pins: Pins) -> str:
    """Silence about proxied addresses that, as pinned, another edge answers for."""
    lines = []
    for choice in plan.choices:
        if choice.kind != "arp" or choice.key not in pins or choice.options[pins[choice.key]] == node.name:
            continue
        for port in node.ports:
            answered = [str(one.network) for one in (*port.proxied, *port.relayed)]
            if port.segment == choice.where and choice.subject in answered:
                lines.append(f'    iifname "{port.name}" arp operation request arp daddr ip {choice.subject} drop')
    if not lines:
        return ""
    head = "table arp quiet {\n  chain input {\n    type filter hook input priority 0; policy accept;\n"
    return head + "\n".join(lines) + "\n  }\n}\n"
