"""Sends flows as real packets and sees what becomes of them. One thread, one selector. Effects.

A probe is known by its source port (for ICMP, its identifier), which Linux NAT keeps as long as it is free; every probe has another one.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from nsx_lab.dataplane.kernel import packets
from nsx_lab.dataplane.kernel.kernel import Kernel
from nsx_lab.dataplane.kernel.servers import Servers, abort

FIRST_PORT, LAST_PORT = 20000, 59999
QUESTION = "registry.lab"
_PROTOCOLS = {"tcp": packets.TCP, "udp": packets.UDP}


@dataclass
class Probe:
    """One flow on its way. `returned`: the first answer came back; `exchanged`: so did the answer of the application.

    `unreachable`: the sender has no route.
    """

    identifier: int
    node: str
    to: str
    protocol: str
    port: int
    source: str = ""
    delivered: bool = False
    seen: str | None = None
    at: str | None = None
    returned: bool = False
    exchanged: bool = False
    error: str = ""
    unreachable: bool = False
    answer: str = ""
    milliseconds: float = 0.0
    socket: socket.socket | None = field(default=None, repr=False)
    started: float = 0.0

    @property
    def finished(self) -> bool:
        return bool(self.error) or self.exchanged

    @property
    def version(self) -> int:
        return 6 if ":" in self.to else 4

    def as_json(self) -> dict[str, object]:
        leave_out = ("socket", "started")
        plain = Probe(**{name: value for name, value in self.__dict__.items() if name != "socket"})
        return {name: value for name, value in asdict(plain).items() if name not in leave_out}


class Prober:
    """`run` sends flows side by side and returns once all are answered, or nothing moves any more."""

    def __init__(self, kernel: Kernel, selector: selectors.BaseSelector) -> None:
        self._kernel = kernel
        self._selector = selector
        self._active: dict[int, Probe] = {}
        self._next = FIRST_PORT
        self._moved = 0.0
        self.servers = Servers(kernel, selector, self._arrived)

    def run(self, flows: Sequence[dict[str, object]], timeout: float, quiet: float) -> list[Probe]:
        """`timeout`: seconds in all. `quiet`: seconds without any packet after which nothing more is expected."""
        probes = [self._probe(flow) for flow in flows]
        self.servers.listen({(probe.protocol, probe.port) for probe in probes})
        self._active = {probe.identifier: probe for probe in probes}
        try:
            for probe in probes:
                self._send(probe)
            self._wait(probes, timeout, quiet)
        finally:
            for probe in probes:
                self._close(probe)
            self._active = {}
            self.servers.hang_up()
        return probes

    def _probe(self, flow: dict[str, object]) -> Probe:
        identifier = self._next
        self._next = FIRST_PORT if identifier == LAST_PORT else identifier + 1
        port = flow.get("port") or 0
        return Probe(identifier, str(flow["from"]), str(flow["to"]), str(flow["protocol"]), int(str(port)))

    def _wait(self, probes: Iterable[Probe], timeout: float, quiet: float) -> None:
        end = time.monotonic() + timeout
        self._moved = time.monotonic()
        while any(not probe.finished for probe in probes):
            now = time.monotonic()
            left = min(end, self._moved + quiet) - now
            if left <= 0:
                return
            turn(self._selector, left)

    def _send(self, probe: Probe) -> None:
        recipe = self._kernel.recipes[probe.node]
        addresses = [text.partition("/")[0] for _, _, texts in recipe.ports for text in texts]
        probe.source = next((one for one in addresses if (":" in one) == (probe.version == 6)), "")
        probe.started = time.monotonic()
        if not probe.source:
            probe.error = "no source address of this family"
            return
        try:
            with self._kernel.inside(probe.node):
                probe.socket = self._socket(probe)
            self._start(probe, probe.socket)
        except OSError as error:
            probe.unreachable = error.errno == errno.ENETUNREACH
            probe.error = f"the sender's own kernel says: {error.strerror}"

    def _socket(self, probe: Probe) -> socket.socket:
        family = socket.AF_INET6 if probe.version == 6 else socket.AF_INET
        if probe.protocol == "icmp":
            one = socket.socket(family, socket.SOCK_RAW, packets.ICMPV6 if probe.version == 6 else packets.ICMP)
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)  # answers are read by the host's own raw socket
            one.bind((probe.source, 0))
        else:
            one = socket.socket(family, socket.SOCK_STREAM if probe.protocol == "tcp" else socket.SOCK_DGRAM)
            one.bind((probe.source, probe.identifier))
        one.setblocking(False)
        return one

    def _start(self, probe: Probe, one: socket.socket) -> None:
        if probe.protocol == "icmp":
            one.sendto(packets.echo_request(probe.version, probe.identifier), (probe.to, 0))
            return
        if probe.protocol == "udp":
            one.connect((probe.to, probe.port))
            self._selector.register(one, selectors.EVENT_READ, lambda: self._datagram(probe, one))
            one.send(packets.dns_query(probe.identifier, QUESTION) if probe.port == 53 else b"tier0-egress")
            return
        with suppress(BlockingIOError):  # on its way; any other error is final
            one.connect((probe.to, probe.port))
        self._selector.register(one, selectors.EVENT_WRITE, lambda: self._connected(probe, one))

    def _connected(self, probe: Probe, one: socket.socket) -> None:
        number = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._selector.unregister(one)
        if number:
            probe.error = f"connect: {errno.errorcode.get(number, number)}"
            return
        self._answered(probe)
        self._selector.register(one, selectors.EVENT_READ, lambda: self._response(probe, one))
        host = f"[{probe.to}]" if probe.version == 6 else probe.to
        with suppress(OSError):
            one.send(f"GET /v2/ HTTP/1.1\r\nHost: {host}:{probe.port}\r\nConnection: close\r\n\r\n".encode())

    def _response(self, probe: Probe, one: socket.socket) -> None:
        self._moved = time.monotonic()
        try:
            data = one.recv(4096)
        except OSError as error:
            probe.error = f"after the connection stood: {error.strerror}"
            return
        probe.answer = data.decode(errors="replace").rpartition("\r\n")[2].strip()
        probe.exchanged = bool(data)
        self._selector.unregister(one)

    def _datagram(self, probe: Probe, one: socket.socket) -> None:
        try:
            one.recv(2048)
        except OSError:
            return  # an ICMP error: it is not the answer that we wait for
        self._answered(probe)
        probe.exchanged = True

    def _answered(self, probe: Probe) -> None:
        self._moved = time.monotonic()
        if not probe.returned:
            probe.returned = True
            probe.milliseconds = round((self._moved - probe.started) * 1000, 1)

    def _arrived(self, node: str, seen: packets.Seen) -> None:
        """A packet reached a host or pod: the question of a probe, or the echo that answers one."""
        self._moved = time.monotonic()
        probe = self._active.get(seen.source_port)
        if probe is None:
            return
        protocol = _PROTOCOLS.get(probe.protocol, packets.ICMPV6 if probe.version == 6 else packets.ICMP)
        if seen.protocol != protocol:
            return
        if seen.asks and not probe.delivered:
            probe.delivered, probe.seen, probe.at = True, seen.source, node
        elif probe.protocol == "icmp" and not seen.asks and node == probe.node and seen.source == probe.to:
            self._answered(probe)
            probe.exchanged = True

    def _close(self, probe: Probe) -> None:
        if probe.socket is None:
            return
        with suppress(KeyError, ValueError):
            self._selector.unregister(probe.socket)
        abort(probe.socket)
        probe.socket = None


def turn(selector: selectors.BaseSelector, timeout: float | None) -> None:
    """Waits for something, and does it."""
    for key, _ in selector.select(timeout):
        key.data()
