"""NAT rules of a gateway as nftables text: of a Tier-0 for one edge, of a Tier-1 for its one node. Pure.

REFLEXIVE is compiled without state: the address is rewritten in both directions by filter chains, and nothing in that namespace turns
connection tracking on. So a packet may leave by one edge and its answer come back by the other, as on ACTIVE_ACTIVE. SNAT and DNAT are
Linux NAT with connection tracking. NSX does not let the two kinds live on one gateway (MP API, NatRule); if a configuration has both,
REFLEXIVE becomes a stateful one-to-one mapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from nsx_lab.dataplane.planning.networks import prefixes_v4
from nsx_lab.dataplane.planning.objects import NatRule

LARGEST_MAP = 65536
"""Addresses of a REFLEXIVE rule that is not one prefix to one prefix."""


@dataclass(frozen=True)
class Translation:
    """A rule with its addresses read."""

    rule: NatRule
    source: tuple[IPv4Network, ...]
    destination: tuple[IPv4Network, ...]
    translated: tuple[IPv4Network, ...]

    @property
    def action(self) -> str:
        return self.rule.action


def counting(rules: Sequence[NatRule]) -> tuple[list[Translation], list[str]]:
    """The rules that do something, in order, and what is wrong with the others."""
    good, notes = [], []
    for rule in rules:
        read = _read(rule)
        if isinstance(read, str):
            notes.append(f"NAT rule {rule.id} is not in the data plane: {read}")
        else:
            good.append(read)
    return good, notes


def _read(rule: NatRule) -> Translation | str:
    parts: list[tuple[IPv4Network, ...]] = []
    for text in (rule.source, rule.destination, rule.translated):
        try:
            networks = prefixes_v4(text)
        except ValueError:
            return f"{text!r} is not a list of addresses"
        if networks is None:
            return f"{text!r} is not IPv4"
        parts.append(tuple(networks))
    mapping = Translation(rule, *parts)
    needed = {
        "SNAT": (mapping.translated,),
        "DNAT": (mapping.destination, mapping.translated),
        "REFLEXIVE": (mapping.source, mapping.translated),
        "NO_SNAT": (),
        "NO_DNAT": (),
    }.get(rule.action)
    if needed is None:
        return f"action {rule.action!r}"
    if not all(needed):
        return "a network that this action needs is empty"
    if rule.action == "REFLEXIVE" and size(mapping.source) != size(mapping.translated):
        return (
            f"{rule.source} has {size(mapping.source)} addresses and {rule.translated} has {size(mapping.translated)}"
        )
    return mapping


def size(networks: Sequence[IPv4Network]) -> int:
    return sum(network.num_addresses for network in networks)


def stateful(mappings: Sequence[Translation]) -> bool:
    return any(mapping.action in ("SNAT", "DNAT") for mapping in mappings)


def ruleset(mappings: Sequence[Translation], ports: Mapping[str, str], remembers: bool) -> str:
    """Text for one edge. `ports`: interface path -> port name, EXTERNAL and SERVICE. `remembers`: the Tier-0 is stateful."""
    arriving, leaving = chains(mappings, ports, remembers)
    if not remembers and not arriving and not leaving:
        return ""
    return nat_table(arriving, leaving, "nat" if remembers else "filter")


def chains(mappings: Sequence[Translation], ports: Mapping[str, str], remembers: bool) -> tuple[list[str], list[str]]:
    """The lines before and after routing. Arguments as of `ruleset`."""
    arriving: list[str] = []
    leaving: list[str] = []
    for mapping in mappings:
        scope = mapping.rule.scope or tuple(ports)
        names = [ports[path] for path in scope if path in ports]
        if not names:
            continue
        if mapping.action in ("DNAT", "NO_DNAT", "REFLEXIVE"):
            arriving += _arriving(mapping, names, remembers)
        if mapping.action in ("SNAT", "NO_SNAT", "REFLEXIVE"):
            leaving += _leaving(mapping, names, remembers)
    return arriving, leaving


def nat_table(arriving: Sequence[str], leaving: Sequence[str], kind: str) -> str:
    """Table `translation` with a chain before and one after routing."""
    lines = ["table ip translation {", "  chain arriving {"]
    lines += [f"    type {kind} hook prerouting priority -100; policy accept;", *(f"    {line}" for line in arriving)]
    lines += ["  }", "  chain leaving {"]
    lines += [f"    type {kind} hook postrouting priority 100; policy accept;", *(f"    {line}" for line in leaving)]
    return "\n".join([*lines, "  }", "}", ""])


def one_of(names: Sequence[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in names) + " }"


def among(field: str, networks: Sequence[IPv4Network]) -> str:
    """A match, with a space behind it; empty where every address matches."""
    if not networks or any(network.prefixlen == 0 for network in networks):
        return ""
    return f"ip {field} {{ {', '.join(map(str, networks))} }} "


def _arriving(mapping: Translation, names: Sequence[str], remembers: bool) -> list[str]:
    port = f"iifname {one_of(names)} "
    if mapping.action == "REFLEXIVE":
        return _rewrite("daddr", port, mapping.translated, mapping.source, "dnat" if remembers else "")
    match = port + among("saddr", mapping.source) + among("daddr", mapping.destination)
    return [match + ("accept" if mapping.action == "NO_DNAT" else f"dnat to {_pool(mapping.translated)}")]


def _leaving(mapping: Translation, names: Sequence[str], remembers: bool) -> list[str]:
    port = f"oifname {one_of(names)} "
    if mapping.action == "REFLEXIVE":
        return _rewrite("saddr", port, mapping.source, mapping.translated, "snat" if remembers else "")
    match = port + among("saddr", mapping.source) + among("daddr", mapping.destination)
    return [match + ("accept" if mapping.action == "NO_SNAT" else f"snat to {_pool(mapping.translated)}")]


def _pool(networks: Sequence[IPv4Network]) -> str:
    first, last = networks[0][0], networks[-1][-1]
    return str(first) if first == last else f"{first}-{last}"


def _rewrite(
    field: str, port: str, given: Sequence[IPv4Network], wanted: Sequence[IPv4Network], verb: str
) -> list[str]:
    """The address at the same offset. One prefix to one prefix is arithmetic on the address; anything else is a map."""
    match = port + among(field, given)
    if len(given) == len(wanted) == 1 and not verb:
        host = IPv4Address(int(given[0].hostmask))
        new = str(wanted[0][0]) if given[0].prefixlen == 32 else f"ip {field} & {host} | {wanted[0].network_address}"
        return [f"{match}ip {field} set {new} accept"]
    pairs = list(zip(_addresses(given), _addresses(wanted), strict=True))
    if len(pairs) > LARGEST_MAP:
        return []
    table = f"ip {field} map {{ {', '.join(f'{one} : {other}' for one, other in pairs)} }}"
    return [f"{match}{verb} to {table}" if verb else f"{match}ip {field} set {table} accept"]


def _addresses(networks: Sequence[IPv4Network]) -> list[IPv4Address]:
    return [address for network in networks for address in network]
