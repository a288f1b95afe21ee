"""Lists: order and pages."""

from __future__ import annotations

import httpx
import pytest

T0S = "/infra/tier-0s"


@pytest.fixture
def many(api: httpx.Client) -> httpx.Client:
    for name in ("c", "a", "b", "d"):
        api.patch(f"{T0S}/id-{name}", json={"display_name": name})
    return api


def test_lists_have_a_count(many: httpx.Client) -> None:
    answer = many.get(T0S).json()
    assert (answer["result_count"], len(answer["results"]), "cursor" in answer) == (5, 5, False)
    assert many.get(f"{T0S}/id-a/locale-services?include_mark_for_delete_objects=false").json()["result_count"] == 0


def test_lists_are_sorted_by_display_name(many: httpx.Client) -> None:
    names = [t0["display_name"] for t0 in many.get(T0S).json()["results"]]
    assert names == ["T0-wld01", "a", "b", "c", "d"]
    down = many.get(T0S, params={"sort_by": "id", "sort_ascending": "false"}).json()["results"]
    assert [t0["id"] for t0 in down] == ["id-d", "id-c", "id-b", "id-a", "T0-wld01"]


def test_pages_of_a_list(many: httpx.Client) -> None:
    first = many.get(T0S, params={"page_size": 2}).json()
    second = many.get(T0S, params={"page_size": 2, "cursor": first["cursor"]}).json()
    third = many.get(T0S, params={"page_size": 2, "cursor": second["cursor"]}).json()
    names = [t0["display_name"] for answer in (first, second, third) for t0 in answer["results"]]
    assert names == ["T0-wld01", "a", "b", "c", "d"]
    assert {answer["result_count"] for answer in (first, second, third)} == {5}
    assert "cursor" not in third


def test_included_fields_count_in_searches_only(many: httpx.Client) -> None:
    found = many.get("/search/query?query=resource_type:Tier0&included_fields=ha_mode").json()["results"][0]
    assert set(found) == {"ha_mode", "id", "path", "resource_type"}
    assert "transit_subnets" in many.get(T0S, params={"included_fields": "ha_mode"}).json()["results"][0]


@pytest.mark.parametrize("query", ["cursor=99", "cursor=x", "page_size=1001", "page_size=-1", "page_size=a"])
def test_wrong_cursor_is_refused(api: httpx.Client, query: str) -> None:
    assert api.get(f"{T0S}?{query}").status_code == 400


@pytest.mark.parametrize("parameter", ["page_size", "cursor"])
def test_number_of_five_thousand_digits_is_refused(api: httpx.Client, parameter: str) -> None:
    assert api.get(f"/infra/tier-0s?{parameter}={'1' * 5000}").status_code == 400
    assert api.get(f"/search/query?query=id:x&{parameter}={'1' * 5000}").status_code == 400
