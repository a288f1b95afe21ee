"""Checks and packet walk never contradict each other: where a file has no error and a question of its own fails, a rule says so."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.questions import Purpose
from egress.checks import Severity, check
from egress.domain import DomainFileError, WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.reachability import Result
from egress.reachability.view import view

DOMAINS = int(os.environ.get("AGREEMENT_DOMAINS", "2000"))
"""How many domains are generated; `make proofs` asks for 50,000."""
WAY_OUT = {"next-hop-outside-uplinks", "uplink-without-next-hop", "nat-misses-an-uplink", "reserve-uplink-meets-urpf"}
"""Rules that say of every question that some of its packets are lost."""
NAMED = {
    Purpose.PULL: WAY_OUT
    | {"translated-not-on-every-edge", "mapping-missing", "routed-tier1-without-way-back", "return-route-to-stranger"},
    Purpose.LOOKUP: WAY_OUT
    | {
        "translated-not-on-every-edge",
        "mapping-missing",
        "routed-tier1-without-way-back",
        "return-route-to-stranger",
        "dns-needs-return-route",
        "dns-answers-meet-urpf",
        "nat-applied-everywhere",
        "dns-server-on-a-load-balancer",
    },
    Purpose.INGRESS: WAY_OUT,
    Purpose.OTHER: WAY_OUT,
}
"""Rules that name the failure of a question, by what it is for."""
RETURN_ROUTES = [
    {"host": "172.20.0.53", "to": "10.2.0.0/24", "via": ["172.20.0.1"]},
    {"host": "172.20.0.53", "to": "10.0.0.0/8", "via": ["172.20.0.1"]},
    {"host": "upstream", "to": "10.2.0.0/24", "via": ["10.1.0.2"]},
    {"host": "upstream", "to": "10.246.0.0/24", "via": ["10.1.0.2"]},
]


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """A domain file: one to three edges on one or two VLANs, a VLAN beside or not, all kinds of mappings, Tier-1s and DNS servers."""
    standby = draw(st.booleans())
    edges = [f"edge0{number}" for number in range(1, draw(st.integers(1, 2 if standby else 3)) + 1)]
    vlans = draw(st.sampled_from([("a",), ("a", "b"), ("rack",)]))
    uplinks: list[dict[str, Any]] = [
        {"id": f"{edge}-{vlan}", "edge": edge, "address": f"10.1.{1 if vlan == 'b' or (vlan == 'rack' and number) else 0}.{number + 2}/24"}
        for number, edge in enumerate(edges)
        for vlan in vlans
    ]  # fmt: skip
    tier0: dict[str, Any] = {
        "id": "T0",
        "ha_mode": "ACTIVE_STANDBY" if standby else "ACTIVE_ACTIVE",
        "uplinks": uplinks,
    }
    beside = draw(st.sampled_from(["nothing", "vlan", "service"]))
    if beside == "service":
        tier0["service_interfaces"] = [{"id": "services", "address": "172.20.0.1/24"}]
    elif beside == "vlan":
        uplinks += [
            {"id": f"{edge}-dns", "edge": edge, "address": f"172.20.0.{number + 1}/24", "nat": False}
            for number, edge in enumerate(edges)
        ]
    if standby and len(edges) == 2 and vlans != ("rack",) and draw(st.booleans()):
        tier0["ha_vips"] = [{"address": "10.1.0.9/24"}]
    hops = draw(
        st.lists(st.sampled_from(["10.1.0.253", "10.1.1.253", "10.9.0.1"]), min_size=1, max_size=2, unique=True)
    )
    distances = draw(st.sampled_from([(1, 1), (1, 1), (1, 5)]))
    domain: dict[str, Any] = {
        "version": 1,
        "name": "made",
        "nsx": {"host": "nsx.example.com", "version": "4.2.1"},
        "tier0": tier0,
        "default_route": {"next_hops": [{"address": hop, "admin_distance": far} for hop, far in zip(hops, distances, strict=False)]},
        "egress": draw(egress(standby)),
        "tier1s": draw(tier1s()),
        "dns_servers": draw(dns_servers()),
        "return_routes": draw(st.lists(st.sampled_from(RETURN_ROUTES), max_size=3, unique_by=str)),
    }  # fmt: skip
    if draw(st.booleans()):
        domain["ingress"] = {"range": draw(st.sampled_from(["10.3.0.0/24", "10.1.0.160/27"]))}
    if draw(st.booleans()):
        domain["routes"] = {"core": {"network": "10.9.0.0/16", "next_hops": [{"address": "10.1.0.253"}]}}
    return domain


@st.composite
def egress(draw: st.DrawFn, standby: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"ranges": [draw(st.sampled_from(["10.2.0.0/24", "10.1.0.128/27"]))]}
    first = made["ranges"][0].startswith("10.1")
    one, two = ("10.1.0.133", "10.1.0.144") if first else ("10.2.0.5", "10.2.0.16")
    if draw(st.booleans()):
        made["supervisor"] = {"source": one, "translated": draw(st.sampled_from(["10.1.0.50", "10.1.0.2", "10.1.0.9"]))}
    if draw(st.booleans()):
        made["tkg"] = {"source": two, "translated": draw(st.sampled_from(["10.1.0.51", "10.1.1.51"]))}
    if draw(st.booleans()):
        whole = {"source": made["ranges"][0], "translated": "10.1.0.60" if standby else "10.8.0.0/24", "priority": 900}
        made["more"] = {"all": whole}
    if draw(st.booleans()):
        made["routed"] = ["10.8.0.0/24"]
    made["applied_to"] = draw(st.sampled_from(["uplinks", "uplinks", "everywhere", ["edge01-a"], ["edge01-rack"]]))
    return made


@st.composite
def tier1s(draw: st.DrawFn) -> dict[str, Any]:
    kinds = {
        "domain-c1": {"networks": ["10.244.0.0/24"], "egress": draw(st.sampled_from(["10.2.0.5", "10.1.0.133"]))},
        "vnet-domain-c1": {
            "networks": ["192.168.128.0/24"],
            "egress": draw(st.sampled_from(["10.2.0.16", "10.1.0.144"])),
        },
        "ns-dev": {"networks": ["10.245.0.0/24"]},
        "ns-routed": {"networks": ["10.246.0.0/24"], "nat": False},
    }
    return {name: kinds[name] for name in draw(st.lists(st.sampled_from(list(kinds)), unique=True))}


@st.composite
def dns_servers(draw: st.DrawFn) -> list[Any]:
    kinds = ["10.40.0.53", "172.20.0.53", "10.1.0.53", "10.3.0.53", {"address": "10.41.0.53", "router": "172.20.0.9"}]
    return draw(st.lists(st.sampled_from(kinds), max_size=3, unique_by=str))


def made(value: dict[str, Any]) -> WorkloadDomain | None:
    """The domain of a file, None where the reader refuses it."""
    try:
        return read(parse(json.dumps(value).encode(), "made.yaml"), "made")
    except DomainFileError:
        return None


@pytest.mark.slow
def test_where_a_question_fails_a_rule_of_the_checks_names_it() -> None:
    met: Counter[str] = Counter()

    @given(files())
    @settings(max_examples=DOMAINS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def judge(value: dict[str, Any]) -> None:
        domain = made(value)
        report = check([domain]) if domain else None
        if domain is None or report is None or report.errors:
            return
        told = {finding.rule.id for finding in report.findings if finding.rule.severity is not Severity.NOTE}
        for answer in answers(view(domain), Ask()):
            met[f"{answer.question.purpose}: {answer.finding.verdict.result}"] += 1
            if answer.finding.verdict.result is not Result.ALL:
                last = answer.finding.verdict.failing[0].last
                assert told & NAMED[answer.question.purpose], f"{answer.question.title}: {last}, {sorted(told)}"

    judge()
    asked = (Purpose.PULL, Purpose.LOOKUP, Purpose.INGRESS)
    seldom = [f"{one}: {how}" for one in asked for how in Result if met[f"{one}: {how}"] < 20]
    assert seldom == [], met
