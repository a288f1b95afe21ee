"""Networks as people build them: what the checks say of each, what the packet walk does in it, and that the two never contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.returns import missing_routes
from egress.checks import Severity, check
from egress.domain import WorkloadDomain, load_domains
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.reachability import DropReason, Protocol, Result
from egress.reachability.view import View, view

HERE = Path(__file__).parent
EXPECTED: Any = parse((HERE / "expected.yaml").read_bytes(), "expected.yaml").plain()
NAMES = sorted(EXPECTED)
NAMING_A_FAILURE = {"dns-needs-return-route", "dns-answers-meet-urpf", "mapping-missing", "routed-tier1-without-way-back", "dns-is-a-known-address", "interface-subnets-overlap", "null-route-drops-dns", "reserve-uplink-meets-urpf", "nat-misses-an-uplink", "proxy-arp-needs-nsx-3-2"}  # fmt: skip
"""Rules of these files that say of a question that it fails."""


def domain(name: str) -> WorkloadDomain:
    return read(parse((HERE / f"{name}.yaml").read_bytes(), f"{name}.yaml"), name)


def told(name: str) -> list[str]:
    found = check([domain(name)]).findings
    return sorted({finding.rule.id for finding in found if finding.rule.severity is not Severity.NOTE})


def failing(seen: View) -> dict[str, str]:
    """Questions that do not wholly work, and what is missing first."""
    return {
        answer.question.title: " ".join([f"{one.missing.value} {one.name}" for one in answer.finding.remedies][:1])
        for answer in answers(seen, Ask())
        if answer.finding.verdict.result is not Result.ALL
    }


def test_every_file_has_its_right_answer() -> None:
    assert sorted(path.stem for path in HERE.glob("*.yaml") if path.name != "expected.yaml") == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_say_this_and_nothing_else(name: str) -> None:
    assert told(name) == sorted(EXPECTED[name]["rules"])


@pytest.mark.parametrize("name", NAMES)
def test_the_walk_loses_this_and_nothing_else(name: str) -> None:
    seen = view(domain(name))
    assert failing(seen) == EXPECTED[name].get("fails", {})
    routes = [f"{one.on} {one.to} via {', '.join(map(str, one.via))}" for one in missing_routes(seen)]
    assert routes == list(EXPECTED[name].get("routes", ()))
    asked = {answer.question.title: answer.finding.verdict.seen for answer in answers(seen, Ask())}
    for title, address in EXPECTED[name].get("seen", {}).items():
        assert [str(one) for one in asked[title]] == [address]


@pytest.mark.parametrize("name", NAMES)
def test_where_a_question_fails_a_rule_says_so(name: str) -> None:
    says = bool(NAMING_A_FAILURE & set(told(name)))
    assert says == bool(failing(view(domain(name))))


@pytest.mark.parametrize(
    ("origin", "to"),
    [("172.27.11.1", "172.27.11.2"), ("172.27.11.2", "172.27.11.1"), ("en1", "172.27.12.1"), ("172.27.12.1", "172.27.12.3")],
)  # fmt: skip
def test_the_gateway_answers_pings_of_its_own_addresses_and_is_answered(origin: str, to: str) -> None:
    asked = Ask(origin=origin, to=to, protocol=Protocol.ICMP)
    own = domain("two-vlans")
    (answer,) = answers(view(own, wishes=asked.wishes(own)), asked)
    assert (answer.finding.verdict.result, answer.question.flow.port) == (Result.ALL, 0)


def test_a_connection_to_the_gateway_itself_is_taken_by_it() -> None:
    asked = Ask(origin="172.27.11.1", to="172.27.11.2", protocol=Protocol.TCP)
    (answer,) = answers(view(domain("two-vlans")), asked)
    assert answer.finding.verdict.failing[0].last.drop is DropReason.TAKEN_HERE


def test_a_ping_that_a_reflexive_rule_captures_is_told_by_its_rule() -> None:
    asked = Ask(origin="10.27.51.1", to="10.27.51.145", protocol=Protocol.ICMP)
    (golden,) = load_domains(HERE.parents[1], ["wld01"])
    (answer,) = answers(view(golden), asked)
    (remedy,) = answer.finding.remedies
    assert (
        "rule wld01-egress-supervisor sends what comes for 10.27.51.145 to 30.0.0.5, and nothing behind domain-c8 answers"
        in remedy.why
    )
    assert answer.symptom == "pings of 10.27.51.145 get no answer"
