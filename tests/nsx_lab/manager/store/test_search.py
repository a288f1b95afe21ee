"""The search API as its clients use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nsx_lab import Lab

Find = Callable[[str], list[str]]


@pytest.fixture
def find(api: httpx.Client) -> Find:
    """Ids found by a raw, already encoded query string."""

    def ask(raw: str) -> list[str]:
        answer = api.request("GET", f"/search/query?query={raw}", json={})
        assert answer.status_code == 200, answer.text
        return [hit["id"] for hit in answer.json()["results"]]

    return ask


@pytest.mark.parametrize(
    "raw, ids",
    [
        ("id:T0%5C-wld01%20AND%20marked_for_delete:false%20AND%20path:%5C/infra*", ["T0-wld01"]),
        ("id:T0%5C-none%20AND%20marked_for_delete:false%20AND%20path:%5C/infra*", []),
        (
            "resource_type:Tier0%20AND%20display_name:T0%5C-wld*%20AND%20marked_for_delete:false%20AND%20path:%5C/infra*",
            ["T0-wld01"],
        ),
        ("resource_type:Tier0%20AND%20display_name:nope*%20AND%20marked_for_delete:false%20AND%20path:%5C/infra*", []),
        (
            "resource_type:BfdProfile%20AND%20display_name:default*%20AND%20marked_for_delete:false%20AND%20path:%5C/infra*",
            ["default"],
        ),
        ("resource_type:PolicyEdgeCluster%20AND%20display_name:ec%5C-1*%20AND%20path:%5C/infra*", ["ec-1"]),
        (
            "resource_type:Tier0Interface%20AND%20display_name:services*%20AND%20"
            "parent_path:%5C/infra%5C/tier%5C-0s%5C/T0%5C-wld01%5C/locale%5C-services%5C/*",
            ["services"],
        ),
        ("resource_type:Tier1", ["domain-c8", "vnet-domain-c8"]),
    ],
)
def test_queries_of_the_provider(find: Find, raw: str, ids: list[str]) -> None:
    assert find(raw) == ids


@pytest.mark.parametrize(
    "name, raw",
    [
        ("my tier zero", "my%20tier%20zero"),
        ("R&D", "R%5C&D"),
        ("a+b", "a%5C+b"),
        ("x=y:z", "x%5C=y%5C:z"),
        ("AND so on", "AND%20so%20on*"),
        ("50% (lab) [1]!", "50%25%20%5C(lab%5C)%20%5C[1%5C]%5C!"),
        ("größe", "gr%C3%B6%C3%9Fe"),
    ],
)
def test_names_that_need_escapes(api: httpx.Client, find: Find, name: str, raw: str) -> None:
    api.patch("/infra/tier-0s/odd", json={"display_name": name})
    if name.startswith("AND"):
        assert api.get(f"/search/query?query=display_name:{raw}").status_code in (200, 400)
        return
    assert find(f"resource_type:Tier0%20AND%20display_name:{raw}%20AND%20path:%5C/infra*") == ["odd"]


def test_display_name_ignores_case(find: Find) -> None:
    assert find("display_name:t0%5C-WLD01") == ["T0-wld01"]
    assert find("id:t0%5C-WLD01") == []


def test_or_not_and_groups(find: Find) -> None:
    assert find("resource_type:(Tier0%20OR%20Tier1)%20AND%20NOT%20id:domain*") == ["T0-wld01", "vnet-domain-c8"]
    assert find("(id:T0%5C-wld01%20OR%20id:domain%5C-c8)") == ["T0-wld01", "domain-c8"]
    assert find('display_name:"T0-wld01"') == ["T0-wld01"]


def test_tags_can_be_searched(api: httpx.Client, find: Find, rule: dict[str, Any]) -> None:
    api.patch("/infra/tier-0s/T0-wld01/nat/USER/nat-rules/a", json={**rule, "id": "a"})
    assert find("resource_type:PolicyNatRule%20AND%20tags.scope:managed%5C-by%20AND%20tags.tag:terraform") == ["a"]
    assert find("resource_type:PolicyNatRule%20AND%20tags.tag:other") == []


def test_form_encoded_blanks_are_blanks(find: Find) -> None:
    assert find("resource_type:Tier1+AND+id:domain%5C-c8") == ["domain-c8"]


def test_pages_follow_the_cursor(api: httpx.Client) -> None:
    for number in range(5):
        api.patch(f"/infra/tier-0s/more-{number}", json={})
    seen: list[str] = []
    cursor = ""
    while True:
        suffix = f"&cursor={cursor}" if cursor else ""
        answer = api.get(f"/search/query?query=resource_type:Tier0{suffix}&page_size=4").json()
        seen += [hit["id"] for hit in answer["results"]]
        cursor = answer["cursor"]
        if len(seen) >= answer["result_count"]:
            break
    assert seen == ["T0-wld01", *(f"more-{number}" for number in range(5))]


def test_deleted_and_changed_objects_are_found_as_they_are(api: httpx.Client, find: Find) -> None:
    api.patch("/infra/tier-0s/spare", json={"display_name": "one"})
    api.patch("/infra/tier-0s/spare", json={"display_name": "two"})
    assert find("display_name:one") == []
    assert find("display_name:two") == ["spare"]
    api.delete("/infra/tier-0s/spare")
    assert find("display_name:two") == []


def test_index_may_lag(lab: Lab, api: httpx.Client, find: Find) -> None:
    lab.world.manager.clock.hold()
    lab.world.manager.settings.index_lag = 3
    api.patch("/infra/tier-0s/late", json={})
    assert find("id:late") == []
    lab.world.manager.clock.advance(3)
    assert find("id:late") == ["late"]


@pytest.mark.parametrize("raw", ["", "(", "a%20AND", "NOT", ")", "id:(x", 'id:"x', "id:x%5C", "%20", "AND"])
def test_unreadable_query_is_refused(api: httpx.Client, raw: str) -> None:
    assert api.get(f"/search/query?query={raw}").status_code == 400


@pytest.mark.parametrize(
    "raw, words",
    [
        ("(" * 200 + "id:x" + ")" * 200, "nested deeper than 64"),
        ("NOT%20" * 200 + "id:x", "nested deeper than 64"),
        ("%20OR%20".join(["id:x"] * 1025), "more than 1024 terms"),
        ("id:(" + "%20".join(["x"] * 1025) + ")", "more than 1024 terms"),
    ],
)
def test_query_that_is_too_much_is_refused(api: httpx.Client, raw: str, words: str) -> None:
    answer = api.get(f"/search/query?query={raw}")
    assert (answer.status_code, words in answer.json()["error_message"]) == (400, True)


def test_query_of_as_many_terms_as_are_allowed_is_answered(find: Find) -> None:
    assert find("%20OR%20".join(["id:domain%5C-c8"] * 1024)) == ["domain-c8"]
    assert find("(" * 64 + "id:domain%5C-c8" + ")" * 64) == ["domain-c8"]


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 13 + "*~",
        "*a?" * 13 + "*~",
        "*?" * 100 + "~",
        "*" * 200 + "~",
        "*aaaaaaaaaaaaaaaaaaaa~" * 10,
        "*a" * 13 + "*%5C*",
    ],
)
@pytest.mark.parametrize("field", ["display_name:", "id:", "", "NOT%20display_name:", "display_name:(x OR "])
def test_pattern_of_many_stars_is_answered(lab: Lab, api: httpx.Client, pattern: str, field: str) -> None:
    """A search by such a pattern held the whole lab, for longer than anybody waits."""
    api.patch("/infra/tier-0s/" + "a" * 255, json={"display_name": "a" * 255})
    answer = api.get(f"/search/query?query={field}{pattern}{')' if '(' in field else ''}", timeout=10)
    assert answer.status_code == 200
    assert (answer.json()["result_count"] == 0) != field.startswith("NOT")


def test_order_is_one_for_every_query_and_stays_over_a_patch(api: httpx.Client, find: Find) -> None:
    names = [f"p{number}" for number in range(4)]
    for name in names:
        api.patch(f"/infra/tier-0s/{name}", json={"description": "page"})
    queries = [
        "description:page",
        "resource_type:Tier0%20AND%20id:p*",
        "resource_type:(Tier1%20OR%20Tier0)%20AND%20id:p*",
    ]
    assert [find(query) for query in queries] == [names] * 3
    api.patch("/infra/tier-0s/p0", json={"description": "page"})
    assert [find(query) for query in queries] == [names] * 3


def test_type_of_a_query_with_another_way_to_say_or_is_not_taken_for_all_of_it(find: Find) -> None:
    found = find("resource_type:Tier0%20AND%20id:T0%5C-wld01%20%7C%7C%20id:domain%5C-c8")
    assert found == ["T0-wld01", "domain-c8"]


def test_older_form_of_the_search(api: httpx.Client) -> None:
    answer = api.get("/search", params={"query": "resource_type:Tier1", "sort_by": "id"}).json()
    assert [hit["id"] for hit in answer["results"]] == ["domain-c8", "vnet-domain-c8"]
