"""The servers inside hosts and pods, and what arrives there. One thread, one selector. Effects.

HTTP at every TCP port that is asked for (a registry's `/v2/` among other paths), DNS at UDP port 53, an echo at other UDP ports; ICMP is
the kernel's own. Raw sockets tell what arrived, even if its answer gets lost.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from nsx_lab.dataplane.kernel import packets
from nsx_lab.dataplane.kernel.kernel import Kernel

Ready = Callable[[], None]
Arrival = Callable[[str, packets.Seen], None]
"""Called with the name of the host or pod, and the packet."""
STANDARD = (("tcp", 80), ("tcp", 443), ("tcp", 5000), ("tcp", 8443), ("udp", 53))
LARGEST_REQUEST = 8192
IPV6_FREEBIND = 78
"""linux/in6.h; Python does not name it."""
_NUMBERS = {socket.IPPROTO_TCP: packets.TCP, socket.IPPROTO_ICMP: packets.ICMP, socket.IPPROTO_ICMPV6: packets.ICMPV6}


class Servers:
    """`arrival` is told what arrives. `keep_up` opens what is missing after a change."""

    def __init__(self, kernel: Kernel, selector: selectors.BaseSelector, arrival: Arrival) -> None:
        self._kernel = kernel
        self._selector = selector
        self._arrival = arrival
        self._open: dict[str, list[socket.socket]] = {}
        self._listening: dict[str, set[tuple[str, str, int]]] = {}
        self._connections: list[socket.socket] = []
        self._names: dict[str, str] = {}

    def keep_up(self, fresh: Iterable[str], ports: Iterable[tuple[str, int]]) -> None:
        """After a change. `fresh`: nodes made anew. `ports`: protocol and port, besides the standard ones."""
        recipes = self._kernel.recipes
        for name in [name for name in self._open if name not in recipes or name in set(fresh)]:
            self._close(name)
        listening = {name: recipe for name, recipe in recipes.items() if recipe.listens}
        for name, recipe in listening.items():
            if name not in self._open:
                self._open[name], self._listening[name] = [], set()
                with self._kernel.inside(name):
                    self._watch(name)
            addresses = [text.partition("/")[0] for _, _, texts in recipe.ports for text in texts]
            self._names.update({name.lower(): address for address in addresses if ":" not in address})
        self.listen({*STANDARD, *ports})

    def listen(self, ports: Iterable[tuple[str, int]]) -> None:
        """Opens protocol and port at every address of every host and pod, where not open yet."""
        wanted = {(protocol, port) for protocol, port in ports if protocol in ("tcp", "udp")}
        for name, known in self._listening.items():
            recipe = self._kernel.recipes[name]
            addresses = [text.partition("/")[0] for _, _, texts in recipe.ports for text in texts]
            missing = [
                (protocol, address, port)
                for protocol, port in wanted
                for address in addresses
                if (protocol, address, port) not in known
            ]
            if missing:
                with self._kernel.inside(name):
                    for protocol, address, port in missing:
                        self._serve(name, protocol, address, port)
                known.update(missing)

    def close(self) -> None:
        for name in list(self._open):
            self._close(name)
        self.hang_up()

    def hang_up(self) -> None:
        """Ends connections that are still open; called between probes."""
        for connection in self._connections:
            self._forget(connection)
        self._connections.clear()

    def _close(self, name: str) -> None:
        self._listening.pop(name, None)
        for one in self._open.pop(name):
            self._forget(one)

    def _forget(self, one: socket.socket) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(one)
        one.close()

    def _register(self, one: socket.socket, ready: Ready) -> None:
        one.setblocking(False)
        self._selector.register(one, selectors.EVENT_READ, ready)

    def _watch(self, name: str) -> None:
        """Raw sockets get a copy of what the kernel delivers locally, after all rules."""
        for family, protocols in (
            (socket.AF_INET, (socket.IPPROTO_TCP, socket.IPPROTO_ICMP)),
            (socket.AF_INET6, (socket.IPPROTO_TCP, socket.IPPROTO_ICMPV6)),
        ):
            for protocol in protocols:
                try:
                    raw = socket.socket(family, socket.SOCK_RAW, protocol)
                except OSError:  # a kernel without IPv6
                    continue
                self._open[name].append(raw)
                self._register(raw, partial(self._raw, name, raw, family, protocol))

    def _raw(self, name: str, raw: socket.socket, family: int, protocol: int) -> None:
        for _ in range(256):
            try:
                data, source = raw.recvfrom(2048)
            except OSError:
                return
            if family == socket.AF_INET:
                seen = packets.read_ip(data)
            else:
                seen = packets.read_transport(_NUMBERS[protocol], source[0], "", data)
            if seen is not None:
                self._arrival(name, seen)

    def _serve(self, name: str, protocol: str, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        one = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        self._open[name].append(one)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # an address is no one's to be bound before the kernel has noticed the cable, which it may do some time later
            one.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        one.bind((address, port))
        if protocol == "tcp":
            one.listen(512)
            self._register(one, lambda: self._accept(name, one))
        else:
            self._register(one, lambda: self._datagram(name, one, port))

    def _datagram(self, name: str, one: socket.socket, port: int) -> None:
        for _ in range(256):
            try:
                data, source = one.recvfrom(2048)
            except OSError:
                return
            self._arrival(name, packets.Seen(packets.UDP, source[0], "", source[1], port, True))
            answer = packets.dns_answer(data, self._names) if port == 53 else data
            if answer is not None:
                with suppress(OSError):
                    one.sendto(answer, source)

    def _accept(self, name: str, listener: socket.socket) -> None:
        for _ in range(256):
            try:
                connection, source = listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._register(connection, partial(self._answer, name, connection, source))

    def _answer(self, name: str, connection: socket.socket, source: tuple[Any, ...]) -> None:
        try:
            request = connection.recv(LARGEST_REQUEST)
            if request:
                connection.sendall(http_answer(request, name, source[0]))
        except OSError:
            request = b""
        self._selector.unregister(connection)
        self._connections.remove(connection)
        connection.close()


def http_answer(request: bytes, node: str, source: str) -> bytes:
    """The answer says who answered and whom it saw, so that `curl` from a pod shows the translated address."""
    body = json.dumps({"node": node, "source": source}).encode() + b"\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    if request.startswith(b"GET /v2/"):
        head += "Docker-Distribution-Api-Version: registry/2.0\r\n"
    return head.encode() + b"\r\n" + body


def abort(one: socket.socket) -> None:
    """Closes with a reset: no TIME_WAIT, and the far side forgets at once."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()
