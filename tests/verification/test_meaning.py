"""What values of a manager mean: written otherwise they are equal where the meaning is, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from egress.verification import meaning
from egress.verification.meaning import ATTRIBUTES

RULE, ROUTE, PEER = ATTRIBUTES["PolicyNatRule"], ATTRIBUTES["StaticRoutes"], ATTRIBUTES["StaticRouteBfdPeer"]
SAME: dict[str, tuple[Any, Any, Any]] = {
    "an address and the network of it": (RULE["source_network"], "10.60.0.5", "10.60.0.5/32"),
    "host bits": (RULE["source_network"], "10.60.0.0/24", "10.60.0.5/24"),
    "any": (RULE["source_network"], None, "ANY"),
    "everything is any": (RULE["source_network"], "", "0.0.0.0/0"),
    "a list in another order": (RULE["source_network"], "10.0.0.1,10.0.0.2", "10.0.0.2, 10.0.0.1"),
    "a range of one": (RULE["source_network"], "10.0.0.1", "10.0.0.1-10.0.0.1"),
    "interfaces in another order": (RULE["scope"], ["/a", "/b"], ["/b", "/a"]),
    "no interface": (RULE["scope"], [], None),
    "a number as text": (RULE["sequence_number"], 100, "100"),
    "enabled, left out": (RULE["enabled"], True, None),
    "logging, left out": (RULE["logging"], False, None),
    "the firewall's default": (RULE["firewall_match"], "MATCH_INTERNAL_ADDRESS", None),
    "no service": (RULE["service"], "", None),
    "tags in another order": (RULE["tags"], [{"scope": "a", "tag": "1"}, {"scope": "b", "tag": "2"}], [{"tag": "2", "scope": "b"}, {"scope": "a", "tag": "1"}]),
    "next hops in another order": (ROUTE["next_hops"], [{"ip_address": "1.1.1.1"}, {"ip_address": "1.1.1.2"}], [{"ip_address": "1.1.1.2", "admin_distance": 1}, {"ip_address": "1.1.1.1"}]),
    "a null route": (ROUTE["next_hops"], [{"admin_distance": 1}], [{"ip_address": None, "admin_distance": 1}]),
    "the network of a route": (ROUTE["network"], "10.1.0.0/16", "10.1.2.3/16"),
    "IPv6 written otherwise": (ROUTE["network"], "2001:db8::/32", "2001:0db8:0:0::/32"),
    "the default BFD profile": (PEER["bfd_profile_path"], "/infra/bfd-profiles/default", None),
    "sources in another order": (PEER["source_addresses"], ["10.0.0.1", "10.0.0.2"], ["10.0.0.2", "10.0.0.1"]),
}  # fmt: skip
DIFFERENT: dict[str, tuple[Any, Any, Any]] = {
    "a network left out": (RULE["source_network"], "10.60.0.5", None),
    "one of a list gone": (RULE["source_network"], "10.0.0.1,10.0.0.2", "10.0.0.1"),
    "another length": (RULE["translated_network"], "10.0.0.0/24", "10.0.0.0/25"),
    "what is no network": (RULE["source_network"], "10.60.0.5", "rubbish"),
    "a range": (RULE["source_network"], "10.0.0.1", "10.0.0.1-10.0.0.2"),
    "switched off": (RULE["enabled"], True, False),
    "a service": (RULE["service"], "", "/infra/services/HTTP"),
    "ports": (RULE["translated_ports"], None, "80"),
    "a distance": (ROUTE["next_hops"], [{"ip_address": "1.1.1.1"}], [{"ip_address": "1.1.1.1", "admin_distance": 5}]),
    "a next hop's interface": (ROUTE["next_hops"], [{"ip_address": "1.1.1.1"}], [{"ip_address": "1.1.1.1", "scope": ["/a"]}]),
    "a tag more": (RULE["tags"], [], [{"scope": "a", "tag": "b"}]),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_equal_in_meaning(name: str) -> None:
    attribute, one, other = SAME[name]
    assert meaning.of({"x": one}, "x", attribute) == meaning.of({"x": other}, "x", attribute)


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_in_meaning(name: str) -> None:
    attribute, one, other = DIFFERENT[name]
    assert meaning.of({"x": one}, "x", attribute) != meaning.of({"x": other}, "x", attribute)


STRANGE: list[object] = [
    None,
    "",
    "x",
    3,
    [],
    ["x"],
    {},
    [{}],
    [None],
    [{"ip_address": 5}],
    True,
    "1.1.1.1-x",
    "5-1",
    "::1-1.1.1.1",
]


@pytest.mark.parametrize("value", STRANGE)
def test_no_value_of_a_stranger_ends_the_comparison(value: object) -> None:
    for kind in ATTRIBUTES.values():
        for name, attribute in kind.items():
            body = {"id": "o", name: value}
            assert isinstance(meaning.shown(body, name, attribute), str)
            assert meaning.of(body, name, attribute) == meaning.of(body, name, attribute)


def test_an_object_without_a_name_is_called_by_its_id() -> None:
    assert meaning.of({"id": "o"}, "display_name", RULE["display_name"]) == "o"
