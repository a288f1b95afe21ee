"""A flow, and what became of it: paths, hops, drops. `egress.reachability.walk` makes these values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from egress.domain.addresses import Address
from egress.reachability.topology import NodeKind

SOURCE_PORT = 40000
"""Source port of every flow: free to choose, and the same each time so that answers can be compared."""


class Protocol(StrEnum):
    """Protocols of a flow. ICMP is an echo request; it has no port."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


class DropReason(StrEnum):
    """Why a packet ended where it should not."""

    NO_SOURCE = "no source address"
    NO_ROUTE = "no route"
    NO_NEIGHBOUR = "no neighbour"
    REVERSE_PATH = "reverse path"
    OWN_SOURCE = "own source address"
    TAKEN_HERE = "taken by the gateway"
    NOT_FORWARDING = "not forwarding"
    LOOP = "loop"
    WRONG_ANSWER = "answer from another address"


class Result(StrEnum):
    """How many of a flow's paths work, there and back."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True)
class Flow:
    """From a host or pod (by its node name) to an address. `port` is the destination port, 0 for ICMP."""

    origin: str
    to: Address
    protocol: Protocol = Protocol.TCP
    port: int = 443


class Packet(NamedTuple):
    """Addresses and ports of a packet at one moment."""

    source: Address
    destination: Address
    source_port: int
    destination_port: int

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination}"


class Hop(NamedTuple):
    """What one node did. `arrived`, `left`: interfaces, None at the ends. `rules`: NAT rules and "state" that changed the packet.

    `route`: origin of the route taken. `via`: the neighbour it was sent to. `drop`: set where the packet ended badly.
    """

    node: str
    kind: NodeKind
    arrived: str | None
    left: str | None
    before: Packet
    after: Packet
    rules: tuple[str, ...]
    route: str | None
    via: Address | None
    drop: DropReason | None

    def as_json(self) -> dict[str, Any]:
        """The hop as plain values."""
        return {
            "node": self.node,
            "in": self.arrived,
            "out": self.left,
            "before": str(self.before),
            "after": str(self.after),
            "rules": list(self.rules),
            "route": self.route,
            "via": str(self.via) if self.via else None,
            "drop": self.drop.value if self.drop else None,
        }

    def in_words(self) -> str:
        """The hop in one line: node, packet, what changed it, where it went."""
        parts = [f"{self.node}: {self.before}"]
        if self.after != self.before or self.rules:
            parts.append(f"becomes {self.after} by {', '.join(self.rules)}")
        if self.drop:
            parts.append(f"LOST: {self.drop.value}")
        elif self.left:
            via = f" to {self.via}" if self.via else ""
            parts.append(f"out by {self.left}{via}")
        else:
            parts.append("arrived")
        return "; ".join(parts)


_Hops: TypeAlias = tuple[tuple[Hop, ...], tuple[Hop, ...]]
"""Those of the packet and those of the answer."""


class Path:
    """One choice at every fork. `seen`: source address at the far side, None when nothing arrived there.

    `forward` and `back` are made when somebody looks at them: most paths work, and nobody does.
    """

    def __init__(self, delivered: bool, returned: bool, seen: Address | None, make: Callable[[], _Hops]) -> None:
        """make: makes the hops there and back."""
        self.delivered = delivered
        self.returned = returned
        self.seen = seen
        self._make = make

    @cached_property
    def _hops(self) -> _Hops:
        return self._make()

    @property
    def forward(self) -> tuple[Hop, ...]:
        """The packet's hops."""
        return self._hops[0]

    @property
    def back(self) -> tuple[Hop, ...]:
        """The answer's hops, empty when the packet did not arrive."""
        return self._hops[1]

    @property
    def last(self) -> Hop:
        """The hop where it ended: the drop, or the sender that got its answer."""
        return (self.back or self.forward)[-1]

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process with its hops: what makes them stays behind."""
        return _with_hops, (self.delivered, self.returned, self.seen, self._hops)

    def as_json(self) -> dict[str, Any]:
        """The path as plain values."""
        return {
            "delivered": self.delivered,
            "seen": str(self.seen) if self.seen else None,
            "returned": self.returned,
            "forward": [hop.as_json() for hop in self.forward],
            "back": [hop.as_json() for hop in self.back],
        }


def _with_hops(delivered: bool, returned: bool, seen: Address | None, hops: _Hops) -> Path:
    return Path(delivered, returned, seen, lambda: hops)


@dataclass(frozen=True)
class Verdict:
    """A flow and all its paths. `cut`: there were more paths than the walk follows."""

    flow: Flow
    paths: tuple[Path, ...]
    cut: bool = False

    @property
    def result(self) -> Result:
        """ALL, SOME or NONE of the paths carry the packet there and the answer back."""
        good = sum(path.returned for path in self.paths)
        if good == len(self.paths):
            return Result.ALL
        return Result.SOME if good else Result.NONE

    @property
    def failing(self) -> tuple[Path, ...]:
        """The paths that do not work."""
        return tuple(path for path in self.paths if not path.returned)

    @property
    def seen(self) -> tuple[Address, ...]:
        """Every source address that the far side sees, without repetition, in the order of the paths."""
        return tuple(dict.fromkeys(path.seen for path in self.paths if path.seen is not None))
