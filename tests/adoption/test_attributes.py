"""What is compared is what the provider reads, by the stand-in's own tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.adoption.attributes import differences, lost
from egress.policy import paths
from nsx_lab.provider.objects.bfd_peer import BFD_PEER
from nsx_lab.provider.objects.kind import ResourceKind
from nsx_lab.provider.objects.nat_rule import NAT_RULE
from nsx_lab.provider.objects.static_route import STATIC_ROUTE
from nsx_lab.provider.wire.model import convert
from tests.adoption.conftest import T0, UPLINKS

KINDS = {
    paths.nat_rule(T0, "x"): NAT_RULE,
    paths.static_route(T0, "x"): STATIC_ROUTE,
    paths.bfd_peer(T0, "x"): BFD_PEER,
}
NETWORKS = st.sampled_from(["", "30.0.0.5", "30.0.0.5/32", "30.0.0.5,30.0.0.6", "30.0.0.5, 30.0.0.6", "0.0.0.0/0"])
TEXTS = st.sampled_from(["", "a", "b"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "display_name": TEXTS,
    "description": TEXTS,
    "tags": st.lists(
        st.fixed_dictionaries({"scope": TEXTS, "tag": TEXTS}), max_size=2, unique_by=lambda one: one["scope"]
    ),
    "action": st.sampled_from(["REFLEXIVE", "NO_SNAT"]),
    "source_network": NETWORKS,
    "destination_network": NETWORKS,
    "translated_network": NETWORKS,
    "sequence_number": st.integers(0, 2),
    "firewall_match": st.sampled_from(["BYPASS", "MATCH_INTERNAL_ADDRESS"]),
    "scope": st.lists(st.sampled_from(UPLINKS), max_size=2, unique=True),
    "enabled": st.booleans(),
    "logging": st.booleans(),
    "service": TEXTS,
    "translated_ports": TEXTS,
    "policy_based_vpn_mode": st.sampled_from(["", "BYPASS"]),
    "network": st.sampled_from(["0.0.0.0/0", "10.0.0.0/8"]),
    "next_hops": st.lists(
        st.fixed_dictionaries(
            {"ip_address": st.sampled_from(["10.0.0.1", "10.0.0.2"]), "admin_distance": st.integers(1, 2)},
            optional={"scope": st.sampled_from([[one] for one in UPLINKS])},
        ),
        max_size=2,
    ),
    "peer_address": TEXTS,
    "bfd_profile_path": TEXTS,
    "source_addresses": st.lists(TEXTS, max_size=2),
}


def provider_reads(kind: ResourceKind, body: dict[str, Any]) -> dict[str, Any]:
    """Attributes as the provider has them in its state; tags and the scope of rules are sets there."""
    answer = convert(body, kind.wire)
    found = {
        field.attribute: field.form.read(answer[field.key]) for field in kind.fields if answer[field.key] is not None
    }
    for name in {"tag", "scope"} & set(found):
        found[name] = sorted(found[name], key=str)
    return found


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    path = draw(st.sampled_from(sorted(KINDS)))
    keys = [field.key for field in KINDS[path].fields]
    one = {key: draw(VALUES[key]) for key in keys}
    other = one | {key: draw(VALUES[key]) for key in draw(st.lists(st.sampled_from(keys), max_size=2))}
    return path, one, other


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_a_difference_is_one_of_the_provider_and_the_other_way_round(
    drawn: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    path, one, other = drawn
    differs = provider_reads(KINDS[path], one) != provider_reads(KINDS[path], other)
    assert bool(differences(path, one, other)) == differs


@pytest.mark.parametrize("path", sorted(KINDS))
def test_what_would_be_lost_is_what_the_provider_does_not_write(path: str) -> None:
    known = {field.key: "x" for field in KINDS[path].fields}
    assert lost(path, known | {"id": "x", "resource_type": "x", "_revision": 1, "path": "x"}) == ()
    assert lost(path, known | {"later": "x", "empty": "", "off": False}) == ("later",)
