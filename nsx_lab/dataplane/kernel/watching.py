"""Where a probe went and where it ended: captures on every node, and what the rulesets noted about drops. Effects at the edge.

A capture shows each packet where it enters and leaves a node, before and after translation. Why a node kept it is noted by its own
ruleset, in sets (`rulesets.NOTE_SETS`) that are emptied before and read after; they know TCP and UDP.
"""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

from nsx_lab.dataplane.kernel import packets, tools
from nsx_lab.dataplane.kernel.kernel import Kernel
from nsx_lab.dataplane.kernel.probing import Probe
from nsx_lab.dataplane.planning.rulesets import NOTE_SETS

ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
BUFFER = 16 << 20

REASONS = {
    "own_source": "own source address",
    "reverse_path": "reverse path",
    "taken": "taken by the gateway",
    "expired": "loop",
}
"""What a note says, in the order in which a node looks: what comes first decides."""


_ANSWERING = ("no route", "no neighbour")
"""Reasons for which a host that got the question cannot send its answer."""
Notes = dict[str, dict[tuple[int, int], int]]
"""Packets by source and destination port, in each set."""


@dataclass(frozen=True)
class Crossing:
    """A packet at a port. `reply`: it goes back to the sender. `ttl`: hops left; it puts the crossings of a direction in order."""

    ttl: int
    node: str
    port: str
    leaves: bool
    source: str
    destination: str
    reply: bool


@dataclass(frozen=True)
class Lost:
    """Where and why a packet ended. `reply`: it was the answer."""

    node: str
    reason: str
    reply: bool


class Watch:
    """`with watch: ...` captures meanwhile; `watch.story(probe)` tells. One socket sees all cables, where they end at the bridges.

    The socket stays open: closing one makes the kernel wait for its readers (measured: 20 ms).
    """

    def __init__(self, kernel: Kernel, selector: selectors.BaseSelector) -> None:
        self._kernel = kernel
        self._selector = selector
        self._socket: socket.socket | None = None
        self._crossings: dict[int, list[Crossing]] = {}
        self._notes: dict[str, Notes] = {}

    def __enter__(self) -> Watch:
        text = "".join(f"flush set inet notes {name}\n" for name in NOTE_SETS)
        command = (self._kernel.tools.nft, "-f", "-")
        jobs = [tools.Job(name, self._kernel.nodes[name], command, text) for name in self._forwarders()]
        tools.run(jobs, self._kernel.home)
        self._socket = self._socket or _capture()
        self._read(self._socket)
        self._crossings.clear()
        self._selector.register(self._socket, selectors.EVENT_READ, partial(self._read, self._socket))
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._read(self._socket)
        self._read_notes()

    def _forwarders(self) -> list[str]:
        return [name for name, recipe in self._kernel.recipes.items() if not recipe.listens]

    def _read(self, one: socket.socket) -> None:
        while True:
            try:
                data, address = one.recvfrom(160)
            except BlockingIOError:
                return
            end = self._kernel.ends.get(address[0])
            seen = packets.read_ip(data[14:]) if end else None
            if end is None or seen is None or not seen.opens:
                continue
            leaves = address[2] != PACKET_OUTGOING
            if not leaves and data[:6].hex(":") != end.mac:
                continue  # flooded by the bridge, not meant for this node
            for identifier, reply in _identifiers(seen):
                crossing = Crossing(seen.ttl, end.node, end.port, leaves, seen.source, seen.destination, reply)
                self._crossings.setdefault(identifier, []).append(crossing)

    def _read_notes(self) -> None:
        names = self._forwarders()
        command = (self._kernel.tools.nft, "-n", "list", "table", "inet", "notes")
        jobs = [tools.Job(name, self._kernel.nodes[name], command, "") for name in names]
        for name, text in zip(names, tools.run(jobs, self._kernel.home), strict=True):
            self._notes[name] = read_notes(text)

    def story(self, probe: Probe) -> dict[str, object]:
        """`hops` in order, there and back, and `lost` (None when the answer came back)."""
        crossings = sorted(
            self._crossings.get(probe.identifier, ()), key=lambda one: (one.reply, -one.ttl, not one.leaves)
        )
        lost = None if probe.returned else self._lost(probe, crossings)
        return {"hops": hops(crossings), "lost": asdict(lost) if lost else None}

    def _lost(self, probe: Probe, crossings: Sequence[Crossing]) -> Lost:
        if not crossings:
            reason = "no source address" if not probe.source else "no route" if probe.unreachable else "no neighbour"
            return Lost(probe.node, reason, False)
        last = crossings[-1]
        if last.leaves:
            return Lost(last.node, "no neighbour", last.reply)
        if self._kernel.recipes[last.node].listens:
            reason = self._at_host(last)
            return Lost(last.node, reason, last.reply or reason in _ANSWERING)
        return Lost(last.node, self._at_gateway(last, probe, crossings), last.reply)

    def _at_host(self, last: Crossing) -> str:
        """A host or pod got it last: it is not for it, or is not the answer it waits for, or its own answer does not get out."""
        recipe = self._kernel.recipes[last.node]
        own = {text.partition("/")[0] for _, _, texts in recipe.ports for text in texts}
        if last.source in own:
            return "own source address"
        if last.destination not in own:
            return "not forwarding"
        if last.reply:
            return "answer from another address"
        with self._kernel.inside(last.node):
            command = [self._kernel.tools.ip, "route", "get", last.source, "from", last.destination]
            known = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return "no neighbour" if known else "no route"

    def _at_gateway(self, last: Crossing, probe: Probe, crossings: Sequence[Crossing]) -> str:
        notes = self._notes[last.node]
        for name, reason in REASONS.items():
            if _noted(notes.get(name, {}), probe.identifier, last.reply):
                return reason
        if self._kernel.recipes[last.node].sysctls["net/ipv4/ip_forward"] == "0":
            return "not forwarding"
        left = sum(1 for one in crossings if one.node == last.node and one.leaves and one.reply == last.reply)
        return "no neighbour" if _noted(notes.get("forwarded", {}), probe.identifier, last.reply) > left else "no route"


def _capture() -> socket.socket:
    """Everything on every link of the namespace of the bridges. It begins where this is called."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    one.setblocking(False)
    return one


def _identifiers(seen: packets.Seen) -> Iterable[tuple[int, bool]]:
    if seen.protocol in (packets.ICMP, packets.ICMPV6):
        return ((seen.source_port, not seen.asks),)
    return ((seen.source_port, False), (seen.destination_port, True))


def _noted(notes: Mapping[tuple[int, int], int], identifier: int, reply: bool) -> int:
    return sum(count for ports, count in notes.items() if ports[1 if reply else 0] == identifier)


_SET = re.compile(r"set (\w+) \{(.*?)\n\t\}", re.DOTALL)
_ELEMENT = re.compile(r"\d+ \. (\d+) \. (\d+) counter packets (\d+)")


def read_notes(text: str) -> Notes:
    """From `nft -n list table inet notes`."""
    return {
        name: {(int(one), int(other)): int(count) for one, other, count in _ELEMENT.findall(body)}
        for name, body in _SET.findall(text)
    }


def hops(crossings: Sequence[Crossing]) -> list[dict[str, object]]:
    """One entry for each stay at a node: ports, and addresses before and after."""
    found: list[dict[str, object]] = []
    for one in crossings:
        addresses = f"{one.source} -> {one.destination}"
        previous = found[-1] if found else None
        if (
            one.leaves
            and previous
            and previous["node"] == one.node
            and previous["left"] is None
            and previous["reply"] == one.reply
        ):
            previous["left"], previous["after"] = one.port, addresses
            continue
        left = one.port if one.leaves else None
        arrived = None if one.leaves else one.port
        found.append(
            {
                "node": one.node,
                "arrived": arrived,
                "left": left,
                "before": addresses,
                "after": addresses,
                "reply": one.reply,
            }
        )
    return found
