"""A manager that is large, slow, busy or cuts its answers is surveyed all the same, and what was lost is said."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from egress.deadline import Deadline
from egress.domain import EgressError, load_domains
from egress.inventory.senders import of_tier1s
from egress.inventory.survey import Survey
from egress.manager import Manager, by_type, survey
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.manager.hand_made import DEV, REPOSITORY, RULES, T0, T9, Json, gaps, hand_made, look, way

SEARCHED = 0
"""Of more collections than so many, that is always, the search is asked."""
MANY = 1200
"""Rules, more than a page of 1,000 holds."""


@pytest.fixture
def lab() -> Iterator[Lab]:
    with hand_made() as lab:
        yield lab


@pytest.fixture
def api(lab: Lab) -> Iterator[httpx.Client]:
    url = f"https://{lab.host}/policy/api/v1"
    with httpx.Client(base_url=url, verify=way(lab).tls, auth=(lab.username, lab.password)) as client:
        yield client


def large() -> Json:
    """The golden domain's seed with many rules on a Tier-1 of its own, and as many on the Tier-0, in no order of their names."""
    document = copy.deepcopy(seed(load_domains(REPOSITORY, ["wld01"])))
    children = document["infra"]["children"]
    tier0 = next(one["Tier0"] for one in children if one["resource_type"] == "ChildTier0")
    tier0["children"].append(rules("10.27.0.0", 300))
    tier1 = {"id": "large", "tier0_path": T0, "children": [rules("30.9.0.0", MANY)]}
    children.append({"resource_type": "ChildTier1", "Tier1": tier1})
    return document


def rules(translated: str, many: int) -> Json:
    start = translated.rsplit(".", 2)[0]
    found = [
        {
            "id": f"r{number * 7919 % many}",
            "action": "NO_SNAT",
            "source_network": f"{start}.{number // 250}.{number % 250}",
        }
        for number in range(many)
    ]
    wrapped = [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": one} for one in found]
    return {"resource_type": "ChildPolicyNat", "PolicyNat": {"id": "USER", "children": wrapped}}


def test_pages_are_read_to_the_end_by_search_and_by_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    with Lab(seed=large()) as lab:
        for few in (SEARCHED, by_type.FEW):
            monkeypatch.setattr(by_type, "FEW", few)
            found = look(lab)
            of_tier1 = [path for path in found.objects if path.startswith("/infra/tier-1s/large/nat/USER/nat-rules/")]
            assert (len(of_tier1), found.unseen) == (MANY, ())
            assert len([path for path in found.objects if path.startswith(f"{T0}/nat/USER/nat-rules/")]) == 300


def test_a_busy_manager_is_waited_for_as_long_as_it_asks(lab: Lab) -> None:
    whole = look(lab)
    lab.control.fault(method="GET", path="*/nat-rules", times=3, status=429, headers={"Retry-After": "7"})
    lab.control.fault(method="GET", path="*/search/query", times=2, status=503)
    waited: list[float] = []
    with Manager(way(lab), pause=waited.append) as manager:
        assert survey(manager) == whole
    assert waited.count(7.0) == 3


def test_the_rate_of_a_manager_is_kept(lab: Lab) -> None:
    whole = look(lab)
    lab.control.limits(rate=100, outstanding=40)
    lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    mark = lab.control.mark()
    with Manager(way(lab)) as manager:
        assert survey(manager) == whole
    assert 429 not in [one["status"] for one in lab.control.journal(mark)]


CUTS: dict[str, Json] = {
    "cut JSON": {"truncate": True},
    "a broken connection": {"reset": True, "when": "after"},
    "no list": {"status": 200, "body": {"results": {"id": "x"}}},
    "objects without ids": {"status": 200, "body": {"results": [{"display_name": "x"}]}},
    "a page that comes again and again": {"status": 200, "body": {"results": [{"id": "x"}], "cursor": "1"}},
    "HTML of a proxy": {"status": 502, "body": "<html>", "content_type": "text/html"},
}


@pytest.mark.parametrize("cut", CUTS)
def test_half_an_answer_about_a_tier0_is_told_and_ends_nothing(lab: Lab, cut: str) -> None:
    lab.control.fault(method="GET", path=f"*{T9}/static-routes", times=0, **CUTS[cut])
    found = look(lab)
    assert [one.path for one in found.unseen] == [f"{T9}/static-routes"]
    assert f"{T9}/static-routes/way-out" not in found.objects
    assert {f"{T9}/static-routes/bfd-peers/gw", f"{DEV}/{RULES}/out"} <= set(found.objects)


@pytest.mark.parametrize("cut", CUTS)
def test_half_an_answer_of_the_search_is_made_up_by_the_collections(
    lab: Lab, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_type, "FEW", SEARCHED)
    whole = look(lab)
    lab.control.fault(method="GET", path="*/search/query", times=0, **CUTS[cut])
    assert _comparable(look(lab)) == _comparable(whole)


def test_a_search_that_gives_no_paths_is_made_up_by_the_collections(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_type, "FEW", SEARCHED)
    whole = look(lab)
    body = {"results": [{"id": "x", "resource_type": "Tier1"}], "result_count": 1}
    lab.control.fault(method="GET", path="*/search/query", times=0, status=200, body=body)
    assert look(lab) == whole


def _comparable(found: Survey) -> tuple[Any, ...]:
    return found.objects, found.usage, found.unseen


def test_a_part_that_never_comes_to_an_end_is_left_and_the_rest_is_read(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egress.deadline.REQUEST", 0.3)
    lab.control.fault(method="GET", path=f"*{T9}/static-routes", times=0, hang=True)
    with Manager(way(lab), pause=lambda _: None, deadline=Deadline(60)) as manager:
        found = survey(manager)
    assert "static routes of T9: " in gaps(found)
    assert "did not answer" in gaps(found)
    assert f"{DEV}/{RULES}/out" in found.objects


def test_a_manager_that_goes_down_on_the_way_ends_the_survey() -> None:
    with hand_made() as lab, Manager(way(lab), pause=lambda _: None) as manager:
        manager.version()
        lab.stop()
        with pytest.raises(EgressError, match="cannot be reached"):
            survey(manager)


@pytest.mark.parametrize("few", [SEARCHED, by_type.FEW])
def test_what_is_on_its_way_out_is_not_there(
    lab: Lab, api: httpx.Client, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_type, "FEW", few)
    lab.control.clock(hold=True)
    lab.control.realization(delay=5)
    assert api.delete(f"{DEV}/{RULES}/out").status_code == 200
    found = [one["path"] for one in api.get("/search/query?query=resource_type:PolicyNatRule").json()["results"]]
    assert f"{DEV}/{RULES}/out" in found, "the search still has it"
    assert f"{DEV}/{RULES}/out" not in look(lab).objects


def test_what_is_new_on_a_tier0_is_seen_although_the_search_lags(lab: Lab, api: httpx.Client) -> None:
    lab.control.clock(hold=True)
    lab.control.settings(index_lag=60)
    body = {"action": "SNAT", "source_network": "10.8.0.0/16", "translated_network": "10.0.0.8"}
    new = [f"{gateway}/{RULES}/new" for gateway in (T9, DEV)]
    for path in new:
        assert api.patch(path, json=body).status_code == 200
    assert api.get("/search/query?query=id:new").json()["results"] == []
    assert set(new) <= set(look(lab).objects), "the Tier-1s are few, and read where they stand as well"


def test_an_object_that_is_nested_without_end_is_told_and_is_none(lab: Lab) -> None:
    deep: Json = {}
    for _ in range(400):
        deep = {"x": [deep]}
    body = {"results": [{"id": "way-out", "network": "0.0.0.0/0", "deep": deep}], "result_count": 1}
    lab.control.fault(method="GET", path=f"*{T9}/static-routes", times=0, status=200, body=json.dumps(body))
    found = look(lab)
    assert f"{T9}/static-routes/way-out" not in found.objects
    assert gaps(found) == f"the object at {T9}/static-routes/way-out: it cannot be read: nested too deeply"


def test_a_tier1_of_a_project_is_told_as_not_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_type, "FEW", SEARCHED)
    path = "/orgs/default/projects/dev/infra/tier-1s/t1-p"
    body = {"results": [{"id": "t1-p", "path": path, "resource_type": "Tier1", "tier0_path": T9}], "result_count": 1}
    lab.control.fault(method="GET", path="*/search/query", times=0, status=200, body=body)
    found = look(lab)
    assert "NAT rules of Tier-1 t1-p of project dev: Tier-1s of projects are not read" in gaps(found)
    assert [one.path for one in found.unseen] == [path]


def test_objects_of_one_display_name_are_told_apart_by_their_ids(lab: Lab, api: httpx.Client) -> None:
    for path in ("/infra/tier-0s/T8", "/infra/tier-1s/t1-two"):
        body = {"display_name": "the second", **({"tier0_path": T9} if "tier-1s" in path else {})}
        assert api.patch(path, json=body).status_code == 200
    found = look(lab)
    assert found.gateways == (T0, "/infra/tier-0s/T8", T9)
    assert [one.name for one in of_tier1s(found.objects, T9)] == ["t1-dev"]
    with pytest.raises(EgressError, match="which is the display name of T8, T9: give the id"):
        look(lab, "the second")


def test_progress_is_told(lab: Lab) -> None:
    told: list[str] = []
    counted: list[int] = []
    with Manager(way(lab), tell=counted.append) as manager:
        survey(manager, tell=told.append)
    assert told == [
        "Tier-0s",
        "what stands below 2 Tier-0s",
        "VPCs",
        "Tier-1s, segments, load balancers, edges, IP blocks and pools",
    ]
    assert counted == sorted(counted)
    assert counted[-1] > 30
