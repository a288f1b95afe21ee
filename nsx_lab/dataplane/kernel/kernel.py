"""Brings the namespaces into the state that the recipes describe, touching only what differs. Effects."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from nsx_lab.dataplane.errors import ApplyError, Unavailable
from nsx_lab.dataplane.kernel import namespaces, tools
from nsx_lab.dataplane.planning.recipe import PROTOCOL, Recipe

DOOMED = 4711
"""Group of links that are about to go."""
FLUSH = "flush ruleset\n"
_SYSCTL = Path("/proc/sys")
_EVERYWHERE = {
    "net/ipv4/conf/{}/rp_filter": "0",
    "net/ipv4/conf/{}/arp_ignore": "1",  # answer only for addresses of the interface that was asked
    "net/ipv4/conf/{}/arp_announce": "2",  # never ask in the name of a proxied address: that would teach it to the neighbour
    "net/ipv4/conf/{}/send_redirects": "0",
    "net/ipv4/conf/{}/accept_redirects": "0",
    "net/ipv4/conf/{}/promote_secondaries": "1",
    "net/ipv6/conf/{}/disable_ipv6": "0",
    "net/ipv6/conf/{}/accept_dad": "0",  # an address may be used at once
    "net/ipv6/conf/{}/accept_ra": "0",
    "net/ipv6/conf/{}/accept_redirects": "0",
    "net/ipv6/conf/{}/router_solicitations": "0",
}


@dataclass(frozen=True)
class End:
    """The home end of a cable: `link` is its name there; `port` of `node`, with `mac`, is the other end."""

    link: str
    node: str
    port: str
    mac: str


class Kernel:
    """All namespaces of one data plane. The one it starts in holds the bridges: one for each segment."""

    def __init__(self) -> None:
        self.tools = tools.Tools()
        self.home = namespaces.leave_the_host()
        self.nodes: dict[str, int] = {}
        self.recipes: dict[str, Recipe] = {}
        self._bridges: dict[str, str] = {}
        self.ends: dict[str, End] = {}
        self._unsure: set[str] = set()
        """Nodes in the middle of a change, or of one that failed: their rulesets may be others than their recipes'."""
        self._counter = 0
        self._needs()

    def _needs(self) -> None:
        """Errors: Unavailable, if the kernel lacks something or keeps it from us."""
        try:
            (_SYSCTL / "net/ipv4/ip_forward").write_text("0")
        except OSError as error:
            raise Unavailable(
                f"/proc/sys/net cannot be written ({error.strerror})", "in a container, mount it rw"
            ) from error
        probe = "table inet probe {\n  chain one {\n    type nat hook postrouting priority 100\n    fib saddr type local drop\n  }\n}\n"
        try:
            tools.run([self.tools.rules("a first ruleset", self.home, probe)], self.home)
            tools.run([self.tools.rules("an empty ruleset", self.home, FLUSH)], self.home)
            tools.run(
                [self.tools.batch("a first bridge", self.home, ["link add name b0 type bridge", "link del dev b0"])],
                self.home,
            )
        except ApplyError as error:
            first = str(error).splitlines()[0]
            raise Unavailable(
                f"the kernel refuses: {first}", "modules nf_tables, nft_nat, nft_fib_inet, bridge and veth are needed"
            ) from error

    def inside(self, name: str) -> AbstractContextManager[None]:
        """Acts in the namespace of a node."""
        return namespaces.inside(self.nodes[name], self.home)

    def apply(self, recipes: Iterable[Recipe]) -> list[str]:
        """Makes it so. Returns the names of the nodes that were made anew. Errors: ApplyError."""
        wanted = {recipe.name: recipe for recipe in recipes}
        gone = [name for name, recipe in self.recipes.items() if _wiring(wanted.get(name)) != _wiring(recipe)]
        fresh = [name for name in wanted if name not in self.recipes or name in gone]
        changed = [
            name
            for name, recipe in wanted.items()
            if name not in fresh and (self.recipes[name] != recipe or name in self._unsure)
        ]
        anew: list[tuple[Recipe | None, Recipe | None]] = [(self.recipes[name], None) for name in gone]
        anew += [(None, wanted[name]) for name in fresh]  # with another MAC, should it have been there before
        differ = [*anew, *((self.recipes[name], wanted[name]) for name in changed)]
        stirred = {segment for before, after in differ for segment, *_ in _answers(before) ^ _answers(after)}
        self._remove(gone)
        self._bridge({segment for recipe in wanted.values() for _, segment, _ in recipe.ports})
        self._create([wanted[name] for name in fresh])
        self._configure([(self.recipes.get(name), wanted[name]) for name in [*fresh, *changed]])
        stale = [name for name in changed if _translates_otherwise(self.recipes[name], wanted[name])]
        self.recipes = wanted
        for name in stale:
            self.forget_connections(name)
        self._forget_neighbours([recipe for name, recipe in wanted.items() if name not in fresh], stirred)
        return fresh

    def _remove(self, names: list[str]) -> None:
        self._delete([self.ends.pop(end.link).link for end in list(self.ends.values()) if end.node in names])
        for name in names:
            os.close(self.nodes.pop(name))
            del self.recipes[name]

    def _delete(self, links: list[str]) -> None:
        """All in one step, as a group: the kernel waits for its readers once, not once a link (measured: 0.6 s for 27)."""
        if links:
            lines = [f"link set dev {link} group {DOOMED}" for link in links] + [f"link del group {DOOMED}"]
            tools.run([self.tools.batch("links", self.home, lines)], self.home)

    def _bridge(self, segments: set[str]) -> None:
        self._delete([self._bridges.pop(segment) for segment in set(self._bridges) - segments])
        lines = []
        for segment in sorted(segments - set(self._bridges)):
            name = self._bridges[segment] = f"b{self._next()}"
            lines += [f"link add name {name} type bridge mcast_snooping 0", f"link set dev {name} up"]
        if lines:
            tools.run([self.tools.batch("segments", self.home, lines)], self.home)

    def _next(self) -> int:
        self._counter += 1
        return self._counter

    def _create(self, recipes: list[Recipe]) -> None:
        lines = []
        for recipe in recipes:
            descriptor = self.nodes[recipe.name] = namespaces.create(self.home)
            with self.inside(recipe.name):
                for scope in ("all", "default"):
                    _write({path.format(scope): value for path, value in _EVERYWHERE.items()})
            for port, segment, _ in recipe.ports:
                number = self._next()
                end = End(f"p{number}", recipe.name, port, f"02:00:00:00:{number >> 8 & 255:02x}:{number & 255:02x}")
                self.ends[end.link] = end
                peer = f"peer name {port} address {end.mac} netns /proc/self/fd/{descriptor}"
                lines.append(f"link add dev {end.link} type veth {peer}")
                lines.append(f"link set dev {end.link} master {self._bridges[segment]} up")
        if lines:
            tools.run([self.tools.batch("links", self.home, lines)], self.home, keep=self.nodes.values())

    def _configure(self, pairs: list[tuple[Recipe | None, Recipe]]) -> None:
        jobs = []
        unsure = set(self._unsure)
        self._unsure.update(recipe.name for _, recipe in pairs)
        for before, recipe in pairs:
            namespace = self.nodes[recipe.name]
            for family in (4, 6):
                lines = _lines(before, recipe, family)
                if lines:
                    jobs.append(self.tools.batch(recipe.name, namespace, lines, family))
            had = before.nft if before and recipe.name not in unsure else None
            if recipe.nft != had:
                jobs.append(self.tools.rules(recipe.name, namespace, _ruleset(had, recipe.nft)))
        tools.run(jobs, self.home)
        for before, recipe in pairs:
            if before is not None and before.sysctls == recipe.sysctls and before.tracks == recipe.tracks:
                continue
            with self.inside(recipe.name):
                _write(recipe.sysctls)
                if recipe.tracks:
                    # a TCP segment in the middle of an unknown connection is INVALID, not the start of one
                    with suppress(OSError):
                        (_SYSCTL / "net/netfilter/nf_conntrack_tcp_loose").write_text("0")
        self._unsure.clear()

    def forget_connections(self, name: str) -> None:
        """Empties a node's connection tracking table (ctnetlink: IPCTNL_MSG_CT_DELETE without a filter)."""
        kind, flags = (1 << 8) | 2, 0x5  # NFNL_SUBSYS_CTNETLINK; NLM_F_REQUEST | NLM_F_ACK
        with self.inside(name), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as link:
            link.settimeout(2)
            link.send(struct.pack("=IHHIIBBH", 20, kind, flags, 1, 0, 0, 0, 0))
            answer = link.recv(4096)
        error = struct.unpack_from("=i", answer, 16)[0]
        if error:
            raise ApplyError(f"{name}: connection tracking cannot be emptied: {os.strerror(-error)}")

    def _forget_neighbours(self, recipes: list[Recipe], segments: set[str]) -> None:
        """What nodes have learnt on segments where somebody answers for other addresses than before."""
        jobs = []
        for recipe in recipes:
            lines = [f"neigh flush dev {port}" for port, segment, _ in recipe.ports if segment in segments]
            for family in (4, 6) if lines else ():
                jobs.append(self.tools.batch(recipe.name, self.nodes[recipe.name], lines, family))
        tools.run(jobs, self.home)


def _wiring(recipe: Recipe | None) -> object:
    return [(name, segment) for name, segment, _ in recipe.ports] if recipe else None


def _answers(recipe: Recipe | None) -> set[tuple[str, ...]]:
    """For which addresses a node answers on each segment, what it is silent about, and whether it answers for others, which takes forwarding."""
    if recipe is None:
        return set()
    silent, forwards = recipe.nft.partition("table arp")[2], recipe.sysctls["net/ipv4/ip_forward"]
    return {
        (segment, silent, forwards, port, *addresses, *(address for at, address in recipe.proxies if at == port))
        for port, segment, addresses in recipe.ports
    }


def _translates_otherwise(before: Recipe, after: Recipe) -> bool:
    return (before.tracks or after.tracks) and before.nft != after.nft


def _write(values: dict[str, str]) -> None:
    for path, value in values.items():
        with suppress(FileNotFoundError):  # a kernel without IPv6
            (_SYSCTL / path).write_text(value)


def _lines(before: Recipe | None, recipe: Recipe, family: int) -> list[str]:
    """Links, addresses, policies and routes of one family, from what is there to what is wanted; [] where nothing differs."""
    key = str(family)
    lines: list[str] = []
    ways = _ways_differ(before, recipe, family)
    if before is None:
        if family == 4:
            lines += ["link set dev lo up", *(f"link set dev {port} up" for port, _, _ in recipe.ports)]
        had: set[tuple[str, str]] = set()
    else:
        had = _addresses(before, family)
        lines += [f"route flush proto {PROTOCOL} table all"] if ways and before.routes[key] else []
        lines += [f"rule del {rule}" for rule in before.policies[key] if ways]
    wanted = _addresses(recipe, family)
    lines += [f"addr del {address} dev {port}" for port, address in sorted(had - wanted)]
    lines += [
        f"addr add {address} dev {port}" for port, address in _ordered(recipe, family) if (port, address) not in had
    ]
    if family == 4:
        proxied = before.proxies if before else ()
        lines += [
            f"neigh del proxy {address} dev {port}"
            for port, address in proxied
            if (port, address) not in recipe.proxies
        ]
        lines += [
            f"neigh add proxy {address} dev {port}"
            for port, address in recipe.proxies
            if (port, address) not in proxied
        ]
    lines += [f"route add {line}" for line in recipe.routes[key] if ways]
    return lines + [f"rule add {rule}" for rule in recipe.policies[key] if ways]


def _ways_differ(before: Recipe | None, recipe: Recipe, family: int) -> bool:
    """Whether routes and policies are to be made anew: they differ, or an address goes, and routes through its network with it."""
    key = str(family)
    if before is None or (before.routes[key], before.policies[key]) != (recipe.routes[key], recipe.policies[key]):
        return True
    gone = _addresses(before, family) - _addresses(recipe, family)
    return any(not address.endswith(_ALONE[family]) for _, address in gone)


_ALONE = {4: "/32", 6: "/128"}
"""The length of an address that has no network around it, as a proxied one."""


def _ruleset(before: str | None, after: str) -> str:
    """What makes of a node's ruleset, if it is known, what it is to be.

    Tables that stay are not touched: for each chain that goes the kernel waits for its readers.
    """
    if before is None:
        return FLUSH + after
    had, wanted = _tables(before), _tables(after)
    gone = [f"delete {name}\n" for name, text in had.items() if wanted.get(name) != text]
    return "".join([*gone, *(text for name, text in wanted.items() if had.get(name) != text)])


def _tables(text: str) -> dict[str, str]:
    """The tables of a ruleset, by family and name: `table ip translation`."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if line.startswith("table "):
            name = line.partition("{")[0].strip()
        if name:
            found[name] = found.get(name, "") + line
    return found


def _ordered(recipe: Recipe, family: int) -> list[tuple[str, str]]:
    """In the order given: the first address of a subnet is the one that the kernel speaks from."""
    pairs = [(port, address) for port, _, addresses in recipe.ports for address in addresses]
    return [pair for pair in dict.fromkeys(pairs) if (":" in pair[1]) == (family == 6)]


def _addresses(recipe: Recipe, family: int) -> set[tuple[str, str]]:
    return set(_ordered(recipe, family))
