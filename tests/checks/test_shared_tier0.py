"""Many domains on one Tier-0: the work of the rules, and what they say, grow with the domains, not with their square."""

from __future__ import annotations

import cProfile
import json
import pstats
from typing import Any

import pytest

from egress.checks import Report, check
from egress.domain import WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

pytestmark = pytest.mark.slow

ALIKE = {
    "all apart": (),
    "one egress range": ("range",),
    "one ingress range": ("ingress",),
    "one mapping": ("mapping",),
    "one route": ("route",),
    "all in one": ("range", "ingress", "mapping", "route"),
}
"""What the domains of a gateway have in common."""


def domain(number: int, alike: tuple[str, ...]) -> WorkloadDomain:
    """A domain of one gateway; `alike`: what it has as all others have it."""
    high, low = divmod(number, 250)
    here = {name: (0, 0) if name in alike else (high, low) for name in ("range", "ingress", "mapping", "route")}
    egress = "100.{}.{}".format(64 + here["range"][0], here["range"][1])
    mapping = {
        "source": "100.{}.{}.5".format(64 + here["mapping"][0], here["mapping"][1]),
        "translated": "10.0.{}.{}".format(here["mapping"][0] + 1, here["mapping"][1]),
        "priority": 100 if "mapping" in alike else 1000 + number,
    }
    data: dict[str, Any] = {
        "version": 1,
        "name": f"wld{number}",
        "nsx": {"host": "nsx.example.com"},
        "tier0": {
            "id": "T0",
            "ha_mode": "ACTIVE_STANDBY",
            "uplinks": [
                {"id": "edge01-uplink1", "edge": "edge01", "address": "10.0.0.2/16"},
                {"id": "edge02-uplink1", "edge": "edge02", "address": "10.0.0.3/16"},
            ],
        },
        "default_route": {"external": True},
        "egress": {"ranges": [f"{egress}.0/25"], "more": {"all": mapping}},
        "ingress": {"range": "100.{}.{}.128/25".format(64 + here["ingress"][0], here["ingress"][1])},
        "routes": {
            f"r{number}": {
                "network": "172.{}.{}.0/24".format(16 + here["route"][0], here["route"][1]),
                "next_hops": [{"address": "10.0.0.1"}],
            }
        },
        "state": {"backend": "pg"},
    }
    return read(parse(json.dumps(data).encode(), f"wld{number}.yaml"), f"wld{number}")


def judged(count: int, alike: tuple[str, ...]) -> tuple[int, Report]:
    """Calls of functions that the rules take over so many domains, the same number on every machine; and what they say."""
    domains = [domain(number, alike) for number in range(count)]
    profile = cProfile.Profile()
    report = profile.runcall(check, domains)
    return pstats.Stats(profile).total_calls, report  # type: ignore[attr-defined]


@pytest.mark.parametrize("alike", ALIKE.values(), ids=ALIKE)
def test_the_work_of_the_rules_grows_with_the_domains_of_a_gateway(alike: tuple[str, ...]) -> None:
    (small, few), (large, many) = judged(40, alike), judged(160, alike)
    assert large < 4.2 * small, f"{small} calls for 40 domains, {large} for 160"
    assert len(many.findings) < 4.2 * len(few.findings), f"{len(few.findings)} and {len(many.findings)} findings"


def test_a_range_that_many_domains_have_is_told_once_for_each_of_them() -> None:
    found = [one for one in judged(4, ("range",))[1].findings if one.rule.id == "range-in-two-domains"]
    assert [(one.stack, one.what.partition(" overlaps ")[2]) for one in found] == [
        ("wld1", "egress range 100.64.0.0/25 of wld0 on the same Tier-0"),
        ("wld2", "egress range 100.64.0.0/25 of wld0 on the same Tier-0 and 1 more"),
        ("wld3", "egress range 100.64.0.0/25 of wld0 on the same Tier-0 and 2 more"),
    ]


def test_two_ranges_of_one_domain_are_no_business_of_others() -> None:
    one = domain(0, ()).model_copy()
    egress = one.egress.model_copy(update={"ranges": (*one.egress.ranges, *one.egress.ranges)})
    report = check([one.model_copy(update={"egress": egress}), domain(1, ())])
    assert [found.rule.id for found in report.findings if found.rule.id == "range-in-two-domains"] == []
