"""Small decisions that planted faults showed to be untested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from egress.answers.asking import Ask, ask
from egress.answers.causes import find
from egress.answers.questions import Purpose, questions
from egress.answers.remedy import near, spare, ways_in
from egress.diagnosis.diagnosis import diagnose
from egress.diagnosis.failure_texts import read
from egress.domain import WorkloadDomain
from egress.reachability.view import Live
from egress.reachability.view import view as view_of


def without_tkg(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("  tkg:")) + "\n"


def test_a_new_mapping_is_tried_with_the_highest_spare_address_and_told_without_one(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(without_tkg(golden_text)))
    finding = find(view, questions(view)[1].flow)
    assert str(spare(view, 4)) == "10.27.51.254"
    assert finding.remedies[0].fix.endswith("source 30.0.0.16, translated a free address of the uplink network")
    assert finding.complete


def test_a_spare_address_is_nobodys_and_not_one_that_a_rule_answers_for(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = without_tkg(golden_text).replace("translated: 10.27.51.145", "translated: 10.27.51.254")
    view = view_of(domain_of(text.replace("address: 10.27.51.147/24", "address: 10.27.51.253/24")))
    assert str(spare(view, 4)) == "10.27.51.252"


@pytest.mark.parametrize(
    ("to", "port", "purpose"),
    [
        ("registry", None, Purpose.PULL),
        ("registry", 80, Purpose.OTHER),
        ("192.0.2.7", None, Purpose.OTHER),
        ("ingress", None, Purpose.INGRESS),
        ("172.20.0.53", None, Purpose.LOOKUP),
    ],
)
def test_a_flow_of_ones_own_has_the_purpose_that_its_end_gives(
    golden: WorkloadDomain, to: Any, port: Any, purpose: Any
) -> None:
    asked = Ask("tkg", to, port)
    assert [question.purpose for question in ask(view_of(golden, wishes=asked.wishes(golden)), asked)] == [purpose]


def test_ways_in_are_of_one_family(standby: WorkloadDomain, golden: WorkloadDomain) -> None:
    assert [str(one) for one in ways_in(view_of(standby), 4)] == ["10.28.60.4"]
    assert [str(one) for one in ways_in(view_of(standby), 6)] == ["2001:db8:60::2"]
    assert [str(one) for one in ways_in(view_of(golden), 4)] == ["10.27.51.145", "10.27.51.147"]
    assert ways_in(view_of(golden), 6) == ()


def test_only_ways_on_a_connected_network_are_near(golden: WorkloadDomain) -> None:
    view = view_of(golden)
    ways = (ip_address("10.27.51.145"), ip_address("10.99.0.1"))
    assert near(view, "upstream gateway", ways) == ways[:1]
    assert near(view, "dns 172.20.0.53", ways) == ()


def test_a_view_in_which_everything_works_says_so_and_one_that_explains_does_not(golden: WorkloadDomain) -> None:
    (failure,) = read("dial tcp 198.51.100.10:443: i/o timeout").failures
    view = view_of(golden)
    assert "ask with --live" in diagnose(view, failure).sentences()[-1]
    bare = view.changed({path: body for path, body in view.objects.items() if "/nat-rules/" not in path})
    assert not any("--live" in sentence for sentence in diagnose(bare, failure).sentences())
    other = replace(view, source=Live("the manager x", view.gateway, view.objects))
    assert "look at firewalls" in diagnose(other, failure).sentences()[-1]


def test_what_is_no_matter_of_the_network_says_nothing_of_the_walk(golden: WorkloadDomain) -> None:
    (failure,) = read("429 Too Many Requests").failures
    assert len(diagnose(view_of(golden), failure).sentences()) == 1
