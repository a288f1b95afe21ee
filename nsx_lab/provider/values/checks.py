"""Checks of single values, in the words of the provider and of the SDK's validation package.

Each maker returns a function (value, key) -> complaints. The words are facts (vmware/nsxt 3.11.1: validators.go; plugin SDK
2.36: helper/validation; Go's net.ParseIP and net.ParseCIDR decide what an address is).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from nsx_lab.provider.values.schema import Check

_PORT_LIMIT = 65536  # validators.go lets 65536 pass


def length_between(low: int, high: int) -> Check:
    """Length in bytes of UTF-8, as Go counts it."""

    def check(value: Any, key: str) -> list[str]:
        if low <= len(value.encode()) <= high:
            return []
        return [f"expected length of {key} to be in the range ({low} - {high}), got {value}"]

    return check


def one_of(*allowed: str) -> Check:
    """Exactly one of the words, case matters."""

    def check(value: Any, key: str) -> list[str]:
        words = " ".join(f'"{word}"' for word in allowed)
        return [] if value in allowed else [f"expected {key} to be one of [{words}], got {value}"]

    return check


def int_between(low: int, high: int) -> Check:
    """An integer in a closed range."""

    def check(value: Any, key: str) -> list[str]:
        return [] if low <= value <= high else [f"expected {key} to be in the range ({low} - {high}), got {value}"]

    return check


def int_at_least(low: int) -> Check:
    """An integer from `low` on."""

    def check(value: Any, key: str) -> list[str]:
        return [] if value >= low else [f"expected {key} to be at least ({low}), got {value}"]

    return check


def matches(pattern: str, message: str) -> Check:
    """Text that matches a pattern (Go's MatchString: anywhere, unless anchored)."""
    compiled = re.compile(pattern)

    def check(value: Any, key: str) -> list[str]:
        return [] if compiled.search(value) else [f"invalid value for {key} ({message})"]

    return check


def is_ip(value: str) -> bool:
    """Whether Go's net.ParseIP takes it: no zone, no leading zeros."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return getattr(address, "scope_id", None) is None


def is_network(value: str) -> bool:
    """Whether Go's net.ParseCIDR takes it and its host bits are zero."""
    address, slash, length = value.strip().partition("/")
    if not slash or not is_ip(address) or not (length.isascii() and length.isdigit()):
        return False
    try:
        ipaddress.ip_network(f"{address}/{int(length)}")
    except ValueError:
        return False
    return True


def is_range(value: str) -> bool:
    """Two addresses with a dash between them; their order is not looked at."""
    ends = value.split("-")
    return len(ends) == 2 and all(is_ip(end.strip()) for end in ends)


def network(value: Any, key: str) -> list[str]:
    """A network in CIDR form with zero host bits."""
    return [] if is_network(value) else [f"expected {key} to contain a valid CIDR, got: {value}"]


def address(value: Any, key: str) -> list[str]:
    """One IPv4 or IPv6 address."""
    return [] if is_ip(value.strip()) else [f"expected {key} to contain a valid IP, got: {value}"]


def ipv4_address(value: Any, key: str) -> list[str]:
    """One IPv4 address; an IPv4-mapped IPv6 address counts (Go's To4)."""
    mapped = is_ip(value) and (":" not in value or ipaddress.IPv6Address(value).ipv4_mapped is not None)
    return [] if mapped else [f"expected {key} to contain a valid IPv4 address, got: {value}"]


def network_address_or_range(value: Any, key: str) -> list[str]:
    """What the network lists of a NAT rule take (the manager itself refuses ranges)."""
    if is_network(value) or is_ip(value.strip()) or is_range(value):
        return []
    return [f"expected {key} to contain a valid CIDR or IP or Range, got: {value}"]


def is_policy_path(value: str) -> bool:
    """Four segments and more, the first of them empty, the second infra, global-infra or orgs, the last not empty."""
    segments = value.split("/")
    if len(segments) < 4 or segments[0] or not segments[-1]:
        return False
    return "infra" in segments[1] or segments[1] == "orgs"


def policy_path(value: Any, key: str) -> list[str]:
    """A policy path, by its form alone."""
    return [] if is_policy_path(value) else [f"Invalid policy path: {value}"]


def port_or_range(value: Any, key: str) -> list[str]:
    """A port, or two with a dash."""
    ends = value.split("-")
    if len(ends) <= 2 and all(_is_port(end) for end in ends):
        return []
    return [f'expected "{key}" to be a port range or a single port. Got {value}']


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) <= _PORT_LIMIT


def project(value: Any, key: str) -> list[str]:
    """The id of a project other than the default one."""
    found = ["for creation in default project context, do not use a context block"] if value == "default" else []
    return found + ([f"invalid ID atrribute: {value}"] if re.search("[/&]", value) else [])


def host(value: Any, key: str) -> list[str]:
    """`host`, `host:port` or `https://host[:port]`."""
    url = value if value.startswith("https://") else f"https://{value}"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return [f'expected "{key}" to be a valid url, got {url}: parse "{url}": {error}']
    bad_port = re.search(r"(?<!:):(?!\d*$)[^:\]]*$", parts.netloc)
    if bad_port:
        return [
            f'expected "{key}" to be a valid url, got {url}: parse "{url}": invalid port "{bad_port[0]}" after host'
        ]
    return [] if parts.netloc else [f'expected "{key}" to have a host, got {url}']
