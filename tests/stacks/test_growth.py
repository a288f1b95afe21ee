"""A domain grows: what is added or taken away in the file adds or takes away its own resources, and no other moves by a byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import WorkloadDomain

Json = dict[str, Any]
Read = Callable[[str], WorkloadDomain]
Synth = Callable[..., Json]
STANDBY = ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY")
MORE = "more: {}"
GROWN: dict[str, tuple[str, str, set[str]]] = {
    "a namespace whose address is not known": ("tier1s: #", "tier1s:\n  ns-dev: {networks: [10.246.0.0/24]}\n  #", set()),
    "a routed namespace": ("tier1s: #", "tier1s:\n  ns-dev: {networks: [10.246.0.0/24], nat: false}\n  #", set()),
    "a namespace with a range of its own": ("tier1s: #", "tier1s:\n  ns-dev: {egress_range: 30.0.9.0/24}\n  #", set()),
    "another egress range": ("ranges: [30.0.0.0/24]", "ranges: [30.0.0.0/24, 30.0.9.0/24]", set()),
    "a dns server": ("[172.20.0.53]", "[172.20.0.53, {address: 10.9.9.53, router: 172.20.0.9}]", set()),
    "a second external VLAN": ("default_route:\n", "    - {id: backup, edge: edge01, address: 172.21.0.1/24, nat: false}\ndefault_route:\n", set()),
    "a mapping": (MORE, "more: {dev: {source: 30.0.0.17, translated: 10.27.51.150, priority: 120}}", {"wld01-egress-dev"}),
    "two mappings": (MORE, "more: {a: {source: 30.0.0.17, translated: 10.27.51.150, priority: 120}, b: {source: 30.0.0.18, translated: 10.27.51.151, priority: 130}}", {"wld01-egress-a", "wld01-egress-b"}),
    "a further route": ("dns_servers:", "routes: {core: {network: 10.9.0.0/16, next_hops: [{address: 10.27.51.1}]}}\ndns_servers:", {"wld01-route-core"}),
    "a null route": ("dns_servers:", "routes: {none: {network: 10.9.0.0/16, discard: true}}\ndns_servers:", {"wld01-route-none"}),
}  # fmt: skip


def resources(made: Json) -> dict[str, Json]:
    """Resources by address."""
    return {f"{kind}.{name}": body for kind, named in made["resource"].items() for name, body in named.items()}


@pytest.mark.parametrize("name", GROWN)
def test_what_is_added_brings_its_own_resources_alone(golden: str, domain: Read, synth: Synth, name: str) -> None:
    old, new, ids = GROWN[name]
    assert old in golden
    before, after = (resources(synth(domain(text))) for text in (golden, golden.replace(old, new)))
    added = {address: body for address, body in after.items() if address not in before}
    assert {body["nsx_id"] for body in added.values() if "nsx_id" in body} == ids
    assert {address: after[address] for address in before} == before


def test_an_exception_brings_one_rule(golden: str, domain: Read, synth: Synth) -> None:
    standby = golden.replace(*STANDBY)
    more = standby.replace(MORE, "exceptions: {core: {destination: 10.0.0.0/8, priority: 50}}")
    before, after = (resources(synth(domain(text))) for text in (standby, more))
    added = {address: body for address, body in after.items() if address not in before}
    assert {body["nsx_id"] for body in added.values() if "nsx_id" in body} == {"wld01-no-snat-core"}
    assert {address: after[address] for address in before} == before


def test_under_a_mapping_of_the_whole_range_a_new_namespace_changes_nothing(
    golden: str, domain: Read, synth: Synth
) -> None:
    lines = [line for line in golden.replace(*STANDBY).splitlines() if not line.startswith(("  supervisor:", "  tkg:"))]
    whole = "\n".join(lines).replace(MORE, "more: {all: {source: 30.0.0.0/24, translated: 10.27.51.50, priority: 100}}")
    grown = whole.replace("tier1s: #", "tier1s:\n  ns-dev: {networks: [10.246.0.0/24], egress: 30.0.0.17}\n  #")
    assert grown != whole
    assert synth(domain(whole)) == synth(domain(grown))
