"""Whatever stands on the manager: what is matched does to packets what the file says, and a file that is written says all of it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.adoption import Adoption, still_there
from egress.domain import EgressError
from egress.domain.editing import edited
from egress.policy import paths
from tests.adoption.conftest import GOLDEN, SERVICES, STANDBY, T0, UPLINKS, World, hop

pytestmark = pytest.mark.slow

NETWORKS: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "30.0.0.5", "30.0.0.5/32", "30.0.0.16", "30.0.0.5,30.0.0.16", "30.0.0.16, 30.0.0.5", "30.0.0.5-30.0.0.6", "30.0.0.0/24", "30.0.0.5/24",
     "ANY", "any", "0.0.0.0/0", "10.0.0.0/8", "10.27.51.145", "10.27.51.145/32", "10.27.51.147", "10.27.51.150", "2001:db8::1", "nonsense", "30.0.0.5,", 7]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "sup",
        "tkg",
        "a b",
        "wld01-egress-supervisor",
        "wld01-egress-tkg",
        "é🙂",
        "x&y",
        "'q'",
        "core",
        "wld01-default-route",
        "#1",
    ]
)
TAGS = st.lists(
    st.fixed_dictionaries({}, optional={"scope": st.sampled_from(["", "a", "stack", "managed-by", "ncp/cluster"]), "tag": st.sampled_from(["", "1", "wld01", "tier0-egress"])}),
    max_size=3,
)  # fmt: skip
ODD: dict[str, Any] = {
    "enabled": st.booleans(),
    "logging": st.booleans(),
    "service": st.sampled_from(["", "/infra/services/HTTPS"]),
    "translated_ports": st.sampled_from(["", "443"]),
    "policy_based_vpn_mode": st.sampled_from(["", "BYPASS"]),
    "later": st.sampled_from([None, "", 0, {"x": 1}]),
    "display_name": st.sampled_from(["", "n: 'x' # y", "two\nlines", "x" * 300]),
    "description": st.sampled_from(["", "a\n\tb: c", "x" * 2000]),
    "tags": TAGS,
    "firewall_match": st.sampled_from(["BYPASS", "MATCH_EXTERNAL_ADDRESS", "MATCH_INTERNAL_ADDRESS", None]),
    "scope": st.sampled_from([[], list(UPLINKS), list(UPLINKS[::-1]), list(UPLINKS[:1]), list(SERVICES), ["/infra/labels/x"], None]),
    "marked_for_delete": st.booleans(),
    "_protection": st.sampled_from(["NOT_PROTECTED", "REQUIRE_OVERRIDE"]),
}  # fmt: skip
HOPS = st.lists(
    st.builds(
        lambda address, distance, scope: hop(address, distance, *scope) if distance else {"ip_address": address},
        st.sampled_from(["10.27.51.1", "10.27.51.2", None, "10.27.51.01"]),
        st.sampled_from([None, 0, 1, 9, 255, 256]),
        st.sampled_from([(), UPLINKS, UPLINKS[:1], SERVICES[:1], ("/x/y",)]),
    ),
    max_size=3,
)
TWO_HOPS = ("[{address: 10.27.51.1}]", "[{address: 10.27.51.1}, {address: 10.27.51.2, admin_distance: 9}]")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A manager that is nearly as the file says, or quite otherwise."""
    text = draw(st.sampled_from([GOLDEN, STANDBY, GOLDEN.replace(*TWO_HOPS)]))
    world = World(text)
    if draw(st.booleans()):
        world.by_hand()
    for _ in range(draw(st.integers(0, 4))):
        odd = {key: draw(ODD[key]) for key in draw(st.lists(st.sampled_from(sorted(ODD)), max_size=2, unique=True))}
        action = draw(st.sampled_from(["REFLEXIVE", "SNAT", "NO_SNAT", "DNAT", None]))
        odd |= {"action": action} if action else {}
        if draw(st.booleans()):
            odd["destination_network"] = draw(NETWORKS)
        number = draw(st.sampled_from([0, 1, 7, 100, 110, 2147481599]))
        world.rule(draw(NAMES), draw(NETWORKS), draw(NETWORKS), draw(st.sampled_from(["USER", "USER", "DEFAULT"])), sequence_number=number, **odd)  # fmt: skip
    for _ in range(draw(st.integers(0, 2))):
        odd = {
            key: draw(ODD[key])
            for key in draw(st.lists(st.sampled_from(["tags", "display_name", "later"]), max_size=1))
        }
        network: Any = draw(st.sampled_from(["0.0.0.0/0", "10.9.0.0/16", "10.9.0.1/16", "::/0", "", None, "x"]))
        world.route(draw(NAMES), network, next_hops=draw(st.one_of(HOPS, st.none())), **odd)
    return world


def same_packets(found: Adoption) -> bool:
    """Whether every match does what its entry says, told once more from the texts alone."""
    for match in found.matches:
        ours, theirs = match.own.body, match.theirs.body
        for key in ("source_network", "destination_network", "translated_network", "network"):
            one, other = (_one(body.get(key)) for body in (ours, theirs))
            if one != other:
                return False
        if paths.is_nat_rule(match.theirs.path) and (theirs["action"], theirs.get("enabled", True)) != (
            ours["action"],
            True,
        ):
            return False
    return True


def _one(text: Any) -> object:
    """The one network of a text, host bits and spelling aside."""
    found = None if text in (None, "") else ip_network(str(text).rstrip(","))
    return None if found == ip_network("0.0.0.0/0") else found


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_what_is_written_says_all_of_it_and_what_is_matched_does_what_the_file_says(world: World) -> None:
    found = world.adoption()
    places = [match.theirs.path for match in found.matches]
    assert len(set(places)) == len(places)
    assert all(place.startswith(f"{T0}/") for place in places)
    told = {match.own.at for match in found.matches}
    assert not told & {own.at for own in found.missing}
    assert all(one.why.isprintable() for one in found.refusals)
    assert same_packets(found)
    if found.refusals:
        return
    text = edited(world.text, "x", found.edits)
    assert still_there(found, world.adoption(text))


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_a_file_that_was_written_is_never_written_again(world: World) -> None:
    found = world.adoption()
    if found.refusals:
        return
    try:
        text = edited(world.text, "x", found.edits)
    except EgressError:
        return
    assert World(text, world.objects).adoption().edits == ()
