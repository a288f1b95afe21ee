"""Routes outside NSX in the words of the machines that need them.

Sources of the syntax: ip-route(8); netplan.io reference, "routes"; Microsoft `route` command; Cisco IOS and NX-OS command
references, "ip route"; Junos "static (Routing Options)"; VyOS user guide, "static routing".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import yaml

from egress.answers.returns import OutsideRoute

INTERFACE = "eth0"
"""Netplan files a route under an interface, which nobody here can know."""


def linux(routes: Sequence[OutsideRoute]) -> list[str]:
    """iproute2 commands; `replace` may be repeated. They last until the next start: use netplan to keep them."""
    lines = []
    for route in routes:
        ways = (
            [f"via {one}" for one in route.via] if len(route.via) == 1 else [f"nexthop via {one}" for one in route.via]
        )
        lines.append(f"ip route replace {route.to} {' '.join(ways)}")
    return lines


def netplan(routes: Sequence[OutsideRoute]) -> list[str]:
    """A netplan file. It has no ECMP: further ways get a higher metric and take over when the first is gone."""
    entries = [
        {"to": str(route.to), "via": str(one)} | ({"metric": 100 * number} if len(route.via) > 1 else {})
        for route in routes
        for number, one in enumerate(route.via, 1)
    ]
    tree = {"network": {"version": 2, "ethernets": {INTERFACE: {"routes": entries}}}}
    return str(yaml.safe_dump(tree, sort_keys=False)).splitlines()


def windows(routes: Sequence[OutsideRoute]) -> list[str]:
    """`route` commands that last (-p); further ways get a higher metric."""
    return [
        f"route -p ADD {route.to.network_address} MASK {route.to.netmask} {one} METRIC {number}"
        for route in routes
        for number, one in enumerate(route.via, 1)
    ]


def ios(routes: Sequence[OutsideRoute]) -> list[str]:
    """Cisco IOS and IOS XE: equal routes are ECMP."""
    return [f"ip route {route.to.network_address} {route.to.netmask} {one}" for route in routes for one in route.via]


def nxos(routes: Sequence[OutsideRoute]) -> list[str]:
    """Cisco NX-OS: equal routes are ECMP."""
    return [f"ip route {route.to} {one}" for route in routes for one in route.via]


def junos(routes: Sequence[OutsideRoute]) -> list[str]:
    """Juniper Junos: several next hops of one route."""
    return [f"set routing-options static route {route.to} next-hop {one}" for route in routes for one in route.via]


def vyos(routes: Sequence[OutsideRoute]) -> list[str]:
    """VyOS: several next hops of one route are ECMP."""
    return [f"set protocols static route {route.to} next-hop {one}" for route in routes for one in route.via]


FORMATS: dict[str, Callable[[Sequence[OutsideRoute]], list[str]]] = {
    "linux": linux,
    "netplan": netplan,
    "windows": windows,
    "ios": ios,
    "nxos": nxos,
    "junos": junos,
    "vyos": vyos,
}
TITLES = {
    "linux": "Linux, iproute2: until the next start",
    "netplan": f"Linux, netplan: kept; {INTERFACE} stands for the interface towards the Tier-0",
    "windows": "Windows: kept",
    "ios": "Cisco IOS and IOS XE",
    "nxos": "Cisco NX-OS",
    "junos": "Juniper Junos",
    "vyos": "VyOS",
}
"""Whose words a format is in."""
SERVERS = ("linux", "netplan", "windows")
ROUTERS = ("ios", "nxos", "junos", "vyos", "linux")
"""Formats for a machine of either kind. What a router runs nobody here can know, so all of them."""
_COMMENTS = {"windows": "REM ", "ios": "! ", "nxos": "! "}


def render(name: str, routes: Sequence[OutsideRoute]) -> str:
    """The routes in a format of FORMATS: for each machine a comment that names it, then its lines. Empty without routes."""
    mark = _COMMENTS.get(name, "# ")
    blocks = []
    for machine in dict.fromkeys(route.on for route in routes):
        mine = [route for route in routes if route.on == machine]
        blocks.append("\n".join([f"{mark}on {machine}", *FORMATS[name](mine)]))
    return "\n\n".join(blocks) + ("\n" if blocks else "")
