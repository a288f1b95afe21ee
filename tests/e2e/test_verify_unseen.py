"""What verify could not see is exit code 1, says so, and invents nothing; an empty answer is no good one."""

from __future__ import annotations

import json

import pytest

from tests.e2e.verified import (
    C8,
    RULES,
    STANDBY,
    T0,
    Json,
    Make,
    Place,
)
from tests.nsx_lab.vpcs import objects as vpc_objects

pytestmark = pytest.mark.slow

UNSEEN = {
    "NAT rules of Tier-1s": "*/tier-1s/*/nat/*",
    "one Tier-1's edge cluster": f"*{C8}/locale-services",
    "Tier-1s": "*/infra/tier-1s",
    "rules of the Tier-0": f"*{RULES}",
    "static routes": f"*{T0}/static-routes",
    "interfaces": "*/interfaces",
    "locale services": f"*{T0}/locale-services",
    "virtual servers": "*/lb-virtual-servers",
    "realized states": "*/realized-entities",
    "alarms of realization": "*/realized-state/alarms",
    "forwarding tables": "*/forwarding-table",
    "BFD peers": "*/bfd-peers",
}


@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 200, "body": '{"results": [{"id": "cu'}], ids=["403", "cut"]
)
@pytest.mark.parametrize("part", UNSEEN)
def test_what_could_not_be_seen_is_1_and_nothing_is_invented_of_it(standby_lab: Place, part: str, fault: Json) -> None:
    standby_lab.lab.control.fault(method="GET", path=UNSEEN[part], times=0, **fault)
    code, (stack,) = standby_lab.verify()
    assert [one["id"] for one in stack["findings"] if one["severity"] != "note"] == []
    assert code == 1
    assert any(one["matters"] for one in stack["not_seen"])
    assert not stack["well"]
    assert "not seen: " in standby_lab.run("verify")[1]


@pytest.mark.parametrize("path", ["*/api/v1/alarms", "*/statistics", "*/search/query"])
def test_what_no_verdict_rests_on_is_told_and_does_not_decide(standby_lab: Place, path: str) -> None:
    standby_lab.lab.control.fault(method="GET", path=path, times=0, status=403)
    code, (stack,) = standby_lab.verify()
    assert code == 0
    if "search" not in path:  # what a search finds is read where it stands, too
        assert [one["matters"] for one in stack["not_seen"]] == [False]


def without_tier1s(document: Json) -> None:
    document["infra"]["children"] = [
        one for one in document["infra"]["children"] if one["resource_type"] != "ChildTier1"
    ]


def test_a_tier0_below_which_nothing_hangs_is_not_well(applied_lab: Make) -> None:
    place = applied_lab(STANDBY, seeded=without_tier1s)
    code, ids = place.found()
    assert code == 2
    assert {"tier1-missing", "mapping-stale"} <= ids
    assert "Tier-1 domain-c8: it does not hang below this Tier-0: none does" in place.run("verify")[1]


def test_a_manager_that_is_not_there_is_1_for_its_stack(standby_lab: Place) -> None:
    standby_lab.lab.stop()
    code, told, said = standby_lab.run("verify", "--json", "--timeout", "3s")
    assert code == 1
    (stack,) = json.loads(told)
    assert not stack["well"]
    assert stack["failed"] in said
    assert "wld07: could not be verified: " in said


def test_a_project_without_a_domain_is_not_well(standby_lab: Place) -> None:
    (standby_lab.root / "domains/wld07.yaml").unlink()
    code, _, said = standby_lab.run("verify")
    assert code == 1
    assert "egress: " in said


def with_a_vpc(applied_lab: Make) -> Place:
    """The golden domain on NSX 9.1, with a VPC that leads to its Tier-0."""
    place = applied_lab(profile="9.1")
    for path, body in vpc_objects().items():
        place.put(path, body)
    return place


def test_addresses_of_a_vpc_count_like_any_other(applied_lab: Make) -> None:
    place = with_a_vpc(applied_lab)
    code, ids = place.found()
    assert (code, "egress-uncovered" in ids) == (2, True)
    told = place.run("verify")[1]
    assert "30.2.0.0/24 of VPC shop: it leaves by the Tier-0" in told
    file = place.root / "domains/wld01.yaml"
    route = "return_routes: [{host: upstream, to: 30.2.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    file.write_text(file.read_text() + route)
    assert "egress-uncovered" not in place.found()[1]


@pytest.mark.parametrize(
    "path", ["*/orgs/default/projects", "*/vpcs", "*/transit-gateways", "*/gateway-connections", "*/ip-blocks"]
)
def test_who_may_not_look_for_vpcs_does_not_learn_that_all_is_well(applied_lab: Make, path: str) -> None:
    place = with_a_vpc(applied_lab)
    file = place.root / "domains/wld01.yaml"
    route = "return_routes: [{host: upstream, to: 30.2.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    file.write_text(file.read_text() + route)
    place.lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    assert place.found() == (0, set())
    place.lab.control.fault(method="GET", path=path, times=0, status=403)
    code, (stack,) = place.verify()
    assert code == 1
    assert any(one["matters"] for one in stack["not_seen"])
