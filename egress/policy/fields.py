"""Fields of Policy objects that several rooms read: what every object has, and the networks that a NAT rule names in one text."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network, summarize_address_range

from egress.domain.addresses import Network

OF_EVERY_OBJECT = frozenset(
    [
        "children",
        "description",
        "display_name",
        "id",
        "marked_for_delete",
        "origin_site_id",
        "overridden",
        "owner_id",
        "parent_path",
        "path",
        "realization_id",
        "relative_path",
        "remote_path",
        "resource_type",
        "tags",
        "unique_id",
    ]
)
"""Attributes that every Policy object has (NSX Policy API, PolicyConfigResource). Those that begin with `_` are the system's own."""


def network_parts(value: object) -> Iterator[str]:
    """The parts of a network field such as `10.0.0.1, 10.0.1.0/24,10.0.2.1-10.0.2.9`, without blanks; none for any."""
    for part in str(value or "").split(","):
        text = part.strip()
        if text and text.upper() != "ANY":
            yield text


def networks_of(part: str) -> tuple[Network, ...]:
    """What a part of a network field means: a network, an address, or a range of addresses. Host bits are dropped, as NSX does
    (assumption). Errors: ValueError."""
    first, dash, end = part.partition("-")
    if not dash:
        return (ip_network(part, strict=False),)
    try:
        return tuple(summarize_address_range(ip_address(first.strip()), ip_address(end.strip())))
    except TypeError as error:  # the two ends are of different families
        raise ValueError(str(error)) from None
