"""What is taken for granted is said, and what no question is about is named."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from egress.answers import assumptions as module
from egress.answers.assumptions import assumptions, unasked
from egress.domain import WorkloadDomain
from egress.policy.owned import owned
from egress.policy.planned import Planned
from egress.reachability.view import AfterPlan, Live, view

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = " ".join((REPOSITORY / "docs" / "reachability.md").read_text().split())
SENTENCES = {name: value for name, value in inspect.getmembers(module) if name.isupper() and isinstance(value, str)}
NO_INGRESS = ("ingress: {range: 30.0.1.0/24}\n", "")
NO_DNS = ("dns_servers: [172.20.0.53]\n", "")
IPV6_ROUTE = (
    "  next_hops: [{address: 10.27.51.1}]\n",
    '  next_hops: [{address: 10.27.51.1}]\n  ipv6: {next_hops: [{address: "2001:db8::1"}]}\n',
)
IPV6_DNS = ("[172.20.0.53]", '[172.20.0.53, "2001:db8::53"]')


@pytest.mark.parametrize("name", [name for name in SENTENCES if name != "EGRESS_UNKNOWN"])
def test_the_page_says_the_same_sentence(name: str) -> None:
    assert f"- {SENTENCES[name]}" in PAGE


def test_a_view_says_what_holds_for_it(golden: WorkloadDomain) -> None:
    told = list(assumptions(view(golden)))
    assert {module.INGRESS_KNOWN, module.DNS, module.BALANCER, module.FILES} <= set(told)
    assert "Outside is a registry at an example address, 198.51.100.10." in told


def test_what_a_file_does_not_have_is_not_assumed(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    text = golden_text.replace(*NO_INGRESS).replace(*NO_DNS)
    told = set(assumptions(view(domain_of(text))))
    assert {module.EGRESS_UNKNOWN} <= told
    assert not {module.INGRESS_KNOWN, module.DNS, module.BALANCER} & told


def test_each_source_has_a_sentence_of_its_own(golden: WorkloadDomain) -> None:
    from_files = view(golden)
    planned = AfterPlan(Planned(from_files.gateway, owned(golden).objects(from_files.gateway)))
    live = Live("the lab", from_files.gateway, from_files.objects)
    sources = {module.FILES, module.PLAN, module.LIVE}
    told = [sources & set(assumptions(view(golden, (), source))) for source in (from_files.source, planned, live)]
    assert told == [{module.FILES}, {module.PLAN}, {module.LIVE}]


def test_notes_of_the_view_are_sentences_there(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    text = golden_text.replace("  vnet-domain-c8: {", "  third: {networks: [10.99.0.0/24]}\n  vnet-domain-c8: {")
    told = list(assumptions(view(domain_of(text))))
    assert any(re.match(r"The egress address of Tier-1 third is not in the file .*\.$", sentence) for sentence in told)


def test_an_ipv6_route_and_an_ipv6_dns_server_are_named_as_not_walked(
    golden: WorkloadDomain, golden_text: str, domain_of: Callable[[str], WorkloadDomain]
) -> None:
    assert list(unasked(view(golden))) == []
    route, server = unasked(view(domain_of(golden_text.replace(*IPV6_ROUTE).replace(*IPV6_DNS))))
    assert route.startswith("the IPv6 default route (::/0 via 2001:db8::1) is not walked: ")
    assert server == "DNS server 2001:db8::53 is not walked to: lookups are asked about by IPv4 only"
