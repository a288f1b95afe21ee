"""A domain of many Tier-1s: what is missing is found for each, and the work does not grow with its square."""

from __future__ import annotations

import sys
from collections.abc import Callable
from unittest.mock import patch

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability.flow import Flow, Verdict
from egress.reachability.topology import Node
from egress.reachability.view import view
from egress.reachability.walk import Walker


def of(number: int, text: str, domain_of: Callable[[str], WorkloadDomain]) -> WorkloadDomain:
    more = "".join(
        f"  ns-{one}: {{networks: [10.99.{one}.0/24], egress: 30.0.0.{one + 50}}}\n" for one in range(number)
    )
    return domain_of(text.replace("ingress:", f"{more}ingress:"))


def test_each_of_many_lacks_its_own_rule(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    found = answers(view(of(40, golden_text, domain_of)), Ask(to="registry"))
    lacking = [answer.finding.remedies for answer in found if not answer.works]
    assert [[one.missing for one in remedies] for remedies in lacking] == [[Missing.NAT_RULE]] * 40
    assert len({remedies[0].name for remedies in lacking}) == 40


def made(number: int, text: str, domain_of: Callable[[str], WorkloadDomain]) -> int:
    """Nodes that are made to answer the questions of a domain with so many Tier-1s that lack a rule."""
    count = 0
    init = Node.__init__

    def counted(self: Node, *args: object, **named: object) -> None:
        nonlocal count
        count += 1
        init(self, *args, **named)  # type: ignore[arg-type]

    domain = of(number, text, domain_of)
    with patch.object(Node, "__init__", counted):
        answers(view(domain), Ask(to="registry"))
    return count


def test_the_work_grows_with_what_is_asked(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    few, many = (made(number, golden_text, domain_of) for number in (20, 80))
    assert many < 5 * few


def calls(domain: WorkloadDomain) -> int:
    """How many functions are called to answer all that a domain asks."""
    made = 0
    seen = view(domain)

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        answers(seen, Ask(to="registry"))
    finally:
        sys.setprofile(None)
    return made


def mappings(number: int) -> str:
    return "".join(
        f"    m{one}: {{source: 30.0.1.{one}, translated: 10.27.52.{one}, priority: {2000 + one}}}\n"
        for one in range(1, number + 1)
    )


def further(number: int) -> str:
    return "".join(
        f"  r{one}: {{network: 192.0.2.{one}/32, next_hops: [{{address: 10.27.51.{one % 40 + 60}}}]}}\n"
        for one in range(number)
    )


@pytest.mark.parametrize("shape", ["Tier-1s", "mappings", "routes"])
def test_a_flow_of_many_costs_what_one_of_few_does(
    golden_text: str, domain_of: Callable[[str], WorkloadDomain], shape: str
) -> None:
    """Each of the Tier-1s lacks a rule, so that for each a rule is put in and walked: beside as many mappings or routes of others."""

    def made(number: int) -> int:
        text = golden_text
        if shape == "mappings":
            text = text.replace("  more: {}", f"  more:\n{mappings(number)}", 1)
        if shape == "routes":
            text = text.replace("egress:\n", f"routes:\n{further(number)}egress:\n", 1)
        assert shape == "Tier-1s" or text != golden_text
        return calls(of(number, text, domain_of))

    few, many = made(20), made(80)
    assert many < 4.6 * few


def test_a_flow_is_walked_once_in_each_view(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    """The view with a remedy in place tells by one walk whether it helps, and what is still missing."""
    walked: list[tuple[Walker, Flow]] = []
    walk = Walker.walk

    def counted(self: Walker, flow: Flow) -> Verdict:
        walked.append((self, flow))
        return walk(self, flow)

    with patch.object(Walker, "walk", counted):
        found = answers(view(of(5, golden_text, domain_of)), Ask(to="registry"))
    assert sum(len(answer.finding.remedies) for answer in found) == 5
    assert len(walked) > 2 * 5
    assert len(walked) == len({(id(walker), flow) for walker, flow in walked})
