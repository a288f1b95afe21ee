"""Which addresses really reach a Tier-0: by the NAT rules of its Tier-1s, and of those that translate nothing their networks."""

from __future__ import annotations

from typing import Any

import pytest

from egress.inventory.senders import of_tier1s
from egress.policy.sighting import Unseen

T0, T1 = "/infra/tier-0s/T0", "/infra/tier-1s/dev"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"
Json = dict[str, Any]


def tier1(
    *rules: Json, tells: list[str] | None = None, edges: bool = True, segments: tuple[str, ...] = ()
) -> dict[str, Json]:
    """The Tier-1 `dev` below T0, with everything that belongs to it."""
    body: Json = {"tier0_path": T0, "tags": [{"scope": "ncp/cluster", "tag": "c8"}]}
    found: dict[str, Json] = {T0: {}, T1: body | ({} if tells is None else {"route_advertisement_types": tells})}
    if edges:
        found[f"{T1}/locale-services/default"] = {"edge_cluster_path": CLUSTER}
    for number, rule in enumerate(rules):
        found[f"{T1}/nat/USER/nat-rules/r{number}"] = rule
    for number, network in enumerate(segments):
        found[f"/infra/segments/s{number}"] = {"connectivity_path": T1, "subnets": [{"gateway_address": network}]}
    return found


def snat(translated: str, source: str | None = None, **more: Any) -> Json:
    return {"action": "SNAT", "translated_network": translated} | ({"source_network": source} if source else {}) | more


NAT, CONNECTED, BOTH = ["TIER1_NAT"], ["TIER1_CONNECTED"], ["TIER1_NAT", "TIER1_CONNECTED"]
IN, OTHER = "10.244.0.1/24", "10.245.0.1/24"
CASES: dict[str, tuple[dict[str, Json], list[str]]] = {
    "an SNAT rule": (tier1(snat("10.60.0.5"), segments=(IN,)), ["10.60.0.5"]),
    "two rules for one address": (tier1(snat("10.60.0.5", "10.244.0.0/24"), snat("10.60.0.5", "10.245.0.0/24")), ["10.60.0.5"]),
    "an address a namespace": (tier1(snat("10.60.0.5", "10.244.0.0/24"), snat("10.60.0.6", "10.245.0.0/24")), ["10.60.0.5", "10.60.0.6"]),
    "a rule that is switched off": (tier1(snat("10.60.0.5", enabled=False), tells=NAT), []),
    "a rule of another kind": (tier1({"action": "DNAT", "translated_network": "10.60.0.5", "destination_network": "10.60.0.9"}, tells=NAT), []),
    "no service router": (tier1(snat("10.60.0.5"), edges=False, segments=(IN,)), []),
    "NAT that is not advertised": (tier1(snat("10.60.0.5"), tells=["TIER1_LB_VIP"]), []),
    "a rule for an interface of the Tier-1": (tier1(snat("10.60.0.5", scope=[f"{T1}/x"]), tells=NAT), []),
    "a rule for some destination": (tier1(snat("10.60.0.5", destination_network="10.0.0.0/8")), ["10.60.0.5"]),
    "a routed Tier-1": (tier1(tells=CONNECTED, segments=(IN,)), ["10.244.0.0/24 as it is"]),
    "a routed Tier-1 that does not say": (tier1(segments=(IN,)), ["10.244.0.0/24 as it is"]),
    "networks that are not advertised": (tier1(tells=NAT, segments=(IN,)), []),
    "a network beside the translated one": (
        tier1(snat("10.60.0.5", "10.244.0.0/24"), tells=BOTH, segments=(IN, OTHER)), ["10.60.0.5", "10.245.0.0/24 as it is"],
    ),
    "everything is translated": (tier1(snat("10.60.0.5"), tells=BOTH, segments=(IN, OTHER)), ["10.60.0.5"]),
    "IPv6": (tier1(tells=CONNECTED, segments=("2001:db8::1/64",)), []),
}  # fmt: skip


def told(objects: dict[str, Json], unseen: tuple[Unseen, ...] = ()) -> list[str]:
    found = of_tier1s(objects, T0, unseen)
    return [str(one).partition(" of ")[0] + ("" if one.translated else " as it is") for one in found]


@pytest.mark.parametrize("name", CASES)
def test_what_a_tier1_sends_with(name: str) -> None:
    objects, expected = CASES[name]
    assert told(objects) == expected


def test_a_tier1_of_another_tier0_sends_elsewhere() -> None:
    objects = tier1(snat("10.60.0.5"))
    objects[T1]["tier0_path"] = "/infra/tier-0s/T1"
    assert told(objects) == []


def test_what_is_not_seen_is_not_taken_for_a_tier1_that_translates_nothing() -> None:
    silent = tier1(segments=(IN,))
    assert told(silent) == ["10.244.0.0/24 as it is"]
    assert told(silent, (Unseen("rules", "403", path=f"{T1}/nat/USER/nat-rules"),)) == []
    assert told(silent, (Unseen("rules", "403", path=f"{T1}-else/nat/USER/nat-rules"),)) == ["10.244.0.0/24 as it is"]
    without = tier1(snat("10.60.0.5"), edges=False, tells=BOTH, segments=(IN,))
    assert told(without, (Unseen("edges", "403", path=f"{T1}/locale-services"),)) == ["10.60.0.5"]


def test_an_address_says_whose_it_is_and_what_is_behind_it() -> None:
    rule = snat("10.60.0.5", "10.244.0.0/24", tags=[{"scope": "ncp/project", "tag": "dev"}])
    (found,) = of_tier1s(tier1(rule, segments=(IN,)), T0)
    assert str(found) == "10.60.0.5 of Tier-1 dev (namespace dev of cluster c8)"
    assert [str(one) for one in found.behind] == ["10.244.0.0/24"]
    assert found.path == f"{T1}/nat/USER/nat-rules/r0"


def test_a_shared_tier1_has_an_address_for_each_of_its_namespaces() -> None:
    rules = [snat(f"10.60.0.{n}", f"10.244.{n}.0/24", tags=[{"scope": "ncp/project", "tag": f"ns{n}"}]) for n in (5, 6)]
    assert [one.owner.namespace for one in of_tier1s(tier1(*rules), T0)] == ["ns5", "ns6"]
