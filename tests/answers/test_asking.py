"""Questions in a person's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.answers.asking import Ask, ask
from egress.answers.questions import Question, questions
from egress.domain import EgressError, WorkloadDomain
from egress.reachability import Protocol, Result, Verdict, Walker
from egress.reachability.view import view


def asked(domain: WorkloadDomain, **words: Any) -> list[tuple[Question, Verdict]]:
    one = Ask(**words)
    seen = view(domain, wishes=one.wishes(domain))
    walker = Walker(seen.topology)
    return [(question, walker.walk(question.flow)) for question in ask(seen, one)]


@pytest.mark.parametrize("who", ["tkg", "vnet-domain-c8", "30.0.0.16", "192.168.128.9", "pod/vnet-domain-c8"])
def test_a_pod_can_be_named_in_five_ways(golden: WorkloadDomain, who: str) -> None:
    ((question, verdict),) = asked(golden, origin=who, to="registry")
    assert question.title == "TKG pod -> 198.51.100.10"
    assert [str(one) for one in verdict.seen] == ["10.27.51.147"]


@pytest.mark.parametrize("name", ["3f2a9c10-vnet", "10.0.0.1", "fd00-vnet", "2001:db8::7"])
def test_a_tier1_is_found_by_its_name_whatever_it_looks_like(
    golden_text: str, domain_of: Callable[..., WorkloadDomain], name: str
) -> None:
    text = golden_text.replace("vnet-domain-c8: 192", f"'{name}': 192").replace(
        "tier1: vnet-domain-c8", f"tier1: '{name}'"
    )
    ((question, verdict),) = asked(domain_of(text), origin=name, to="registry")
    assert question.title == "TKG pod -> 198.51.100.10"
    assert verdict.result is Result.ALL


@pytest.mark.parametrize("address", ["fd00:1::5", "2001:db8::5", "::5", "FE00::1"])
def test_an_ipv6_client_is_a_host_whatever_its_first_digit(
    golden_text: str, domain_of: Callable[..., WorkloadDomain], address: str
) -> None:
    text = golden_text.replace("145/24}", '145/24, ipv6: "2001:db8:51::145/64"}')
    ((question, _),) = asked(domain_of(text), origin=address, to="2001:db8:51::145")
    assert question.flow.origin == f"host {address.lower()}"


def test_without_a_sender_every_sender_is_asked(golden: WorkloadDomain) -> None:
    assert [question.title for question, _ in asked(golden, to="203.0.113.7")] == [
        "Supervisor pod -> 203.0.113.7",
        "TKG pod -> 203.0.113.7",
    ]


def test_an_address_that_nobody_has_becomes_a_host_outside(golden: WorkloadDomain) -> None:
    ((_, verdict),) = asked(golden, origin="tkg", to="74.125.133.82")
    assert verdict.result is Result.ALL


def test_an_outside_client_can_be_named_by_its_address(golden: WorkloadDomain) -> None:
    ((question, verdict),) = asked(golden, origin="203.0.113.7", to="ingress")
    assert verdict.result is Result.ALL
    assert question.flow.origin == "host 203.0.113.7"


def test_the_load_balancer_moves_to_the_ingress_address_that_is_asked_for(golden: WorkloadDomain) -> None:
    ((_, verdict),) = asked(golden, origin="outside", to="30.0.1.77", port=8080)
    assert verdict.result is Result.ALL


@pytest.mark.parametrize("network", ["34.198.2", "1.1.1", "10.27.52", "172.20.1", "198.51.100"])
@pytest.mark.parametrize("host", [0, 1, 2, 127, 254, 255])
def test_the_answer_does_not_hang_on_the_last_part_of_an_outside_address(
    golden: WorkloadDomain, network: str, host: int
) -> None:
    ((_, verdict),) = asked(golden, origin="tkg", to=f"{network}.{host}")
    assert verdict.result is Result.ALL


def test_a_dns_server_is_asked_by_udp_on_port_53_unless_told_otherwise(golden: WorkloadDomain) -> None:
    ((question, _),) = asked(golden, origin="tkg", to="172.20.0.53")
    assert (question.flow.protocol, question.flow.port) == (Protocol.UDP, 53)
    ((question, _),) = asked(golden, origin="tkg", to="172.20.0.53", port=853)
    assert (question.flow.protocol, question.flow.port) == (Protocol.TCP, 853)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"to": "10.0.0"}, "'10.0.0' is no address, allowed is registry, ingress or an address"),
        ({"origin": "10.0.0"}, "'10.0.0' is no address, and nobody in wld01, .* there are: outside, supervisor, tkg"),
        ({"origin": "fe80::1%eth0"}, "'fe80::1%eth0' is no address"),
        ({"to": "fe80::1%eth0"}, "'fe80::1%eth0' is no address"),
        ({"to": "0.0.0.0"}, "'0.0.0.0' is the address of no host elsewhere, allowed is"),  # noqa: S104
        ({"to": "255.255.255.255"}, "is the address of no host elsewhere"),
        ({"to": "224.0.0.5"}, "is the address of no host elsewhere"),
        ({"to": "127.0.0.1"}, "is the address of no host elsewhere"),
        ({"origin": "3f2a9c10-vnet"}, "'3f2a9c10-vnet' is nobody in wld01"),
        ({"origin": "deadbeef"}, "'deadbeef' is nobody in wld01"),
        ({"origin": "somebody"}, "'somebody' is nobody in wld01.*there are: outside, supervisor, tkg"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_what_is_allowed(
    golden: WorkloadDomain, words: Any, said: str
) -> None:
    with pytest.raises(EgressError, match=said):
        asked(golden, **words)


def test_a_domain_without_ingress_says_so_when_asked_for_it(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    domain = domain_of(golden_text.replace("ingress: {range: 30.0.1.0/24}\n", ""))
    with pytest.raises(EgressError, match="wld01 has no ingress range"):
        asked(domain, to="ingress")
    assert [q.title for q in questions(view(domain))][2] == "Supervisor pod -> dns 172.20.0.53"
