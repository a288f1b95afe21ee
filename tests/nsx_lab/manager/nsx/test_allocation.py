"""IP pools and blocks, as egress ranges use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

POOL = "/infra/ip-pools/egress"


@pytest.fixture
def pool(api: httpx.Client) -> httpx.Client:
    """A pool of two addresses."""
    api.patch(POOL, json={"display_name": "egress"})
    ranges = [{"start": "30.0.0.5", "end": "30.0.0.6"}]
    body = {"resource_type": "IpAddressPoolStaticSubnet", "cidr": "30.0.0.0/24", "allocation_ranges": ranges}
    assert api.patch(f"{POOL}/ip-subnets/static", json=body).status_code == 200
    return api


def test_allocations_get_free_addresses(pool: httpx.Client) -> None:
    for name in ("a", "b"):
        pool.patch(f"{POOL}/ip-allocations/{name}", json={})
    found = [pool.get(f"{POOL}/ip-allocations/{name}").json()["allocation_ip"] for name in ("a", "b")]
    assert found == ["30.0.0.5", "30.0.0.6"]
    pool.delete(f"{POOL}/ip-allocations/a")
    pool.patch(f"{POOL}/ip-allocations/c", json={})
    assert pool.get(f"{POOL}/ip-allocations/c").json()["allocation_ip"] == "30.0.0.5"


def test_allocation_keeps_its_address(pool: httpx.Client) -> None:
    for body in ({}, {"description": "again"}):
        pool.patch(f"{POOL}/ip-allocations/a", json=body)
        assert pool.get(f"{POOL}/ip-allocations/a").json()["allocation_ip"] == "30.0.0.5"


def test_exhausted_pool_is_realized_as_error(pool: httpx.Client) -> None:
    for name in ("a", "b", "c"):
        assert pool.patch(f"{POOL}/ip-allocations/{name}", json={}).status_code == 200
    states = []
    for name in ("b", "c"):
        path = f"{POOL}/ip-allocations/{name}"
        states.append(
            pool.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()["results"][0][
                "state"
            ]
        )
    assert states == ["REALIZED", "ERROR"]


@pytest.fixture
def entity(pool: httpx.Client) -> Callable[[str], dict[str, Any]]:
    """The realized entity of an allocation of the pool, by its name."""

    def look(name: str) -> dict[str, Any]:
        asked = {"intent_path": f"{POOL}/ip-allocations/{name}"}
        found: dict[str, Any] = pool.get("/infra/realized-state/realized-entities", params=asked).json()["results"][0]
        return found

    return look


def test_address_outside_of_the_ranges_is_realized_as_error(
    pool: httpx.Client, entity: Callable[[str], dict[str, Any]]
) -> None:
    for name, address in (("in", "30.0.0.6"), ("beside", "30.0.0.7"), ("elsewhere", "12.12.12.21"), ("six", "::6")):
        answer = pool.patch(f"{POOL}/ip-allocations/{name}", json={"allocation_ip": address})
        assert answer.status_code == 200
    found = {name: entity(name)["state"] for name in ("in", "beside", "elsewhere", "six")}
    assert found == {"in": "REALIZED", "beside": "ERROR", "elsewhere": "ERROR", "six": "ERROR"}
    assert "realization_specific_identifier" not in entity("elsewhere")
    assert entity("elsewhere")["alarms"][0]["message"] == f"12.12.12.21 is in no range of IP pool {POOL}."


def test_address_that_another_has_is_realized_as_error(
    pool: httpx.Client, entity: Callable[[str], dict[str, Any]]
) -> None:
    for name in ("first", "second"):
        pool.patch(f"{POOL}/ip-allocations/{name}", json={"allocation_ip": "30.0.0.6"})
    assert [entity(name)["state"] for name in ("first", "second")] == ["REALIZED", "ERROR"]


def test_entity_of_an_allocation_has_its_address(pool: httpx.Client, entity: Callable[[str], dict[str, Any]]) -> None:
    pool.patch(f"{POOL}/ip-allocations/a", json={})
    found = {one["key"]: one["values"] for one in entity("a")["extended_attributes"]}
    assert found == {"allocation_ip": ["30.0.0.5"]}


def test_pool_with_allocations_cannot_be_deleted(pool: httpx.Client) -> None:
    pool.patch(f"{POOL}/ip-allocations/a", json={})
    assert pool.delete(POOL).json()["error_code"] == 500030


def test_subnets_of_a_block(api: httpx.Client) -> None:
    api.patch("/infra/ip-blocks/egress", json={"cidr": "30.0.0.0/26"})
    api.patch(POOL, json={})
    found = []
    for name, size in (("a", 16), ("b", 32), ("c", 16), ("d", 8)):
        body = {"resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/egress", "size": size}
        assert api.patch(f"{POOL}/ip-subnets/{name}", json=body).status_code == 200
        got = api.get(f"{POOL}/ip-subnets/{name}").json()
        found.append((got.get("cidr"), got.get("gateway_address")))
    assert found == [
        ("30.0.0.0/28", "30.0.0.1"),
        ("30.0.0.32/27", "30.0.0.33"),
        ("30.0.0.16/28", "30.0.0.17"),
        (None, None),
    ]
    assert api.delete("/infra/ip-blocks/egress").json()["error_code"] == 500030


def test_subnet_of_no_known_type_is_refused(api: httpx.Client) -> None:
    api.patch(POOL, json={})
    for body in ({"resource_type": "Tier0"}, {}):
        assert api.patch(f"{POOL}/ip-subnets/x", json=body).status_code == 400


@pytest.mark.parametrize(
    "path, body",
    [
        ("/infra/ip-blocks/b", {"cidr": "nothing"}),
        ("/infra/ip-blocks/b", {"cidr": "30.0.0.1/24"}),
        (f"{POOL}/ip-subnets/s", {"resource_type": "IpAddressPoolStaticSubnet", "cidr": "x", "allocation_ranges": []}),
        *[
            (f"{POOL}/ip-subnets/s", {"resource_type": "IpAddressPoolStaticSubnet", "cidr": "30.0.0.0/24", "allocation_ranges": [part]})
            for part in ({"start": "x", "end": "y"}, {"start": "30.0.0.9", "end": "30.0.0.1"}, {"start": "30.0.0.1", "end": "::5"})
        ],
    ],
)  # fmt: skip
def test_addresses_that_are_none_are_refused(pool: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = pool.patch(path, json=body)
    assert answer.status_code == 400, answer.text
    assert pool.patch(f"{POOL}/ip-allocations/a", json={}).status_code == 200


def test_tree_with_addresses_that_are_none_is_refused_whole(api: httpx.Client) -> None:
    subnet = {
        "id": "s",
        "resource_type": "IpAddressPoolStaticSubnet",
        "cidr": "30.0.0.0/24",
        "allocation_ranges": [{"start": "x", "end": "y"}],
    }
    children = [
        {"resource_type": "ChildIpAddressPoolSubnet", "IpAddressPoolSubnet": subnet},
        {"resource_type": "ChildIpAddressAllocation", "IpAddressAllocation": {"id": "a"}},
    ]
    tree = {
        "resource_type": "Infra",
        "children": [{"resource_type": "ChildIpAddressPool", "IpAddressPool": {"id": "p", "children": children}}],
    }
    assert api.patch("/infra", json=tree).status_code == 400
    assert api.get("/infra/ip-pools/p").status_code == 404


def test_subnets_of_an_ipv6_block(api: httpx.Client) -> None:
    api.patch("/infra/ip-blocks/six", json={"cidr": "::/64"})
    api.patch(POOL, json={})
    for name in ("a", "b"):
        body = {"resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/six", "size": 16}
        assert api.patch(f"{POOL}/ip-subnets/{name}", json=body).status_code == 200
    assert [api.get(f"{POOL}/ip-subnets/{name}").json()["cidr"] for name in ("a", "b")] == ["::/124", "::10/124"]
