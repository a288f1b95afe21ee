"""nftables text that every forwarding node has: silence, uRPF for IPv6, and notes about what was dropped. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nsx_lab.dataplane.planning.plan import Port, Route

FORWARDED = 500
"""Mark of what is forwarded, for the routing policy that pins one of several next hops. rp_filter looks up sources without a mark."""
MARK = 1000
"""First mark and routing table for uRPF over several IPv6 next hops: one of each for a port."""

_KEY = "meta l4proto . th sport . th dport"

# A gateway here answers nobody: not the pings, not the port scans, and no ICMP errors, so that a lost packet is a timeout, as users
# see it. Neighbour discovery goes on; so do answers to what a person pings from the gateway.
_SILENCE = """
table inet silence {
  chain input {
    type filter hook input priority 0; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, echo-reply } accept
    icmp type echo-reply accept
  }
  chain output {
    type filter hook output priority 0; policy accept;
    icmp type { destination-unreachable, time-exceeded, parameter-problem, redirect } drop
    icmpv6 type { destination-unreachable, time-exceeded, parameter-problem, nd-redirect } drop
  }
}
"""

_NOTES = """
table inet notes {
%(sets)s
  chain arrived {
    type filter hook prerouting priority -90; policy accept;
    meta l4proto { tcp, udp } ip ttl 1 add @expired { %(key)s }
    meta l4proto { tcp, udp } ip6 hoplimit 1 add @expired { %(key)s }
    meta l4proto { tcp, udp } fib saddr type local add @own_source { %(key)s }
    ip6 saddr != fe80::/10 fib saddr type local drop
%(reverse_path)s
    meta mark set %(forwarded)d
  }
  chain taken {
    type filter hook input priority -10; policy accept;
    meta l4proto { tcp, udp } add @taken { %(key)s }
  }
  chain forwarded {
    type filter hook forward priority -10; policy accept;
    meta l4proto { tcp, udp } add @forwarded { %(key)s }
  }
}
"""
NOTE_SETS = ("expired", "own_source", "reverse_path", "taken", "forwarded")


def forwarder(ports: Sequence[Port], routes: Sequence[Route]) -> str:
    """Rules of a node that is not a host. Linux checks IPv4 sources itself (rp_filter, and martians); IPv6 is checked here."""
    sets = "\n".join(
        f"  set {name} {{\n    type inet_proto . inet_service . inet_service\n    flags dynamic\n    size 65535\n    counter\n  }}"
        for name in NOTE_SETS
    )
    lines = [line for number, port in enumerate(ports) if port.strict for line in _strict(port, number, routes)]
    return _SILENCE + _NOTES % {
        "sets": sets,
        "key": _KEY,
        "forwarded": FORWARDED,
        "reverse_path": "\n".join(f"    {line}" for line in lines),
    }


def _strict(port: Port, number: int, routes: Sequence[Route]) -> list[str]:
    note = f"add @reverse_path {{ {_KEY} }}"
    lines = [f'meta nfproto ipv4 meta l4proto {{ tcp, udp }} iifname "{port.name}" fib saddr . iif oif 0 {note}']
    # With `iif` the kernel would fall back to a shorter prefix on this port, which is not what strict means: so the route to the source
    # is looked up as it is, in a copy of the table that prefers this port among equals.
    mark = MARK + number if several_v6(routes) else 0
    here = f'meta nfproto ipv6 iifname "{port.name}" ip6 saddr != fe80::/10'
    lines += [f"{here} meta mark set {mark}"]
    lines += [f'{here} meta l4proto {{ tcp, udp }} fib saddr . mark oifname != "{port.name}" {note}']
    lines += [f'{here} fib saddr . mark oifname != "{port.name}" drop']
    return lines


def several_v6(routes: Sequence[Route]) -> bool:
    return any(len(route.hops) > 1 and route.to.version == 6 for route in routes)
