"""Every rule has a case that breaks it and one that it holds for, and says what cases.yaml expects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.checks import RULES, Verdict, check
from egress.domain import WorkloadDomain
from egress.domain.yaml_tree import parse

CASES: Any = parse((Path(__file__).parent / "cases.yaml").read_bytes(), "cases.yaml").plain()
IDS = [rule.id for rule in RULES if not rule.live]
"""Rules over files. Those over managers have their cases in test_on_the_manager.py."""


def _domains(domain: Callable[..., WorkloadDomain], case: Any, key: str) -> Any:
    """The domains of one case: one.yaml, and two.yaml where the case names a second."""
    second = case.get({"broken": "second"}.get(key, f"second_{key}"))
    return [domain("one", case[key]), *([domain("two", second)] if second is not None or "second" in case else [])]


def test_every_rule_has_both_cases_and_every_case_a_rule() -> None:
    assert sorted(CASES) == sorted(IDS)
    assert all({"broken", "says", "holds"} <= set(case) for case in CASES.values())


def test_rules_have_stable_words_for_ids_and_tell_why() -> None:
    for rule in RULES:
        assert rule.id == "-".join(
            part for part in rule.id.split("-") if (part.isalnum() and part.islower()) or part.isdigit()
        )
        assert rule.explanation.endswith((".", "!"))
        assert rule.source
        assert rule.title[0].islower() or rule.title.startswith(
            ("IPv", "NAT", "DNS", "BFD", "REFLEXIVE", "SNAT", "HA", "NSX")
        )
        assert [rule.one, rule.all, rule.live].count(None) == 2


def test_the_right_domains_break_no_rule_and_leave_none_undecided(domain: Callable[..., WorkloadDomain]) -> None:
    report = check([domain("one"), domain("two")])
    assert [finding.what for finding in report.findings] == []
    assert [entry.what for entry in report.undecided] == []


@pytest.mark.parametrize("rule", IDS)
def test_the_broken_case_is_found_and_told(domain: Callable[..., WorkloadDomain], rule: Any) -> None:
    case = CASES[rule]
    report = check(_domains(domain, case, "broken"))
    found = [finding for finding in report.findings if finding.rule.id == rule]
    assert any(case["says"] in finding.what for finding in found), [finding.what for finding in report.findings]
    for finding in found:
        assert finding.place is not None
        assert not finding.what.endswith(".")
        assert not finding.fix.endswith(".")


@pytest.mark.parametrize("rule", IDS)
def test_the_rule_holds_for_the_case_beside_it(domain: Callable[..., WorkloadDomain], rule: Any) -> None:
    domains = _domains(domain, CASES[rule], "holds")
    report = check(domains)
    assert [report.verdict(rule, one.stack) for one in domains] == [Verdict.HOLDS] * len(domains)


@pytest.mark.parametrize("rule", [rule for rule in IDS if "undecided" in CASES[rule]])
def test_the_rule_says_so_when_the_files_do_not_tell(domain: Callable[..., WorkloadDomain], rule: Any) -> None:
    domains = _domains(domain, CASES[rule], "undecided")
    verdicts = {check(domains).verdict(rule, one.stack) for one in domains}
    assert Verdict.CANNOT_KNOW in verdicts
    assert Verdict.BROKEN not in verdicts


def test_next_hops_in_ipv6_are_judged_like_those_in_ipv4(domain: Callable[..., WorkloadDomain]) -> None:
    def ids(hop: Any) -> Any:
        report = check([domain("one", {"default_route": {"ipv6": {"next_hops": [hop]}}})])
        return {finding.rule.id for finding in report.findings}

    assert ids({"address": "2001:db8:9::1"}) == {"next-hop-outside-uplinks"}
    assert ids({"address": "2001:db8:1::3"}) == {"next-hop-is-own-address"}
    assert ids({"address": "::ffff:10.1.0.254"}) == {"next-hop-not-unicast", "next-hop-outside-uplinks"}
    assert ids({"address": "2001:db8:1::1", "interface": "up2"}) == set()


def test_sources_are_judged_across_the_domains_of_a_gateway(domain: Callable[..., WorkloadDomain]) -> None:
    shared = {"tier0": domain("one").tier0.model_dump(mode="json", exclude_none=True)}
    two = domain("two", {**shared, "default_route": {"external": True, "next_hops": None},
                         "egress": {"ranges": ["10.2.0.0/24"], "supervisor": {"source": "10.2.0.5", "translated": "10.1.0.20"},
                                    "tkg": {"source": "10.2.0.99", "translated": "10.1.0.20"}},
                             "tier1s": {"domain-c2": {"egress": "10.2.0.5"}, "vnet-domain-c2": {"egress": "10.2.0.99"}}})  # fmt: skip
    told = {finding.rule.id: finding for finding in check([domain("one"), two]).findings}
    assert set(told) == {"source-twice", "priority-clash", "range-in-two-domains"}
    assert told["source-twice"].stack == "two"
