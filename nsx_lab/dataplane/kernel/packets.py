"""Headers, as far as they must be read or written. Pure."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
SYN, ACK = 0x02, 0x10


@dataclass(frozen=True, slots=True)
class Seen:
    """What identifies a packet. ICMP echo: both ports are the identifier.

    `asks`: a SYN, a datagram, or an echo request. `opens`: the first packet of its direction, so a SYN with ACK too. `ttl`: hops left.
    """

    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    asks: bool
    opens: bool = True
    ttl: int = 0


def read_ip(data: bytes) -> Seen | None:
    """An IPv4 or IPv6 packet with TCP, UDP or ICMP echo in it; None for anything else."""
    if len(data) < 28:
        return None
    version = data[0] >> 4
    if version == 4:
        source, destination = (
            socket.inet_ntop(socket.AF_INET, data[12:16]),
            socket.inet_ntop(socket.AF_INET, data[16:20]),
        )
        return read_transport(data[9], source, destination, data[(data[0] & 15) * 4 :], data[8])
    if version == 6 and len(data) >= 48:
        source, destination = (
            socket.inet_ntop(socket.AF_INET6, data[8:24]),
            socket.inet_ntop(socket.AF_INET6, data[24:40]),
        )
        return read_transport(data[6], source, destination, data[40:], data[7])
    return None


def read_transport(protocol: int, source: str, destination: str, data: bytes, ttl: int = 0) -> Seen | None:
    """What follows the IP header."""
    if len(data) < 8:
        return None
    if protocol in (TCP, UDP):
        first, second = struct.unpack_from("!HH", data)
        flags = data[13] if protocol == TCP and len(data) >= 14 else SYN
        return Seen(protocol, source, destination, first, second, flags & (SYN | ACK) == SYN, bool(flags & SYN), ttl)
    if (protocol == ICMP and data[0] in (0, 8)) or (protocol == ICMPV6 and data[0] in (128, 129)):
        (identifier,) = struct.unpack_from("!H", data, 4)
        return Seen(protocol, source, destination, identifier, identifier, data[0] in (8, 128), ttl=ttl)
    return None


def echo_request(version: int, identifier: int) -> bytes:
    """ICMP or ICMPv6 echo request; the kernel fills in the checksum of the latter."""
    if version == 6:
        return struct.pack("!BBHHH", 128, 0, 0, identifier, 1) + b"tier0-egress"
    body = struct.pack("!BBHHH", 8, 0, 0, identifier, 1) + b"tier0-egress"
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def checksum(data: bytes) -> int:
    """Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def dns_query(identifier: int, name: str) -> bytes:
    """A question for the A record of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.rstrip(".").split("."))
    return struct.pack("!HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def dns_answer(query: bytes, addresses: dict[str, str]) -> bytes | None:
    """The answer to a query: the address of the name's first label, or NXDOMAIN. None if it is no query."""
    labels, position = [], 12
    while position < len(query) and query[position]:
        labels.append(query[position + 1 : position + 1 + query[position]].decode("ascii", "replace"))
        position += query[position] + 1
    if len(query) < 17 or position + 5 > len(query) or not labels:
        return None
    question = query[12 : position + 5]
    address = addresses.get(labels[0].lower())
    code = 0 if address else 3
    head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, 1 if address else 0, 0, 0)
    if not address:
        return head + question
    return head + question + struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
